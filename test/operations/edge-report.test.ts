import { describe, expect, it } from "vitest";
import { parseReport, vhidReports } from "../../lib/operations/edge-report.js";
import { report } from "./status/reports.js";

const SYNC = { carp: "MASTER", healthy: 1 };
const text = (changes: Readonly<Record<string, readonly [string, number]>> = {}) =>
  Object.entries({
    carp: [
      "carp0: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500\n\tlladdr 00:00:5e:00:01:01\n" +
        "\tcarp: MASTER carpdev vio2 vhid 1 advbase 1 advskew 50\n\tgroups: carp edgefault edgedrain",
      0,
    ],
    sync: [JSON.stringify(SYNC, null, 3), 0],
    ifstated: ["ifstated(ok)", 0],
    install: ["edge-install: carp0 is MASTER\nedge-install: bundle 00ff", 0],
    boot: ["1000\n1060", 0],
    ...changes,
  } as Record<string, readonly [string, number]>)
    .map(([name, [said, status]]) => `@@@ ${name}\n${said}\n@@@ status ${status}\n`)
    .join("");

describe("the report of an edge", () => {
  it("tells what it was asked", () => {
    expect(parseReport(text())).toEqual({
      carp: { state: "MASTER", vhid: 1, advbase: 1, advskew: 50 },
      sync: SYNC,
      ifstated: true,
      bundle: "00ff",
      changed: [],
      waiting: false,
      uptime: 60,
    });
  });

  it("tells of several FailOver IPs what the first one's would be, and each of them", () => {
    const vhid = (name: string, carp: string, ip: string) => ({
      name,
      carp,
      tokens: 3,
      settled: 1,
      last_claim: null,
      ips: [{ ip, alias: 0, known: "here", known_age: 4 }],
    });
    const vhids = [vhid("carp0", "BACKUP", "146.59.143.231"), vhid("carp1", "MASTER", "146.59.143.232")];
    const { sync } = parseReport(text({ sync: [JSON.stringify({ healthy: 1, vhids }), 0] }));
    expect(sync).toMatchObject({ carp: "BACKUP", ip: "146.59.143.231", known: "here", tokens: 3 });
    expect(vhidReports(sync as NonNullable<typeof sync>)).toEqual(vhids);
  });

  it("tells of one FailOver IP as of several", () => {
    const { sync } = report({ state: "MASTER" });
    expect(vhidReports(sync as NonNullable<typeof sync>)).toEqual([
      {
        name: "carp0",
        carp: "MASTER",
        tokens: 3,
        settled: 1,
        last_claim: null,
        ips: [{ ip: "146.59.143.231", alias: 1, known: "here", known_age: 12 }],
      },
    ]);
  });

  it("tells of files that were changed or removed, and of a release that is waited for", () => {
    const said = [
      "carp0 is",
      "a new address, vhid or password waits for edge-install release",
      "on hold",
      "bundle 0a",
      "changed on the edge: /etc/ovh.conf",
      "missing on the edge: /etc/pf.edge.conf",
    ];
    const install = [said.map((line) => `edge-install: ${line}`).join("\n"), 0] as const;
    expect(parseReport(text({ install }))).toMatchObject({
      bundle: "0a",
      changed: ["/etc/ovh.conf", "/etc/pf.edge.conf"],
      waiting: true,
    });
  });

  it.each([
    ["carp0: no such interface", 1, "carp"],
    ["ifstated(failed)", 1, "ifstated"],
  ])("tells %j by what is not there", (said, status, section) => {
    const { carp, ifstated } = parseReport(text({ [section]: [said, status] }));
    expect(section === "carp" ? carp : ifstated).toBe(section === "carp" ? undefined : false);
  });

  it.each([
    ["sh: /usr/local/sbin/edge-sync: not found", 127, "sh: /usr/local/sbin/edge-sync: not found"],
    ["", 1, "edge-sync ended with status 1"],
    ["oops", 0, "edge-sync answered what is no JSON: oops"],
  ])("says why edge-sync tells nothing: %j", (said, status, problem) => {
    const told = parseReport(text({ sync: [said, status] }));
    expect([told.sync, told.problem]).toEqual([undefined, problem]);
  });

  it("knows nothing of an edge that said nothing, and of a clock that was set back no uptime", () => {
    expect(parseReport("")).toEqual({
      problem: "edge-sync ended with status 127",
      ifstated: false,
      changed: [],
      waiting: false,
    });
    expect(parseReport(text({ boot: ["1000\n900", 0] })).uptime).toBeUndefined();
  });
});
