import type { Memory } from "../world/decider.js";

/** Seconds of a round: one poll of ifstated. */
export const ROUND = 10;

/** The moment at which every decision is asked; only differences of times matter to edge-sync. */
export const NOW = 1_000_000;

/** Settings of the edges that are explored, in seconds: the shortest that a configuration may name. */
export const SETTINGS = { poll: ROUND, check_interval: ROUND, healthy_for: ROUND, probe_stale: 3 * ROUND };

/** Rounds that an edge waits as master after a boot, as far as they matter. */
const SETTLED_ROUNDS = 2;
/** Counts beyond which edge-sync makes no difference. */
const MOST = { unanswered: 3, refused: 6 } as const;

/**
 * What edge-sync remembers, without what no decision depends on, and with times as rounds from now.
 * Two memories of the same form are followed by the same decisions.
 */
export interface Recall {
  readonly role?: string;
  /** Rounds since the role changed; only counted after a boot. */
  readonly since?: number;
  readonly booted?: number;
  readonly known: string;
  readonly unanswered: number;
  readonly answered?: number;
  readonly blind?: number;
  /** Rounds since the last check began, at most the interval. */
  readonly checked?: number;
  readonly recheck?: number;
  /** Rounds until the next look at a pending move. */
  readonly recheckIn?: number;
  /** Rounds until a claim that sent nothing may be followed by another. */
  readonly pauseIn?: number;
  /** Rounds until a refused claim may be tried again. */
  readonly retryIn?: number;
  readonly refused: number;
  readonly tokens: number;
  /** Rounds that it has been healthy, at most those that end a demotion. */
  readonly healthyFor?: number;
  readonly claim?: "started" | "posted";
  readonly healthy?: number;
  /** The last probe failed. */
  readonly unprobed?: number;
}

const round = (seconds: number) => Math.round(seconds / ROUND);
const passed = (at: unknown, most: number) =>
  at === undefined ? undefined : Math.min(most, round(NOW - (at as number)));
const ahead = (at: unknown) => {
  const rounds = at === undefined ? 0 : round((at as number) - NOW);
  return rounds > 0 ? rounds : undefined;
};

/** What a memory that edge-sync returned at `NOW` comes to. The deployed rules ask for no time since a change of role but after a boot. */
export function recall(memory: Memory, keepsSince = false): Recall {
  const { claim, booted } = memory as { claim?: { posted?: unknown }; booted?: unknown };
  return compact({
    role: memory.role as string | undefined,
    since: booted === undefined && !keepsSince ? undefined : passed(memory.role_since, SETTLED_ROUNDS),
    booted: booted === undefined ? undefined : 1,
    known: (memory.known as string | undefined) ?? "?",
    unanswered: Math.min(MOST.unanswered, Number(memory.unanswered ?? 0)),
    answered: memory.answered === undefined ? undefined : Number(memory.answered),
    blind: memory.blind === undefined ? undefined : 1,
    checked: passed(memory.checked_at, SETTINGS.check_interval / ROUND),
    recheck: memory.recheck === undefined ? undefined : 1,
    recheckIn: memory.recheck_at === undefined ? undefined : (ahead(memory.recheck_at) ?? 0),
    pauseIn: ahead(memory.pause_until),
    retryIn: ahead(memory.retry_at),
    refused: Math.min(MOST.refused, Number(memory.refused ?? 0)),
    tokens: Number(memory.tokens ?? 3),
    healthyFor: passed(memory.healthy_since, SETTINGS.healthy_for / ROUND),
    claim: claim === undefined ? undefined : claim.posted ? "posted" : "started",
    healthy: memory.healthy === undefined ? undefined : Number(memory.healthy),
    unprobed: memory.unprobed === undefined ? undefined : 1,
  });
}

/** A memory that edge-sync understands at `NOW`. A check that began at `NOW` - 2 is from before the last POST. */
export function memoryOf(recalled: Recall | undefined): Memory {
  if (recalled === undefined) return {};
  const { since, booted, checked, recheckIn, pauseIn, retryIn, healthyFor, claim } = recalled;
  const before = (rounds: number | undefined) => (rounds === undefined ? undefined : NOW - rounds * ROUND);
  const after = (rounds: number | undefined) => (rounds === undefined ? undefined : NOW + rounds * ROUND);
  return compact({
    tokens: recalled.tokens,
    token_at: NOW,
    unanswered: recalled.unanswered,
    refused: recalled.refused,
    known: recalled.known,
    role: recalled.role,
    role_since: before(since ?? 0),
    booted: booted === undefined ? undefined : NOW,
    answered: recalled.answered,
    blind: recalled.blind,
    checked_at: before(checked),
    recheck: recalled.recheck,
    recheck_at: after(recheckIn),
    pause_until: after(pauseIn),
    retry_at: after(retryIn),
    healthy_since: before(healthyFor),
    healthy: recalled.healthy,
    unprobed: recalled.unprobed,
    claim: claim === undefined ? undefined : { started: NOW, ...(claim === "posted" ? { posted: 1 } : {}) },
    void_before: NOW - 1,
    hold_warned: NOW,
  });
}

/** The same memory one round later. */
export function later(recalled: Recall): Recall {
  const { since, checked, recheckIn, pauseIn, retryIn, healthyFor } = recalled;
  const more = (rounds: number | undefined, most: number) =>
    rounds === undefined ? undefined : Math.min(most, rounds + 1);
  const less = (rounds: number | undefined) => (rounds === undefined || rounds <= 1 ? undefined : rounds - 1);
  return compact({
    ...recalled,
    since: more(since, SETTLED_ROUNDS),
    checked: more(checked, SETTINGS.check_interval / ROUND),
    recheckIn: recheckIn === undefined ? undefined : Math.max(0, recheckIn - 1),
    pauseIn: less(pauseIn),
    retryIn: less(retryIn),
    healthyFor: more(healthyFor, SETTINGS.healthy_for / ROUND),
  });
}

/** Whether nothing of it changes by the mere passing of time. */
export function isCalm(recalled: Recall): boolean {
  const { booted, recheck, recheckIn, pauseIn, retryIn, claim } = recalled;
  return [booted, recheck, recheckIn, pauseIn, retryIn, claim].every((value) => value === undefined);
}

function compact<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
