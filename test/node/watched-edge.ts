import { afterAll, beforeAll, expect } from "vitest";
import { type Action, type Answer, type Claim, Decider, type Memory, type Observation } from "./decider.js";

let decider: Decider;

/** Starts the one process that answers for all edges of a test file. */
export function useDecider(): void {
  beforeAll(() => {
    decider = new Decider();
  });
  afterAll(async () => {
    expect(await decider.close()).toEqual({ errors: "", status: 0 });
  });
}

export const decide = (...question: Parameters<Decider["ask"]>) => decider.ask(...question);

/** Sound links, a probe that answers, nothing known of OVH yet. */
export const SOUND: Observation = {
  now: 1000,
  boot: false,
  carp: "BACKUP",
  external: "up",
  internal: "up",
  probe: { ok: true, age: 1 },
  check: null,
  checking: false,
  claim: null,
  alias: false,
  edgefault: 0,
  edgedrain: 0,
  hold: null,
  drain: false,
};

/** An edge whose decisions take effect: what it does shows in what its next pass sees. */
export class WatchedEdge {
  memory: Memory = {};
  sees: Observation;
  private checkStarted = 0;

  constructor(sees: Partial<Observation> = {}) {
    this.sees = { ...SOUND, ...sees };
  }

  /** A backup that knows where the IP is. */
  static async backup(known: "here" | "elsewhere", sees: Partial<Observation> = {}): Promise<WatchedEdge> {
    const edge = new WatchedEdge(sees);
    await edge.pass();
    await edge.answered(known);
    return edge.later(1);
  }

  /** A master that knows that the IP is here. */
  static async master(sees: Partial<Observation> = {}): Promise<WatchedEdge> {
    const edge = new WatchedEdge({ carp: "MASTER", ...sees });
    await edge.pass();
    await edge.answered("here");
    return edge.later(1);
  }

  /** A backup that became master and has begun to claim the IP. */
  static async claimer(sees: Partial<Observation> = {}): Promise<WatchedEdge> {
    const edge = await WatchedEdge.backup("elsewhere", sees);
    expect(only(await edge.pass({ carp: "MASTER" }), "claim")).toEqual([["claim"]]);
    return edge;
  }

  /** Lets `seconds` pass. */
  later(seconds: number): this {
    this.sees = { ...this.sees, now: this.sees.now + seconds };
    return this;
  }

  /** One pass, after something has changed. @returns what it does */
  async pass(changes: Partial<Observation> = {}): Promise<readonly Action[]> {
    this.sees = { ...this.sees, ...changes };
    const decision = await decide(this.sees, this.memory);
    this.memory = decision.memory;
    for (const action of decision.do) this.sees = this.applied(action);
    if (decision.memory.claim === undefined) this.sees = { ...this.sees, claim: null };
    return decision.do;
  }

  /** The check that is under way ends, and the pass that this starts. */
  answered(result: Answer): Promise<readonly Action[]> {
    return this.pass({ checking: false, check: { result, started: this.checkStarted } });
  }

  /** Each check from here on ends with this result, `count` times. */
  async unanswered(count: number): Promise<readonly Action[]> {
    const all: Action[] = [];
    for (let n = 0; n < count; n++) {
      if (!this.sees.checking) all.push(...(await this.later(30).pass()));
      all.push(...(await this.later(1).answered("none")));
    }
    return all;
  }

  /** The claim goes on, and a pass sees it. */
  claiming(progress: Partial<Claim>): Promise<readonly Action[]> {
    const claim = { ...(this.sees.claim ?? { running: true, posted: false }), ...progress };
    return this.pass({ claim });
  }

  /** The claim ends, and the pass that this starts. */
  claimEnded(how: Partial<Claim> = {}): Promise<readonly Action[]> {
    return this.claiming({ running: false, ...how });
  }

  private applied(action: Action): Observation {
    const { sees } = this;
    switch (action[0]) {
      case "demote":
      case "promote": {
        const group = action[1] as "edgefault" | "edgedrain";
        const by = action[0] === "demote" ? action[2] : -action[2];
        return { ...sees, [group]: (sees[group] ?? 0) + by };
      }
      case "alias":
        return { ...sees, alias: action[1] === "on" };
      case "check":
        this.checkStarted = sees.now + 0.001;
        return { ...sees, checking: true };
      case "claim":
        return { ...sees, claim: { running: true, posted: false } };
      case "log":
        return sees;
    }
  }
}

/** The actions of these kinds. */
export function only<Kind extends Action[0]>(actions: readonly Action[], ...kinds: readonly Kind[]) {
  return actions.filter((action) => (kinds as readonly string[]).includes(action[0]));
}
