/** Where time comes from: milliseconds since the Unix epoch. */
export interface Clock {
  now(): number;
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  constructor(private time = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.time;
  }

  /** Moves time forward by `ms`; a negative number is a clock set back. */
  advance(ms: number): void {
    this.time += ms;
  }
}
