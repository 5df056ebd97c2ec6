import { describe, expect, it } from "vitest";
import { decide, only, SOUND, useDecider, WatchedEdge } from "./watched-edge.js";

useDecider();

const ROLES = ["MASTER", "BACKUP", "INIT", "NONE"] as const;

describe("rule 4: every edge in any role checks at a change of role, each C = 30 s, and when a claim ended; not while its own claim runs", () => {
  it.each(ROLES)("%s checks at its first pass", async (carp) => {
    expect(only(await new WatchedEdge({ carp }).pass(), "check")).toEqual([["check"]]);
  });

  it.each(ROLES)("%s checks each 30 s, counted from the start of the last check", async (carp) => {
    const edge = new WatchedEdge({ carp });
    await edge.pass();
    await edge.later(5).answered("here");
    for (let n = 0; n < 3; n++) {
      expect(only(await edge.later(24.9).pass(), "check")).toEqual([]);
      expect(only(await edge.later(0.1).pass(), "check")).toEqual([["check"]]);
      await edge.later(5).answered("here");
    }
  });

  it.each(
    ROLES.flatMap((from) => ROLES.filter((to) => to !== from).map((to) => [from, to] as const)),
  )("checks when %s becomes %s", async (from, to) => {
    const edge = new WatchedEdge({ carp: from });
    await edge.pass();
    await edge.answered("here");
    expect(only(await edge.later(1).pass(), "check")).toEqual([]);
    expect(only(await edge.later(1).pass({ carp: to }), "check")).toEqual([["check"]]);
    await edge.answered("here");
    expect(only(await edge.later(1).pass(), "check")).toEqual([]);
  });

  it("takes C from the configuration", async () => {
    const config = { check_interval: 5, healthy_for: 10, probe_stale: 30, poll: 10 };
    const first = await decide(SOUND, {}, config);
    const early = await decide({ ...SOUND, now: SOUND.now + 4.9 }, first.memory, config);
    expect(only(early.do, "check")).toEqual([]);
    expect(
      only((await decide({ ...SOUND, now: SOUND.now + 5 }, early.memory, config)).do, "check"),
    ).toHaveLength(1);
  });

  it("checks on hold, and drained, and unhealthy too", async () => {
    for (const sees of [{ hold: { reason: "x" } }, { drain: true }, { external: "down" }] as const) {
      const edge = await WatchedEdge.backup("here", sees);
      expect(only(await edge.later(30).pass(), "check")).toEqual([["check"]]);
    }
  });

  it("starts no second check while one is under way", async () => {
    const edge = new WatchedEdge();
    await edge.pass();
    expect(only(await edge.later(60).pass(), "check")).toEqual([]);
    expect(only(await edge.later(1).answered("here"), "check")).toEqual([["check"]]);
  });

  it("checks again after a check during which the role changed", async () => {
    const edge = new WatchedEdge();
    await edge.pass();
    expect(only(await edge.later(1).pass({ carp: "MASTER" }), "check")).toEqual([]);
    expect(only(await edge.later(1).answered("here"), "check")).toEqual([["check"]]);
    expect(only(await edge.later(1).answered("here"), "check")).toEqual([]);
  });

  it("does not check while its own claim runs, whatever happens meanwhile", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    expect(only(await edge.later(30).pass(), "check")).toEqual([]);
    await edge.claiming({ posted: true });
    expect(only(await edge.later(30).pass({ carp: "BACKUP" }), "check")).toEqual([]);
    expect(only(await edge.later(30).pass({ carp: "MASTER" }), "check")).toEqual([]);
    expect(only(await edge.later(1).claimEnded({ result: "here" }), "check")).toEqual([["check"]]);
  });

  it.each([
    ["brought the IP here", { posted: true, accepted: true, status: 0, result: "here" }],
    ["saw it elsewhere", { posted: true, accepted: true, status: 6, result: "elsewhere" }],
    ["reached its deadline", { posted: true, accepted: true, status: 5, result: "none" }],
    ["was refused", { posted: true, refused: true, status: 7, result: "none" }],
    ["found carp0 no longer MASTER", { posted: false, status: 2, result: "none" }],
    ["was killed while it settled", { posted: false, result: "none" }],
    ["was killed after its POST", { posted: true, result: "none" }],
  ] as const)("checks when a claim %s", async (_, how) => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    expect(only(await edge.later(1).claimEnded(how), "check")).toEqual([["check"]]);
  });

  it("checks when a claim vanished", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    expect(only(await edge.later(1).pass({ claim: null }), "check")).toEqual([["check"]]);
  });

  it("checks after a claim even if a check is still under way when it ends", async () => {
    const edge = await WatchedEdge.claimer();
    expect(only(await edge.later(1).claimEnded({ posted: true, result: "none" }), "check")).toEqual([]);
    expect(only(await edge.later(1).answered("elsewhere"), "check")).toEqual([["check"]]);
  });

  describe("a probe that fails after one that did not", () => {
    const FAILED = { probe: { ok: false, age: 0 } };
    const OK = { probe: { ok: true, age: 0 } };

    it("makes it check, since OVH's last answer may be as old as C", async () => {
      const edge = await WatchedEdge.master();
      expect(only(await edge.later(5).pass(FAILED), "check")).toEqual([["check"]]);
    });

    it("makes it check once: what no ping can reach for good costs no requests", async () => {
      const edge = await WatchedEdge.master();
      await edge.later(5).pass(FAILED);
      await edge.answered("here");
      expect(only(await edge.later(10).pass(FAILED), "check")).toEqual([]);
      await edge.later(1).pass(OK);
      expect(only(await edge.later(9).pass(FAILED), "check")).toEqual([["check"]]);
    });

    it("makes it check after the check that is under way", async () => {
      const edge = await WatchedEdge.master();
      await edge.later(30).pass();
      expect(only(await edge.later(1).pass(FAILED), "check")).toEqual([]);
      expect(only(await edge.answered("here"), "check")).toEqual([["check"]]);
      expect(only(await edge.answered("here"), "check")).toEqual([]);
    });

    it("makes it check after its own claim", async () => {
      const edge = await WatchedEdge.claimer();
      await edge.answered("elsewhere");
      expect(only(await edge.later(1).pass(FAILED), "check")).toEqual([]);
      expect(only(await edge.claimEnded({ posted: true, result: "here" }), "check")).toEqual([["check"]]);
      expect(only(await edge.answered("here"), "check")).toEqual([]);
    });

    it("makes it check nothing when OVH did not answer last time: then it is unhealthy already", async () => {
      const edge = await WatchedEdge.master();
      await edge.later(30).pass();
      await edge.answered("none");
      const did = await edge.later(1).pass(FAILED);
      expect(only(did, "check")).toEqual([]);
      expect(only(did, "demote")).toHaveLength(1);
    });

    it("demotes it when that check is not answered, and not before", async () => {
      const edge = await WatchedEdge.master();
      expect(only(await edge.later(5).pass(FAILED), "demote")).toEqual([]);
      expect(only(await edge.later(10).answered("none"), "demote")).toEqual([
        ["demote", "edgefault", 64, "no probe target and no API answers"],
      ]);
    });
  });

  describe("pending: look again at the next poll", () => {
    it("does so", async () => {
      const edge = new WatchedEdge();
      await edge.pass();
      let checks = only(await edge.later(0.5).answered("pending"), "check").length;
      for (let n = 0; n < 2; n++) checks += only(await edge.later(9.75).pass(), "check").length;
      expect(checks).toBe(1);
    });

    // A check that ends starts a pass, which starts the next check: as many requests a minute
    // as OVH answers, for as long as the move takes.
    it("does not look again before that", async () => {
      const edge = new WatchedEdge();
      await edge.pass();
      expect(only(await edge.later(0.5).answered("pending"), "check")).toEqual([]);
      expect(only(await edge.later(5).pass({ internal: "down" }), "check")).toEqual([]);
    });

    it("asks OVH at most ten times a minute while another edge's move is pending", async () => {
      const edge = new WatchedEdge();
      let checks = 0;
      for (const end = SOUND.now + 60; edge.sees.now < end; ) {
        checks += only(await edge.pass(), "check").length;
        for (let tenths = 0; tenths < 100; tenths += 2) {
          edge.later(0.2);
          if (edge.sees.checking) checks += only(await edge.answered("pending"), "check").length;
        }
      }
      expect(checks).toBeLessThanOrEqual(10);
    });

    it("leaves what is known as it is", async () => {
      const edge = await WatchedEdge.backup("here");
      await edge.later(30).pass();
      await edge.answered("pending");
      expect(edge.memory.known).toBe("here");
    });
  });

  it.each([
    "here",
    "elsewhere",
  ] as const)("no answer: %s stays known, and the next look is after C", async (known) => {
    const edge = await WatchedEdge.backup(known);
    await edge.later(29).pass();
    expect(only(await edge.later(1).answered("none"), "check")).toEqual([]);
    expect(edge.memory.known).toBe(known);
    expect(only(await edge.later(28.9).pass(), "check")).toEqual([]);
    expect(only(await edge.later(0.1).pass(), "check")).toEqual([["check"]]);
  });

  it.each(["here", "elsewhere"] as const)("what a check says is known: %s", async (answer) => {
    const edge = new WatchedEdge();
    await edge.pass();
    expect(edge.memory.known).toBe("?");
    await edge.answered(answer);
    expect(edge.memory.known).toBe(answer);
  });

  it("takes in a check once: three passes after one unanswered check are no three checks", async () => {
    const edge = new WatchedEdge({ carp: "MASTER" });
    await edge.pass();
    await edge.answered("none");
    for (let n = 0; n < 5; n++) await edge.later(1).pass();
    expect(edge.memory.blind).toBeFalsy();
  });
});

describe("known is ? from the POST on, until a check that was started after it says more", () => {
  it("while the claim runs", async () => {
    const edge = await WatchedEdge.claimer();
    expect(edge.memory.known).toBe("elsewhere");
    await edge.later(1).claiming({ posted: true });
    expect(edge.memory.known).toBe("?");
  });

  it("not before: a claim that settles knows what it knew", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.later(5).pass();
    expect(edge.memory.known).toBe("elsewhere");
    await edge.answered("here");
    expect(edge.memory.known).toBe("here");
  });

  it.each([
    "here",
    "elsewhere",
  ] as const)("a check that was started before does not count when it says %s while the claim runs", async (answer) => {
    const edge = await WatchedEdge.claimer();
    await edge.later(1).claiming({ posted: true });
    await edge.later(1).answered(answer);
    expect(edge.memory.known).toBe("?");
  });

  it.each(["here", "elsewhere"] as const)("nor when it says %s after the claim ended", async (answer) => {
    const edge = await WatchedEdge.claimer();
    await edge.later(1).claiming({ posted: true });
    await edge.later(1).claimEnded({ posted: true, result: "none" });
    await edge.later(1).answered(answer);
    expect(edge.memory.known).toBe("?");
  });

  it("nor when the POST and the end of the claim are seen in one pass", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.later(1).claimEnded({ posted: true, result: "none" });
    await edge.later(1).answered("elsewhere");
    expect(edge.memory.known).toBe("?");
  });

  it.each([
    "here",
    "elsewhere",
  ] as const)("the check after the claim counts, when it says %s", async (answer) => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    await edge.later(1).claimEnded({ posted: true, result: "none" });
    expect(edge.memory.known).toBe("?");
    await edge.later(1).answered(answer);
    expect(edge.memory.known).toBe(answer);
  });

  it.each([
    "here",
    "elsewhere",
  ] as const)("what the claim itself saw at its end counts: %s", async (result) => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    await edge.later(9).claimEnded({ posted: true, accepted: true, result });
    expect(edge.memory.known).toBe(result);
  });

  it("a POST that was refused leaves it to the next check too: a move by another may be why", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    await edge.later(1).claiming({ posted: true });
    await edge.later(1).claimEnded({ posted: true, refused: true, status: 7, result: "none" });
    expect(edge.memory.known).toBe("?");
    await edge.later(1).answered("elsewhere");
    expect(edge.memory.known).toBe("elsewhere");
  });

  it("a claim that ended without a POST changes nothing", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    await edge.later(1).claimEnded({ posted: false, status: 2, result: "none" });
    expect(edge.memory.known).toBe("elsewhere");
    expect(edge.memory.tokens).toBe(3);
  });

  it("a claim that vanished may have sent its POST", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    await edge.later(1).pass({ claim: null });
    expect(edge.memory.known).toBe("?");
  });

  it("a check that was started before the claim vanished does not count either", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.later(1).pass({ claim: null });
    await edge.later(1).answered("elsewhere");
    expect(edge.memory.known).toBe("?");
  });
});
