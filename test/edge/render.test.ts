import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import type { EdgeConfig, EdgeSettings } from "../../lib/config/schema.js";
import { edgeConf, ovhConf, settleTime } from "../../lib/edge/edge-conf.js";
import {
  CARP_INTERFACE,
  DEMOTION_GROUPS,
  hostnameCarp,
  hostnameCarpdev,
} from "../../lib/edge/hostname-if.js";
import { ifstatedConf } from "../../lib/edge/ifstated.js";
import { pfEdge } from "../../lib/edge/pf.js";
import { renderEdge } from "../../lib/edge/render.js";
import { loadPf, passesCarp } from "../../lib/simulator/node/commands/pfctl.js";
import { example, exampleWithEdges } from "../config/example.js";
import { rendered, STAND_INS } from "./bundles.js";

const config = (changes: Readonly<Record<string, unknown>> = {}) => parseConfig(example(changes));
const first = ({ edges }: EdgeConfig) => edges[0] as EdgeSettings;

describe("an edge", () => {
  it("fails to render when the configuration has none of its name", () => {
    expect(() => renderEdge(config(), "edge-a", STAND_INS)).toThrow(
      new Error("there is no edge edge-a; the configuration has bi-edge-sbg-1, bi-edge-sbg-2"),
    );
  });

  it("has its files in the order in which they are put in place", () => {
    const { files } = rendered();
    expect(files.map(({ path, mode, owner, group }) => [path, mode.toString(8), owner, group])).toEqual([
      ["/usr/local/sbin/edge-install", "555", "root", "wheel"],
      ["/usr/local/sbin/edge-sync", "555", "root", "wheel"],
      ["/usr/local/sbin/ip-move", "555", "root", "wheel"],
      ["/usr/local/sbin/edge-notify", "555", "root", "wheel"],
      ["/usr/local/man/man8/edge-install.8", "444", "root", "wheel"],
      ["/usr/local/man/man8/edge-sync.8", "444", "root", "wheel"],
      ["/usr/local/man/man8/ip-move.8", "444", "root", "wheel"],
      ["/usr/local/man/man8/edge-notify.8", "444", "root", "wheel"],
      ["/etc/pf.edge.conf", "600", "root", "wheel"],
      ["/etc/hostname.vio2", "640", "root", "wheel"],
      ["/etc/hostname.carp0", "640", "root", "wheel"],
      ["/etc/ovh.conf", "600", "root", "wheel"],
      ["/etc/edge.conf", "600", "root", "wheel"],
      ["/etc/ifstated.conf", "600", "root", "wheel"],
    ]);
  });

  it("has what else is shipped to be read by all and run by none", () => {
    const page = "/usr/local/man/man8/edge-sync.8";
    const { files } = renderEdge(config(), "bi-edge-sbg-1", { ...STAND_INS, [page]: ".Dd\n" });
    expect(files.find(({ path }) => path === page)).toEqual({
      path: page,
      mode: 0o444,
      owner: "root",
      group: "wheel",
      content: ".Dd\n",
    });
  });

  it.each([
    [false, "net.inet.carp.preempt=0"],
    [true, "net.inet.carp.preempt=1"],
  ])("has a line in sysctl.conf: preempt %s is %s", (preempt, text) => {
    expect(rendered({ "carp.preempt": preempt }).lines).toContainEqual({ in: "sysctl", text });
  });

  it("has a line in root's crontab that starts a pass each minute", () => {
    expect(rendered().lines).toContainEqual({
      in: "cron",
      text: "* * * * * /usr/local/sbin/edge-sync cron >/dev/null 2>&1",
    });
  });

  it("has its interfaces in the order of attachment, with addresses that are told later", () => {
    const interfaces = { external: "vio2", internal: "vio0", carp: "vio1" };
    expect(rendered({ interfaces }).macs).toEqual([
      { interface: "vio2", mac: "@@mac_external@@" },
      { interface: "vio0", mac: "@@mac_internal@@" },
      { interface: "vio1", mac: "@@mac_carp@@" },
    ]);
  });

  it("is rendered alike each time, from a configuration that stays as it was", () => {
    const wish = config();
    const before = structuredClone(wish);
    expect(renderEdge(wish, "bi-edge-sbg-2", STAND_INS)).toEqual(
      renderEdge(wish, "bi-edge-sbg-2", STAND_INS),
    );
    expect(wish).toEqual(before);
  });

  it("differs from the others in its name, its skew and what OVH tells of it, with two edges", () => {
    const [a, b] = ["bi-edge-sbg-1", "bi-edge-sbg-2"].map((name) => renderEdge(config(), name, STAND_INS));
    const differing = a?.files.filter(({ content }, index) => content !== b?.files[index]?.content);
    expect(differing?.map(({ path }) => path)).toEqual(["/etc/hostname.carp0", "/etc/edge.conf"]);
    expect(a?.lines).toEqual(b?.lines);
  });
});

describe("hostname.carp0", () => {
  it.each([
    ["10.25.0.10/16", "10.25.0.0/16", "10.25.0.10 255.255.0.0 10.25.255.255"],
    ["10.25.0.10/24", "10.25.0.0/24", "10.25.0.10 255.255.255.0 10.25.0.255"],
    ["10.25.0.10/28", "10.25.0.0/28", "10.25.0.10 255.255.255.240 10.25.0.15"],
    ["172.16.9.1/20", "172.16.0.0/20", "172.16.9.1 255.255.240.0 172.16.15.255"],
    ["192.168.25.1/31", "192.168.25.0/31", "192.168.25.1 255.255.255.254 192.168.25.1"],
    ["192.168.25.1/32", "192.168.25.1/32", "192.168.25.1 255.255.255.255 192.168.25.1"],
    ["172.16.0.1/1", "128.0.0.0/1", "172.16.0.1 128.0.0.0 255.255.255.255"],
  ])("has %s in %s as %s", (address, cidr, text) => {
    const wish = config({ "carp.address": address, "carpNetwork.cidr": cidr });
    expect(hostnameCarp(wish, first(wish)).content.split("\n")[2]).toBe(
      `inet ${text} vhid 1 carpdev vio2 pass @@carp_password@@ advbase 1 advskew 1`,
    );
  });

  it.each([
    [{ "carp.vhid": 255 }, "vhid 255 carpdev vio2 pass @@carp_password@@ advbase 1 advskew 1"],
    [{ "interfaces.carp": "vio12" }, "vhid 1 carpdev vio12 pass @@carp_password@@ advbase 1 advskew 1"],
    [{ "carp.advertisementInterval": 60 }, "vhid 1 carpdev vio2 pass @@carp_password@@ advbase 60 advskew 1"],
    [{ "edges[0].advskew": 0 }, "vhid 1 carpdev vio2 pass @@carp_password@@ advbase 1 advskew 0"],
    [{ "edges[0].advskew": 254 }, "vhid 1 carpdev vio2 pass @@carp_password@@ advbase 1 advskew 254"],
  ])("of %j ends its address in %s", (changes, end) => {
    const wish = config(changes);
    expect(hostnameCarp(wish, first(wish)).content.split("\n")[2]).toBe(
      `inet 10.25.0.10 255.255.0.0 10.25.255.255 ${end}`,
    );
  });

  it("joins the groups before there is an address, as they count from the first advertisement on", () => {
    const wish = config();
    expect(hostnameCarp(wish, first(wish)).content.split("\n").slice(0, 2)).toEqual([
      "group edgefault",
      "group edgedrain",
    ]);
  });

  it.each(DEMOTION_GROUPS)("joins %s, which is short enough and ends in no digit", (group) => {
    expect(group).toMatch(/^[a-z]{1,15}$/);
  });

  it("is named as the other files name the interface", () => {
    const wish = config();
    expect(hostnameCarp(wish, first(wish)).path).toBe(`/etc/hostname.${CARP_INTERFACE}`);
    expect(edgeConf(wish, first(wish)).content).toContain(`\ncarp=${CARP_INTERFACE}\n`);
    expect(ifstatedConf(wish).content).toContain(`${CARP_INTERFACE}.link.up`);
  });

  it("holds a secret, so that only root and wheel may read it", () => {
    const wish = config();
    expect(hostnameCarp(wish, first(wish)).mode).toBe(0o640);
  });
});

describe("hostname.if of the carpdev", () => {
  it.each(["vio2", "vio7"])("only brings %s up, without an address", (carp) => {
    expect(hostnameCarpdev(config({ "interfaces.carp": carp }))).toEqual({
      path: `/etc/hostname.${carp}`,
      mode: 0o640,
      owner: "root",
      group: "wheel",
      content: "up\n",
    });
  });
});

describe("pf.edge.conf", () => {
  it.each(["vio2", "vio0"])("lets CARP pass on %s, and nothing else", (carp) => {
    const interfaces = { external: "vio8", internal: "vio9", carp };
    expect(pfEdge(config({ interfaces })).content).toBe(
      `pass quick on ${carp} proto carp keep state (no-sync) label "edge"\n`,
    );
  });

  it.each([
    ["rules that block everything", "block all\n"],
    ["rules that block everything at once", "block quick all\n"],
    ["rules that block CARP at once", "block quick proto carp\n"],
  ])("lets CARP pass before %s", (_, rules) => {
    const files: Record<string, string> = {
      "/etc/pf.conf": `include "/etc/pf.edge.conf"\n${rules}`,
      "/etc/pf.edge.conf": pfEdge(config()).content,
    };
    const errors: string[] = [];
    const sandbox = { read: (path: string) => files[path] } as Parameters<typeof loadPf>[0]["sandbox"];
    const ruleset = loadPf({ sandbox }, "/etc/pf.conf", errors);
    expect(errors).toEqual([]);
    expect(passesCarp(ruleset, "vio2")).toBe(true);
    expect(passesCarp(ruleset, "vio1")).toBe(false);
  });
});

describe("edge.conf", () => {
  it.each([
    [2, 1, [0, 0]],
    [2, 60, [0, 0]],
    [3, 1, [1.004, 1.195, 1.391]],
    [3, 10, [10.004, 10.195, 10.391]],
    [8, 1, [1.004, 1.141, 1.281, 1.422, 1.563, 1.703, 1.844, 1.984]],
  ])("lets %i edges with an interval of %i s settle for %j s", (count, interval, times) => {
    const wish = parseConfig(exampleWithEdges(count, { "carp.advertisementInterval": interval }));
    expect(wish.edges.map((edge) => settleTime(wish, edge))).toEqual(times);
    expect(wish.edges.map((edge) => /^settle=(.*)$/m.exec(edgeConf(wish, edge).content)?.[1])).toEqual(
      times.map(String),
    );
  });

  it.each([
    [{ "claim.deadline": 900 }, "deadline=900"],
    [{ "claim.checkInterval": 600 }, "check_interval=600"],
    [{ "claim.healthyFor": 0 }, "healthy_for=0"],
    [{ "probe.interval": 300 }, "poll=300"],
    [{ "probe.attempts": 1 }, "probe_attempts=1"],
    [{ "probe.targets": ["9.9.9.9"] }, "probe=9.9.9.9"],
    [{ "probe.targets": ["9.9.9.9", "1.1.1.1", "8.8.4.4"] }, "probe=9.9.9.9 1.1.1.1 8.8.4.4"],
    [{ "failoverIp.address": "146.59.143.7" }, "ip=146.59.143.7"],
    [{ "interfaces.external": "vio5" }, "external=vio5"],
    [{ "interfaces.internal": "vio5" }, "internal=vio5"],
    [{ "interfaces.carp": "vio5" }, "carpdev=vio5"],
    [{ "edges[0].name": "e" }, "name=e"],
    [{ project: "0".repeat(32) }, `project=${"0".repeat(32)}`],
  ])("says of %j: %s", (changes, line) => {
    const wish = config(changes);
    expect(edgeConf(wish, first(wish)).content.split("\n")).toContain(line);
  });

  it("is a comment and lines of a key and a value", () => {
    const [comment, ...lines] = edgeConf(config(), first(config())).content.trimEnd().split("\n");
    expect(comment).toBe("# A deploy writes this file; see edge-sync(8).");
    for (const line of lines) expect(line).toMatch(/^[a-z_]+=\S[^\n]*$/);
  });
});

describe("ovh.conf", () => {
  it.each([
    "ovh-eu",
    "ovh-ca",
    "ovh-us",
  ])("has the credentials for %s in a section of its name", (endpoint) => {
    expect(ovhConf(config({ ovh: { endpoint } }))).toEqual({
      path: "/etc/ovh.conf",
      mode: 0o600,
      owner: "root",
      group: "wheel",
      content: [
        "[default]",
        `endpoint=${endpoint}`,
        "",
        `[${endpoint}]`,
        "application_key=@@application_key@@",
        "application_secret=@@application_secret@@",
        "consumer_key=@@consumer_key@@",
        "",
      ].join("\n"),
    });
  });
});

describe("ifstated.conf", () => {
  it.each([5, 10, 300])("polls each %i s", (interval) => {
    expect(ifstatedConf(config({ "probe.interval": interval })).content).toContain(
      `if "/usr/local/sbin/edge-sync poll" every ${interval}\n`,
    );
  });

  it("watches the external, the internal and the carp interface", () => {
    const interfaces = { external: "vio3", internal: "vio4", carp: "vio5" };
    expect(ifstatedConf(config({ interfaces })).content).toContain(
      "if vio3.link.up || vio4.link.up || carp0.link.up\n",
    );
  });
});
