import { describe, expect, it } from "vitest";
import type { EdgeReport } from "../../../lib/operations/edge-report.js";
import { statusScreen } from "../../../lib/operations/status/screen.js";
import type { Status } from "../../../lib/operations/status/status.js";
import { exitStatus, judgeStatus } from "../../../lib/operations/status/verdict.js";
import { report } from "./reports.js";

type Report = EdgeReport | { unreachable: string };

function status(reports: readonly Report[], route: Partial<Status["route"]> & { to?: string } = {}): Status {
  const names = reports.map((_, index) => `edge-${index + 1}`);
  const { to = "edge-1", ...rest } = route;
  return {
    address: "146.59.143.231",
    edges: reports.map((one, index) => ({
      name: names[index] as string,
      host: `192.0.2.${index + 1}`,
      instanceId: `i-${index + 1}`,
      report: one,
      wanted: "0123456789abcdef",
    })),
    route:
      "unknown" in rest
        ? { unknown: rest.unknown as string }
        : {
            id: "f",
            status: "ok",
            routedTo: to === "" ? "" : to.replace("edge", "i"),
            ...(names.includes(to) ? { edge: to } : {}),
            ...rest,
          },
  };
}

const master = report({ state: "MASTER" });
const backup = report();
const lost = { unreachable: "no answer within 15 s" };

describe("a status", () => {
  it.each<[string, Status, string, string]>([
    [
      "agrees when carp's master is where OVH routes to",
      status([master, backup]),
      "agree",
      "OVH routes 146.59.143.231 to edge-1; carp's master is edge-1: they agree.",
    ],
    [
      "agrees though the backup cannot be reached",
      status([master, lost]),
      "agree",
      "OVH routes 146.59.143.231 to edge-1; carp's master is edge-1: they agree.",
    ],
    [
      "disagrees when OVH routes to the backup",
      status([master, backup], { to: "edge-2" }),
      "disagree",
      "OVH routes 146.59.143.231 to edge-2; carp's master is edge-1: they disagree.",
    ],
    [
      "disagrees while the move is pending, and says so",
      status([master, backup], { to: "edge-2", status: "operationPending" }),
      "disagree",
      "OVH routes 146.59.143.231 to edge-2 and a move is pending; carp's master is edge-1: they disagree.",
    ],
    [
      "disagrees when two edges are master",
      status([master, master]),
      "disagree",
      "OVH routes 146.59.143.231 to edge-1; edge-1 and edge-2 are both carp's master: they disagree.",
    ],
    [
      "disagrees when nobody is master",
      status([backup, backup]),
      "disagree",
      "OVH routes 146.59.143.231 to edge-1; no edge is carp's master: they disagree.",
    ],
    [
      "disagrees when the IP is routed to nothing",
      status([master, backup], { to: "" }),
      "disagree",
      "OVH routes 146.59.143.231 to nothing; carp's master is edge-1: they disagree.",
    ],
    [
      "disagrees when the IP is routed to a stranger",
      status([master, backup], { to: "edge-9" }),
      "disagree",
      "OVH routes 146.59.143.231 to instance i-9, which is none of the edges; carp's master is edge-1: they disagree.",
    ],
    [
      "cannot tell when the edge that holds the IP cannot be asked and the other is no master",
      status([lost, backup]),
      "unknown",
      "OVH routes 146.59.143.231 to edge-1; no edge is carp's master among those that answer.",
    ],
    [
      "cannot tell without OVH",
      status([master, backup], { unknown: "OVH_CONSUMER_KEY is not set; OVH is not asked" }),
      "unknown",
      "Where OVH routes 146.59.143.231 is not known: OVH_CONSUMER_KEY is not set; OVH is not asked; carp's master is edge-1.",
    ],
  ])("%s", (_, seen, agreement, sentence) => {
    expect(judgeStatus(seen)).toMatchObject({ agreement, sentence });
  });

  it.each<[Report, string]>([
    [lost, "edge-2 could not be asked: no answer within 15 s"],
    [report({ carp: undefined }), "edge-2 has no carp0"],
    [report({ state: "INIT" }), "edge-2 is INIT: it takes no part in the election"],
    [
      report({ ifstated: false }),
      "edge-2 runs no ifstated: link changes are only seen once a minute; rcctl start ifstated",
    ],
    [report({ waiting: true }), "edge-2 waits for its release: deploy again, or edge-install release"],
    [
      { ...report(), sync: undefined, problem: "edge-sync: not found" } as EdgeReport,
      "edge-2 has no working edge-sync: edge-sync: not found",
    ],
    [
      report({ changed: ["/etc/pf.edge.conf"] }),
      "edge-2 has another /etc/pf.edge.conf than was installed; deploy again, or find out who changed it",
    ],
    [report({ bundle: "ff" }), "edge-2 has another bundle than the last deploy gave it; deploy again"],
    [
      report({ sync: { healthy: 0, probe: "failed" } }),
      "edge-2 is not healthy: external up, internal up, probe failed, API answers",
    ],
    [report({ sync: { blind: 1 } }), "edge-2 is blind: OVH does not answer it"],
    [
      report({ sync: { hold: { reason: "a look around" } } }),
      "edge-2 is on hold and would not fail over: a look around; edge-sync release",
    ],
    [report({ sync: { drain: { reason: "new disk" } } }), "edge-2 is drained: new disk; edge-sync undrain"],
    [report({ sync: { tokens: 0 } }), "edge-2 has no token left for a claim; one comes back each 15 min"],
    [report({ sync: { alias: 1 } }), "edge-2 has the alias though it is not master and the IP is elsewhere"],
  ])("has somebody look at it: %#", (second, expected) => {
    expect(judgeStatus(status([master, second])).attention).toContain(expected);
  });

  it("has nobody look at what is sound, an alias that stays until it is known where the IP is included", () => {
    const kept = report({ sync: { alias: 1, known: "?" } });
    expect(judgeStatus(status([master, kept])).attention).toEqual([]);
  });

  it("has somebody look at a master without the alias", () => {
    const bare = report({ state: "MASTER", sync: { alias: 0 } });
    expect(judgeStatus(status([bare, backup])).attention).toEqual(["edge-1 is master and has no alias"]);
  });

  it("tells of the latest claim that brought the IP, and of none that did not", () => {
    const claimed = (age: number, result: string, refused = 0) =>
      report({ sync: { last_claim: { age, result, refused } } });
    const seen = status([
      claimed(500, "here"),
      claimed(20, "elsewhere"),
      claimed(90, "here"),
      claimed(5, "here", 1),
    ]);
    expect(judgeStatus(seen).lastFailover).toEqual({ edge: "edge-3", age: 90 });
    expect(judgeStatus(status([master, backup])).lastFailover).toBeUndefined();
  });

  it("exits 0, 1 or 2, and minds everything when it is strict", () => {
    const of = (seen: Status, strict = false) => exitStatus(judgeStatus(seen), strict);
    expect(of(status([master, backup]))).toBe(0);
    expect(of(status([master, lost]))).toBe(0);
    expect(of(status([master, lost]), true)).toBe(1);
    expect(of(status([backup, backup]))).toBe(1);
    expect(of(status([master, backup], { unknown: "silence" }), true)).toBe(2);
  });

  it("is one screen", () => {
    const second = report({
      sync: {
        healthy: 0,
        external: "down",
        drain: { reason: "new disk" },
        demotion: {
          edgefault: { count: 65, present: 1, kernel: 1 },
          edgedrain: { count: 17, present: 1, kernel: 1 },
        },
        carp_demotion: 1,
      },
      bundle: "ff00ff00ff00",
      ifstated: false,
      uptime: 59,
    });
    const seen = status([
      report({ state: "MASTER", sync: { last_claim: { age: 4000, result: "here" } } }),
      second,
      lost,
    ]);
    expect(statusScreen(seen, judgeStatus(seen))).toMatchInlineSnapshot(`
      "              edge-1                 edge-2                                             edge-3
      ────────────  ─────────────────────  ─────────────────────────────────────────────────  ──────
      reached       yes                    yes                                                NO
      carp0         MASTER, skew 1         BACKUP, skew 50                                    –
      demotion      0                      83: edgefault 65, edgedrain 17, carp 1             –
      health        healthy                not healthy                                        –
      inputs        all that it needs      external down, internal up, probe ok, API answers  –
      alias         on                     off                                                –
      knows the IP  here, 12 s ago         elsewhere, 12 s ago                                –
      tokens        3                      3                                                  –
      marks         none                   drain                                              –
      ifstated      runs                   does not run                                       –
      bundle        as deployed, 01234567  ff00ff00, deployed was 01234567                    –
      up            3 h 20 min             59 s                                               –

      OVH routes 146.59.143.231 to edge-1; carp's master is edge-1: they agree.
      Last failover: 1 h 6 min ago, to edge-1.

      Look at this:
        edge-2 runs no ifstated: link changes are only seen once a minute; rcctl start ifstated
        edge-2 is not healthy: external down, internal up, probe ok, API answers
        edge-2 is drained: new disk; edge-sync undrain
        edge-2 has another bundle than the last deploy gave it; deploy again
        edge-3 could not be asked: no answer within 15 s
      "
    `);
  });
});
