import { describe, expect, it } from "vitest";
import { Audit } from "../../../lib/playground/chaos/audit.js";
import type { ClusterView, EdgeEvent, EdgeView } from "../../../lib/simulator/explore/invariants.js";

const edge = (name: string, changes: Partial<EdgeView> = {}): EdgeView => ({
  name,
  running: true,
  linked: true,
  wayOut: true,
  reachesApi: true,
  onCarp: true,
  drained: false,
  held: false,
  role: name === "edge-1" ? "MASTER" : "BACKUP",
  alias: name === "edge-1",
  edgefault: 0,
  edgedrain: 0,
  kernelShare: 0,
  claims: 0,
  ...changes,
});
const first = (changes: Partial<EdgeView>) => ({ edges: [edge("edge-1", changes), edge("edge-2")] });
const second = (changes: Partial<EdgeView>) => ({ edges: [edge("edge-1"), edge("edge-2", changes)] });
const cluster = (changes: Partial<ClusterView> = {}): ClusterView => ({
  edges: [edge("edge-1"), edge("edge-2")],
  partitioned: false,
  routedTo: "edge-1",
  pending: false,
  postsInFlight: 0,
  ...changes,
});

const POST = {
  did: "post",
  edge: "edge-1",
  looked: "MASTER",
  settled: true,
  healthy: true,
  held: false,
  ofClaim: 1,
} as const;
const OFF = { did: "alias off", edge: "edge-1", role: "BACKUP", answer: "elsewhere", held: false } as const;
const DEMOTE = { did: "demote", edge: "edge-1", group: "edgefault", by: 64, held: false } as const;

/** Invariants that an audit finds broken. */
function judge(...events: readonly EdgeEvent[]): string[] {
  const audit = new Audit(() => 0);
  for (const event of events) audit.event(event);
  return audit.broken.map(({ invariant }) => invariant);
}

describe("an audit of what is done", () => {
  it.each<[string, EdgeEvent]>([
    ["a POST of a settled and healthy master", POST],
    ["a backup that takes off an alias that OVH does not route to it", OFF],
    ["edgefault by its weight", DEMOTE],
    ["edgedrain by its weight, taken back", { ...DEMOTE, did: "promote", group: "edgedrain", by: 16 }],
    ["a demotion that is taken back on hold", { ...DEMOTE, did: "promote", held: true }],
    ["three accepted POSTs at once", { did: "accepted", edge: "edge-1", times: [0, 1, 2] }],
    [
      "a fourth one once a token is on its way back",
      { did: "accepted", edge: "edge-1", times: [0, 1, 2, 3] },
    ],
    ["a claim", { did: "claim", edge: "edge-1", running: 1 }],
  ])("lets pass %s", (_, event) => {
    expect(judge(event)).toEqual([]);
  });

  it.each<[string, EdgeEvent, string]>([
    ["S1: a POST of a backup", { ...POST, looked: "BACKUP" }, "S1"],
    ["S1: a POST without a look", { ...POST, looked: null, settled: false }, "S1"],
    ["S1: a POST after a look that came too early", { ...POST, settled: false }, "S1"],
    ["S1: a POST of an edge that is not healthy", { ...POST, healthy: false }, "S1"],
    ["S2: a group of others", { ...DEMOTE, group: "carp" }, "S2"],
    ["S2: part of a weight", { ...DEMOTE, by: 1 }, "S2"],
    ["S3: a master that takes its alias off", { ...OFF, role: "MASTER" }, "S3"],
    ["S3: an alias off by what OVH said before the last POST", { ...OFF, answer: null }, "S3"],
    ["S3: an alias off where OVH said here", { ...OFF, answer: "here" }, "S3"],
    ["S4: five POSTs at once", { did: "accepted", edge: "edge-1", times: [0, 1, 2, 3, 4] }, "S4"],
    [
      "S4: five within a quarter of an hour",
      { did: "accepted", edge: "edge-1", times: [0, 9, 99, 400, 900] },
      "S4",
    ],
    ["S5: two claims", { did: "claim", edge: "edge-1", running: 2 }, "S5"],
    ["S5: a second POST of a claim", { ...POST, ofClaim: 2 }, "S5"],
    ["S6: a POST on hold", { ...POST, held: true }, "S6"],
    ["S6: an alias off on hold", { ...OFF, held: true }, "S6"],
    ["S6: a demotion on hold", { ...DEMOTE, held: true }, "S6"],
  ])("finds %s", (_, event, invariant) => {
    expect(judge(event)).toEqual([invariant]);
  });

  it("counts what was done", () => {
    const audit = new Audit(() => 0);
    for (const event of [POST, OFF, OFF, DEMOTE]) audit.event(event);
    expect(audit.counts).toEqual({
      post: 1,
      "alias off": 2,
      demote: 1,
      promote: 0,
      accepted: 0,
      claim: 0,
    });
  });

  it("tells at once what is broken, with when and what shows it", () => {
    const told: unknown[] = [];
    const audit = new Audit(
      () => 1234,
      (broken) => told.push(broken),
    );
    const event = { ...POST, healthy: false };
    audit.event(event);
    expect(told).toEqual([{ invariant: "S1", ms: 1234, evidence: event }]);
  });
});

describe("an audit of a cluster in the middle of things", () => {
  it.each([0, 64])("takes a counter of %i, and the kernel's share on top", (edgefault) => {
    const audit = new Audit(() => 0);
    audit.view(cluster(first({ edgefault: edgefault + 2, kernelShare: 2 })));
    expect(audit.broken).toEqual([]);
  });

  it("finds a counter that is neither 0 nor its weight, and says so once", () => {
    const audit = new Audit(() => 0);
    for (let n = 0; n < 3; n++) audit.view(cluster(second({ edgefault: 128 })));
    expect(audit.broken.map(({ invariant }) => invariant)).toEqual(["S2"]);
  });
});

describe("an audit of a cluster at rest", () => {
  it.each<[string, Partial<ClusterView>]>([
    ["a sound one", {}],
    [
      "one on hold, whoever has the route",
      { routedTo: "edge-2", edges: [edge("edge-1"), edge("edge-2", { held: true, alias: true })] },
    ],
    ["a backup that cannot reach OVH and keeps its alias", second({ alias: true, reachesApi: false })],
    ["a partition with two masters", { ...second({ role: "MASTER", alias: true }), partitioned: true }],
  ])("lets pass %s", (_, changes) => {
    expect(new Audit(() => 0).atRest(cluster(changes))).toEqual([]);
  });

  it.each<[string, Partial<ClusterView>, string[]]>([
    ["a route to nothing", { routedTo: null }, ["L1", "L2"]],
    ["a route to the backup", { ...second({ alias: true }), routedTo: "edge-2" }, ["L2"]],
    ["a holder without its alias", first({ alias: false }), ["L1", "L3"]],
    ["two masters", second({ role: "MASTER" }), ["L2"]],
    ["no master", first({ role: "BACKUP" }), ["L2"]],
    ["a pending move", { pending: true }, ["L2"]],
    ["a POST on its way", { postsInFlight: 1 }, ["L2"]],
    ["a sound edge that is demoted", second({ edgefault: 64 }), ["L2"]],
    ["a second alias", second({ alias: true }), ["L2"]],
    ["a holder without its alias in a partition", { ...first({ alias: false }), partitioned: true }, ["L3"]],
  ])("finds %s", (_, changes, names) => {
    expect(new Audit(() => 0).atRest(cluster(changes))).toEqual(names);
  });
});
