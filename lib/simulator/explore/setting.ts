import type { Interval } from "../carp.js";
import type { FaultKind, OvhVariant } from "./schedule.js";

/** Ways to make ip-move worse than it is, to see that it is caught. */
export interface ClaimMutations {
  /** It does not look at carp0 before its POST. */
  readonly noLook?: boolean;
  /** It does not ask whether the last pass found the edge healthy. */
  readonly healthIgnored?: boolean;
  /** It does not look for a hold before its POST. */
  readonly holdIgnored?: boolean;
}

/** What the behaviour of an edge depends on. */
export interface EdgeSetting {
  readonly variant: OvhVariant;
  /** Kinds of faults that may happen while so many of them are left, to an edge by number or to all. */
  readonly kinds: (budget: number, edge?: number) => ReadonlySet<FaultKind>;
  readonly mutations: ClaimMutations;
  /** Passes, probes and checks that are not slow follow at once on what starts them, and nothing comes between. */
  readonly coarse: boolean;
}

/** What is explored. */
export interface ClusterSetting extends EdgeSetting {
  readonly edges: number;
  /** Faults that may happen in all. */
  readonly faults: number;
  readonly intervals: readonly Interval[];
  readonly preempt: boolean;
  /** A claim waits until the election has settled; with two edges it need not. */
  readonly settles: boolean;
}
