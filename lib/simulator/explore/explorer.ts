import type { InvariantName } from "./invariants.js";
import { brokenNames, type Follow, isOutside, unpack } from "./move.js";
import { Numbers, States } from "./states.js";

/** What is explored: states are rows of numbers. */
export interface Explored {
  /** Numbers of a row. */
  readonly width: number;
  /** Tells all that follows from a state; what comes from outside only where faults may happen. */
  follow(row: Int32Array, withOutside: boolean, hear: Follow): void;
}

/** A state that breaks an invariant, by the shortest way there. */
export interface Violation {
  readonly invariant: InvariantName;
  readonly state: number;
  /** The happening that breaks it, for invariants of events. */
  readonly code: number;
}

/** How far an exploration may go. */
export interface Limits {
  /** @default - as many as there is memory for */
  readonly states?: number;
  /** Memory in MB. @default - 3500, so that two threads stay below 8 GB */
  readonly megabytes?: number;
}

/** What finding where a state comes to rest takes. */
const REST_BYTES = 20;

const ROUND_CODES = new Set(["round", "quarter"]);

/** Breadth-first over all interleavings: every state that can be reached, each once. */
export class Explorer {
  readonly states: States;
  readonly violations: Violation[] = [];
  /** Steps that happen by themselves, as rows of targets times two, plus one where a round ends. */
  readonly steps = new Numbers(1 << 18);
  readonly offsets = new Numbers(1 << 16);
  transitions = 0;
  depth = 0;
  /** Whether every state that can be reached was seen. */
  complete = false;
  private readonly parents = new Numbers(1 << 16);
  private readonly codes = new Numbers(1 << 16);
  private readonly seen = new Set<string>();

  constructor(readonly cluster: Explored) {
    this.states = new States(cluster.width);
  }

  /** Explores all that follows from a state. */
  run(start: Int32Array, { states: most = Number.POSITIVE_INFINITY, megabytes = 3500 }: Limits = {}): void {
    const { cluster, states } = this;
    states.add(start);
    this.parents.push(-1);
    this.codes.push(-1);
    const row = new Int32Array(cluster.width);
    let level = 1;
    let number = 0;
    const follow = (next: Int32Array, code: number, broken: number) => {
      this.transitions++;
      const added = states.add(next);
      const target = added < 0 ? -1 - added : added;
      if (added < 0) {
        this.parents.push(number);
        this.codes.push(code);
      }
      if (broken > 0) this.note(number, code, broken);
      if (!isOutside(code)) this.steps.push(target * 2 + (ROUND_CODES.has(unpack(code).happening) ? 1 : 0));
    };
    for (; number < states.count && states.count < most; number++) {
      if (number === level) {
        this.depth++;
        level = states.count;
      }
      if ((number & 0xfff) === 0 && this.bytes + REST_BYTES * states.count > megabytes * 1e6) break;
      this.offsets.push(this.steps.length);
      states.read(number, row);
      cluster.follow(row, true, follow);
    }
    this.complete = number === states.count;
    this.offsets.push(this.steps.length);
  }

  /** What happened on the shortest way to a state, oldest first. */
  path(state: number): { code: number; state: number }[] {
    const path: { code: number; state: number }[] = [];
    for (let at = state; this.parents.at(at) >= 0; at = this.parents.at(at)) {
      path.push({ code: this.codes.at(at), state: at });
    }
    return path.reverse();
  }

  /** A state as a row. */
  row(state: number): Int32Array {
    const row = new Int32Array(this.cluster.width);
    this.states.read(state, row);
    return row;
  }

  get bytes(): number {
    const { states, steps, offsets, parents, codes } = this;
    return [steps, offsets, parents, codes].reduce((sum, { bytes }) => sum + bytes, states.bytes);
  }

  /** Keeps the first, which is the shortest, of each invariant and happening. */
  private note(state: number, code: number, broken: number): void {
    for (const invariant of brokenNames(broken)) {
      const key = `${invariant} ${unpack(code).happening}`;
      if (this.seen.has(key)) continue;
      this.seen.add(key);
      this.violations.push({ invariant, state, code });
    }
  }
}
