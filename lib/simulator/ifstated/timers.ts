import type { ExternalTest } from "./scope.js";

/**
 * The daemon's timers, a heap as libevent(3) keeps it: which of several that are due at the same
 * moment comes first follows from the order in which they came and went before.
 */
export class Timers {
  private readonly heap: ExternalTest[] = [];

  /** The one that is due first. */
  get first(): ExternalTest | undefined {
    return this.heap[0];
  }

  /** All of them as they lie in the heap. */
  get all(): readonly ExternalTest[] {
    return this.heap;
  }

  /** Takes them over as they lay in a heap. */
  set all(tests: readonly ExternalTest[]) {
    this.heap.splice(0, this.heap.length, ...tests);
  }

  add(test: ExternalTest): void {
    this.up(this.heap.length, test);
  }

  remove(test: ExternalTest): void {
    const hole = this.heap.indexOf(test);
    const last = hole < 0 ? undefined : this.heap.pop();
    if (last === undefined || last === test) return;
    const parent = this.heap[(hole - 1) >> 1];
    if (hole > 0 && parent !== undefined && later(parent, last)) this.up(hole, last);
    else this.down(hole, last);
  }

  private up(from: number, test: ExternalTest): void {
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = this.heap[parent] as ExternalTest;
      if (!later(above, test)) break;
      this.heap[hole] = above;
      hole = parent;
    }
    this.heap[hole] = test;
  }

  /** Of two children that are due at once the right one is the smaller. */
  private down(from: number, test: ExternalTest): void {
    const { heap } = this;
    let hole = from;
    for (;;) {
      const [left, right] = [heap[2 * hole + 1], heap[2 * hole + 2]];
      if (left === undefined) break;
      const child = right === undefined || later(right, left) ? 2 * hole + 1 : 2 * hole + 2;
      if (!later(test, heap[child] as ExternalTest)) break;
      heap[hole] = heap[child] as ExternalTest;
      hole = child;
    }
    heap[hole] = test;
  }
}

function later(test: ExternalTest, other: ExternalTest): boolean {
  return (test.due as number) > (other.due as number);
}
