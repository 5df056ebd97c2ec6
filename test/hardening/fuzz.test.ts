import { beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { bundle } from "../../lib/edge/bundle.js";
import type { RenderedEdge } from "../../lib/edge/file.js";
import { fill } from "../../lib/edge/placeholders.js";
import { renderEdge } from "../../lib/edge/render.js";
import { staticFiles } from "../../lib/edge/static-files.js";
import { example } from "../config/example.js";
import { filled, VALUES, withContent } from "../edge/bundles.js";
import { onNode } from "../edge/node.js";
import { describeFuzz, type FuzzReport, fuzz } from "./fuzz.js";
import { textSettings } from "./hostile.js";
import { deliveries, readBack, shellAccepts } from "./read-back.js";

/** Another one each day would find more; the same one each time can be looked at. */
const SEED = 20_260;
const COUNT = Number(process.env.EDGE_FUZZ_COUNT ?? 2000);

describe(`of ${COUNT} configurations with hostile texts`, () => {
  let report: FuzzReport;
  beforeAll(() => {
    report = fuzz({ count: COUNT, seed: SEED });
  });

  it("every reader reads what was meant in each one that is accepted, and each refusal names its setting", () => {
    expect(report.failure, describeFuzz(report)).toBeUndefined();
  });

  it("a good share is accepted, so that there is something to read", () => {
    expect(report.accepted / COUNT).toBeGreaterThan(0.2);
    expect(report.edges).toBeGreaterThan(COUNT / 2);
    expect(report.accepted + report.refused + report.refusedSecrets).toBe(COUNT);
  });

  it("most of what is hostile is refused", () => {
    expect(report.refused / COUNT).toBeGreaterThan(0.4);
    expect(report.refusedSecrets / COUNT).toBeGreaterThan(0.05);
  });

  it("each setting that is a text was hostile, and refused for it most of the time", () => {
    expect(textSettings().length).toBeGreaterThan(25);
    // Nothing is made of the address of the schema; a path may be much.
    const free = ["$schema", "ssh.privateKeyPath", "ssh.publicKeyPath", "ssh.bastion.privateKeyPath"];
    for (const [name, { hostile, accepted }] of Object.entries(report.settings)) {
      expect([name, hostile > 5]).toEqual([name, true]);
      if (!free.includes(name)) expect([name, accepted / hostile < 0.5]).toEqual([name, true]);
    }
  });
});

/** The first edge of the example, delivered with a change to one of its files. */
const delivered = (path: string, change: (content: string) => string, values = {}) =>
  deliveries(parseConfig(example()), { ...VALUES, ...values }, (edge: RenderedEdge) =>
    withContent(edge, path, change),
  );
const readersThatMind = (path: string, change: (content: string) => string, values = {}) => [
  ...new Set(
    readBack(delivered(path, change, values))
      .flat()
      .map(({ reader }) => reader),
  ),
];

describe("the readers find", () => {
  it("nothing wrong with what is delivered", () => {
    expect(readersThatMind("/etc/edge.conf", (text) => text)).toEqual([]);
    expect(shellAccepts(delivered("/etc/edge.conf", (text) => text))).toBe("0");
  });

  it.each<[string, string, string, (content: string) => string]>([
    [
      "a second link in the trigger",
      "ifstated",
      "/etc/ifstated.conf",
      (t) => t.replace("vio1.link", "vio2.link"),
    ],
    ["a poll that never comes", "ifstated", "/etc/ifstated.conf", (t) => t.replace("every 10", "every 100")],
    [
      "a quote in the trigger",
      "ifstated",
      "/etc/ifstated.conf",
      (t) => t.replace("state watch", 'state "watch'),
    ],
    ["a rule that is not quick", "pf", "/etc/pf.edge.conf", (t) => t.replace("quick ", "")],
    ["a rule for another interface", "pf", "/etc/pf.edge.conf", (t) => t.replace("vio2", "vio1")],
    ["a rule cut by a comment", "pf", "/etc/pf.edge.conf", (t) => t.replace("keep", "#keep")],
    ["a command in hostname.carp0", "shell", "/etc/hostname.carp0", (t) => `${t}!echo >x\n`],
    [
      "a semicolon in hostname.carp0",
      "shell",
      "/etc/hostname.carp0",
      (t) => t.replace("advbase", ";advbase"),
    ],
    ["a comment in hostname.vio2", "shell", "/etc/hostname.vio2", (t) => `#${t}`],
    ["a second value in edge.conf", "edge-sync", "/etc/edge.conf", (t) => `${t}ip=1.2.3.4\n`],
    ["a line that is none in edge.conf", "edge-sync", "/etc/edge.conf", (t) => `${t}x\n`],
    ["a newline in ovh.conf", "ip-move", "/etc/ovh.conf", (t) => t.replace("endpoint=", "\nendpoint=x\n")],
  ])("%s", (_, reader, path, change) => {
    expect(readersThatMind(path, change)).toContain(reader);
  });

  it.each([
    ["a;touch x", "shell"],
    ["a$(echo b)", "shell"],
    ["a`echo b`", "shell"],
    ["a$HOME", "shell"],
    ["a b", "shell"],
    ["a\n!echo >x", "shell"],
    ["a#b", undefined],
  ])("the password %j, which the rule for it refuses as well", (carpPassword, reader) => {
    const found = readersThatMind("/etc/edge.conf", (text) => text, { carpPassword });
    if (reader !== undefined) expect(found).toContain(reader);
    expect(() => parseConfig(example(), { environment: { TF_VAR_carp_password: carpPassword } })).toThrow(
      "TF_VAR_carp_password",
    );
  });

  it.each([
    ["an application key that names another placeholder", { applicationKey: "@@consumer_key@@" }],
    ["a consumer key with a blank at its end", { consumerKey: "key " }],
    ["an application secret with a line end", { applicationSecret: "a\nconsumer_key=b" }],
  ])("%s", (_, values) => {
    expect(readersThatMind("/etc/edge.conf", (text) => text, values)).toContain("ip-move");
  });

  it("a bundle whose lines are counted wrongly", () => {
    const [one] = delivered("/etc/edge.conf", (text) => text) as [ReturnType<typeof delivered>[number]];
    const found = readBack([{ ...one, text: one.text.replace("\n--\n", "\n\n--\n") }]).flat();
    expect(found.map(({ reader }) => reader)).toContain("bundle");
  });

  it("a quote that the shell waits for", () => {
    const broken = delivered("/etc/hostname.carp0", (text) => text.replace("up\n", "up '\n"));
    expect(shellAccepts(broken)).not.toBe("0");
  });
});

describe("a failure", () => {
  it("comes with its seed and the smallest configuration that has it", () => {
    // Wrong for those alone whose CARP interface has a number above 99.
    const tamper = (edge: RenderedEdge) =>
      withContent(edge, "/etc/pf.edge.conf", (text) => text.replace(/(vio\d\d)\d /, "$1 "));
    const report = fuzz({ count: 200, seed: 1, tamper });
    const text = describeFuzz(report);
    expect(text).toContain("of seed 1:");
    expect(text).toContain("pf: read [");
    const smallest = report.failure?.smallest.config as { interfaces: { carp: string }; edges: unknown[] };
    expect(smallest.interfaces.carp).toBe("vio100");
    expect(smallest.edges).toHaveLength(2);
  });
});

describe("edge-install itself", { timeout: 60_000 }, () => {
  it("lays out the longest and strangest that is accepted as it was meant", () =>
    onNode(async (node) => {
      const config = parseConfig(
        example({
          "edges[0].name": `a${"-".repeat(30)}b`,
          "edges[0].image": `O${" ./+-(_)".repeat(7)}`,
          interfaces: { external: "vio999", internal: "vio998", carp: "vio997" },
        }),
      );
      const values = {
        ...VALUES,
        applicationKey: "'\"`$(id);&|<>*?[a]{b,c}~!#%^=+\\n\\\\,./:",
        applicationSecret: "-- --",
        consumerKey: "#;=[default]",
        carpPassword: "-_-_-_-_-_-_-_-_-_-",
      };
      const accepted = { ...values, applicationSecret: "--" };
      const edge = renderEdge(config, config.edges[0]?.name as string, staticFiles());
      node.write("/root/bundle", filled(edge, accepted), 0o600);
      node.write("/root/edge-install", staticFiles()["/usr/local/sbin/edge-install"] as string);
      const { status, complained } = await node.say(
        "DESTDIR=/tmp/d sh /root/edge-install install /root/bundle",
      );
      expect([status, complained]).toEqual([0, []]);
      for (const { path, content } of edge.files) {
        const place = path === "/etc/hostname.carp0" ? `/var/db/edge/pending${path}` : path;
        expect([path, node.read(`/tmp/d${place}`)]).toEqual([path, fill(content, accepted)]);
      }
      expect(bundle(edge).lateDigests.length).toBeGreaterThan(0);
    }));
});
