import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Action, EDGE_SYNC, type Memory, type Observation } from "./decider.js";
import { type ClaimFate, EdgeWorld, type Happening } from "./edge-world.js";
import { decide, only, SOUND, useDecider } from "./watched-edge.js";

useDecider();

const fate: fc.Arbitrary<ClaimFate> = fc.record({
  end: fc.constantFrom(
    "arrives",
    "fails",
    "times out",
    "is refused",
    "is killed before its POST",
    "is killed after its POST",
    "vanishes",
  ),
  takes: fc.integer({ min: 1, max: 40 }),
  status: fc.constantFrom(7, 3, 9),
  retry: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
});

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant("carp" as const),
      becomes: fc.constantFrom("MASTER", "BACKUP", "INIT"),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constantFrom("external", "internal", "probe", "api", "hold", "drain", "kernel"),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant("route" as const),
      to: fc.constantFrom("here", "elsewhere", "elsewhere", "pending"),
    }),
  },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("fate" as const), fate }) },
  { weight: 2, arbitrary: fc.constant({ what: "nothing" as const }) },
);

const wait = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 0, max: 3, noNaN: true }) },
  { weight: 3, arbitrary: fc.double({ min: 0, max: 60, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(900, 300, 61) },
);

/** Runs a world for as long as its story lasts. */
async function live(story: readonly (readonly [Happening, number])[]): Promise<EdgeWorld> {
  const world = new EdgeWorld();
  await world.wait(0);
  for (const [what, seconds] of story) {
    world.happen(what);
    await world.wait(seconds);
  }
  return world;
}

describe("an edge to which anything happens in any order", () => {
  it("keeps every rule", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(happening, wait), { minLength: 1, maxLength: 40 }),
        async (story) => {
          await live(story);
        },
      ),
      { numRuns: 50, seed: 20260101 },
    );
  });

  it.each([
    "fails",
    "times out",
    "is killed after its POST",
    "vanishes",
  ] as const)("spends three tokens and then one in 15 min while every claim %s", async (end) => {
    const world = await live([
      [{ what: "fate", fate: { end, takes: 5 } }, 1],
      [{ what: "carp", becomes: "MASTER" }, 3600],
    ]);
    // Rule 9 allows 3 + 4 in an hour; an edge whose IP is elsewhere uses them all.
    expect(world.charged).toBeGreaterThanOrEqual(6);
    expect(world.charged).toBeLessThanOrEqual(7);
  });

  it("asks OVH at most 60 times a minute for a move while every claim is refused", async () => {
    const world = await live([
      [{ what: "fate", fate: { end: "is refused", takes: 1 } }, 1],
      [{ what: "carp", becomes: "MASTER" }, 1800],
    ]);
    expect(world.charged).toBe(0);
    expect(world.posts.length).toBeGreaterThan(20);
    expect(world.posts.length).toBeLessThanOrEqual(6 + 1800 / 60);
  });
});

const observation: fc.Arbitrary<Observation> = fc.record({
  now: fc.constant(5000),
  boot: fc.boolean(),
  carp: fc.constantFrom("MASTER", "MASTER", "BACKUP", "INIT", "NONE"),
  external: fc.constantFrom("up", "up", "up", "down"),
  internal: fc.constantFrom("up", "up", "up", "down"),
  probe: fc.option(fc.record({ ok: fc.boolean(), age: fc.integer({ min: 0, max: 60 }) })),
  check: fc.option(
    fc.record({
      result: fc.constantFrom("here", "elsewhere", "pending", "none"),
      started: fc.integer({ min: 4900, max: 4999 }),
    }),
  ),
  checking: fc.boolean(),
  claim: fc.option(fc.record({ running: fc.boolean(), posted: fc.boolean(), refused: fc.boolean() })),
  alias: fc.boolean(),
  edgefault: fc.option(fc.integer({ min: 0, max: 191 }), { freq: 20 }),
  edgedrain: fc.option(fc.integer({ min: 0, max: 80 }), { freq: 20 }),
  hold: fc.option(fc.constant({ reason: "x" })),
  drain: fc.boolean(),
});

const memory: fc.Arbitrary<Memory> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({}) },
  {
    weight: 9,
    arbitrary: fc.record(
      {
        role: fc.constantFrom("MASTER", "BACKUP", "INIT"),
        role_since: fc.integer({ min: 4000, max: 5000 }),
        known: fc.constantFrom("here", "elsewhere", "elsewhere", "?"),
        tokens: fc.integer({ min: 0, max: 3 }),
        token_at: fc.integer({ min: 3000, max: 5000 }),
        unanswered: fc.integer({ min: 0, max: 5 }),
        answered: fc.constantFrom(0, 1),
        blind: fc.constant(1),
        booted: fc.constant(4990),
        checked_at: fc.integer({ min: 4900, max: 5000 }),
        healthy_since: fc.integer({ min: 4900, max: 5000 }),
        refused: fc.integer({ min: 0, max: 9 }),
        retry_at: fc.integer({ min: 4900, max: 5100 }),
        claim: fc.record({ started: fc.integer({ min: 4900, max: 5000 }), posted: fc.constantFrom(0, 1) }),
        recheck: fc.constant(1),
        seen_check: fc.integer({ min: 4900, max: 4999 }),
        void_before: fc.integer({ min: 4900, max: 5000 }),
        hold_warned: fc.integer({ min: 4000, max: 5000 }),
        no_token: fc.constant(1),
      },
      { requiredKeys: ["role", "role_since", "known", "tokens", "token_at"] },
    ),
  },
);

describe("any observation with any memory", () => {
  const always = (property: (sees: Observation, remembers: Memory) => Promise<void>) =>
    fc.assert(
      // A claim is only seen by an edge that remembers one.
      fc.asyncProperty(observation, memory, (sees, remembers) =>
        property({ ...sees, claim: remembers.claim === undefined ? null : sees.claim }, remembers),
      ),
      { numRuns: 400, seed: 20260102 },
    );
  const claimAfter = (sees: Observation, { claim }: Memory) =>
    claim === undefined ? null : sees.claim?.running ? sees.claim : { running: true, posted: false };

  it("leads to no action that a rule forbids", { timeout: 30_000 }, async () => {
    await always(async (sees, remembers) => {
      const { do: actions, memory: next } = await decide(sees, remembers);
      expect([0, 1, 2, 3]).toContain(next.tokens);
      for (const action of only(actions, "demote", "promote")) {
        expect(action.slice(1, 3)).toEqual(action[1] === "edgefault" ? ["edgefault", 64] : ["edgedrain", 16]);
        expect(sees.hold).toBeNull();
      }
      for (const [, state] of only(actions, "alias")) {
        if (state === "off")
          expect([sees.carp, sees.hold, next.known, sees.claim?.running ?? false]).toEqual([
            expect.not.stringMatching("MASTER"),
            null,
            "elsewhere",
            false,
          ]);
      }
      if (only(actions, "claim").length > 0) {
        expect({ ...sees, known: next.known, healthy: Boolean(next.healthy) }).toMatchObject({
          carp: "MASTER",
          external: "up",
          internal: "up",
          hold: null,
          known: "elsewhere",
          healthy: true,
        });
        expect(sees.claim?.running ?? false).toBe(false);
        expect(next.tokens).toBeGreaterThan(0);
      }
      if (only(actions, "check").length > 0) expect(sees.checking || sees.claim?.running).toBeFalsy();
      for (const kind of ["check", "claim", "alias"] as const)
        expect(only(actions, kind).length).toBeLessThanOrEqual(1);
    });
  });

  it("decided again, as if nothing had been done, starts nothing anew and says nothing twice", {
    timeout: 30_000,
  }, async () => {
    await always(async (sees, remembers) => {
      const first = await decide(sees, remembers);
      const claim = claimAfter(sees, first.memory);
      const second = await decide({ ...sees, claim }, first.memory);
      expect(only(second.do, "check", "claim", "log")).toEqual([]);
      expect(second.do.filter((action) => !contains(first.do, action))).toEqual([]);
    });
  });

  it("decided again, after all was done, leads to nothing", { timeout: 30_000 }, async () => {
    await always(async (sees, remembers) => {
      const first = await decide(sees, remembers);
      const claim = claimAfter(sees, first.memory);
      const second = await decide(first.do.reduce(applied, { ...sees, claim }), first.memory);
      // A counter that holds a weight twice is taken back one weight a pass.
      const twice = (sees.edgefault ?? 0) >= 128 || (sees.edgedrain ?? 0) >= 32;
      expect(twice ? only(second.do, "check", "claim", "log", "alias", "demote") : second.do).toEqual([]);
    });
  });
});

function contains(actions: readonly Action[], wanted: Action): boolean {
  return actions.some((action) => JSON.stringify(action) === JSON.stringify(wanted));
}

function applied(sees: Observation, action: Action): Observation {
  if (action[0] === "demote" || action[0] === "promote") {
    const group = action[1] as "edgefault" | "edgedrain";
    return { ...sees, [group]: (sees[group] ?? 0) + (action[0] === "demote" ? action[2] : -action[2]) };
  }
  if (action[0] === "alias") return { ...sees, alias: action[1] === "on" };
  if (action[0] === "check") return { ...sees, checking: true };
  return sees;
}

describe("edge-sync --decide", () => {
  it("answers line by line, in order, however many are asked at once", async () => {
    const roles = Array.from({ length: 200 }, (_, n) => (["MASTER", "BACKUP", "INIT"] as const)[n % 3]);
    const decisions = await Promise.all(roles.map((carp) => decide({ ...SOUND, carp })));
    expect(decisions.map(({ memory: { role } }) => role)).toEqual(roles);
  });

  it("remembers nothing itself", async () => {
    const asked = { ...SOUND, carp: "MASTER" } as const;
    expect(await decide(asked)).toEqual(await decide(asked));
  });

  it("needs no configuration, and ends with its input", () => {
    const { status, stdout, stderr } = spawnSync("perl", [EDGE_SYNC, "--decide"], {
      input: "",
      env: { ...process.env, EDGE_SYNC_ETC: "/nonexistent", EDGE_SYNC_RUN: "/nonexistent" },
    });
    expect({ status, stdout: String(stdout), stderr: String(stderr) }).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
  });

  it("ends with a reason at a line that is no JSON", () => {
    const { status, stdout, stderr } = spawnSync("perl", [EDGE_SYNC, "--decide"], { input: "{not json\n" });
    expect({ status, stdout: String(stdout) }).toEqual({ status: 255, stdout: "" });
    expect(String(stderr)).toContain("while parsing JSON string");
  });
});
