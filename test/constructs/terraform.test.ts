import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import { type App, TerraformStack, TerraformVariable } from "cdktf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { EdgeProvisioning } from "../../lib/constructs/edge-provisioning.js";
import { bundle } from "../../lib/edge/bundle.js";
import { type EdgeFile, type RenderedEdge, rootFile } from "../../lib/edge/file.js";
import { fill, PLACEHOLDERS, type Placeholder } from "../../lib/edge/placeholders.js";
import { renderEdge } from "../../lib/edge/render.js";
import { staticFiles } from "../../lib/edge/static-files.js";
import { generateKeyPair, type ServedSsh, serveSsh } from "../../lib/simulator/node/ssh-server.js";
import { Region } from "../../lib/simulator/region.js";
import { example, exampleWithEdges } from "../config/example.js";
import { adopted, BASTION } from "../config/existing.js";
import { eventually, nodesRun, TestNode } from "../simulator/node/nodes.js";
import { OVH_SCHEMA } from "../simulator/provider/ovh-schema.js";
import { type Synthesized, synthesize, synthesizeStack, temporaryFolder } from "./synthesized.js";
import { diagnostics, Providers, startTerraform, terraform, terraformRuns } from "./terraform.js";

const SECRETS = {
  TF_VAR_carp_password: "carp-pass_1",
  TF_VAR_edge_application_key: "key",
  TF_VAR_edge_application_secret: "secret",
  TF_VAR_edge_consumer_key: "consumer",
};

let providers: Providers;
let key: string;
const deployKey = generateKeyPair();

beforeAll(async () => {
  if (!terraformRuns) return;
  providers = await Providers.start();
  key = join(temporaryFolder(), "key");
  writeFileSync(key, deployKey.private, { mode: 0o600 });
  writeFileSync(`${key}.pub`, `${deployKey.public}\n`);
});
afterAll(() => providers?.stop());

const run = (stack: Synthesized, args: readonly string[], environment = {}, input?: string) =>
  terraform(stack.folder, { ...providers.environment(), ...environment }, args, input);

async function initialised(stack: Synthesized): Promise<Synthesized> {
  const { status, stderr } = await run(stack, ["init", "-no-color", "-input=false"]);
  if (status !== 0) throw new Error(stderr);
  return stack;
}

describe.skipIf(!terraformRuns)("Terraform finds nothing wrong with", () => {
  const existing = (network: string, cidr: string) => ({
    networkId: `${network}-network`,
    subnetId: `${network}-subnet`,
    cidr,
  });
  const hostKey = generateKeyPair().public;

  it.each<[string, (privateKeyPath: string) => unknown]>([
    ["the example", (path) => example({ "ssh.privateKeyPath": path })],
    ["three edges", (path) => exampleWithEdges(3, { "ssh.privateKeyPath": path })],
    [
      "networks that exist",
      (path) =>
        example({
          "ssh.privateKeyPath": path,
          internalNetwork: existing("internal", "10.10.0.0/16"),
          carpNetwork: existing("carp", "10.25.0.0/16"),
        }),
    ],
    ["an SSH agent", (path) => example({ ssh: { publicKeyPath: `${path}.pub` } })],
    [
      "host keys",
      (path) =>
        example({
          "ssh.privateKeyPath": path,
          "edges[0].sshHostKey": hostKey,
          "edges[1].sshHostKey": hostKey,
        }),
    ],
    [
      "a bastion, doas and a retired edge",
      (path) =>
        example({
          ssh: {
            user: "deploy",
            become: "doas",
            privateKeyPath: path,
            bastion: { ...BASTION, user: "jump" },
          },
          retired: ["edge-c", "edge-d"],
        }),
    ],
    ["edges that exist", (path) => adopted({ "ssh.privateKeyPath": path })],
  ])("%s", async (_, config) => {
    const stack = await initialised(synthesize(config(key)));
    const { stdout } = await run(stack, ["validate", "-json"]);
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, diagnostics: [] });
  });
});

describe.skipIf(!terraformRuns)("a plan", () => {
  let region: Region;
  beforeAll(async () => {
    const folder = temporaryFolder();
    region = await Region.start({ folder, config: parseConfig(example()), schema: OVH_SCHEMA, speed: 100 });
  });
  afterAll(() => region?.stop());

  const plan = async (changes: Readonly<Record<string, unknown>>, environment = {}) => {
    const stack = synthesize(example({ "ssh.privateKeyPath": key, ...changes }));
    const all = { ...region.environment(), ...SECRETS, ...environment };
    expect((await terraform(stack.folder, all, ["init", "-no-color"])).status).toBe(0);
    return terraform(stack.folder, all, ["plan", "-json", "-input=false"]);
  };

  it("of the example makes everything, without a warning", async () => {
    const planned = await plan({});
    expect(planned.status).toBe(0);
    expect(diagnostics(planned).filter(({ severity }) => severity === "error")).toEqual([]);
    expect(planned.stdout).toContain('"changes":{"add":15,"change":0,"import":0,"remove":0,');
  });

  it("stops with the region's list when there is no such flavor or image", async () => {
    const planned = await plan({ "edges[1].flavor": "b9-9", "edges[1].image": "OpenBSD 9.9" });
    const details = diagnostics(planned).map(({ detail }) => detail);
    expect(planned.status).toBe(1);
    expect(details).toContain(
      "edges[].image must be the name of an image of region SBG5, got OpenBSD 9.9; it has Debian 12, OpenBSD 7.8",
    );
    expect(details.find((detail) => detail.startsWith("edges[].flavor"))).toMatch(
      /^edges\[\]\.flavor must be the name of a flavor of region SBG5, got b9-9; it has ([\w-]+, )*b3-8(, [\w-]+)*$/,
    );
  });

  it.each([
    ["a semicolon", "a;reboot"],
    ["a command", "$(reboot)"],
    ["a backtick", "`reboot`"],
    ["a quote", "a'b"],
    ["20 characters", "x".repeat(20)],
    ["a newline", "secret\n"],
    ["nothing", ""],
  ])("stops at a CARP password with %s", async (_, password) => {
    const planned = await plan({}, { TF_VAR_carp_password: password });
    expect(planned.status).toBe(1);
    expect(diagnostics(planned).map(({ summary, detail }) => [summary, detail.split("\n")[0]])).toEqual([
      [
        "Resource precondition failed",
        "the CARP password must be 1 to 19 letters, digits, underscores and dashes, as netstart evaluates it and carp cuts it; choose another one",
      ],
    ]);
  });

  it.each([
    "TF_VAR_carp_password",
    "TF_VAR_edge_application_secret",
  ])("does not show the %s that it stops at", async (name) => {
    const { status, stdout, stderr } = await plan({}, { [name]: "a secret with blanks" });
    expect(status).toBe(1);
    expect(stdout + stderr).not.toContain("a secret with blanks");
  });

  it("stops at credentials with blanks", async () => {
    const planned = await plan({}, { TF_VAR_edge_consumer_key: "a b" });
    expect(diagnostics(planned).map(({ detail }) => detail.split("\n")[0])).toEqual([
      "the edges' consumer key must be 1 to 128 printable characters without blanks and @; correct it where it is set",
    ]);
  });
});

/** What HCL, Terraform, JSON, regular expressions, sed, awk and the shell each would take for something else. */
const ODD = [
  "plain",
  "${x} %{if} $${ %%{ $${x} %%{if} ${ %{ ~} $$ %%",
  "%{ for a in b }${a}%{ endfor }",
  "\\ \\\\ \\n \\t \\1 $1 & \\& \\u00e9 \\${x}",
  `"double" 'single' \`back\``,
  "  blanks at both ends  ",
  "\ttabs\t",
  "a carriage return\r",
  "--",
  "file 0644 root wheel 0 1 2 /etc/passwd",
  "@@nothing@@ @@sha256_999@@ @@ @",
  "$(touch /tmp/run) ; touch /tmp/run",
  "caf\u00e9 \u65e5\u672c\u8a9e \u{1f512} \u00a0 \u2028",
  "",
  "EOF",
].join("\n");
const HARD_SECRET = 'p${x}\\1$1"&/%{q';

const placeholders = (changes: Partial<Record<Placeholder, string>> = {}) =>
  ({
    ...Object.fromEntries(Object.keys(PLACEHOLDERS).map((name) => [name, `value-of-${name}`])),
    ...changes,
  }) as Record<Placeholder, string>;

describe.skipIf(!terraformRuns)("a file's text", () => {
  const rendered = (...files: EdgeFile[]): RenderedEdge => ({
    name: "a",
    carps: ["carp0"],
    carpdev: "vio2",
    files: [rootFile("/usr/local/sbin/edge-install", 0o555, "#!/bin/sh\n"), ...files],
    lines: [],
    macs: [],
  });

  /** The bundle as Terraform makes it, when the application's secret is what a variable says. */
  const evaluated = async (edge: RenderedEdge, secret = "value-of-applicationSecret") => {
    const stack = synthesizeStack((app: App) => {
      const made = new TerraformStack(app, "text");
      new NullProvider(made, "null");
      const variable = new TerraformVariable(made, "secret", { type: "string" });
      new EdgeProvisioning(made, "a", {
        edge,
        values: placeholders({ applicationSecret: variable.stringValue }),
        target: { host: "192.0.2.1", user: "root", port: 22 },
        salt: "salt",
      });
      return made;
    });
    const [local] = Object.keys(stack.json.locals).filter((name) => name.startsWith("a_content_"));
    await initialised(stack);
    const { status, stdout, stderr } = await run(
      stack,
      ["console"],
      { TF_VAR_secret: secret },
      `base64encode(local.${local})\n`,
    );
    expect([status, stderr]).toEqual([0, ""]);
    return Buffer.from(JSON.parse(stdout), "base64").toString();
  };

  /** The bundle as it must be, filled by this package's own hand. */
  const expected = (edge: RenderedEdge, values: Record<Placeholder, string>) =>
    bundle({
      ...edge,
      files: edge.files.map((file) => ({ ...file, content: fill(file.content, values) })),
    }).text;

  it("arrives byte for byte in the bundle, whatever it looks like to others", async () => {
    const edge = rendered(rootFile("/etc/odd", 0o600, `${ODD}\n`), rootFile("/etc/last", 0o600, "last\n"));
    expect(await evaluated(edge)).toBe(expected(edge, placeholders()));
  });

  it("arrives byte for byte around its placeholders too, and so does a secret", async () => {
    const text = `${ODD}\nsecret=@@application_secret@@ again @@application_secret@@\nid=@@instance_id@@\n`;
    const edge = rendered(rootFile("/etc/odd", 0o600, text));
    const got = await evaluated(edge, HARD_SECRET);
    expect(got).toBe(expected(edge, placeholders({ applicationSecret: HARD_SECRET })));
    expect(got).toContain(`secret=${HARD_SECRET} again ${HARD_SECRET}\nid=value-of-instanceId\n`);
  });

  it("whose accents stand behind their letters is another one for Terraform, as its digest tells", async () => {
    const edge = rendered(rootFile("/etc/odd", 0o600, "cafe\u0301\n"));
    const [wanted, got] = [expected(edge, placeholders()), await evaluated(edge)];
    expect(got).not.toBe(wanted);
    expect(got).toBe(wanted.normalize("NFC"));
  });
});

describe.skipIf(!terraformRuns || !nodesRun)("a delivery onto a machine", () => {
  const hostKey = generateKeyPair();
  let node: TestNode;
  let server: ServedSsh;
  beforeAll(async () => {
    node = await TestNode.boot({ authorizedKeys: [deployKey.public] });
    server = await serveSsh(node.machine, hostKey, "127.0.0.1", 0);
  });
  afterAll(async () => {
    await server?.close();
    node?.end();
  });

  const stackOf = (odd: string, key_ = hostKey.public) => {
    const config = parseConfig(example());
    const edge = renderEdge(config, "bi-edge-sbg-1", staticFiles());
    return synthesizeStack((app: App) => {
      const made = new TerraformStack(app, "machine");
      made.addOverride("terraform.backend.local.path", join(node.folder, "tfstate"));
      new NullProvider(made, "null");
      const secret = new TerraformVariable(made, "secret", { type: "string", sensitive: true });
      new EdgeProvisioning(made, "a", {
        edge: { ...edge, files: [...edge.files, rootFile("/etc/odd", 0o640, odd)] },
        values: placeholders({
          applicationSecret: secret.stringValue,
          carpPassword: "carp-pass_1",
          macExternal: "fa:16:3e:00:00:01",
          macInternal: "fa:16:3e:00:00:02",
          macCarp: "fa:16:3e:00:00:03",
        }),
        target: { host: "127.0.0.1", user: "root", port: server.port, privateKeyPath: key, hostKey: key_ },
        salt: "salt",
      });
      return made;
    });
  };
  const apply = async (stack: Synthesized, ...args: string[]) => {
    await initialised(stack);
    return run(stack, [...(args.length === 0 ? ["apply"] : args), "-auto-approve", "-no-color"], {
      TF_VAR_secret: HARD_SECRET,
    });
  };

  it("sends nothing to a machine with another host key, however often it tries", async () => {
    const stack = await initialised(stackOf(`${ODD}\n`, generateKeyPair().public));
    const { child, ran } = startTerraform(
      stack.folder,
      { ...providers.environment(), TF_VAR_secret: HARD_SECRET },
      ["apply", "-auto-approve", "-no-color", `-state=${join(stack.folder, "refused")}`],
    );
    let tries = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      tries += chunk.toString().split("Connecting to remote host via SSH").length - 1;
    });
    await eventually("Terraform has tried twice", () => tries >= 2);
    child.kill("SIGKILL");
    await ran;
    expect(server.sessions()).toBe(0);
  });

  it("puts a file there byte for byte, over three connections, and shows no secret", async () => {
    const { status, stdout, stderr } = await apply(stackOf(`${ODD}\n`));
    expect([status, stderr]).toEqual([0, ""]);
    expect(node.machine.sandbox.read("/etc/odd")).toBe(`${ODD}\n`);
    expect(await node.out("ls -ln /etc/odd | awk '{ print $1, $3, $4 }'")).toBe("-rw-r----- 0 0\n");
    expect(node.machine.sandbox.read("/etc/ovh.conf")).toContain(`application_secret=${HARD_SECRET}\n`);
    expect(server.sessions()).toBe(3);
    expect(stdout).toContain("edge-install: done");
    expect(stdout).not.toContain(HARD_SECRET);
  });

  it("leaves nothing of its scripts and its bundle behind", async () => {
    // Terraform empties a script by writing to its path once more, after it has run.
    expect(await node.out("find /root /tmp -type f -size +0 ! -name authorized_keys")).toBe("");
    expect(await node.out("find /var/db/edge -name staging")).toBe("");
  });

  it("leaves nothing of itself but the script that Terraform has emptied, in a folder for the user alone", async () => {
    expect(await node.out("ls -ld /root/.edge-deliver")).toMatch(/^drwx------/);
    expect(await node.out("find /root/.edge-deliver -type f -size +0")).toBe("");
  });

  it("is not done again when nothing has changed", async () => {
    const { stdout } = await apply(stackOf(`${ODD}\n`));
    expect(stdout).toContain("No changes. Your infrastructure matches the configuration.");
    expect(server.sessions()).toBe(3);
  });

  it("replaces what has changed, and takes nothing off before", async () => {
    const { status, stdout } = await apply(stackOf(`${ODD}\nmore\n`));
    expect(status).toBe(0);
    expect(stdout).toContain("Apply complete! Resources: 1 added, 0 changed, 1 destroyed.");
    expect(stdout).toContain("edge-install: /etc/odd: written");
    expect(stdout).not.toContain("removed");
    expect(node.machine.sandbox.read("/etc/odd")).toBe(`${ODD}\nmore\n`);
  });

  it("is taken off again when it is destroyed", async () => {
    const { status, stdout } = await apply(stackOf(`${ODD}\nmore\n`), "destroy");
    expect(status).toBe(0);
    expect(stdout).toContain("edge-install: removed");
    expect(node.machine.sandbox.read("/etc/ovh.conf")).toBeUndefined();
    expect(node.machine.sandbox.read("/usr/local/sbin/edge-install")).toBeUndefined();
  });
});
