/** Something that happens at a time. */
interface Event {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void | Promise<void>;
  cancelled: boolean;
}

/** Events in the order of their times; those of the same time in the order in which they were put in. */
export class EventQueue {
  private readonly heap: Event[] = [];
  private count = 0;

  /** @returns how to take the event out again */
  add(at: number, happen: Event["happen"]): () => void {
    const event: Event = { at, order: this.count++, happen, cancelled: false };
    this.heap.push(event);
    this.up(this.heap.length - 1);
    return () => {
      event.cancelled = true;
    };
  }

  /** Time of the next event, undefined where there is none. */
  next(): number | undefined {
    while (this.heap[0]?.cancelled) this.pop();
    return this.heap[0]?.at;
  }

  /** Takes the next event out. */
  take(): Event | undefined {
    this.next();
    return this.pop();
  }

  private pop(): Event | undefined {
    const [first] = this.heap;
    const last = this.heap.pop();
    if (last !== undefined && this.heap.length > 0) {
      this.heap[0] = last;
      this.down(0);
    }
    return first;
  }

  private before(a: number, b: number): boolean {
    const [left, right] = [this.heap[a] as Event, this.heap[b] as Event];
    return left.at < right.at || (left.at === right.at && left.order < right.order);
  }

  private swap(a: number, b: number): void {
    [this.heap[a], this.heap[b]] = [this.heap[b] as Event, this.heap[a] as Event];
  }

  private up(start: number): void {
    for (let at = start; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.before(at, parent)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  private down(start: number): void {
    for (let at = start; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < this.heap.length && this.before(left, least)) least = left;
      if (right < this.heap.length && this.before(right, least)) least = right;
      if (least === at) return;
      this.swap(at, least);
      at = least;
    }
  }
}
