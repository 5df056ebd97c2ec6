import { ALL_KINDS, type Job } from "../job.js";
import type { FaultKind } from "../schedule.js";

/** After a partition both vhids are fought for at once, which has the product of the states of either. */
const TOGETHER: readonly FaultKind[] = ALL_KINDS.filter((kind) => kind !== "partition");

/** Kinds that never make edges claim for both vhids at once where only one edge is hit. */
const PAIRED: readonly FaultKind[] = TOGETHER.filter((kind) => kind !== "api-slow");

const two = (edges: number, faults: number, more: Partial<Job>): Job => ({
  edges,
  faults,
  vhids: 2,
  coarse: true,
  ...more,
});

/** Two FailOver IPs on two vhids, each preferred on another edge: what the usual run explores of them. */
export const VHID_JOBS: readonly Job[] = [
  two(2, 1, { kinds: ["power-off"], coarse: false }),
  two(3, 1, { kinds: TOGETHER }),
  two(2, 1, { kinds: TOGETHER }),
];

/** What takes hours: each kind fine, a partition, and every two kinds one after the other. */
export const DEEP_VHID_JOBS: readonly Job[] = [
  ...ALL_KINDS.filter((kind) => kind !== "partition").map((kind) =>
    two(2, 1, { kinds: [kind], coarse: false }),
  ),
  two(2, 1, { kinds: ["partition"] }),
  ...PAIRED.flatMap((first) => PAIRED.map((then) => two(2, 2, { order: [first, then] }))),
];
