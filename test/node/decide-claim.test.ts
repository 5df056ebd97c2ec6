import { describe, expect, it } from "vitest";
import type { Claim, Memory } from "./decider.js";
import { decide, only, SOUND, useDecider, WatchedEdge } from "./watched-edge.js";

useDecider();

const CLAIM = [["claim"]];
const accepted: Partial<Claim> = { posted: true, accepted: true, status: 6, result: "elsewhere" };
const refused: Partial<Claim> = { posted: true, refused: true, status: 7, result: "none" };
const lost: Partial<Claim> = { posted: true, accepted: false, status: 5, result: "none" };
const tooMany = [["log", "warning", "no claim: 3 were made within 15 minutes"]];

describe("rule 7: MASTER, healthy, known = elsewhere, no claim running, a token left: start a claim", () => {
  const memory: Memory = {
    role: "MASTER",
    role_since: 0,
    known: "elsewhere",
    checked_at: SOUND.now,
    answered: 1,
  };
  const master = { ...SOUND, carp: "MASTER", alias: true } as const;

  it("where all of it is so", async () => {
    expect((await decide(master, memory)).do).toEqual(CLAIM);
  });

  it.each([
    ["BACKUP", { carp: "BACKUP" }, {}],
    ["INIT", { carp: "INIT" }, {}],
    ["without carp", { carp: "NONE" }, {}],
    ["with the external link down", { external: "down" }, {}],
    ["with the internal link down", { internal: "down" }, {}],
    ["where nothing answers", { probe: { ok: false, age: 1 } }, { answered: 0 }],
    ["where the IP is here", {}, { known: "here" }],
    ["where nobody knows where the IP is", {}, { known: "?" }],
    ["while a claim settles", { claim: { running: true, posted: false } }, { claim: { started: 1 } }],
    ["while a claim waits for OVH", { claim: { running: true, posted: true } }, { claim: { started: 1 } }],
    ["without a token", {}, { tokens: 0, token_at: SOUND.now }],
    ["while it is blind", {}, { blind: 1 }],
    ["on hold", { hold: { reason: "upgrade" } }, {}],
  ] as const)("not %s", async (_, sees, remembers) => {
    const decision = await decide({ ...master, ...sees }, { ...memory, ...remembers });
    expect(only(decision.do, "claim")).toEqual([]);
  });

  it.each([
    ["drained: it may be the only one left", { drain: true, edgedrain: 16 }, {}],
    ["demoted for a fault that is over", { edgefault: 64 }, {}],
    ["while a check is under way", { checking: true }, {}],
    ["with one token", {}, { tokens: 1, token_at: SOUND.now }],
    ["where the API is silent and a probe target answers", {}, { answered: 0, unanswered: 2 }],
    ["where no probe target answers and the API does", { probe: { ok: false, age: 1 } }, {}],
  ] as const)("%s", async (_, sees, remembers) => {
    const decision = await decide({ ...master, ...sees }, { ...memory, ...remembers });
    expect(only(decision.do, "claim")).toEqual(CLAIM);
  });

  it("in the very pass that sees the new role", async () => {
    const edge = await WatchedEdge.backup("elsewhere");
    expect(await edge.pass({ carp: "MASTER" })).toEqual([["alias", "on", "master"], ["check"], ["claim"]]);
  });

  it("in the very pass that hears where the IP is, when the edge is master already", async () => {
    const edge = new WatchedEdge({ carp: "MASTER" });
    expect(await edge.pass()).toEqual([["alias", "on", "master"], ["check"]]);
    expect(await edge.answered("elsewhere")).toEqual(CLAIM);
  });

  it("for a master whose IP was moved away", async () => {
    const edge = await WatchedEdge.master();
    await edge.later(30).pass();
    expect(only(await edge.answered("elsewhere"), "claim")).toEqual(CLAIM);
  });

  it("once, however many passes see it run", async () => {
    const edge = await WatchedEdge.claimer();
    for (let n = 0; n < 5; n++) {
      expect(only(await edge.later(1).pass({ internal: n % 2 ? "up" : "down" }), "claim")).toEqual([]);
    }
  });
});

describe("rule 8: the claim settles and looks for itself; another try is the next pass's business", () => {
  it("starts at once: the settle time is ip-move's affair, in which it looks at carp0 once more", async () => {
    const config = { check_interval: 30, healthy_for: 10, probe_stale: 30, poll: 10, settle: 9 };
    const { do: actions } = await decide(
      { ...SOUND, carp: "MASTER" },
      { role: "BACKUP", known: "elsewhere" },
      config,
    );
    expect(only(actions, "claim")).toEqual(CLAIM);
  });

  it("goes on by itself when the edge is no longer master", async () => {
    const edge = await WatchedEdge.claimer();
    expect(only(await edge.later(0.2).pass({ carp: "BACKUP" }), "claim", "demote")).toEqual([]);
    expect(edge.sees.claim).toEqual({ running: true, posted: false });
  });

  it("is tried again where the IP did not come", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    expect(only(await edge.later(5).claimEnded(accepted), "claim")).toEqual(CLAIM);
  });

  it("is tried again only when a check says elsewhere, where its outcome is unknown", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    expect(only(await edge.later(5).claimEnded(lost), "claim")).toEqual([]);
    expect(only(await edge.later(1).answered("pending"), "claim")).toEqual([]);
    await edge.later(30).pass({ checking: false });
    expect(only(await edge.later(1).answered("elsewhere"), "claim")).toEqual(CLAIM);
  });

  it("is not tried again where the IP came after all", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    await edge.later(5).claimEnded(lost);
    expect(only(await edge.later(1).answered("here"), "claim")).toEqual([]);
  });

  it.each([
    ["found carp0 no longer MASTER, which is MASTER again", { posted: false, status: 2, result: "none" }],
    ["found another claim under way", { posted: false, status: 75, result: "none" }],
    ["could not read its configuration", { posted: false, status: 1, result: "none" }],
    ["was killed while it settled", { posted: false, result: "none" }],
  ] as const)("is tried again, at a later poll, after one that %s", async (_, how) => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    await edge.later(1).claimEnded(how);
    await edge.answered("elsewhere");
    if (edge.sees.claim === null) await edge.later(20).pass();
    expect(edge.sees.claim).not.toBeNull();
    expect(edge.memory.tokens).toBe(3);
  });

  // A claim that ends starts a pass: without a pause the next claim begins at once, and goes on so.
  it.each([
    ["found carp0 no longer MASTER", { posted: false, status: 2, result: "none" }],
    ["found another claim under way", { posted: false, status: 75, result: "none" }],
    ["could not read its configuration", { posted: false, status: 1, result: "none" }],
  ] as const)("is not tried again in the same poll after one that %s", async (_, how) => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    expect(only(await edge.later(0.1).claimEnded(how), "claim")).toEqual([]);
    expect(only(await edge.later(0.1).answered("elsewhere"), "claim")).toEqual([]);
  });
});

describe("rule 9: 3 tokens, one back each 15 min, never reset; a POST that was accepted, or whose outcome is unknown, costs one", () => {
  /** Claims until there is no token any more. */
  async function spent(how: Partial<Claim> = accepted): Promise<WatchedEdge> {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    for (let left = 2; left >= 0; left--) {
      await edge.later(5).claimEnded(how);
      expect(edge.memory.tokens).toBe(left);
      if (edge.sees.checking) await edge.answered("elsewhere");
    }
    return edge;
  }

  it("starts with three", async () => {
    expect((await decide(SOUND)).memory.tokens).toBe(3);
  });

  it.each([
    ["was accepted and brought the IP here", { posted: true, accepted: true, result: "here" }],
    ["was accepted and failed", accepted],
    ["was accepted and did not end in time", { posted: true, accepted: true, status: 5, result: "none" }],
    ["had an unknown outcome", lost],
    ["was killed after its POST", { posted: true, result: "none" }],
  ] as const)("a claim that %s costs one", async (_, how) => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    await edge.later(1).claiming({ posted: true });
    expect(edge.memory.tokens).toBe(3);
    await edge.later(1).claimEnded(how);
    expect(edge.memory.tokens).toBe(2);
  });

  it("a claim that vanished costs one", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.later(1).pass({ claim: null });
    expect(edge.memory.tokens).toBe(2);
    await edge.later(1).pass();
    expect(edge.memory.tokens).toBe(2);
  });

  it.each([
    ["refused", refused],
    ["refused for its credentials", { ...refused, status: 3 }],
    ["refused as too many", { ...refused, retry: 30 }],
    [
      "refused before it was sent, by the certificate",
      { posted: true, refused: true, status: 9, result: "none" },
    ],
    ["not sent, as carp0 was no longer MASTER", { posted: false, status: 2, result: "none" }],
    ["not sent, as it was killed while it settled", { posted: false, result: "none" }],
  ] as const)("a POST that was %s costs none", async (_, how) => {
    const edge = await WatchedEdge.claimer();
    await edge.later(1).claimEnded(how);
    expect(edge.memory.tokens).toBe(3);
  });

  it.each([
    ["accepted", accepted],
    ["of unknown outcome", lost],
  ] as const)("after three claims that were %s there is none, which is said once", async (_, how) => {
    const edge = await spent(how);
    const actions = [...(await edge.later(30).pass()), ...(await edge.answered("elsewhere"))];
    for (let n = 0; n < 10; n++) actions.push(...(await edge.later(10).pass()));
    expect(only(actions, "claim")).toEqual([]);
    expect(only(actions, "log").length).toBeLessThanOrEqual(1);
  });

  it("says why it does not claim", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    await edge.later(5).claimEnded(accepted);
    await edge.later(5).claimEnded(accepted);
    expect(only(await edge.later(5).claimEnded(accepted), "log", "claim")).toEqual(tooMany);
  });

  it("one comes back 15 min after the first was spent, and is used", async () => {
    const edge = await spent();
    // The first one was spent 10 s before the third.
    expect(only(await edge.later(889.9).pass(), "claim")).toEqual([]);
    expect(only(await edge.later(0.2).pass(), "claim")).toEqual(CLAIM);
    await edge.later(5).claimEnded(accepted);
    expect(edge.memory.tokens).toBe(0);
    expect(only(await edge.later(890).pass(), "claim")).toEqual([]);
    expect(only(await edge.later(10).pass(), "claim")).toEqual(CLAIM);
  });

  it("all three are back after 45 min, and no more than three ever", async () => {
    const edge = await spent();
    await edge.pass({ carp: "BACKUP" });
    await edge.later(2 * 900 - 11).pass();
    expect(edge.memory.tokens).toBe(1);
    await edge.later(900).pass();
    expect(edge.memory.tokens).toBe(2);
    await edge.later(900).pass();
    expect(edge.memory.tokens).toBe(3);
    await edge.later(90_000).pass();
    expect(edge.memory.tokens).toBe(3);
  });

  it("those that came back while nobody looked are all counted", async () => {
    const edge = await spent();
    await edge.later(2 * 900).pass({ carp: "BACKUP" });
    expect(edge.memory.tokens).toBe(2);
  });

  it.each(["BACKUP", "INIT"] as const)("a change of role to %s and back brings none", async (carp) => {
    const edge = await spent();
    await edge.later(1).pass({ carp });
    if (edge.sees.checking) await edge.answered("elsewhere");
    const actions = [
      ...(await edge.later(1).pass({ carp: "MASTER" })),
      ...(await edge.answered("elsewhere")),
    ];
    expect(only(actions, "claim")).toEqual([]);
    expect(edge.memory.tokens).toBe(0);
  });

  it("a claim that brought the IP here brings none back", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    await edge.later(5).claimEnded({ posted: true, accepted: true, result: "here" });
    await edge.later(60).pass();
    expect(edge.memory.tokens).toBe(2);
  });

  describe("a refused one: one try a poll, after six one a minute", () => {
    /** When claims start while each is refused at once and a pass runs each second. */
    async function tries(seconds: number, how: Partial<Claim> = refused): Promise<number[]> {
      const edge = await WatchedEdge.claimer();
      const from = edge.sees.now;
      const at = [0];
      for (let second = 1; second <= seconds; second++) {
        edge.later(1);
        const actions = edge.sees.checking
          ? await edge.answered("elsewhere")
          : edge.sees.claim !== null
            ? await edge.claimEnded(how)
            : await edge.pass();
        if (only(actions, "claim").length > 0) at.push(edge.sees.now - from);
      }
      return at;
    }
    const gaps = (at: readonly number[]) => at.slice(1).map((time, index) => time - (at[index] as number));

    it("six in the first two minutes at most, none within a poll of the one before", async () => {
      const at = await tries(600);
      expect(Math.min(...gaps(at).slice(0, 5))).toBeGreaterThanOrEqual(10);
      expect(Math.max(...gaps(at).slice(0, 5))).toBeLessThanOrEqual(20);
      expect(Math.min(...gaps(at).slice(5))).toBeGreaterThanOrEqual(60);
      expect(Math.max(...gaps(at).slice(5))).toBeLessThanOrEqual(70);
    });

    it("as long as Retry-After says, where that is longer", async () => {
      expect(
        Math.min(...gaps(await tries(600, { ...refused, retry: 45 })).slice(0, 5)),
      ).toBeGreaterThanOrEqual(45);
      expect(Math.min(...gaps(await tries(900, { ...refused, retry: 300 })))).toBeGreaterThanOrEqual(300);
    });

    it("no sooner than without it, where that is shorter", async () => {
      expect(Math.min(...gaps(await tries(120, { ...refused, retry: 1 })))).toBeGreaterThanOrEqual(10);
    });

    it("one in 300 s where the credentials were refused", async () => {
      const at = await tries(1000, { ...refused, status: 3 });
      expect(Math.min(...gaps(at))).toBeGreaterThanOrEqual(300);
      expect(Math.max(...gaps(at))).toBeLessThanOrEqual(320);
    });

    it("begins anew with one try a poll after a POST that was accepted", async () => {
      const edge = await WatchedEdge.claimer();
      await edge.answered("elsewhere");
      for (let n = 0; n < 7; n++) {
        await edge.later(1).claimEnded(refused);
        await edge.answered("elsewhere");
        await edge.later(61).pass();
        if (edge.sees.checking) await edge.answered("elsewhere");
        expect(edge.sees.claim).not.toBeNull();
      }
      await edge.later(1).claimEnded(accepted);
      await edge.later(1).claimEnded(refused);
      await edge.answered("elsewhere");
      const actions = [...(await edge.later(20).pass())];
      if (edge.sees.checking) actions.push(...(await edge.answered("elsewhere")));
      expect(only(actions, "claim")).toEqual(CLAIM);
    });

    it("a pause outlives a change of role", async () => {
      const edge = await WatchedEdge.claimer();
      await edge.answered("elsewhere");
      await edge.later(1).claimEnded({ ...refused, status: 3 });
      await edge.answered("elsewhere");
      for (const carp of ["BACKUP", "MASTER"] as const) {
        const actions = [...(await edge.later(60).pass({ carp })), ...(await edge.answered("elsewhere"))];
        expect(only(actions, "claim")).toEqual([]);
      }
    });
  });
});
