import { describe, expect, it } from "vitest";
import {
  type Advertisement,
  Carp,
  type CarpState,
  type Interval,
  intervalMs,
  type MasterDownRule,
  masterDownMs,
} from "../../lib/simulator/carp.js";

interface Given {
  readonly interval?: Interval;
  readonly demotion?: number;
  readonly preempt?: boolean;
  readonly rule?: MasterDownRule;
}

/** One interface with everything that it sent and became, in order. */
function carp({ interval = { advbase: 1, advskew: 100 }, demotion = 0, preempt = false, rule }: Given = {}) {
  const world = { demotion, preempt };
  const events: (Advertisement | CarpState)[] = [];
  const engine = new Carp(
    1,
    interval,
    {
      demotion: () => world.demotion,
      preempt: () => world.preempt,
      send: (advertisement) => events.push(advertisement),
      changed: (state) => events.push(state),
    },
    rule,
  );
  return { engine, events, world };
}

/** The same, after it has become `state` at a time that is 0 from then on. */
function carpThatIs(state: CarpState, given: Given = {}) {
  const made = carp(given);
  const { engine, events } = made;
  if (state !== "INIT") engine.start(0);
  if (state === "MASTER") {
    engine.expire(engine.deadline as number);
    engine.reconfigure(engine.interval, 0);
  }
  events.length = 0;
  return made;
}

const advertisement = (changes: Partial<Advertisement> = {}): Advertisement => ({
  vhid: 1,
  advbase: 1,
  advskew: 100,
  demotion: 0,
  ...changes,
});

describe("the advertisement interval is advbase + advskew/256 seconds", () => {
  it.each([
    [0, 1, 3.90625],
    [0, 254, 992.1875],
    [1, 0, 1000],
    [1, 1, 1003.90625],
    [1, 128, 1500],
    [60, 50, 60_195.3125],
    [255, 254, 255_992.1875],
  ])("%i and %i make %d ms", (advbase, advskew, ms) => {
    expect(intervalMs({ advbase, advskew })).toBe(ms);
  });

  it("and never shorter than 1/256 s, which the kernel makes of 0 and 0", () => {
    expect(intervalMs({ advbase: 0, advskew: 0 })).toBe(3.90625);
    expect(masterDownMs({ advbase: 0, advskew: 0 })).toBe(11.71875);
  });
});

describe("a backup waits for three intervals, or on older kernels for 3 × advbase + advskew/256 seconds", () => {
  it.each([
    [1, 0, 3000, 3000],
    [1, 1, 3011.71875, 3003.90625],
    [1, 50, 3585.9375, 3195.3125],
    [1, 254, 5976.5625, 3992.1875],
    [0, 128, 1500, 1500],
    [255, 254, 767_976.5625, 765_992.1875],
  ])("%i and %i make %d ms, or %d ms", (advbase, advskew, current, older) => {
    const interval = { advbase, advskew };
    expect(masterDownMs(interval)).toBe(current);
    expect(masterDownMs(interval, "three intervals")).toBe(current);
    expect(masterDownMs(interval, "three advbase")).toBe(older);
  });

  it.each([
    ["three intervals", 4171.875],
    ["three advbase", 3390.625],
  ] as const)("by the rule of %s it takes over at %d ms and not before", (rule, ms) => {
    const { engine, events } = carp({ rule });
    engine.start(0);
    expect(engine.deadline).toBe(ms);
    engine.expire(ms - 1);
    expect(engine.state).toBe("BACKUP");
    engine.expire(ms);
    expect(events).toEqual(["BACKUP", "MASTER", advertisement()]);
  });
});

describe("a carp interface that starts", () => {
  it("is INIT and has no timer before", () => {
    const { engine, events } = carp();
    expect([engine.state, engine.deadline, events]).toEqual(["INIT", undefined, []]);
  });

  it("is BACKUP and says nothing", () => {
    const { engine, events } = carp();
    engine.start(5000);
    expect(events).toEqual(["BACKUP"]);
    expect(engine.deadline).toBe(9171.875);
  });

  it.each(["BACKUP", "MASTER"] as const)("stays as it is when it is %s already", (state) => {
    const { engine, events } = carpThatIs(state);
    const { deadline } = engine;
    engine.start(77);
    expect([engine.state, engine.deadline, events]).toEqual([state, deadline, []]);
  });
});

describe("a master", () => {
  it("advertises once in each interval, with its demotion of that time", () => {
    const { engine, events, world } = carpThatIs("MASTER");
    const interval = 1390.625;
    for (const round of [1, 2, 3]) {
      world.demotion = round - 1;
      expect(engine.deadline).toBe(round * interval);
      engine.expire(round * interval);
    }
    expect(events).toEqual([advertisement(), advertisement({ demotion: 1 }), advertisement({ demotion: 2 })]);
  });

  it("does not advertise before its interval has passed", () => {
    const { engine, events } = carpThatIs("MASTER");
    engine.expire(1390);
    expect(events).toEqual([]);
  });

  it("advertises at once when it is demoted, and again an interval later", () => {
    const { engine, events, world } = carpThatIs("MASTER");
    world.demotion = 64;
    engine.demoted(300);
    expect(events).toEqual([advertisement({ demotion: 64 })]);
    expect(engine.deadline).toBe(300 + 1390.625);
  });

  it("tells of a demotion that was taken back with its next advertisement only", () => {
    const { engine, events, world } = carpThatIs("MASTER", { demotion: 64 });
    world.demotion = 0;
    expect(events).toEqual([]);
    engine.expire(engine.deadline as number);
    expect(events).toEqual([advertisement()]);
  });

  it("bows out with 255 and 255 when it is shut down, and is INIT without a timer", () => {
    const { engine, events } = carpThatIs("MASTER", { demotion: 3 });
    engine.shutDown();
    expect(events).toContainEqual(advertisement({ advbase: 255, advskew: 255, demotion: 3 }));
    expect(events).toContain("INIT");
    expect(events).toHaveLength(2);
    expect([engine.state, engine.deadline]).toEqual(["INIT", undefined]);
  });

  it("bows out before it is INIT, not after", () => {
    const { engine, events } = carpThatIs("MASTER");
    engine.shutDown();
    expect(events).toEqual([advertisement({ advbase: 255, advskew: 255 }), "INIT"]);
  });

  it("tells nobody when its carpdev loses the link", () => {
    const { engine, events } = carpThatIs("MASTER");
    engine.stop();
    expect(events).toEqual(["INIT"]);
    expect(engine.deadline).toBeUndefined();
  });
});

describe("a backup", () => {
  it.each([
    ["is shut down", (engine: Carp) => engine.shutDown()],
    ["loses its carpdev's link", (engine: Carp) => engine.stop()],
  ])("tells nobody when it %s", (_, end) => {
    const { engine, events } = carpThatIs("BACKUP");
    end(engine);
    expect(events).toEqual(["INIT"]);
    expect(engine.deadline).toBeUndefined();
  });

  it("says nothing of its demotion", () => {
    const { engine, events } = carpThatIs("BACKUP", { demotion: 64 });
    engine.demoted(0);
    expect(events).toEqual([]);
  });

  it("waits anew after each advertisement that it hears", () => {
    const { engine, events } = carpThatIs("BACKUP");
    for (const now of [1000, 2000, 3000]) {
      engine.receive(advertisement({ advskew: 1 }), now);
      expect(engine.deadline).toBe(now + 4171.875);
    }
    expect(events).toEqual([]);
  });
});

describe("an interface that is INIT", () => {
  it.each([
    ["hears nothing", (engine: Carp) => engine.receive(advertisement({ demotion: 255 }), 0)],
    ["has no timer that could run out", (engine: Carp) => engine.expire(1e9)],
    ["says nothing of its demotion", (engine: Carp) => engine.demoted(0)],
    ["has nothing to bow out of", (engine: Carp) => engine.shutDown()],
    ["takes a new interval without a timer", (engine: Carp) => engine.reconfigure(engine.interval, 0)],
  ])("%s", (_, happen) => {
    const { engine, events } = carpThatIs("INIT");
    happen(engine);
    expect([engine.state, engine.deadline, events]).toEqual(["INIT", undefined, []]);
  });
});

describe("a new interval", () => {
  it.each([
    ["MASTER", 700 + 2000],
    ["BACKUP", 700 + 6000],
  ] as const)("leaves a %s what it is and counts from now on", (state, deadline) => {
    const { engine, events } = carpThatIs(state);
    engine.reconfigure({ advbase: 2, advskew: 0 }, 700);
    expect([engine.state, engine.deadline, events]).toEqual([state, deadline, []]);
  });

  it("is in the next advertisement", () => {
    const { engine, events } = carpThatIs("MASTER");
    engine.reconfigure({ advbase: 2, advskew: 7 }, 0);
    engine.expire(engine.deadline as number);
    expect(events).toEqual([advertisement({ advbase: 2, advskew: 7 })]);
  });
});

describe("a master that hears an advertisement", () => {
  it.each`
    heard                                     | own                 | verdict
    ${"one as fast and as much demoted"}      | ${[100, 0, 100, 0]} | ${"yields"}
    ${"a faster one that is as much demoted"} | ${[100, 0, 99, 0]}  | ${"yields"}
    ${"a slower one that is as much demoted"} | ${[100, 0, 101, 0]} | ${"stays"}
    ${"a faster one that is more demoted"}    | ${[100, 0, 1, 1]}   | ${"stays"}
    ${"one as fast that is more demoted"}     | ${[100, 0, 100, 1]} | ${"stays"}
    ${"a slower one that is less demoted"}    | ${[100, 1, 254, 0]} | ${"yields"}
    ${"one as fast that is less demoted"}     | ${[100, 5, 100, 4]} | ${"yields"}
    ${"a faster one that is less demoted"}    | ${[100, 5, 1, 4]}   | ${"yields"}
    ${"a bow-out"}                            | ${[100, 0, 255, 0]} | ${"stays"}
  `("$verdict to $heard", ({ own: [advskew, demotion, heardSkew, heardDemotion], verdict }) => {
    const { engine, events } = carpThatIs("MASTER", { interval: { advbase: 1, advskew }, demotion });
    engine.receive(
      advertisement({
        advbase: heardSkew === 255 ? 255 : 1,
        advskew: heardSkew,
        demotion: heardDemotion,
      }),
      400,
    );
    if (verdict === "yields") {
      expect(events).toEqual(["BACKUP"]);
      expect(engine.deadline).toBe(400 + masterDownMs({ advbase: 1, advskew }));
    } else {
      expect(events).toEqual([]);
      expect(engine.deadline).toBe(intervalMs({ advbase: 1, advskew }));
    }
  });

  it("does not care for preemption", () => {
    for (const preempt of [false, true]) {
      const { engine } = carpThatIs("MASTER", { preempt });
      engine.receive(advertisement(), 0);
      expect(engine.state).toBe("BACKUP");
    }
  });
});

describe("a backup that hears an advertisement", () => {
  const rows = [
    ["a faster one that is as much demoted", 1, 0, 0, "waits", "waits"],
    ["one as fast and as much demoted", 100, 0, 0, "waits", "waits"],
    ["a slower one that is as much demoted", 101, 0, 0, "waits", "takes over"],
    ["a slower one that is more demoted", 101, 0, 1, "takes over", "takes over"],
    ["a faster one that is more demoted", 1, 0, 1, "takes over", "takes over"],
    ["one as fast that is more demoted", 100, 3, 4, "takes over", "takes over"],
    ["a slower one that is less demoted", 254, 2, 1, "waits", "waits"],
    ["a faster one that is less demoted", 1, 2, 1, "waits", "waits"],
  ] as const;

  it.each(
    rows.flatMap(([heard, advskew, own, demotion, without, withIt]) => [
      [heard, 0, advskew, own, demotion, without] as const,
      [heard, 1, advskew, own, demotion, withIt] as const,
    ]),
  )("of %s, with preempt=%i, %5$s", (_, preempt, advskew, own, demotion, verdict) => {
    const { engine, events } = carpThatIs("BACKUP", { demotion: own, preempt: preempt === 1 });
    engine.receive(advertisement({ advskew, demotion }), 400);
    expect(events).toEqual(verdict === "waits" ? [] : ["MASTER", advertisement({ demotion: own })]);
    expect(engine.deadline).toBe(400 + (verdict === "waits" ? 4171.875 : 1390.625));
  });

  it.each([false, true])("of a bow-out takes over at once, with preempt=%s", (preempt) => {
    const { engine, events } = carpThatIs("BACKUP", { preempt });
    engine.receive(advertisement({ advbase: 255, advskew: 255 }), 400);
    expect(events).toEqual(["MASTER", advertisement()]);
  });

  it.each([
    ["four times its own seconds", 4, 0, "MASTER"],
    ["a little more than three times its own seconds", 3, 101, "MASTER"],
    ["three times its own seconds and its own skew", 3, 100, "BACKUP"],
  ])("of one that advertises each %s, so that it would run out anyway: %4$s", (_, advbase, advskew, state) => {
    const { engine } = carpThatIs("BACKUP");
    engine.receive(advertisement({ advbase, advskew }), 400);
    expect(engine.state).toBe(state);
  });

  it("of a bow-out waits for it to run out where it advertises without whole seconds", () => {
    const interval = { advbase: 0, advskew: 60 };
    const { engine } = carpThatIs("BACKUP", { interval });
    engine.receive(advertisement({ advbase: 255, advskew: 255 }), 400);
    expect([engine.state, engine.deadline]).toEqual(["BACKUP", 400 + masterDownMs(interval)]);
  });

  it("of a bow-out takes over at once even when it is more demoted than the one that goes", () => {
    const { engine } = carpThatIs("BACKUP", { demotion: 64 });
    engine.receive(advertisement({ advbase: 255, advskew: 255 }), 400);
    expect(engine.state).toBe("MASTER");
  });
});

describe("an advertisement of another vhid", () => {
  it.each(["MASTER", "BACKUP"] as const)("is nothing to a %s", (state) => {
    const { engine, events } = carpThatIs(state);
    const { deadline } = engine;
    engine.receive(advertisement({ vhid: 2, advskew: 0, demotion: state === "MASTER" ? 0 : 9 }), 400);
    expect([engine.state, engine.deadline, events]).toEqual([state, deadline, []]);
  });
});
