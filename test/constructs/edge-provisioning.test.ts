import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import { type App, TerraformStack, Token } from "cdktf";
import { beforeAll, describe, expect, it } from "vitest";
import { EdgeProvisioning, type EdgeProvisioningProps } from "../../lib/constructs/edge-provisioning.js";
import { type EdgeFile, type RenderedEdge, rootFile } from "../../lib/edge/file.js";
import { PLACEHOLDERS, type Placeholder } from "../../lib/edge/placeholders.js";
import { staticFiles } from "../../lib/edge/static-files.js";
import { example } from "../config/example.js";
import { type Json, type Synthesized, synthesize, synthesizeStack } from "./synthesized.js";

const NAME = "bi-edge-sbg-1";
const DELIVER = `edge/edge/files-${NAME}/deliver`;
const REMOVAL = `edge/edge/files-${NAME}/removal`;

let stack: Synthesized;
beforeAll(() => {
  stack = synthesize(example());
});

/** Provisioners of a block with their kinds, their connections apart. */
const provisioners = (path: string) =>
  (stack.block(path).provisioner as Json[]).map((one) => {
    const [[kind, { connection, ...rest }]] = Object.entries<Json>(one) as [[string, Json]];
    return { kind, connection, rest };
  });

const contentOf = (of: Synthesized, id: string): string =>
  (
    Object.entries<string>(of.json.locals).find(([name]) => name.startsWith(`${id}_content_`)) as [
      string,
      string,
    ]
  )[1];

describe("a delivery", () => {
  it("makes a folder for the user alone, puts the bundle there in one piece, and installs", () => {
    expect(provisioners(DELIVER).map(({ kind, rest }) => [kind, rest])).toEqual([
      ["remote-exec", { inline: ["umask 077 && rm -rf .edge-deliver && mkdir .edge-deliver"] }],
      [
        "file",
        {
          content: expect.stringMatching(/^\$\{local\.edge_files-bi-edge-sbg-1_content_[0-9A-F]{8}\}$/),
          destination: ".edge-deliver/bundle",
        },
      ],
      [
        "remote-exec",
        {
          inline: [
            expect.stringMatching(
              /^cd \.edge-deliver && sed -n '\d+,\d+p' bundle >edge-install && sh edge-install install -d \$\{.*\} bundle$/,
            ),
            "status=$?; rm -f bundle edge-install; exit $status",
          ],
        },
      ],
    ]);
  });

  it("starts the very installer that lies in its bundle", () => {
    const [, , install] = provisioners(DELIVER);
    const [, first, last] = /'(\d+),(\d+)p'/.exec(install?.rest.inline[0]) as unknown as [
      string,
      string,
      string,
    ];
    const [, bundle] = [...stack.files()].find(([path]) => path.includes(`files-${NAME}_bundle_`)) as [
      string,
      string,
    ];
    expect(
      `${bundle
        .split("\n")
        .slice(Number(first) - 1, Number(last))
        .join("\n")}\n`,
    ).toBe(staticFiles()["/usr/local/sbin/edge-install"]);
  });

  it("keeps Terraform's own scripts out of /tmp, where everybody could write them", () => {
    const everywhere = [...stack.text.matchAll(/"script_path": "([^"]*)"/g)].map(([, path]) => path);
    expect(everywhere).toHaveLength(2 * 3 + 2 + 2);
    for (const path of everywhere) expect(path).toMatch(/^\.\/\.[a-z./-]+$/);
    expect(stack.text).not.toContain("/tmp");
    // The folder is not there yet when the first one runs.
    const [first] = provisioners(DELIVER);
    expect(first?.connection.script_path).not.toContain(".edge-deliver");
  });

  it("goes by the edge's address, user and port", () => {
    const other = synthesize(example({ "ssh.user": "deploy", "ssh.become": "doas", "ssh.port": 2222 }));
    for (const one of other.block(DELIVER).provisioner as Json[]) {
      const { connection } = Object.values<Json>(one)[0];
      expect(connection).toEqual({
        type: "ssh",
        host: expect.stringMatching(/^\$\{local\.edge_bi-edge-sbg-1_public-address_/),
        user: "deploy",
        port: 2222,
        timeout: "10m",
        agent: "false",
        private_key: '${file(pathexpand("~/.ssh/id_ed25519"))}',
        script_path: connection.script_path,
      });
    }
  });

  it("is done anew for another content, address, port or user, and for nothing else", () => {
    const { triggers } = stack.block(DELIVER);
    const paths = Object.keys(triggers).filter((key) => !["bundle", "host", "port", "user"].includes(key));
    expect(paths.sort()).toEqual([
      ...[
        "/etc/edge.conf",
        "/etc/hostname.carp0",
        "/etc/hostname.vio2",
        "/etc/ifstated.conf",
        "/etc/ovh.conf",
        "/etc/pf.edge.conf",
        "/etc/sysctl.conf",
      ],
      ...Object.keys(staticFiles()).sort(),
      "root's crontab",
    ]);
    expect([triggers.port, triggers.user]).toEqual(["22", "root"]);
    expect(triggers.host).toMatch(/^\$\{local\.edge_bi-edge-sbg-1_public-address_/);
    expect(triggers.bundle).toMatch(
      /^\$\{nonsensitive\(sha256\(join\("", \[local\.edge_salt-text_[0-9A-F]{8}, local\.edge_files-bi-edge-sbg-1_content_[0-9A-F]{8}\]\)\)\)\}$/,
    );
  });

  it("tells which files are new, with a salted digest where one holds a secret", () => {
    const { triggers } = stack.block(DELIVER);
    for (const path of ["/etc/hostname.carp0", "/etc/ovh.conf"]) {
      expect(triggers[path]).toMatch(
        /^\$\{nonsensitive\(sha256\(join\("", \[local\.edge_salt-text_[0-9A-F]{8}, local\.edge_files-bi-edge-sbg-1_late-\d_[0-9A-F]{8}\]\)\)\)\}$/,
      );
    }
    expect(triggers["/etc/edge.conf"]).toMatch(/^\$\{sha256\(/);
    expect(triggers["/etc/pf.edge.conf"]).toMatch(/^[0-9a-f]{64}$/);
    const other = synthesize(example({ "carp.preempt": true })).block(DELIVER).triggers;
    const differing = Object.keys(triggers).filter((key) => triggers[key] !== other[key]);
    expect(differing).toEqual(["/etc/sysctl.conf"]);
  });

  it("has nothing that runs when it is destroyed, as each change would take every edge down first", () => {
    expect(Object.keys(stack.block(DELIVER)).sort()).toEqual(["depends_on", "provisioner", "triggers"]);
    for (const { rest } of provisioners(DELIVER)) {
      expect(rest).not.toHaveProperty("when");
      expect(rest).not.toHaveProperty("on_failure");
    }
  });

  it("names each file by a path within the synthesis, so that a diff of two machines is empty", () => {
    const paths = [...contentOf(stack, `edge_files-${NAME}`).matchAll(/file\("([^"]*)"\)/g)].map(
      ([, path]) => path,
    );
    expect(paths).toHaveLength(4);
    for (const path of paths) expect(stack.files().has(`stacks/edge/${path}`), path).toBe(true);
  });

  it("fills each placeholder, and leaves none", () => {
    const content = contentOf(stack, `edge_files-${NAME}`);
    // What is asked for by a setting is in the files of an edge that has it.
    const { clientId, clientSecret, failoverIp, webhookUrl, ...used } = PLACEHOLDERS;
    for (const absent of [clientId, clientSecret, failoverIp, webhookUrl])
      expect(content).not.toContain(absent);
    for (const placeholder of Object.values(used)) expect(content).toContain(`"${placeholder}"`);
    const [, bundle] = [...stack.files()].find(([path]) => path.includes(`files-${NAME}_bundle_`)) as [
      string,
      string,
    ];
    const left = new Set([...bundle.matchAll(/@@\w+@@/g)].map(([name]) => name));
    for (const [, name] of content.matchAll(/"(@@\w+@@)"/g)) left.delete(name as string);
    expect([...left]).toEqual([]);
  });
});

describe("a removal", () => {
  it("knows how to reach the edge, and nothing that changes with a delivery", () => {
    const { provisioner, ...block } = stack.block(REMOVAL);
    expect(block).toEqual({
      input: {
        host: expect.stringMatching(/^\$\{local\.edge_bi-edge-sbg-1_public-address_/),
        port: "22",
        user: "root",
        hostKey: "",
        privateKeyPath: "~/.ssh/id_ed25519",
      },
    });
    expect(provisioner).toHaveLength(1);
  });

  it("takes the files off when it is destroyed, and goes on where the edge cannot be reached", () => {
    expect(provisioners(REMOVAL)).toEqual([
      {
        kind: "remote-exec",
        rest: {
          when: "destroy",
          on_failure: "continue",
          inline: [
            'test ! -x /usr/local/sbin/edge-install || $(test "$(id -u)" = 0 || echo doas -n) /usr/local/sbin/edge-install remove',
          ],
        },
        connection: {
          type: "ssh",
          host: "${self.output.host}",
          port: "${self.output.port}",
          user: "${self.output.user}",
          host_key: '${self.output.hostKey == "" ? null : self.output.hostKey}',
          private_key:
            '${self.output.privateKeyPath == "" ? null : file(pathexpand(self.output.privateKeyPath))}',
          agent: '${self.output.privateKeyPath == ""}',
          timeout: "1m",
          script_path: "./.edge-remove.sh",
        },
      },
    ]);
  });

  it("does not change with what is delivered", () => {
    const changed = synthesize(example({ "probe.targets": ["1.1.1.1"], "carp.vhid": 9 }));
    expect(changed.block(REMOVAL)).toEqual(stack.block(REMOVAL));
  });
});

describe("a delivery by itself", () => {
  const values = Object.fromEntries(
    Object.keys(PLACEHOLDERS).map((name) => [name, `value of ${name}`]),
  ) as Record<Placeholder, string>;
  const rendered = (...files: EdgeFile[]): RenderedEdge => ({
    name: "a",
    carps: ["carp0"],
    carpdev: "vio2",
    files: [rootFile("/usr/local/sbin/edge-install", 0o555, "#!/bin/sh\n"), ...files],
    lines: [],
    macs: [],
  });
  const deliver = (edge: RenderedEdge, changes: Partial<EdgeProvisioningProps> = {}) =>
    synthesizeStack((app: App) => {
      const made = new TerraformStack(app, "alone");
      new NullProvider(made, "null");
      const target = { host: "192.0.2.1", user: "root", port: 22 };
      new EdgeProvisioning(made, "a", { edge, values, target, salt: "salt", ...changes });
      return made;
    });

  it("asks the SSH agent and verifies no host key where neither key is known", () => {
    const { provisioner } = deliver(rendered()).block("alone/a/deliver");
    expect(provisioner[0]["remote-exec"].connection).toEqual({
      type: "ssh",
      host: "192.0.2.1",
      user: "root",
      port: 22,
      timeout: "10m",
      agent: "true",
      script_path: "./.edge-prepare.sh",
    });
  });

  it("takes host, port and user from other resources", () => {
    const target = {
      host: Token.asString("${data.dns.host}"),
      user: Token.asString("${data.dns.user}"),
      port: Token.asNumber("${data.dns.port}"),
    };
    const made = deliver(rendered(), { target });
    const there = { host: "${data.dns.host}", user: "${data.dns.user}", port: "${data.dns.port}" };
    const { provisioner, triggers } = made.block("alone/a/deliver");
    expect(triggers).toMatchObject(there);
    expect(made.block("alone/a/removal").input).toMatchObject(there);
    expect(provisioner[0]["remote-exec"].connection).toMatchObject(there);
  });

  it("needs no asset but its bundle where no file has a placeholder", () => {
    const made = deliver(rendered(rootFile("/etc/x", 0o600, "plain\n")));
    expect(contentOf(made, "a")).toMatch(/^\$\{file\("assets\/a_bundle_[^"]*\/bundle"\)\}$/);
  });

  it("computes the digest of a file with a placeholder when Terraform runs", () => {
    const made = deliver(rendered(rootFile("/etc/x", 0o600, "pass @@carp_password@@\n")));
    expect(contentOf(made, "a")).toMatch(
      /^\$\{replace\(replace\(file\("[^"]*\/bundle"\), "@@carp_password@@", "value of carpPassword"\), "@@sha256_1@@", sha256\(replace\(file\("[^"]*\/file-0"\), "@@carp_password@@", "value of carpPassword"\)\)\)\}$/,
    );
  });

  it("has another asset, and so another trigger, for another content", () => {
    const [one, two, same] = ["one\n", "two\n", "one\n"].map((content) =>
      contentOf(deliver(rendered(rootFile("/etc/x", 0o600, content))), "a"),
    );
    expect(two).not.toBe(one);
    expect(same).toBe(one);
  });

  it("waits for those that it is told to wait for", () => {
    const made = synthesizeStack((app: App) => {
      const both = new TerraformStack(app, "both");
      new NullProvider(both, "null");
      const props = { edge: rendered(), values, target: { host: "x", user: "root", port: 22 }, salt: "salt" };
      const first = new EdgeProvisioning(both, "first", props);
      const second = new EdgeProvisioning(both, "second", { ...props, after: [first] });
      expect(second.fqn).not.toBe(first.fqn);
      return both;
    });
    expect(made.block("both/second/deliver").depends_on).toEqual([
      made.at("both/second/removal").address,
      made.at("both/first/deliver").address,
    ]);
    expect(made.block("both/first/deliver").depends_on).toEqual([made.at("both/first/removal").address]);
  });
});
