import { describe, expect, it } from "vitest";
import { decide, only, SOUND, useDecider, WatchedEdge } from "./watched-edge.js";

useDecider();

const probe = { ok: true, age: 1 };
const silent = { ok: false, age: 1 };
const check = { result: "elsewhere", started: 999 } as const;
const none = { result: "none", started: 999 } as const;

describe("rule 1: external up, internal up, and a probe target or the OVH API answered: the edge is healthy, otherwise not", () => {
  it.each([
    ["everything is sound", {}, true],
    ["only a probe target answered", { probe, check: none }, true],
    ["only the API answered", { probe: silent, check }, true],
    [
      "only the API answered, that a move is pending",
      { probe: silent, check: { ...check, result: "pending" } },
      true,
    ],
    ["the API answered and nothing was probed", { probe: null, check }, true],
    ["a probe target answered and the API was not asked", { probe, check: null }, true],
    ["neither answered", { probe: silent, check: none }, false],
    ["no probe target answered and the API was not asked", { probe: silent, check: null }, false],
    ["the API did not answer and nothing was probed", { probe: null, check: none }, false],
    ["the external link is down", { external: "down", probe, check }, false],
    ["the internal link is down", { internal: "down", probe, check }, false],
    ["both links are down", { external: "down", internal: "down", probe, check }, false],
    [
      "the last probe that answered is older than three polls",
      { probe: { ok: true, age: 31 }, check: none },
      false,
    ],
    [
      "the last probe that answered is as old as three polls",
      { probe: { ok: true, age: 30 }, check: none },
      true,
    ],
    ["the last probe that failed is too old to count", { probe: { ok: false, age: 31 }, check }, true],
  ] as const)("when %s", async (_, sees, healthy) => {
    const { memory, do: actions } = await decide({ ...SOUND, ...sees });
    expect(Boolean(memory.healthy)).toBe(healthy);
    expect(only(actions, "demote").length).toBe(healthy ? 0 : 1);
  });

  it("is judged by the API's last answer, not by all of them", async () => {
    const edge = await WatchedEdge.backup("elsewhere", { probe: silent });
    expect(edge.memory.healthy).toBeTruthy();
    await edge.unanswered(1);
    expect(edge.memory.healthy).toBeFalsy();
    await edge.later(30).pass();
    await edge.answered("elsewhere");
    expect(edge.memory.healthy).toBeTruthy();
  });
});

describe("rule 2: unhealthy or blind: edgefault present; absent otherwise, after the edge was healthy for H seconds", () => {
  it.each([
    ["the external link is lost", { external: "down" }, "external link"],
    ["the internal link is lost", { internal: "down" }, "internal link"],
    ["nothing answers any more", { probe: silent, check: none }, "no probe target and no API answers"],
  ] as const)("demotes by 64 when %s", async (_, sees, reason) => {
    const edge = new WatchedEdge();
    await edge.pass();
    expect(only(await edge.later(1).pass(sees), "demote")).toEqual([["demote", "edgefault", 64, reason]]);
  });

  it("demotes a master like a backup", async () => {
    const edge = await WatchedEdge.master();
    expect(only(await edge.pass({ external: "down" }), "demote")).toEqual([
      ["demote", "edgefault", 64, "external link"],
    ]);
  });

  it("demotes once, not again while edgefault is present", async () => {
    const edge = await WatchedEdge.backup("elsewhere");
    await edge.pass({ external: "down" });
    for (let n = 0; n < 5; n++) {
      expect(
        only(await edge.later(10).pass({ internal: n % 2 ? "up" : "down" }), "demote", "promote"),
      ).toEqual([]);
    }
    expect(edge.sees.edgefault).toBe(64);
  });

  it("does not demote an edge of which nothing is known yet", async () => {
    const { do: actions } = await decide({ ...SOUND, probe: null });
    expect(actions).toEqual([["check"]]);
  });

  it("leaves a group alone that does not exist", async () => {
    const { do: actions } = await decide({ ...SOUND, external: "down", edgefault: null, edgedrain: null });
    expect(only(actions, "demote", "promote")).toEqual([]);
  });

  describe("the kernel adds ones of its own to every group", () => {
    it.each([0, 1, 2, 3, 63])("a counter of %i is not edgefault", async (edgefault) => {
      const unhealthy = await decide({ ...SOUND, external: "down", edgefault });
      expect(only(unhealthy.do, "demote")).toEqual([["demote", "edgefault", 64, "external link"]]);
      const edge = await WatchedEdge.backup("elsewhere", { edgefault });
      expect(only(await edge.later(60).pass(), "promote")).toEqual([]);
    });

    it.each([
      64, 65, 66, 67,
    ])("a counter of %i is edgefault, of which 64 are taken back", async (edgefault) => {
      const unhealthy = await decide({ ...SOUND, external: "down", edgefault });
      expect(only(unhealthy.do, "demote", "promote")).toEqual([]);
      const edge = await WatchedEdge.backup("elsewhere", { edgefault });
      expect(only(await edge.later(60).pass(), "promote")).toEqual([["promote", "edgefault", 64, "healthy"]]);
      expect(edge.sees.edgefault).toBe(edgefault - 64);
      expect(only(await edge.later(60).pass(), "demote", "promote")).toEqual([]);
    });
  });

  it("takes the demotion back only after H seconds of health", async () => {
    const edge = await WatchedEdge.backup("elsewhere");
    await edge.pass({ external: "down" });
    expect(only(await edge.later(60).pass({ external: "up" }), "promote")).toEqual([]);
    expect(only(await edge.later(9.9).pass(), "promote")).toEqual([]);
    expect(only(await edge.later(0.1).pass(), "promote")).toEqual([["promote", "edgefault", 64, "healthy"]]);
  });

  it("counts these seconds anew when health is lost meanwhile", async () => {
    const edge = await WatchedEdge.backup("elsewhere");
    await edge.pass({ external: "down" });
    await edge.later(60).pass({ external: "up" });
    await edge.later(9).pass({ external: "down" });
    await edge.later(1).pass({ external: "up" });
    expect(only(await edge.later(9.9).pass(), "promote")).toEqual([]);
    expect(only(await edge.later(0.1).pass(), "promote")).toEqual([["promote", "edgefault", 64, "healthy"]]);
  });

  it("takes H from the configuration", async () => {
    const config = { check_interval: 30, healthy_for: 0, probe_stale: 30, poll: 10 };
    const { do: actions } = await decide({ ...SOUND, edgefault: 64 }, {}, config);
    expect(only(actions, "promote")).toEqual([["promote", "edgefault", 64, "healthy"]]);
  });

  it("takes back a demotion that it does not remember", async () => {
    const edge = new WatchedEdge({ edgefault: 64 });
    expect(only(await edge.pass(), "promote")).toEqual([]);
    expect(only(await edge.later(10).pass(), "promote")).toEqual([["promote", "edgefault", 64, "healthy"]]);
  });

  it("keeps a demotion as long as the edge is blind, however sound the rest", async () => {
    const edge = new WatchedEdge({ carp: "MASTER" });
    await edge.unanswered(3);
    expect(edge.sees.edgefault).toBe(64);
    for (let n = 0; n < 4; n++) {
      await edge.unanswered(1);
      expect(edge.sees.edgefault).toBe(64);
    }
  });
});

describe("rule 3: MASTER, known is not here, and three checks in a row went unanswered: blind, until a check is answered", () => {
  const BLIND = [
    ["log", "warning", "blind: OVH answered none of 3 checks"],
    ["demote", "edgefault", 64, "blind"],
  ];

  it("after three, not after two", async () => {
    const edge = new WatchedEdge({ carp: "MASTER" });
    expect(only(await edge.unanswered(2), "log", "demote")).toEqual([]);
    expect(edge.memory.blind).toBeFalsy();
    expect(only(await edge.unanswered(1), "log", "demote")).toEqual(BLIND);
    expect(edge.memory.blind).toBeTruthy();
    expect(edge.memory.healthy).toBeFalsy();
  });

  it("says so once", async () => {
    const edge = new WatchedEdge({ carp: "MASTER" });
    await edge.unanswered(3);
    expect(only(await edge.unanswered(5), "log")).toEqual([]);
  });

  it("where the last answer was elsewhere", async () => {
    const edge = await WatchedEdge.backup("elsewhere");
    await edge.unanswered(3);
    expect(only(await edge.later(1).pass({ carp: "MASTER" }), "log", "demote")).toEqual(BLIND);
  });

  it("not where the last answer was here", async () => {
    const edge = await WatchedEdge.master();
    expect(only(await edge.unanswered(10), "log", "demote")).toEqual([]);
    expect(edge.memory.blind).toBeFalsy();
  });

  it.each(["BACKUP", "INIT", "NONE"] as const)("not as %s", async (carp) => {
    const edge = new WatchedEdge({ carp });
    expect(only(await edge.unanswered(6), "log", "demote")).toEqual([]);
    expect(edge.memory.blind).toBeFalsy();
  });

  it("as soon as a backup that OVH does not answer becomes master", async () => {
    const edge = new WatchedEdge();
    await edge.unanswered(4);
    expect(only(await edge.later(1).pass({ carp: "MASTER" }), "log", "demote")).toEqual(BLIND);
  });

  it("not when an answer came in between", async () => {
    const edge = new WatchedEdge({ carp: "MASTER" });
    await edge.unanswered(2);
    await edge.later(30).pass();
    await edge.answered("pending");
    expect(only(await edge.unanswered(2), "log", "demote")).toEqual([]);
  });

  it.each(["here", "elsewhere", "pending"] as const)("until a check says %s", async (answer) => {
    const edge = new WatchedEdge({ carp: "MASTER" });
    await edge.unanswered(3);
    await edge.later(30).pass();
    await edge.answered(answer);
    expect(edge.memory.blind).toBeFalsy();
    expect(edge.memory.healthy).toBeTruthy();
    expect(only(await edge.later(10).pass(), "promote")).toEqual([["promote", "edgefault", 64, "healthy"]]);
  });

  it("stays blind when it is not master any more: it would be again at once", async () => {
    const edge = new WatchedEdge({ carp: "MASTER" });
    await edge.unanswered(3);
    expect(only(await edge.later(20).pass({ carp: "BACKUP" }), "promote")).toEqual([]);
    expect(only(await edge.unanswered(3), "promote")).toEqual([]);
    expect(edge.memory.blind).toBeTruthy();
  });
});
