import { createHash, randomBytes } from "node:crypto";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import { renderEdge } from "../../lib/edge/render.js";
import { staticFiles } from "../../lib/edge/static-files.js";
import { findTerraform } from "../../lib/operations/terraform-binary.js";
import { Playground } from "../../lib/playground/playground.js";
import { until } from "../../lib/playground/until.js";
import type { Machine } from "../../lib/simulator/node/machine.js";
import { Region } from "../../lib/simulator/region.js";
import { example } from "../config/example.js";
import { run } from "../e2e/process.js";
import { type Find, Search, Watch } from "./search.js";

const token = (length: number) => randomBytes(length).toString("hex").slice(0, length);

/** As unusual as the rules allow: what a shell, HCL, Perl and a regular expression would act on. */
const unusual = () => `'"\`$(id)\${x}%{y}\\n;|&<>#=~[a-z]*.+?^$!{}()\\Q/,:-${token(16)}`;
const SECRETS = {
  "CARP password": `-_${token(17)}`,
  "second CARP password": `_-${token(17)}`,
  "edge application key": unusual(),
  "edge application secret": unusual(),
  "edge consumer key": unusual(),
  // Its path; the host is told where nobody answers there.
  "webhook's URL": unusual(),
};
const WEBHOOK = "TF_VAR_edge_webhook_url";
const [first, second] = ["bi-edge-sbg-1", "bi-edge-sbg-2"];
const NODES = [first, second] as const;

let playground: Playground;
let temporary: string;
let search: Search;
let watch: Watch;
let state = "";
let syslog: string[] = [];
let databaseModes: string[] = [];
const stages: Record<string, { readonly files: Find[]; readonly nodes: Record<string, Find[]> }> = {};
const before = { ...process.env };

interface StateResource {
  readonly type: string;
  readonly name: string;
  readonly instances: readonly { readonly attributes: Readonly<Record<string, unknown>> }[];
}

const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8).padStart(4, "0");
const machine = (name: string) => playground.region.machine(name) as Machine;
const trace = () => join(playground.folder, "trace.log");
/** Places where the secrets are, each once. */
const places = (finds: readonly Find[]) =>
  [...new Set(finds.map(({ where, mode }) => `${mode} ${where}`))].sort();

function lookAround(stage: string): void {
  stages[stage] = {
    // The disks of the nodes are looked at by themselves.
    files: search.below(playground.folder).filter(({ where }) => !where.startsWith("/nodes/")),
    nodes: Object.fromEntries(
      NODES.flatMap((name) => {
        const node = playground.region.machine(name);
        return node === undefined ? [] : [[name, search.below(node.sandbox.root)]];
      }),
    ),
  };
}

async function deploy(): Promise<void> {
  await playground.synth();
  await playground.terraform.init();
  await playground.terraform.apply(() => {});
}

/** A plan as cdktf makes one, in a file. */
async function planFile(): Promise<string> {
  const file = join(playground.folder, "saved.plan");
  const { status, stderr } = await run(findTerraform(process.env), ["plan", "-input=false", `-out=${file}`], {
    cwd: playground.stackFolder,
    env: { ...process.env, ...playground.environment(), TF_IN_AUTOMATION: "1" },
  });
  expect([status, stderr]).toEqual([0, ""]);
  return file;
}

async function failOver(): Promise<void> {
  await machine(first).sandbox.run("ifconfig carp0 down");
  await until(() => playground.region.holder() === second, "the FailOver IP does not move", 30_000);
  await machine(first).sandbox.run("ifconfig carp0 up");
  await until(
    () => machine(first).kernel.carpState("carp0") === "BACKUP",
    "the first edge is no backup",
    30_000,
  );
}

describe("secrets on their way through deploy, failover, another deploy and destroy, with TF_LOG=TRACE", () => {
  beforeAll(async () => {
    temporary = mkdtempSync(join(tmpdir(), "canary-"));
    mkdirSync(join(temporary, "t"));
    const notified = example({ notify: { webhook: true } }) as unknown as EdgeConfigInput;
    playground = await Playground.create({ config: notified });
    const { region } = playground;
    const keys = region.project.seed.keys as unknown as { applicationKey: string }[];
    const edgeKey = {
      applicationKey: SECRETS["edge application key"],
      applicationSecret: SECRETS["edge application secret"],
      consumerKey: SECRETS["edge consumer key"],
    };
    Object.assign(
      keys.find(({ applicationKey }) => applicationKey === region.edgeKey.applicationKey) ?? {},
      edgeKey,
    );
    Object.assign(region.edgeKey, edgeKey);
    playground.carpPassword = SECRETS["CARP password"];
    // A line in the middle of the key, and what the provider is given.
    const privateKey = region.deployKey.private.split("\n")[2] as string;
    const all = {
      ...SECRETS,
      "deploy key": privateKey,
      "deployer secret": Region.DEPLOYER.applicationSecret,
    };
    search = new Search(all);
    Object.assign(process.env, {
      TF_LOG: "TRACE",
      TF_LOG_PATH: trace(),
      TMPDIR: join(temporary, "t"),
      [WEBHOOK]: `https://hooks.invalid/${SECRETS["webhook's URL"]}`,
    });
    watch = new Watch(search, all, temporary);

    await deploy();
    await until(() => region.answering() !== undefined, "no edge answers for the FailOver IP", 30_000);
    lookAround("deployed");
    await failOver();
    lookAround("failed over");
    playground.carpPassword = SECRETS["second CARP password"];
    const config = playground.readConfig();
    playground.writeConfig({ ...config, probe: { ...config.probe, targets: ["1.1.1.1"] } });
    await playground.synth();
    const plan = await planFile();
    lookAround("planned");
    rmSync(plan);
    await deploy();
    lookAround("deployed again");
    state = readFileSync(join(playground.stackFolder, "terraform.edge.tfstate"), "utf8");
    syslog = NODES.flatMap((name) => machine(name).syslog.map(({ tag, text }) => `${tag}: ${text}`));
    databaseModes = NODES.map((name) => modeOf(machine(name).sandbox.path("/var/db/edge")));
    await playground.terraform.destroy(() => {});
    lookAround("destroyed");
  }, 400_000);

  afterAll(async () => {
    watch?.stop();
    for (const name of ["TF_LOG", "TF_LOG_PATH", "TMPDIR", WEBHOOK]) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
    await playground?.stop();
    rmSync(temporary, { recursive: true, force: true });
  });

  const OWN_KEY = ["0600 /id_ed25519"];
  const FOR_THEM = ["0600 /etc/edge.conf", "0600 /etc/ovh.conf", "0640 /etc/hostname.carp0"];
  const onNodes = (stage: string) => Object.values(stages[stage]?.nodes ?? {}).map(places);

  it("are in the three files of a node that need them, and nowhere else on its disk", () => {
    expect(onNodes("deployed")).toEqual([FOR_THEM, FOR_THEM]);
    expect(onNodes("failed over")).toEqual([FOR_THEM, FOR_THEM]);
  });

  it("are in no old version of what a deploy has changed, and those are in a folder of root's alone", () => {
    expect(onNodes("deployed again")).toEqual([FOR_THEM, FOR_THEM]);
    expect(databaseModes).toEqual(["0700", "0700"]);
  });

  it("are in no file of the deployer's: not in the stack, the state, its backup or a log at level TRACE", () => {
    for (const stage of ["deployed", "failed over", "deployed again", "destroyed"]) {
      // The deploy key is the deployer's own, and lies where the test has put it.
      expect([stage, places(stages[stage]?.files ?? [])]).toEqual([stage, OWN_KEY]);
    }
    const looked = readdirSync(playground.stackFolder);
    expect(looked).toEqual(
      expect.arrayContaining(["cdk.tf.json", "terraform.edge.tfstate", "terraform.edge.tfstate.backup"]),
    );
    const log = readFileSync(trace(), "utf8");
    expect(log.match(/\[TRACE\]/g)?.length).toBeGreaterThan(1000);
    expect(log).toContain("remote-exec");
  });

  it("are all in a plan that is saved, in clear, which is why a deploy leaves none behind", () => {
    const found = (stages.planned?.files ?? []).filter(({ where }) => where === "/saved.plan");
    expect(found.map(({ secret }) => secret).sort()).toEqual(
      Object.keys(SECRETS)
        .filter((name) => name !== "CARP password")
        .sort(),
    );
    expect(places((stages.planned?.files ?? []).filter(({ where }) => where !== "/saved.plan"))).toEqual(
      OWN_KEY,
    );
  });

  it("are among no process's arguments, but for the password of carp where netstart(8) runs ifconfig(8)", () => {
    expect(watch.looks).toBeGreaterThan(100);
    const call =
      /^\/usr\/bin\/perl \/sbin\/ifconfig carp0 inet [0-9.]+ netmask [0-9.]+ broadcast [0-9.]+ vhid 1 carpdev vio2 pass <(second )?CARP password> advbase 1 advskew \d+$/;
    expect([...watch.argumentLists].filter((text) => !call.test(text))).toEqual([]);
  });

  it("are for moments in a temporary file of Terraform's, which only the deployer can read", () => {
    for (const [where, mode] of watch.temporaryFiles) {
      expect(where).toMatch(/^\/t\/tf-file-content\d+$/);
      expect(mode).toBe("0600");
    }
    expect(search.below(temporary)).toEqual([]);
  });

  it("are in no node's syslog", () => {
    expect(syslog.length).toBeGreaterThan(20);
    // So it was used, and what came of it is told.
    expect(syslog.some((line) => line.startsWith("edge-notify") && /not sent/.test(line))).toBe(true);
    expect(search.in(syslog.join("\n"))).toEqual([]);
  });

  it("leave nothing on the deployer's machine after a destroy", () => {
    expect(stages.destroyed?.nodes).toEqual({});
    expect(places(stages.destroyed?.files ?? [])).toEqual(OWN_KEY);
  });

  it("have digests in the state, salted, with the salt beside them", () => {
    const { resources } = JSON.parse(state) as { resources: StateResource[] };
    const ours = resources.filter(({ type }) => type === "null_resource" || type === "terraform_data");
    const attributes = ours.map(({ type, name, instances }) => ({
      type,
      name: name.replace(/^edge_|_[0-9A-F]{8}$/g, ""),
      holds: Object.entries(instances[0]?.attributes ?? {})
        .filter(([key, value]) => key !== "id" && value !== null)
        .flatMap(([key, value]) => {
          const inner = (value as { value?: unknown }).value ?? value;
          return typeof inner === "object"
            ? Object.keys(inner as object).map((one) => `${key}.${one}`)
            : [key];
        }),
    }));
    const find = (name: string) => attributes.find((one) => one.name === name)?.holds.sort();
    expect(find("salt")).toEqual(["input", "output"]);
    expect(find("release")).toEqual(["triggers.identity", "triggers.instances"]);
    for (const name of NODES) {
      const delivered = renderEdge(parseConfig(playground.readConfig()), name, staticFiles());
      expect(find(`files-${name}_deliver`)).toEqual(
        [
          ...["bundle", "host", "port", "user", "/etc/sysctl.conf", "root's crontab"],
          ...delivered.files.map(({ path }) => path),
        ]
          .map((key) => `triggers.${key}`)
          .sort(),
      );
      expect(find(`files-${name}_removal`)?.filter((key) => key.startsWith("input"))).toEqual(
        ["host", "hostKey", "port", "privateKeyPath", "user"].map((key) => `input.${key}`),
      );
    }
    // So a guess at a password can be tried by whoever reads the state.
    const of = (name: string) =>
      ours.find((one) => one.name.startsWith(`edge_${name}`))?.instances[0]?.attributes;
    const salt = (of("salt")?.output as { value: string }).value;
    const { address, vhid } = playground.readConfig().carp;
    const guess = createHash("sha256").update(
      `${salt} ${address} ${vhid} ${SECRETS["second CARP password"]}`,
    );
    expect((of("release")?.triggers as { identity: string }).identity).toBe(guess.digest("hex"));
  });
});

describe("the search finds a secret", () => {
  const secret = `a"b\\c&d<${token(12)}>`;
  const found = new Search({ it: secret });
  it.each<[string, string]>([
    ["as it is", secret],
    ["in JSON", JSON.stringify({ secret })],
    ["in JSON in JSON", JSON.stringify(JSON.stringify({ secret }))],
    [
      "in JSON as Go writes it",
      JSON.stringify(secret).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
    ],
    ["in a URL", encodeURIComponent(secret)],
    ...[0, 1, 2].map((offset): [string, string] => [
      `in base64 after ${offset + 3} bytes`,
      Buffer.from(`${"x".repeat(offset + 3)}${secret} and more`).toString("base64"),
    ]),
  ])("%s", (_, text) => {
    expect(found.in(`before ${text} after`)).toEqual(["it"]);
  });

  it("not in what only looks like it", () => {
    expect(found.in(`${secret.slice(0, -1)} ${secret.toUpperCase()}`)).toEqual([]);
  });
});
