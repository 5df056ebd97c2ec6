import { Carp, type CarpState, type Interval } from "../carp.js";

/** What one advertisement makes of the interface that hears it, by the model of carp(4) itself. */
export class Election {
  private readonly known = new Map<number, CarpState>();

  /** @param intervals of each edge */
  constructor(
    private readonly intervals: readonly Interval[],
    private readonly preempt: boolean,
  ) {}

  /** State of edge `to`, BACKUP or MASTER, after it has heard edge `from`; each with its demotion. */
  heard(to: number, state: CarpState, demotion: number, from: number, theirs: number): CarpState {
    const key = (((to * 8 + from) * 256 + demotion) * 256 + theirs) * 2 + (state === "MASTER" ? 1 : 0);
    let after = this.known.get(key);
    if (after === undefined) {
      const carp = this.interface(to, demotion);
      if (state === "MASTER") carp.expire(carp.deadline as number);
      carp.receive({ vhid: 1, ...(this.intervals[from] as Interval), demotion: theirs }, 0);
      after = carp.state;
      this.known.set(key, after);
    }
    return after;
  }

  /** State of a listening interface that has heard nobody for as long as it waits. */
  unheard(edge: number): CarpState {
    const carp = this.interface(edge, 0);
    carp.expire(carp.deadline as number);
    return carp.state;
  }

  private interface(edge: number, demotion: number): Carp {
    const carp = new Carp(1, this.intervals[edge] as Interval, {
      demotion: () => demotion,
      preempt: () => this.preempt,
      send: () => {},
      changed: () => {},
    });
    carp.start(0);
    return carp;
  }
}
