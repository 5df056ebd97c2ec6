import type { IfstatedConfig } from "./parser.js";
import type { ExternalTest, RawLink, Scope } from "./scope.js";

/**
 * All that a daemon's future depends on, as plain data that JSON carries. Times are relative to
 * the moment of the snapshot, so two daemons with the same future have equal snapshots, whenever
 * they were taken. Scopes: the global block first, then the states in the file's order.
 */
export interface IfstatedSnapshot {
  /** The file in force, by reference: leave it out of a key where no event loads another one. */
  readonly config: IfstatedConfig | null;
  readonly scopes: readonly ScopeSnapshot[];
  /** Number of the current state among the file's states, null before the first one. */
  readonly current: number | null;
  /** Numbers of the tests that have a timer, as the timers lie in the daemon's heap. */
  readonly timers: readonly number[];
  /** An earlier file ended inside of a state, which still swallows what is read. */
  readonly openState: boolean;
  /** The last init-state of any file. */
  readonly initState: string | null;
  /** Why the daemon has ended, null while it runs. */
  readonly ended: string | null;
}

/** What is known in the global block or in one state. */
export interface ScopeSnapshot {
  /** Seconds from now back to its last entry (0 or less), null for a state that is not current. */
  readonly entered: number | null;
  /** Link states in the order in which the interfaces are named first; null: nothing is known. */
  readonly links: readonly (RawLink | null)[];
  /** In the daemon's order: the one that ended longest ago comes first. */
  readonly tests: readonly TestSnapshot[];
}

/** One external test. */
export interface TestSnapshot {
  readonly id: number;
  /** Exit status of its last run that ended by itself. */
  readonly status: number | null;
  /** Seconds from now back to the end of its last run in the background, null before that. */
  readonly lastExec: number | null;
  readonly running: boolean;
  /** Milliseconds until it is due, null while it has no timer. */
  readonly due: number | null;
}

/** The moment to which times are relative: wall clock seconds, and milliseconds of the event loop. */
export interface Moment {
  readonly wall: number;
  readonly loop: number;
}

/**
 * The same daemon under a clock that is never set back: of its seconds only the order matters then,
 * and whether one is the present second. Snapshots that differ in nothing else become equal.
 */
export function steady(snapshot: IfstatedSnapshot): IfstatedSnapshot {
  const scopes = snapshot.scopes.map((scope) => {
    const { entered } = scope;
    const order = (second: number | null) => {
      if (second === null || second >= 0) return second;
      return entered !== null && second >= entered ? -1 : -2;
    };
    const tests = scope.tests.map((test) => ({ ...test, lastExec: order(test.lastExec) }));
    return { ...scope, entered: order(entered), tests };
  });
  return { ...snapshot, scopes };
}

/** Takes down a scope; `live` scopes are the global one and the current state's. */
export function snapshotScope(scope: Scope, live: boolean, { wall, loop }: Moment): ScopeSnapshot {
  return {
    entered: live ? scope.entered - wall : null,
    links: [...scope.links.values()].map((raw) => raw ?? null),
    tests: scope.tests.map(({ id, status, lastExec, running, due }) => ({
      id,
      status: status ?? null,
      lastExec: lastExec === undefined ? null : lastExec - wall,
      running,
      due: due === undefined ? null : due - loop,
    })),
  };
}

/** Puts what was taken down into a scope of the same block. */
export function restoreScope(scope: Scope, from: ScopeSnapshot, { wall, loop }: Moment): void {
  scope.entered = from.entered === null ? 0 : from.entered + wall;
  [...scope.links.keys()].forEach((name, index) => {
    scope.links.set(name, from.links[index] ?? undefined);
  });
  const byId = new Map(scope.tests.map((test) => [test.id, test]));
  scope.tests = from.tests.map(({ id, status, lastExec, running, due }) =>
    Object.assign(byId.get(id) as ExternalTest, {
      status: status ?? undefined,
      lastExec: lastExec === null ? undefined : lastExec + wall,
      running,
      due: due === null ? undefined : due + loop,
    }),
  );
}
