import {
  FAULTS,
  type FaultKind,
  type Schedule,
  type ScheduledStep,
} from "../../simulator/explore/schedule.js";
import { type Random, seededRandom } from "../../simulator/random.js";

/** What a schedule is made from. */
export interface ScheduleWish {
  readonly seed: number;
  /** @default - 2, and 3 for each third seed */
  readonly edges?: number;
  /** @default - 3 to 5, by the seed */
  readonly faults?: number;
}

/** Seconds within which faults happen, for each of them. */
const SPREAD = 1.5;
/** Seconds that a fault lasts. */
const SHORTEST = 0.5;
const LONGEST = 4;
/** Share of schedules whose last fault stays. */
const PERMANENT = 0.25;

/** Share of schedules that begin with something that moves the master. */
const MOVES = 0.7;

/** Faults that make the preferred edge give the address up. */
const MOVING: readonly FaultKind[] = [
  "power-off",
  "reboot",
  "cut-external",
  "cut-internal",
  "cut-carp",
  "drain",
];
const KINDS = Object.keys(FAULTS) as FaultKind[];

/** The number of edges that a seed stands for. */
export function edgesOf(seed: number): number {
  return seed % 3 === 0 ? 3 : 2;
}

/**
 * The schedule of a seed: the same seed and wish give the same schedule. Each fault that can be
 * mended is mended, but for the last one of each fourth schedule, which stays.
 */
export function scheduleOf(wish: ScheduleWish): Schedule {
  const { seed } = wish;
  const random = seededRandom(seed);
  const edges = wish.edges ?? edgesOf(seed);
  const count = wish.faults ?? 3 + random.int(3);
  const ovh = {
    whilePending: pick(random, ["refuse", "overwrite"] as const),
    toHolder: pick(random, ["no-op", "pending"] as const),
  };
  const times = Array.from({ length: count }, () => tenths(0.5 + random.next() * SPREAD * count));
  times.sort((a, b) => a - b);
  const stays = random.next() < PERMANENT;
  const steps: ScheduledStep[] = [];
  const lasting = new Map<string, number>();
  times.forEach((at, index) => {
    const moves = index === 0 && random.next() < MOVES;
    const { kind, edge } = moves
      ? { kind: pick(random, MOVING), edge: "edge-1" }
      : chooseFault(random, edges, (name) => (lasting.get(name) ?? 0) >= at);
    const who = edge === undefined ? {} : { edge };
    steps.push({ at, step: kind, ...who });
    const { mend } = FAULTS[kind];
    if (mend === undefined) return;
    const forever = stays && index === count - 1;
    const end = tenths(at + SHORTEST + random.next() * (LONGEST - SHORTEST));
    lasting.set(key(kind, edge), forever ? Number.POSITIVE_INFINITY : end);
    if (!forever) steps.push({ at: end, step: mend, ...who });
  });
  steps.sort((a, b) => a.at - b.at);
  return { edges, ovh, steps, note: `seed ${seed}` };
}

/** A fault that is not there already. */
function chooseFault(
  random: Random,
  edges: number,
  lasts: (key: string) => boolean,
): { kind: FaultKind; edge: string | undefined } {
  for (;;) {
    const kind = pick(random, KINDS);
    const edge = FAULTS[kind].of === "edge" ? `edge-${1 + random.int(edges)}` : undefined;
    if (!lasts(key(kind, edge))) return { kind, edge };
  }
}

const key = (kind: FaultKind, edge: string | undefined) => `${kind} ${edge ?? ""}`;
const pick = <T>(random: Random, all: readonly T[]): T => all[random.int(all.length)] as T;
const tenths = (seconds: number) => Math.round(seconds * 10) / 10;
