import type { Explorer } from "./explorer.js";
import { type ClusterView, OF_REST } from "./invariants.js";
import { kindsOnTheWay } from "./story.js";

/** Where an exploration comes to rest without being right: a cycle that nothing outside has to end. */
export interface BadRest {
  /** Invariants that a state of the cycle breaks, and the first such state. */
  readonly invariant: string;
  readonly state: number;
  /** States of the cycle. */
  readonly size: number;
}

/** Where everything ends up. */
export interface Rest {
  readonly bad: readonly BadRest[];
  /** Most rounds from any state until rest, and a state that takes them. */
  readonly rounds: number;
  readonly slowest: number;
  /** Cycles in all. */
  readonly cycles: number;
  /** Most rounds from any state until the IP is served for good; 0 where nobody asks. */
  readonly recovery: number;
}

/**
 * Finds all cycles of what happens by itself: without faults every run ends up in one of them, in any order of
 * what is quick, so no fairness is assumed. Strongly connected components, by Tarjan's algorithm.
 *
 * @param isServed @default - nothing is said of `recovery`
 */
export function findRest(explorer: Explorer, laws: Laws, isServed?: (row: Int32Array) => boolean): Rest {
  const withRecovery = isServed !== undefined;
  const { states, steps, offsets } = explorer;
  const { count } = states;
  const order = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const component = new Int32Array(count).fill(-1);
  const rounds = new Uint16Array(count);
  // Rounds until L1 fails for the last time, plus one; 0 where it does not fail any more.
  const unserved = new Uint16Array(withRecovery ? count : 0);
  const position = new Int32Array(count);
  const path: number[] = [];
  const open: number[] = [];
  const bad = new Map<string, BadRest>();
  const result = { rounds: 0, slowest: 0, cycles: 0, recovery: 0 };
  let clock = 0;

  const enter = (state: number) => {
    order[state] = low[state] = clock++;
    position[state] = offsets.at(state);
    path.push(state);
    open.push(state);
  };
  const close = (root: number) => {
    const members: number[] = [];
    let state: number;
    do {
      state = open.pop() as number;
      component[state] = root;
      members.push(state);
    } while (state !== root);
    let [most, cyclic] = [0, members.length > 1];
    for (const member of members) {
      for (let at = offsets.at(member); at < offsets.at(member + 1); at++) {
        const target = steps.at(at) >> 1;
        if (component[target] === root) cyclic ||= target === member;
        else most = Math.max(most, (rounds[target] as number) + (steps.at(at) & 1));
      }
    }
    for (const member of members) rounds[member] = most;
    if (withRecovery) recover(members, root);
    if (most > result.rounds) Object.assign(result, { rounds: most, slowest: root });
    if (!cyclic) return;
    result.cycles++;
    judge(explorer, members, bad, laws);
  };

  const recover = (members: readonly number[], root: number) => {
    const row = new Int32Array(explorer.cluster.width);
    let last = 0;
    for (const member of members) {
      explorer.states.read(member, row);
      if (isServed?.(row) === false) last = Math.max(last, 1);
      for (let at = offsets.at(member); at < offsets.at(member + 1); at++) {
        const target = steps.at(at) >> 1;
        const after = unserved[target] as number;
        if (component[target] !== root && after > 0) last = Math.max(last, after + (steps.at(at) & 1));
      }
    }
    for (const member of members) unserved[member] = last;
    result.recovery = Math.max(result.recovery, last - 1);
  };
  for (let first = 0; first < count; first++) {
    if (order[first] !== -1) continue;
    enter(first);
    while (path.length > 0) {
      const state = path.at(-1) as number;
      if ((position[state] as number) < offsets.at(state + 1)) {
        const target = steps.at(position[state] as number) >> 1;
        position[state] = (position[state] as number) + 1;
        if (order[target] === -1) enter(target);
        else if (component[target] === -1)
          low[state] = Math.min(low[state] as number, order[target] as number);
        continue;
      }
      path.pop();
      const before = path.at(-1);
      if (before !== undefined) low[before] = Math.min(low[before] as number, low[state] as number);
      if (low[state] === order[state]) close(state);
    }
  }
  return { bad: [...bad.values()].sort((a, b) => a.state - b.state), ...result };
}

/** What a state breaks if things come to rest in it. */
export type Laws = (row: Int32Array) => readonly string[];

/** The invariants of rest that do not hold. */
export function brokenAtRest(view: ClusterView): readonly string[] {
  return Object.entries(OF_REST).flatMap(([name, holds]) => (holds(view) ? [] : [name]));
}

/** The first state of a cycle that breaks each invariant; of cycles that the same faults lead to, the first one is kept. */
function judge(explorer: Explorer, members: readonly number[], bad: Map<string, BadRest>, laws: Laws): void {
  const worst = new Map<string, number>();
  for (const state of members) {
    for (const invariant of laws(explorer.row(state))) {
      const known = worst.get(invariant);
      if (known === undefined || state < known) worst.set(invariant, state);
    }
  }
  for (const [invariant, state] of worst) {
    const key = `${invariant} ${kindsOnTheWay(explorer, state).join()}`;
    const known = bad.get(key);
    if (known === undefined || state < known.state) bad.set(key, { invariant, state, size: members.length });
  }
}
