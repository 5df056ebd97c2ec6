/** Power of an edge: off, between reset and boot, in rc(8) with its demotion held, running. */
export const POWER = { off: 0, resetting: 1, booting: 2, running: 3 } as const;

/** Roles of carp0 by number; NONE while the edge has no power. */
export const ROLES = ["NONE", "INIT", "BACKUP", "MASTER"] as const;
export const [NONE, INIT, BACKUP, MASTER] = [0, 1, 2, 3] as const;

/** Answers to a look at OVH as bits, since one on its way may be any of several. */
export const ANSWER = { here: 1, elsewhere: 2, pending: 4, none: 8 } as const;
export type Answer = keyof typeof ANSWER;
export const ANSWERS = Object.keys(ANSWER) as Answer[];

/** How far a claim is. */
export const CLAIM = { none: 0, settling: 1, sent: 2, verifying: 3, looked: 4 } as const;

/** How a claim ended that no pass has seen yet, as edge-sync is told. */
export const ENDED = [
  undefined,
  // The process died before it wrote anything.
  null,
  { running: 0, posted: 0, result: "none" },
  { running: 0, posted: 0, status: 2, result: "none" },
  { running: 0, posted: 1, refused: 1, status: 5, result: "none" },
  { running: 0, posted: 1, refused: 1, status: 7, result: "none" },
  { running: 0, posted: 1, accepted: 1, status: 0, result: "here" },
  { running: 0, posted: 1, accepted: 1, status: 6, result: "elsewhere" },
  { running: 0, posted: 1, status: 5, result: "none" },
] as const;
export const END = {
  none: 0,
  gone: 1,
  unsent: 2,
  notMaster: 3,
  noConnection: 4,
  refused: 5,
  here: 6,
  elsewhere: 7,
  unknown: 8,
} as const;

/** Everything that one edge is and has, in small numbers; times count in rounds. */
export interface Local {
  readonly power: number;
  /** Cables that are in. */
  readonly external: number;
  readonly internal: number;
  readonly carp: number;
  /** Probe targets answer it. */
  readonly targets: number;
  /** OVH's API can be reached from it. */
  readonly api: number;
  /** ifstated runs. */
  readonly daemon: number;
  /** Rounds until cron polls in its place, or until a reset edge boots at last. */
  readonly countdown: number;
  readonly role: number;
  /** Counters of edgefault, edgedrain and carp. */
  readonly fault: number;
  readonly drained: number;
  readonly group: number;
  readonly alias: number;
  /** The operator's marks. */
  readonly hold: number;
  readonly drain: number;
  /** Number of what edge-sync remembers, -1 after a boot. */
  readonly memory: number;
  /** What the last probe found: 0 nothing yet, 1 failed, 2 ok; and rounds since. */
  readonly probe: number;
  readonly probeAge: number;
  readonly probing: number;
  /** A pass waits. */
  readonly wake: number;
  /** It has polled in this round. */
  readonly polled: number;
  /** Answers that the check under way may bring, 0 where there is none; rounds that it took; begun before a POST. */
  readonly check: number;
  readonly checkAge: number;
  readonly checkOld: number;
  /** How far its claim is, what the look under way may bring, rounds since it began, and how the last one ended. */
  readonly claim: number;
  readonly looks: number;
  readonly claimAge: number;
  readonly ended: number;
  /** What a check since its last POST found last, here or elsewhere as a bit; 0 where none did. */
  readonly seen: number;
  /** POSTs accepted since it booted and no token came back. */
  readonly posts: number;
}

/** An edge that runs and has just started, its cables in. */
export const RUNNING: Local = {
  power: POWER.running,
  external: 1,
  internal: 1,
  carp: 1,
  targets: 1,
  api: 1,
  daemon: 1,
  countdown: 0,
  role: BACKUP,
  fault: 0,
  drained: 0,
  group: 0,
  alias: 0,
  hold: 0,
  drain: 0,
  memory: -1,
  probe: 2,
  probeAge: 0,
  probing: 0,
  wake: 0,
  polled: 1,
  check: 0,
  checkAge: 0,
  checkOld: 0,
  claim: 0,
  looks: 0,
  claimAge: 0,
  ended: 0,
  seen: 0,
  posts: 0,
};

/** What is left of an edge that lost its power. */
export function withoutPower(edge: Local, power: number): Local {
  const { external, internal, carp, targets, api, hold, drain } = edge;
  return {
    ...RUNNING,
    power,
    external,
    internal,
    carp,
    targets,
    api,
    daemon: 0,
    role: NONE,
    hold,
    drain,
    probe: 0,
    polled: 0,
  };
}

/** Demotion that carp sums up over the groups of the interface. */
export function demotion({ fault, drained, group }: Pick<Local, "fault" | "drained" | "group">): number {
  return Math.min(255, fault + drained + group);
}

/** Whether OVH or probe targets can be reached through the external link at all. */
export function leadsOut({ power, external }: Pick<Local, "power" | "external">): boolean {
  return power >= POWER.booting && external === 1;
}
