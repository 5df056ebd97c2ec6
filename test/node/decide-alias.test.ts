import { describe, expect, it } from "vitest";
import type { Memory, Observation } from "./decider.js";
import { decide, only, SOUND, useDecider, WatchedEdge } from "./watched-edge.js";

useDecider();

const hold = { reason: "upgrade" };
const ROLES = ["MASTER", "BACKUP", "INIT", "NONE"] as const;
const ON = (why: string) => [["alias", "on", why]];
const OFF = [["alias", "off", "routed elsewhere"]];

/** What happens to the alias on an edge that has been in its role for a while. */
async function alias(carp: Observation["carp"], known: Memory["known"], sees: Partial<Observation>) {
  const memory = { role: carp, role_since: 0, known, checked_at: SOUND.now };
  const decision = await decide({ ...SOUND, carp, ...sees }, memory);
  return only(decision.do, "alias");
}

describe("rule 5: MASTER, or a check said here: alias on", () => {
  it.each(["here", "elsewhere", "?"] as const)("MASTER, known is %s", async (known) => {
    expect(await alias("MASTER", known, { alias: false })).toEqual(ON("master"));
    expect(await alias("MASTER", known, { alias: true })).toEqual([]);
  });

  it.each(["BACKUP", "INIT", "NONE"] as const)("%s, known is here", async (carp) => {
    expect(await alias(carp, "here", { alias: false })).toEqual(ON("routed here"));
    expect(await alias(carp, "here", { alias: true })).toEqual([]);
  });

  it.each([
    "BACKUP",
    "INIT",
    "NONE",
  ] as const)("not %s, where the IP is elsewhere or nobody knows", async (carp) => {
    expect(await alias(carp, "elsewhere", { alias: false })).toEqual([]);
    expect(await alias(carp, "?", { alias: false })).toEqual([]);
  });

  it("comes with the role, before any claim", async () => {
    const edge = await WatchedEdge.backup("elsewhere");
    expect(only(await edge.pass({ carp: "MASTER" }), "alias", "claim")).toEqual([...ON("master"), ["claim"]]);
  });

  it("is there for an unhealthy and for a drained master too: it may be the only one left", async () => {
    expect(await alias("MASTER", "?", { alias: false, external: "down" })).toEqual(ON("master"));
    expect(await alias("MASTER", "?", { alias: false, drain: true })).toEqual(ON("master"));
  });
});

describe("rule 6: not MASTER, no claim of its own, and a check since its last POST said elsewhere: alias off; in every other case it stays", () => {
  it.each(["BACKUP", "INIT", "NONE"] as const)("%s, known is elsewhere", async (carp) => {
    expect(await alias(carp, "elsewhere", { alias: true })).toEqual(OFF);
  });

  it.each(ROLES)("stays on %s where nobody knows", async (carp) => {
    expect(await alias(carp, "?", { alias: true })).toEqual([]);
  });

  it.each(ROLES)("stays on %s where the IP is here", async (carp) => {
    expect(await alias(carp, "here", { alias: true })).toEqual([]);
  });

  it("stays on a MASTER whose IP is elsewhere", async () => {
    expect(await alias("MASTER", "elsewhere", { alias: true })).toEqual([]);
  });

  it.each([
    ["pending", "pending"],
    ["unanswered", "none"],
  ] as const)("stays after a check that was %s", async (_, answer) => {
    const edge = await WatchedEdge.master();
    await edge.pass({ carp: "BACKUP" });
    expect(only(await edge.later(1).answered(answer), "alias")).toEqual([]);
    // A pending move is looked at again at the next poll.
    await edge.later(10).pass({ checking: false });
    expect(only(await edge.later(1).answered("elsewhere"), "alias")).toEqual(answer === "pending" ? OFF : []);
  });

  it("stays, however long nobody answers", async () => {
    const edge = await WatchedEdge.master();
    await edge.pass({ carp: "BACKUP" });
    await edge.answered("none");
    expect(only(await edge.unanswered(20), "alias")).toEqual([]);
    expect(edge.sees.alias).toBe(true);
  });

  it("goes once OVH has moved the IP away from an edge that was master", async () => {
    const edge = await WatchedEdge.master();
    expect(only(await edge.pass({ carp: "BACKUP" }), "alias")).toEqual([]);
    expect(only(await edge.later(1).answered("elsewhere"), "alias")).toEqual(OFF);
    expect(edge.sees.alias).toBe(false);
  });

  it("stays after its own POST, whatever an older check says", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.later(1).claiming({ posted: true });
    await edge.later(1).pass({ carp: "BACKUP" });
    expect(only(await edge.later(1).answered("elsewhere"), "alias")).toEqual([]);
    await edge.later(1).claimEnded({ posted: true, result: "none" });
    expect(edge.sees.alias).toBe(true);
    expect(only(await edge.later(1).answered("elsewhere"), "alias")).toEqual(OFF);
  });

  it("stays while its own claim runs, whose POST may be about to leave", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    expect(only(await edge.later(1).pass({ carp: "BACKUP" }), "alias")).toEqual([]);
    expect(only(await edge.later(10).pass(), "alias")).toEqual([]);
    await edge.later(1).claiming({ posted: true });
    expect(edge.sees.alias).toBe(true);
  });

  it("goes once its own claim has ended without a POST", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    await edge.later(1).pass({ carp: "BACKUP" });
    const ended = await edge.later(1).claimEnded({ status: 2, result: "none" });
    expect(only(ended, "alias")).toEqual(OFF);
  });

  it("stays where a claim vanished, until a check says elsewhere", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    expect(only(await edge.later(1).pass({ carp: "BACKUP", claim: null }), "alias")).toEqual([]);
    expect(only(await edge.later(1).answered("elsewhere"), "alias")).toEqual(OFF);
  });

  it("stays after a POST that was refused, until a check says elsewhere", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    await edge.claiming({ posted: true });
    expect(only(await edge.later(1).pass({ carp: "BACKUP" }), "alias")).toEqual([]);
    expect(only(await edge.claimEnded({ refused: true, status: 7, result: "none" }), "alias")).toEqual([]);
    expect(only(await edge.later(1).answered("elsewhere"), "alias")).toEqual(OFF);
  });
});

describe("rule 10: on hold no alias is removed", () => {
  it.each(["BACKUP", "INIT", "NONE"] as const)("%s, known is elsewhere", async (carp) => {
    expect(await alias(carp, "elsewhere", { alias: true, hold })).toEqual([]);
  });

  it("and a MASTER puts none on, unless the IP is here", async () => {
    expect(await alias("MASTER", "elsewhere", { alias: false, hold })).toEqual([]);
    expect(await alias("MASTER", "?", { alias: false, hold })).toEqual([]);
    expect(await alias("MASTER", "here", { alias: false, hold })).toEqual(ON("master"));
  });
});
