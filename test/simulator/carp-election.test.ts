import { describe, expect, it } from "vitest";
import { Carp, type CarpState, intervalMs, masterDownMs } from "../../lib/simulator/carp.js";

interface Member {
  readonly name: string;
  readonly engine: Carp;
  demotion: number;
  preempt: boolean;
}

/** Milliseconds that an advertisement takes. */
const DELAY = 1;

/** Carp interfaces on one network, in virtual time. */
class Election {
  now = 0;
  /** What each became, with the time. */
  readonly changes: string[] = [];
  readonly sent: string[] = [];
  readonly members = new Map<string, Member>();
  private readonly flights: { readonly at: number; readonly arrive: () => void }[] = [];
  private readonly cut = new Set<string>();

  /** Adds an interface that is INIT. */
  add(name: string, advskew: number, options: { preempt?: boolean; demotion?: number } = {}): this {
    const member: Member = {
      name,
      demotion: options.demotion ?? 0,
      preempt: options.preempt ?? false,
      engine: new Carp(
        1,
        { advbase: 1, advskew },
        {
          demotion: () => member.demotion,
          preempt: () => member.preempt,
          send: (advertisement) => {
            this.sent.push(`${this.now} ${name}`);
            for (const other of this.members.values()) {
              if (other === member || this.cut.has(name) !== this.cut.has(other.name)) continue;
              const arrive = () => other.engine.receive(advertisement, this.now);
              this.flights.push({ at: this.now + DELAY, arrive });
            }
          },
          changed: (state) => this.changes.push(`${this.now} ${name} ${state}`),
        },
      ),
    };
    this.members.set(name, member);
    return this;
  }

  /** All interfaces start at this moment. */
  startAll(): this {
    for (const { engine } of this.members.values()) engine.start(this.now);
    return this;
  }

  member(name: string): Member {
    return this.members.get(name) as Member;
  }

  engine(name: string): Carp {
    return this.member(name).engine;
  }

  demote(name: string, by: number): void {
    const member = this.member(name);
    member.demotion += by;
    if (by > 0) member.engine.demoted(this.now);
  }

  /** Those named hear only each other, the others only themselves. */
  partition(...names: string[]): void {
    this.cut.clear();
    for (const name of names) this.cut.add(name);
  }

  heal(): void {
    this.cut.clear();
  }

  /** Lets time pass, event by event; arrivals come before timers of the same moment. */
  advance(ms: number, look: () => void = () => {}): this {
    const end = this.now + ms;
    for (;;) {
      this.flights.sort((a, b) => a.at - b.at);
      const flight = this.flights[0];
      const timers = [...this.members.values()].map(({ engine }) => engine.deadline ?? Infinity);
      const at = Math.min(flight?.at ?? Infinity, ...timers);
      if (at > end) break;
      this.now = at;
      if (flight !== undefined && flight.at <= at) {
        this.flights.shift();
        flight.arrive();
      } else {
        for (const { engine } of this.members.values()) engine.expire(at);
      }
      look();
    }
    this.now = end;
    return this;
  }

  states(): Record<string, CarpState> {
    return Object.fromEntries([...this.members].map(([name, { engine }]) => [name, engine.state]));
  }

  masters(): string[] {
    return Object.entries(this.states()).flatMap(([name, state]) => (state === "MASTER" ? [name] : []));
  }
}

/** Three edges with the skews of a configuration, after their first election. */
const threeEdges = (options: { preempt?: boolean } = {}) =>
  new Election().add("a", 1, options).add("b", 50, options).add("c", 100, options).startAll().advance(10_000);

describe("edges that start together", () => {
  it("have the fastest for their master, and no other ever", () => {
    const election = threeEdges();
    expect(election.changes).toEqual([
      "0 a BACKUP",
      "0 b BACKUP",
      "0 c BACKUP",
      `${masterDownMs({ advbase: 1, advskew: 1 })} a MASTER`,
    ]);
    expect(new Set(election.sent.map((line) => line.split(" ")[1]))).toEqual(new Set(["a"]));
  });

  it("have the one that is not demoted for their master, although it is the slowest", () => {
    const election = new Election().add("a", 1, { demotion: 1 }).add("b", 50, { demotion: 64 }).add("c", 100);
    expect(election.startAll().advance(10_000).states()).toEqual({
      a: "BACKUP",
      b: "BACKUP",
      c: "MASTER",
    });
  });
});

describe("edges with equal skews", () => {
  it("yield to each other again and again: there is never one master that stays", () => {
    const election = new Election().add("a", 50).add("b", 50).startAll();
    let longest = 0;
    let since = 0;
    election.advance(60_000, () => {
      if (election.masters().length !== 1) since = election.now;
      longest = Math.max(longest, election.now - since);
    });
    expect(longest).toBeLessThanOrEqual(DELAY);
    expect(election.changes.filter((line) => line.endsWith("a MASTER")).length).toBeGreaterThan(10);
    expect(election.changes.filter((line) => line.endsWith("b MASTER")).length).toBeGreaterThan(10);
  });

  it("get along as long as one of them was there first", () => {
    const election = new Election().add("a", 50).add("b", 50);
    election.engine("a").start(0);
    election.advance(5000);
    election.engine("b").start(election.now);
    election.advance(20_000);
    expect(election.states()).toEqual({ a: "MASTER", b: "BACKUP" });
  });
});

describe("a master whose carpdev loses its link", () => {
  it("is missed after three intervals of the next one, which alone takes over", () => {
    const election = threeEdges();
    const last = Number(election.sent.at(-1)?.split(" ")[0]);
    election.changes.length = 0;
    election.engine("a").stop();
    election.advance(10_000);
    expect(election.changes).toEqual([
      "10000 a INIT",
      `${last + DELAY + masterDownMs({ advbase: 1, advskew: 50 })} b MASTER`,
    ]);
  });
});

describe("an edge that comes back", () => {
  it("stays backup while it hears the master, with preempt=0", () => {
    const election = threeEdges();
    election.engine("a").stop();
    election.advance(10_000);
    election.engine("a").start(election.now);
    election.advance(60_000);
    expect(election.states()).toEqual({ a: "BACKUP", b: "MASTER", c: "BACKUP" });
  });

  it("takes over with the first advertisement that it hears, with preempt=1", () => {
    const election = threeEdges({ preempt: true });
    election.engine("a").stop();
    election.advance(10_000);
    election.changes.length = 0;
    election.engine("a").start(election.now);
    election.advance(2 * intervalMs({ advbase: 1, advskew: 50 }));
    const taken = Number(election.changes.find((line) => line.endsWith("a MASTER"))?.split(" ")[0]);
    expect(taken - 20_000).toBeLessThanOrEqual(intervalMs({ advbase: 1, advskew: 50 }) + DELAY);
    expect(election.states()).toEqual({ a: "MASTER", b: "BACKUP", c: "BACKUP" });
  });

  it("stays backup with preempt=1 as well while it is demoted", () => {
    const election = threeEdges({ preempt: true });
    election.engine("a").stop();
    election.advance(10_000);
    election.demote("a", 64);
    election.engine("a").start(election.now);
    election.advance(30_000);
    expect(election.masters()).toEqual(["b"]);
    election.demote("a", -64);
    election.advance(2000);
    expect(election.masters()).toEqual(["a"]);
  });
});

describe.each([
  ["a bow-out", (election: Election) => election.engine("a").shutDown()],
  ["a demotion of the master", (election: Election) => election.demote("a", 64)],
])("after %s", (_, happen) => {
  it.each([false, true])("every backup is master for a moment, with preempt=%s", (preempt) => {
    const election = threeEdges({ preempt }).add("d", 150, { preempt });
    election.engine("d").start(election.now);
    election.advance(10_000);
    election.changes.length = 0;
    happen(election);
    const at = election.now + DELAY;
    let atOnce: string[] = [];
    election.advance(DELAY, () => {
      atOnce = election.masters();
    });
    expect(atOnce.filter((name) => name !== "a")).toEqual(["b", "c", "d"]);
    expect(election.changes.filter((line) => line.endsWith("MASTER"))).toEqual([
      `${at} b MASTER`,
      `${at} c MASTER`,
      `${at} d MASTER`,
    ]);
  });

  it("the election has settled on the fastest within an advertisement interval", () => {
    const election = threeEdges().add("d", 150);
    election.engine("d").start(election.now);
    election.advance(10_000);
    happen(election);
    election.advance(intervalMs({ advbase: 1, advskew: 50 }));
    expect(election.masters()).toEqual(["b"]);
    election.changes.length = 0;
    election.advance(60_000);
    expect(election.changes).toEqual([]);
  });
});

describe("a demotion", () => {
  it("that is taken back gives the demoted edge nothing back, with preempt=0", () => {
    const election = threeEdges();
    election.demote("a", 64);
    election.advance(5000);
    election.demote("a", -64);
    election.advance(60_000);
    expect(election.masters()).toEqual(["b"]);
  });

  it("of all edges alike changes nothing", () => {
    const election = threeEdges();
    for (const name of ["c", "b", "a"]) election.demote(name, 64);
    election.changes.length = 0;
    election.advance(60_000);
    expect(election.changes).toEqual([]);
    expect(election.masters()).toEqual(["a"]);
  });

  it("goes to the least demoted edge, whatever its skew", () => {
    const election = threeEdges();
    election.demote("b", 65);
    election.demote("c", 1);
    election.demote("a", 64);
    election.advance(5000);
    expect(election.masters()).toEqual(["c"]);
  });

  it("of a backup is heard by nobody", () => {
    const election = threeEdges();
    election.changes.length = 0;
    election.demote("b", 64);
    election.advance(30_000);
    expect(election.changes).toEqual([]);
  });
});

describe("a partition", () => {
  const split = () => {
    const election = threeEdges();
    election.partition("c");
    return election.advance(10_000);
  };

  it("has a master on either side", () => {
    expect(split().masters()).toEqual(["a", "c"]);
  });

  it("that heals leaves the winner master, without an event", () => {
    const election = split();
    election.changes.length = 0;
    election.heal();
    election.advance(10_000);
    expect(election.masters()).toEqual(["a"]);
    expect(election.changes.map((line) => line.replace(/^\S+ /, ""))).toEqual(["c BACKUP"]);
  });

  it("that heals leaves the less demoted one master, although it is slower", () => {
    const election = split();
    election.demote("b", 65);
    election.demote("a", 64);
    expect(election.masters()).toEqual(["a", "c"]);
    election.heal();
    election.advance(10_000);
    expect(election.states()).toEqual({ a: "BACKUP", b: "BACKUP", c: "MASTER" });
  });
});
