import type { Interval } from "../carp.js";
import type { InvariantName } from "./invariants.js";
import { FAULTS, type FaultKind, type OvhVariant, type Schedule } from "./schedule.js";
import type { ClaimMutations } from "./setting.js";
import type { VhidMutations } from "./vhids/setting.js";

/** One exploration: how many edges, what may go wrong how often, and how OVH answers. */
export interface Job {
  readonly edges: number;
  /** Faults that may happen in all. */
  readonly faults: number;
  /** FailOver IPs, each on a vhid of its own that prefers another edge. @default - 1 */
  readonly vhids?: number;
  /** Kinds that may happen. @default - all */
  readonly kinds?: readonly FaultKind[];
  /** Passes, probes and checks that are not slow are not overtaken by anything. @default - false */
  readonly coarse?: boolean;
  /** The kinds of the faults one after the other, as many as happen. @default - any of `kinds`, in any order */
  readonly order?: readonly FaultKind[];
  /** The edges, from 0, that the faults hit one after the other. @default - any of them */
  readonly at?: readonly number[];
  /** @default - a second attach is refused, one to the holder does nothing */
  readonly ovh?: OvhVariant;
  /** net.inet.carp.preempt @default - 0 */
  readonly preempt?: boolean;
  /** Whether a claim waits until the election has settled. @default - with more than two edges */
  readonly settles?: boolean;
  /** @default - 1, 50, 100 and so on, as a configuration gets them */
  readonly advskews?: readonly number[];
  readonly mutations?: ClaimMutations;
  /** What is worse with several vhids than it is. */
  readonly vhidMutations?: VhidMutations;
  /** The program that decides, in place of the deployed one: its text. */
  readonly edgeSync?: string;
  /** Which rounds since a change of role edge-sync looks at, in rules that are not the deployed ones. */
  readonly keepsSince?: boolean;
  /** Whether figures are taken of all states. @default - false */
  readonly figures?: boolean;
  /** The most states that are looked at. @default - as many as there is memory for */
  readonly states?: number;
  /** The most memory for them, in MB. @default - 3500, so that two threads stay below 8 GB */
  readonly megabytes?: number;
}

/** An invariant that does not hold, by the shortest way there. */
export interface Counterexample {
  readonly invariant: InvariantName;
  /** Faults and mends on the way, in order. */
  readonly faults: readonly string[];
  /** What happened, a line each. */
  readonly story: readonly string[];
  readonly schedule: Schedule;
}

/** What an exploration found. */
export interface Report {
  readonly job: Job;
  readonly states: number;
  readonly transitions: number;
  /** Most steps from the start to any state. */
  readonly depth: number;
  readonly seconds: number;
  readonly megabytes: number;
  readonly decisions: number;
  /** Whether all states were seen. */
  readonly complete: boolean;
  /** Most rounds without anything new from outside until rest. */
  readonly rounds: number;
  readonly counterexamples: readonly Counterexample[];
  readonly figures?: Figures;
}

/** What all states of an exploration have in them. */
export interface Figures {
  /** Most POSTs of all edges together that OVH had accepted since their boot. */
  readonly posts: number;
  /** Most polls from any state until the IP is served for good. */
  readonly recovery: number;
  /** States in which an edge that is not sound is MASTER beside a sound one that could be. */
  readonly unsoundMasters: number;
}

/** All kinds of faults. */
export const ALL_KINDS = Object.keys(FAULTS) as FaultKind[];

/** How OVH answers where nothing else is said. */
export const USUAL: OvhVariant = { whilePending: "refuse", toHolder: "no-op" };

/** All four ways in which OVH may answer. */
export const VARIANTS: readonly OvhVariant[] = (["refuse", "overwrite"] as const).flatMap((whilePending) =>
  (["no-op", "pending"] as const).map((toHolder) => ({ whilePending, toHolder })),
);

/** Advertisement intervals of a job's edges for each of its vhids: each prefers the next edge, the others follow in turn. */
export function electionsOf(job: Job): Interval[][] {
  const intervals = intervalsOf(job);
  return Array.from({ length: job.vhids ?? 1 }, (_, vhid) =>
    intervals.map((_, edge) => intervals.at((edge - vhid) % job.edges) as Interval),
  );
}

/** Advertisement intervals of a job's edges. */
export function intervalsOf({ edges, advskews }: Job): Interval[] {
  return Array.from({ length: edges }, (_, index) => ({
    advbase: 1,
    advskew: advskews?.[index] ?? (index === 0 ? 1 : 50 * index),
  }));
}

/** Of many kinds those are named that are not among them. */
function kindsName(kinds: readonly FaultKind[]): string {
  const others = ALL_KINDS.filter((kind) => !kinds.includes(kind));
  return others.length < kinds.length ? `any but ${others.join(", ")}` : kinds.join(", ");
}

/** A job in a few words. */
export function jobName({
  edges,
  faults,
  vhids = 1,
  kinds,
  order,
  at,
  ovh = USUAL,
  preempt,
  coarse,
}: Job): string {
  const place = (fault: number) => (at?.[fault] === undefined ? "" : ` at edge-${at[fault] + 1}`);
  const inOrder = order?.map((kind, fault) => `${kind}${place(fault)}`).join(", then ");
  const which = inOrder ?? `${kinds === undefined ? "any" : kindsName(kinds)}${place(0)}`;
  const answers = `${ovh.whilePending}, ${ovh.toHolder}`;
  const ips = vhids === 1 ? "" : ` ${vhids} IPs,`;
  return `${edges} edges,${ips} ${faults} of ${which} (${answers}${preempt ? ", preempt" : ""}${coarse ? ", coarse" : ""})`;
}
