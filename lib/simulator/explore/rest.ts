import type { Explorer } from "./explorer.js";
import { type InvariantName, OF_REST } from "./invariants.js";

/** Where an exploration comes to rest without being right: a cycle that nothing outside has to end. */
export interface BadRest {
  /** Invariants that a state of the cycle breaks, and the first such state. */
  readonly invariant: InvariantName;
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
}

/**
 * Finds all cycles of what happens by itself: without faults every run ends up in one of them, in any order of
 * what is quick, so no fairness is assumed. Strongly connected components, by Tarjan's algorithm.
 */
export function findRest(explorer: Explorer): Rest {
  const { states, steps, offsets } = explorer;
  const { count } = states;
  const order = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const component = new Int32Array(count).fill(-1);
  const rounds = new Uint16Array(count);
  const position = new Int32Array(count);
  const path: number[] = [];
  const open: number[] = [];
  const bad = new Map<InvariantName, BadRest>();
  const result = { rounds: 0, slowest: 0, cycles: 0 };
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
    if (most > result.rounds) Object.assign(result, { rounds: most, slowest: root });
    if (!cyclic) return;
    result.cycles++;
    judge(explorer, members, bad);
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

/** The first state of a cycle that breaks each invariant. */
function judge(explorer: Explorer, members: readonly number[], bad: Map<InvariantName, BadRest>): void {
  for (const state of members) {
    const view = explorer.cluster.view(explorer.row(state));
    for (const [name, holds] of Object.entries(OF_REST)) {
      const invariant = name as InvariantName;
      const known = bad.get(invariant);
      if (holds(view) || (known !== undefined && known.state < state)) continue;
      bad.set(invariant, { invariant, state, size: members.length });
    }
  }
}
