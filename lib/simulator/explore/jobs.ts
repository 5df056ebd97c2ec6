import { ALL_KINDS, type Job, VARIANTS } from "./job.js";
import { FAULTS, type FaultKind } from "./schedule.js";
import { DEEP_VHID_JOBS, VHID_JOBS } from "./vhids/jobs.js";

/** Kinds of which every two are tried in the usual run; those left out multiply what is in flight. */
export const PAIRED: readonly FaultKind[] = [
  "power-off",
  "reboot",
  "cut-external",
  "cut-internal",
  "cut-carp",
  "probe-lost",
  "api-unreachable",
  "claim-killed",
  "pass-killed",
  "reload",
  "partition",
  "api-down",
  "api-refuses",
  "reply-lost",
  "move-fails",
  "route-lost",
];

const coarse = (
  edges: number,
  faults: number,
  kinds: readonly FaultKind[],
  more: Partial<Job> = {},
): Job => ({
  edges,
  faults,
  kinds,
  coarse: true,
  ...more,
});

/** What the rest of the kinds is paired with. */
const OTHER_PAIRS: readonly (readonly FaultKind[])[] = [
  ["drain", "power-off"],
  ["drain", "route-lost", "api-unreachable"],
  ["hold", "cut-external", "route-lost"],
  ["daemon-killed", "power-off", "partition"],
  ["applies-late", "partition"],
  ["applies-late", "move-fails", "cut-internal"],
  ["api-slow", "api-down", "api-refuses", "api-unreachable"],
  ["api-slow", "route-lost"],
  ["api-slow", "cut-carp"],
];

const TRIPLES: readonly (readonly FaultKind[])[] = [
  ["power-off", "route-lost"],
  ["cut-carp", "api-down", "route-lost"],
  ["partition", "move-fails"],
];

/** Kinds for whose recovery the design has a formula. */
const ALONE: readonly FaultKind[] = [
  "power-off",
  "cut-external",
  "cut-internal",
  "cut-carp",
  "probe-lost",
  "route-lost",
  "partition",
];

/** What `npm run explore` explores in about two minutes on two cores, the largest first. */
const USUAL_JOBS: readonly Job[] = [
  coarse(3, 2, ["partition", "route-lost"]),
  { edges: 3, faults: 1 },
  ...VARIANTS.map((ovh) => coarse(2, 2, PAIRED, { ovh })),
  coarse(3, 2, ["power-off", "cut-carp"]),
  coarse(3, 2, ["reboot", "api-down"]),
  ...OTHER_PAIRS.map((kinds) => coarse(2, 2, kinds)),
  ...TRIPLES.map((kinds) => coarse(2, 3, kinds)),
  { edges: 2, faults: 1, preempt: true },
  { edges: 2, faults: 1 },
  { ...coarse(3, 1, PAIRED), preempt: true },
  ...ALONE.map((kind) => ({ edges: 2, faults: 1, kinds: [kind], figures: true })),
  ...VHID_JOBS,
];

/** Every two kinds, one after the other: each is an exploration of its own, so that none needs much memory. */
const inTurn = (
  edges: number,
  kinds: readonly FaultKind[],
  more: Partial<Job> = {},
  pairs: (first: FaultKind, then: FaultKind) => boolean = () => true,
): Job[] =>
  kinds.flatMap((first) =>
    kinds
      .filter((then) => pairs(first, then))
      .map((then) => ({ edges, faults: 2, order: [first, then], ...more })),
  );

/** Most states of three edges come after a partition: an exploration for each edge that it, and then the next fault, hits. */
function edgeByEdge(job: Job): Job[] {
  const [first, then] = job.order ?? [];
  if (first !== "partition" || then === undefined) return [job];
  const each = Array.from({ length: job.edges }, (_, edge) => edge);
  if (FAULTS[then].of !== "edge") return each.map((edge) => ({ ...job, at: [edge] }));
  return each.flatMap((edge) => each.map((next) => ({ ...job, at: [edge, next] })));
}

/** A slow API multiplies what is under way: three edges have more states with it than fit into memory. */
const QUICK = ALL_KINDS.filter((kind) => kind !== "api-slow");

/** Four edges, three edges with every two faults, everything paired with everything. */
const DEEP_JOBS: readonly Job[] = [
  ...USUAL_JOBS,
  ...ALL_KINDS.map((kind): Job => ({ edges: 4, faults: 1, order: [kind] })),
  ...inTurn(3, QUICK, { coarse: true }).flatMap(edgeByEdge),
  ...inTurn(2, ALL_KINDS, { coarse: true }, (first, then) => [first, then].includes("api-slow")),
  ...VARIANTS.flatMap((ovh) => inTurn(2, QUICK, { ovh })),
  ...DEEP_VHID_JOBS,
];

/** The jobs of a run; those of several IPs alone with `ips`. */
export function jobsOf(run: "usual" | "deep" | "ips" | "deep ips"): readonly Job[] {
  return {
    usual: USUAL_JOBS,
    deep: DEEP_JOBS,
    ips: VHID_JOBS,
    "deep ips": [...VHID_JOBS, ...DEEP_VHID_JOBS],
  }[run];
}
