import { OVH_ANSWERS, type SpinEnvironment } from "./environment.js";
import { FAULTS } from "./vocabulary.js";

/** Kinds that need a POST, which an edge that is in service does not send. */
const OF_A_POST = ["refused", "reply", "late", "claim"];

/** A bad state that is known, and why it is left as it is. */
export interface Corner {
  readonly faults: readonly string[];
  readonly invariant: string;
  readonly why: string;
}

/** The only violation with two edges in service and any two faults; the model has none with one fault. */
export const CORNERS: readonly Corner[] = [
  {
    faults: ["way", "route"],
    invariant: "L1",
    why: "the master loses its way to OVH's API, and then OVH loses the route: its last answer was here, so it is not blind",
  },
];

/** Whether a violation in an unmutated environment is a known corner. */
export function cornerOf(
  { edges, faults, start = "in service" }: SpinEnvironment,
  invariant: string,
): Corner | undefined {
  if (edges !== 2 || start !== "in service") return undefined;
  return CORNERS.find(
    (corner) =>
      corner.invariant === invariant &&
      corner.faults.length === faults.length &&
      corner.faults.every((fault) => faults.includes(fault)),
  );
}

/** A mutation, where it is looked at, and what it violates there. */
export interface MutationCase {
  readonly mutation: string;
  readonly environment: Omit<SpinEnvironment, "mutation">;
  /** Empty where no invariant needs the rule in any environment that was searched. */
  readonly violates: readonly string[];
}

const two = (fault: string, start: "in service" | "unrouted" = "in service") => ({
  edges: 2,
  faults: [fault],
  start,
});

/** Each rule left out or weakened, in an environment with no violation else. */
export const MUTATION_CASES: readonly MutationCase[] = [
  { mutation: "probe-alone", environment: two("probe", "unrouted"), violates: ["L1", "L2"] },
  { mutation: "never-blind", environment: two("way", "unrouted"), violates: ["L1"] },
  { mutation: "backups-do-not-check", environment: two("carp"), violates: ["L2"] },
  { mutation: "alias-off-after-a-time", environment: two("api", "unrouted"), violates: ["S3", "L3"] },
  { mutation: "alias-off-at-once", environment: two("api", "unrouted"), violates: ["S3", "L3"] },
  { mutation: "known-kept", environment: two("partition"), violates: ["S3", "L1", "L2", "L3"] },
  { mutation: "no-look", environment: two("reboot"), violates: ["S1"] },
  { mutation: "no-settle", environment: { edges: 3, faults: ["reboot"] }, violates: ["S1"] },
  { mutation: "hold-ignored", environment: two("hold", "unrouted"), violates: ["S6"] },
  {
    mutation: "equal-skews",
    // Their duel has many states: five rounds are what this fault needs else.
    environment: { ...two("carp"), rounds: 5 },
    violates: ["L2"],
  },
  {
    mutation: "tokens-reset",
    environment: { edges: 2, faults: ["partition"], budget: 2 },
    violates: ["S4"],
  },
  { mutation: "unpaired-demotion", environment: two("external"), violates: ["S2"] },
  { mutation: "two-claims", environment: two("reboot"), violates: ["S5"] },
  { mutation: "repost", environment: two("route"), violates: ["S4", "S5", "L1", "L2"] },
  { mutation: "claim-blindly", environment: two("route"), violates: ["L1", "L2"] },
  { mutation: "healthy-at-once", environment: two("external"), violates: [] },
  { mutation: "boot-as-always", environment: two("die"), violates: [] },
  {
    mutation: "alias-off-in-claim",
    environment: { edges: 2, faults: ["partition", "api"] },
    violates: ["L3"],
  },
];

/** Two edges and any one fault, with all that OVH may answer; three edges and any one fault. */
export function singleFaults(): readonly SpinEnvironment[] {
  const kinds = FAULTS.map(({ name }) => name);
  return [
    ...OVH_ANSWERS.flatMap((ovh) =>
      (["in service", "unrouted"] as const).flatMap((start) =>
        kinds
          .filter((kind) => start === "unrouted" || !OF_A_POST.includes(kind))
          .map((kind) => ({ edges: 2, faults: [kind], start, ovh })),
      ),
    ),
    ...OVH_ANSWERS.filter(
      ({ duringMove, toHolder }) => (duringMove === "refused") === (toHolder === "nothing"),
    ).flatMap((ovh) => kinds.map((kind) => ({ edges: 3, faults: [kind], start: startOf([kind]), ovh }))),
  ];
}

/** Two edges and any two faults; three edges and one fault, with more of what may vary. Some minutes. */
export function deepEnvironments(): readonly SpinEnvironment[] {
  const kinds = FAULTS.map(({ name }) => name);
  const pairs = kinds.flatMap((one, index) => kinds.slice(index).map((other) => [one, other]));
  return [
    ...OVH_ANSWERS.flatMap((ovh) =>
      pairs.map((faults) => ({ edges: 2, faults, start: startOf(faults), ovh })),
    ),
    ...OVH_ANSWERS.flatMap((ovh) =>
      kinds.map((kind) => ({ edges: 3, faults: [kind], start: startOf([kind]), ovh })),
    ),
    ...kinds.map((kind) => ({ edges: 3, faults: [kind], start: "unrouted" as const })),
    ...[2, 3].flatMap((edges) => kinds.map((kind) => ({ edges, faults: [kind], preempt: true }))),
    ...(["in service", "unrouted"] as const).flatMap((start) =>
      kinds.map((kind) => ({ edges: 2, faults: [kind], start, checkEvery: 3 })),
    ),
  ];
}

/** Faults of a POST alone happen where there is a POST at the start. */
function startOf(faults: readonly string[]): "in service" | "unrouted" {
  return faults.every((fault) => OF_A_POST.includes(fault)) ? "unrouted" : "in service";
}
