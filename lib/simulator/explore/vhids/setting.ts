import type { ClusterSetting } from "../setting.js";

/** Ways to make what runs beside edge-sync's decisions worse for several vhids than it is. */
export interface VhidMutations {
  /** All claims of an edge take the same lock: while one runs, another ends at once. */
  readonly oneLock?: boolean;
  /** Demotion counts in the election of the first vhid alone. */
  readonly demotesFirst?: boolean;
}

/** Edges of several vhids: the first is the master of the first, the second of the second, and so on. */
export interface VhidSetting extends Omit<ClusterSetting, "intervals"> {
  readonly vhids: number;
  /** Advertisement intervals of the edges in each vhid's election. */
  readonly elections: readonly ClusterSetting["intervals"][];
  readonly vhidMutations: VhidMutations;
}
