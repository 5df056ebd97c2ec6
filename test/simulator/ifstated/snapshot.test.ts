import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ExternalTest,
  Ifstated,
  type IfstatedSnapshot,
  type RawLink,
  type Steps,
  steady,
} from "../../../lib/simulator/ifstated/machine.js";

const LINKS: readonly RawLink[] = ["up", "down", "unknown", "invalid"];

const TRIGGER = `state watch {
	run "sync &"
	if vio0.link.up || carp0.link.up
		run ":"
}
if "poll" every 10
	run ":"
`;

const TWO_STATES = `state a {
	init {
		run "a"
	}
	if "t" every 5 && ! vio0.link.down && ! carp0.link.down
		set-state b
	if "u" every 7
		run "u"
}
state b {
	init {
		run "b"
	}
	if ! "t" every 5 || carp0.link.down
		set-state a
	if "u" every 10 || "t" every 3
		run "more"
}
if "t" every 4 && vio0.link.unknown
	run "global"
`;

const BROKEN = 'state a {\n\tif "t" every 5 {\n\t\trun "x" }\n}\n';
const STARTS_LATER = `init-state b\n${TWO_STATES}`;

/** A daemon in a small world in virtual time, in which nothing takes time. */
class Bench {
  readonly trace: unknown[] = [];
  readonly links = new Map<string, RawLink>([
    ["vio0", "up"],
    ["carp0", "down"],
  ]);
  readonly results = new Map<string, number>();
  readonly daemon: Ifstated;
  /** Tests that run: they end when the schedule says so. */
  running: ExternalTest[] = [];

  constructor(
    public now: number,
    public wall: number,
    ignoreLinks = false,
  ) {
    this.daemon = new Ifstated(
      { wallSeconds: () => this.wall, loopTime: () => this.now, links: () => this.links },
      { ignoreLinks },
    );
  }

  drive(steps: Steps): void {
    let step = steps.next();
    for (let turns = 0; !step.done && turns < 1000; turns++) {
      const effect = step.value;
      let answer: number | undefined;
      if (effect.effect === "test") answer = this.result(effect.command);
      if (effect.effect === "start") this.running.push(effect.test);
      if (effect.effect === "kill") this.running = this.running.filter((test) => test !== effect.test);
      this.trace.push(
        "test" in effect ? [effect.effect, effect.test.command, effect.test.interval] : { ...effect },
      );
      step = steps.next(answer);
    }
  }

  /** Exit status; -9 stands for a signal. */
  private result(command: string): number | undefined {
    const status = this.results.get(command) ?? 0;
    return status === -9 ? undefined : status;
  }

  happen(event: Happening): void {
    if (event.kind === "link") {
      this.links.set(event.name, event.raw);
      this.drive(this.daemon.linkChanged(event.name, event.raw));
    } else if (event.kind === "result") this.results.set(event.command, event.status);
    else if (event.kind === "reload") this.drive(this.daemon.reload(event.text));
    else if (event.kind === "clock") this.wall += event.seconds;
    else if (event.kind === "wait") this.wait(event.seconds);
    else if (event.kind === "depart") {
      this.links.delete(event.name);
      this.drive(this.daemon.departed(event.name));
    } else {
      this.links.set(event.name, event.raw);
      this.drive(this.daemon.arrived(event.name));
    }
  }

  private wait(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      this.now += 1000;
      this.wall++;
      for (const test of this.running.splice(0)) {
        this.drive(this.daemon.testEnded(test, this.result(test.command)));
      }
      for (let test = this.daemon.nextDue(); test?.due !== undefined && test.due <= this.now; ) {
        this.drive(this.daemon.tick(test));
        test = this.daemon.nextDue();
      }
    }
  }

  /** The same world with another daemon and other clocks, put into the state of this one's. */
  fork(snapshot: IfstatedSnapshot, now: number, wall: number): Bench {
    const other = new Bench(now, wall);
    other.links.clear();
    for (const [name, raw] of this.links) other.links.set(name, raw);
    for (const [command, status] of this.results) other.results.set(command, status);
    other.daemon.restore(snapshot);
    for (const { id } of this.running) other.running.push(other.daemon.test(id) as ExternalTest);
    return other;
  }
}

type Happening =
  | { kind: "link" | "arrive"; name: string; raw: RawLink }
  | { kind: "depart"; name: string }
  | { kind: "result"; command: string; status: number }
  | { kind: "reload"; text: string }
  | { kind: "clock"; seconds: number }
  | { kind: "wait"; seconds: number };

const name = fc.constantFrom("vio0", "carp0");
const raw = fc.constantFrom(...LINKS);
const happening = (clock: fc.Arbitrary<number>): fc.Arbitrary<Happening> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.nat(8) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("link" as const), name, raw }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("result" as const),
        command: fc.constantFrom("t", "u", "poll"),
        status: fc.constantFrom(0, 1, 2, -9),
      }),
    },
    fc.record({ kind: fc.constant("depart" as const), name }),
    fc.record({ kind: fc.constant("arrive" as const), name, raw }),
    fc.record({
      kind: fc.constant("reload" as const),
      text: fc.constantFrom(TRIGGER, TWO_STATES, BROKEN, STARTS_LATER, 'run "alone"\n'),
    }),
    fc.record({ kind: fc.constant("clock" as const), seconds: clock }),
  );
const anyClock = fc.integer({ min: -20, max: 20 });
const file = fc.constantFrom(TRIGGER, TWO_STATES);

function play(text: string, past: readonly Happening[]): Bench {
  const bench = new Bench(5000, 100);
  bench.drive(bench.daemon.start(text));
  for (const event of past) bench.happen(event);
  return bench;
}

/** What both do from here on; equal where the future is the same. */
function futures(one: Bench, other: Bench, future: readonly Happening[]): [unknown[], unknown[]] {
  const before = one.trace.length;
  for (const event of future) {
    one.happen(event);
    other.happen(event);
  }
  return [one.trace.slice(before), other.trace];
}

describe("a snapshot", () => {
  it("gives a daemon with the same future, through JSON, at any other time", () => {
    fc.assert(
      fc.property(
        file,
        fc.array(happening(anyClock), { maxLength: 25 }),
        fc.array(happening(anyClock), { minLength: 1, maxLength: 25 }),
        fc.constantFrom(0, 3, 1_000_000),
        (text, past, future, wall) => {
          const bench = play(text, past);
          const snapshot = JSON.parse(JSON.stringify(bench.daemon.snapshot())) as IfstatedSnapshot;
          const other = bench.fork(snapshot, 77, wall);
          expect(other.daemon.snapshot()).toEqual(snapshot);
          const [expected, got] = futures(bench, other, future);
          expect(got).toEqual(expected);
          expect(other.daemon.snapshot()).toEqual(bench.daemon.snapshot());
        },
      ),
      { numRuns: 300 },
    );
  });

  it("made steady gives the same future too, as long as the clock is not set back", () => {
    const forward = fc.nat(20);
    fc.assert(
      fc.property(
        file,
        fc.array(happening(forward), { maxLength: 25 }),
        fc.array(happening(forward), { minLength: 1, maxLength: 25 }),
        (text, past, future) => {
          const bench = play(text, past);
          const snapshot = steady(bench.daemon.snapshot());
          expect(steady(snapshot)).toEqual(snapshot);
          const [expected, got] = futures(bench, bench.fork(snapshot, bench.now, 9), future);
          expect(got).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("brings a daemon back to where it was, with the very tests that it had", () => {
    fc.assert(
      fc.property(file, fc.array(happening(anyClock), { minLength: 1, maxLength: 25 }), (text, events) => {
        const bench = play(text, []);
        const snapshot = bench.daemon.snapshot();
        const [first] = [bench.daemon.test(0)];
        const { now, wall } = bench;
        const kept = events.filter(({ kind }) => kind !== "reload");
        for (const event of kept) bench.happen(event);
        [bench.now, bench.wall] = [now, wall];
        bench.daemon.restore(snapshot);
        expect(bench.daemon.snapshot()).toEqual(snapshot);
        expect(bench.daemon.test(0)).toBe(first);
      }),
    );
  });

  it("of a daemon that has not begun, or has ended, is one that can be restored", () => {
    const bench = new Bench(0, 0);
    const before = bench.daemon.snapshot();
    expect(before).toEqual({
      config: null,
      scopes: [],
      current: null,
      timers: [],
      openState: false,
      initState: null,
      ended: null,
    });
    bench.drive(bench.daemon.start(BROKEN));
    expect(bench.daemon.snapshot()).toMatchObject({ ended: "unable to load config", openState: true });
    bench.daemon.restore(before);
    expect(bench.daemon.snapshot()).toEqual(before);
    bench.drive(bench.daemon.start(TWO_STATES));
    expect(bench.daemon.state).toBe("a");
    bench.daemon.restore(before);
    expect(bench.daemon.state).toBeUndefined();
  });

  it("says what is known in which block", () => {
    const bench = play(TWO_STATES, [
      { kind: "link", name: "carp0", raw: "up" },
      { kind: "wait", seconds: 6 },
    ]);
    const { config, ...snapshot } = bench.daemon.snapshot();
    expect(config?.states.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(snapshot).toEqual({
      current: 1,
      timers: [0, 5, 4, 3],
      openState: false,
      initState: null,
      ended: null,
      scopes: [
        {
          entered: -6,
          links: ["up"],
          tests: [{ id: 0, status: 0, lastExec: -1, running: false, due: 2000 }],
        },
        {
          entered: null,
          links: ["up", "up"],
          tests: [
            { id: 1, status: 0, lastExec: null, running: false, due: null },
            { id: 2, status: 0, lastExec: null, running: false, due: null },
          ],
        },
        {
          entered: -6,
          links: ["up"],
          tests: [
            { id: 4, status: 0, lastExec: null, running: false, due: 4000 },
            { id: 5, status: 0, lastExec: -2, running: true, due: 3000 },
            { id: 3, status: 0, lastExec: 0, running: false, due: 4000 },
          ],
        },
      ],
    });
  });
});

describe("two snapshots", () => {
  const playedAndTaken = (...events: Happening[]) => {
    const { config: _, ...rest } = steady(play(TRIGGER, events).daemon.snapshot());
    return JSON.stringify(rest);
  };

  it("are equal where the future is, whenever they were taken", () => {
    expect(playedAndTaken({ kind: "wait", seconds: 14 })).toBe(playedAndTaken({ kind: "wait", seconds: 24 }));
  });

  it.each<[string, Happening]>([
    ["a link", { kind: "link", name: "vio0", raw: "down" }],
    ["the time to the next test", { kind: "wait", seconds: 1 }],
    ["a timer that has stopped", { kind: "reload", text: BROKEN }],
  ])("differ in %s", (_, event) => {
    const past: Happening = { kind: "wait", seconds: 14 };
    expect(playedAndTaken(past, event)).not.toBe(playedAndTaken(past));
  });
});
