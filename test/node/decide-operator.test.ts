import { describe, expect, it } from "vitest";
import { decide, only, SOUND, useDecider, WatchedEdge } from "./watched-edge.js";

useDecider();

const hold = { reason: "upgrade to 7.9" };
const WARNING = [
  ["log", "warning", "on hold: upgrade to 7.9; this edge does not fail over until edge-sync release"],
];

describe("rule 10: hold: observe only: no POST, no alias removed, no demotion", () => {
  it("starts no claim", async () => {
    const edge = await WatchedEdge.backup("elsewhere", { hold });
    expect(await edge.pass({ carp: "MASTER" })).toEqual([["check"]]);
    expect(await edge.answered("elsewhere")).toEqual([]);
    for (let n = 0; n < 10; n++) expect(only(await edge.later(10).pass(), "claim")).toEqual([]);
  });

  it("lets a claim end that runs already", async () => {
    const edge = await WatchedEdge.claimer();
    await edge.answered("elsewhere");
    await edge.later(1).pass({ hold });
    await edge.later(1).claiming({ posted: true });
    await edge.later(1).claimEnded({ posted: true, accepted: true, status: 0, result: "here" });
    expect(edge.memory.known).toBe("here");
  });

  it.each([
    ["a link is lost", { external: "down" }],
    ["nothing answers", { probe: { ok: false, age: 1 }, check: { result: "none", started: 999 } }],
    ["it is drained", { drain: true }],
    ["it boots", { boot: true }],
  ] as const)("demotes nothing when %s", async (_, sees) => {
    const { do: actions } = await decide({ ...SOUND, hold, ...sees });
    expect(only(actions, "demote")).toEqual([]);
  });

  it.each([
    ["edgefault, though it is healthy", { edgefault: 64 }],
    ["edgedrain, though it is not drained", { edgedrain: 16 }],
  ] as const)("leaves %s", async (_, sees) => {
    const edge = await WatchedEdge.backup("elsewhere", { hold, ...sees });
    expect(only(await edge.later(60).pass(), "promote")).toEqual([]);
  });

  it("goes on looking", async () => {
    const edge = await WatchedEdge.backup("elsewhere", { hold });
    await edge.later(30).pass();
    expect(edge.sees.checking).toBe(true);
    await edge.answered("here");
    expect(edge.memory.known).toBe("here");
  });

  it("is warned of at once and each 10 min", async () => {
    const edge = await WatchedEdge.backup("elsewhere");
    expect(only(await edge.pass({ hold }), "log")).toEqual(WARNING);
    expect(only(await edge.later(1).pass(), "log")).toEqual([]);
    expect(only(await edge.later(598.9).pass(), "log")).toEqual([]);
    expect(only(await edge.later(0.1).pass(), "log")).toEqual(WARNING);
    expect(only(await edge.later(599).pass(), "log")).toEqual([]);
    expect(only(await edge.later(1).pass(), "log")).toEqual(WARNING);
  });

  it("is warned of at once when it comes anew", async () => {
    const edge = await WatchedEdge.backup("elsewhere");
    await edge.pass({ hold });
    expect(only(await edge.later(1).pass({ hold: null }), "log")).toEqual([]);
    expect(only(await edge.later(1).pass({ hold }), "log")).toEqual(WARNING);
  });

  it("does what it had left, once it ends", async () => {
    const edge = await WatchedEdge.backup("elsewhere", { hold });
    await edge.pass({ carp: "MASTER", drain: true });
    await edge.answered("elsewhere");
    expect(await edge.later(1).pass({ hold: null })).toEqual([
      ["demote", "edgedrain", 16, "drain"],
      ["alias", "on", "master"],
      ["claim"],
    ]);
    await edge.pass({ hold });
    await edge.pass({ external: "down" });
    expect(only(await edge.later(1).pass({ hold: null }), "demote")).toEqual([
      ["demote", "edgefault", 64, "external link"],
    ]);
  });
});

describe("rule 11: drain: edgedrain present; an edge that is drained and the only one left goes on serving", () => {
  it("adds 16 to edgedrain once", async () => {
    const edge = await WatchedEdge.backup("elsewhere");
    expect(await edge.pass({ drain: true })).toEqual([["demote", "edgedrain", 16, "drain"]]);
    for (let n = 0; n < 5; n++) expect(only(await edge.later(5).pass(), "demote", "promote")).toEqual([]);
    expect(edge.sees).toMatchObject({ edgedrain: 16, edgefault: 0 });
  });

  it("takes 16 back once when it ends, at once", async () => {
    const edge = await WatchedEdge.backup("elsewhere", { drain: true });
    expect(edge.sees.edgedrain).toBe(16);
    expect(await edge.pass({ drain: false })).toEqual([["promote", "edgedrain", 16, "undrain"]]);
    for (let n = 0; n < 5; n++) expect(only(await edge.later(5).pass(), "demote", "promote")).toEqual([]);
    expect(edge.sees.edgedrain).toBe(0);
  });

  it.each([
    0, 1, 2, 3,
  ])("knows the kernel's ones from its own: a counter of %i is not drained", async (edgedrain) => {
    const drained = await decide({ ...SOUND, drain: true, edgedrain });
    expect(only(drained.do, "demote")).toEqual([["demote", "edgedrain", 16, "drain"]]);
    expect(only((await decide({ ...SOUND, edgedrain })).do, "promote")).toEqual([]);
  });

  it.each([
    16, 17, 18, 19,
  ])("knows the kernel's ones from its own: a counter of %i is drained", async (edgedrain) => {
    expect(only((await decide({ ...SOUND, drain: true, edgedrain })).do, "demote")).toEqual([]);
    expect(only((await decide({ ...SOUND, edgedrain })).do, "promote")).toEqual([
      ["promote", "edgedrain", 16, "undrain"],
    ]);
  });

  it("is demoted for a fault too", async () => {
    const edge = await WatchedEdge.backup("elsewhere", { drain: true });
    expect(only(await edge.pass({ external: "down" }), "demote")).toEqual([
      ["demote", "edgefault", 64, "external link"],
    ]);
    await edge.later(1).pass({ external: "up" });
    expect(only(await edge.later(10).pass(), "promote")).toEqual([["promote", "edgefault", 64, "healthy"]]);
    expect(edge.sees).toMatchObject({ edgedrain: 16, edgefault: 0 });
  });

  it("goes on serving as master: alias, checks and claims as ever", async () => {
    const edge = await WatchedEdge.backup("elsewhere", { drain: true });
    expect(await edge.pass({ carp: "MASTER" })).toEqual([["alias", "on", "master"], ["check"], ["claim"]]);
  });

  it("is drained again after a reboot, by its mark alone", async () => {
    const edge = new WatchedEdge({ boot: true, drain: true });
    expect(only(await edge.pass(), "demote")).toEqual([
      ["demote", "edgefault", 64, "boot"],
      ["demote", "edgedrain", 16, "drain"],
    ]);
  });

  it("leaves a group alone that does not exist", async () => {
    expect(only((await decide({ ...SOUND, drain: true, edgedrain: null })).do, "demote")).toEqual([]);
  });
});

describe("rule 12: boot: edgefault first, then by rule 2; a claim only after 15 s as MASTER", () => {
  /** An edge at its first pass after a boot, with OVH's answer. */
  async function booted(carp: "MASTER" | "BACKUP"): Promise<WatchedEdge> {
    const edge = new WatchedEdge({ boot: true, carp, probe: null });
    await edge.pass();
    await edge.pass({ boot: false, probe: { ok: true, age: 1 } });
    await edge.later(1).answered("elsewhere");
    return edge;
  }

  it("demotes at its first pass, before it knows anything", async () => {
    const edge = new WatchedEdge({ boot: true, carp: "INIT", probe: null });
    expect(await edge.pass()).toEqual([["demote", "edgefault", 64, "boot"], ["check"]]);
  });

  it("demotes a sound edge too", async () => {
    const { do: actions } = await decide({ ...SOUND, boot: true });
    expect(only(actions, "demote")).toEqual([["demote", "edgefault", 64, "boot"]]);
  });

  it("demotes once", async () => {
    const edge = new WatchedEdge({ boot: true });
    await edge.pass();
    expect(only(await edge.later(1).pass(), "demote")).toEqual([]);
  });

  it("takes it back after H seconds of health", async () => {
    const edge = new WatchedEdge({ boot: true, probe: null });
    await edge.pass();
    expect(only(await edge.later(20).pass({ boot: false }), "promote")).toEqual([]);
    await edge.answered("elsewhere");
    expect(only(await edge.later(9.9).pass(), "promote")).toEqual([]);
    expect(only(await edge.later(0.1).pass(), "promote")).toEqual([["promote", "edgefault", 64, "healthy"]]);
  });

  it("does not demote where nothing of a boot is seen: a memory that was lost is no boot", async () => {
    expect(only((await decide(SOUND)).do, "demote")).toEqual([]);
  });

  it("does not claim before 15 s as MASTER", async () => {
    const edge = await booted("MASTER");
    expect(edge.memory.known).toBe("elsewhere");
    expect(only(await edge.later(13.9).pass(), "claim")).toEqual([]);
    expect(only(await edge.later(0.1).pass(), "claim")).toEqual([["claim"]]);
  });

  it("counts these 15 s from the last change of role", async () => {
    const edge = await booted("MASTER");
    await edge.later(5).pass({ carp: "BACKUP" });
    await edge.later(5).pass({ carp: "MASTER" });
    expect(only(await edge.later(14.9).pass(), "claim")).toEqual([]);
    expect(only(await edge.later(0.1).pass(), "claim")).toEqual([["claim"]]);
  });

  it("claims at once where nothing of a boot is seen", async () => {
    const edge = new WatchedEdge({ carp: "MASTER" });
    await edge.pass();
    expect(only(await edge.answered("elsewhere"), "claim")).toEqual([["claim"]]);
  });

  it("puts the alias on at once, as master", async () => {
    const edge = new WatchedEdge({ carp: "MASTER", boot: true });
    expect(only(await edge.pass(), "alias")).toEqual([["alias", "on", "master"]]);
  });

  // Every edge has booted once: else each failover would take 15 s more than the design says.
  it("claims at once when it becomes master an hour after the boot", async () => {
    const edge = await booted("BACKUP");
    for (let n = 0; n < 120; n++) {
      await edge.later(30).pass();
      if (edge.sees.checking) await edge.answered("elsewhere");
    }
    expect(only(await edge.later(1).pass({ carp: "MASTER" }), "claim")).toEqual([["claim"]]);
  });

  it("is as settled after 15 s as a master that needs no claim", async () => {
    const edge = new WatchedEdge({ boot: true, carp: "MASTER" });
    await edge.pass();
    await edge.later(1).answered("here");
    await edge.later(15).pass({ boot: false });
    expect(edge.memory.booted).toBeUndefined();
    await edge.later(5).pass({ carp: "BACKUP" });
    await edge.answered("elsewhere");
    expect(only(await edge.later(5).pass({ carp: "MASTER" }), "claim")).toEqual([["claim"]]);
  });

  it("waits for the first claim after the boot, not for each one", async () => {
    const edge = await booted("MASTER");
    await edge.later(15).pass();
    await edge.later(1).claimEnded({ posted: true, accepted: true, status: 0, result: "here" });
    await edge.answered("here");
    await edge.later(3600).pass({ carp: "BACKUP" });
    await edge.answered("elsewhere");
    expect(only(await edge.later(60).pass({ carp: "MASTER" }), "claim")).toEqual([["claim"]]);
  });
});
