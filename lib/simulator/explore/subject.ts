import type { Local } from "./local.js";
import type { Move } from "./move.js";
import type { Ovh } from "./ovh.js";

/** What runs on an edge: the programs whose behaviour is explored. */
export interface Subject {
  /** Everything that may happen to edge number `index` by itself. */
  moves(edge: Local, ovh: Ovh, index: number): Move[];
  /** Whether the round cannot end before this edge has done something. */
  isUrgent(edge: Local, ovh: Ovh): boolean;
  /** One round later. */
  nextRound(edge: Local): Local;
  /** What comes of an edge when what it does at once is not overtaken by anything. */
  atOnce(edge: Local, ovh: Ovh, index: number): { edge: Local; broken: number };
  /** A link of it has changed. */
  changed(before: Local, after: Local): Local;
  /** carp0 has another role. */
  withRole(edge: Local, role: number): Local;
  /** ifstated starts, or takes its file anew. */
  daemonStarted(edge: Local): Local;
  /** It has power again: rc(8) holds its demotion, carp listens, ifstated starts. */
  boot(edge: Local): Local;
  /** The kernel adds to, or takes from, every group of carp0. */
  withShare(edge: Local, by: number): Local;
  /** Whether nothing of it changes by the mere passing of time. */
  isCalm(edge: Local): boolean;
  /** Whether it may claim no more until time has passed. */
  isDry(edge: Local): boolean;
  /** It may claim once more. */
  withToken(edge: Local): Local;
  /** Whether it has nothing to do before the next poll and, as the one that serves or not, is as it should be. */
  isAtRest(edge: Local, serves: boolean, informed: boolean): boolean;
  /** The counter for its own faults, the kernel's share in it included, and that share. */
  counters(edge: Local): { readonly edgefault: number; readonly kernelShare: number };
}
