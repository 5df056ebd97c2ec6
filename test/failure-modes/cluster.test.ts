import { describe, expect, it } from "vitest";
import type { World } from "../../lib/simulator/world/world.js";
import {
  aliasesOf,
  expectSound,
  HOUR,
  IP,
  MINUTE,
  postsOf,
  rolesOf,
  SECOND,
  settled,
  story,
  THREE,
  TWO,
  untilAnswers,
  useWorlds,
} from "./worlds.js";

useWorlds();

const masters = (world: World) => world.edges.filter(({ role }) => role === "MASTER");
/** Tokens, and one more for each quarter of an hour. */
const allowed = (ms: number) => 3 + Math.ceil(ms / (15 * MINUTE));
/** C + 2 (L + M) + P: check, two requests and moves, poll. */
const HEALED = 30 * SECOND + 2 * (50 + 10_000) + 10 * SECOND;

describe("a partition of the CARP network", () => {
  it.each([
    ["two", TWO],
    ["three", THREE],
  ])("of %s edges has two masters, of which the last POST wins; how often is bounded", async (_, advskews) => {
    const world = await settled({ advskews });
    world.partition(["edge-1"]);
    await world.advance(HOUR);
    expect(masters(world)).toHaveLength(2);
    for (const { posts } of world.edges) expect(posts).toBeLessThanOrEqual(allowed(HOUR));
    expect(world.timeline.map(({ what }) => what)).toContain("no claim: 3 were made within 15 minutes");
    // Whoever has it is a master, and answers.
    expect(world.answering?.role).toBe("MASTER");
    world.heal();
    await world.advance(20 * MINUTE);
    await expectSound(world, "edge-1");
  });

  it("that heals gives the winner no carp event: its next check brings the IP back", async () => {
    const world = await settled();
    world.partition(["edge-1"]);
    await untilAnswers(world, "edge-2", MINUTE);
    const healed = world.now;
    world.heal();
    await untilAnswers(world, "edge-1", HEALED);
    expect(story(world, "edge-1", healed).filter((line) => line.startsWith("carp0"))).toEqual([]);
    expect(postsOf(world)).toEqual([1, 1]);
    await world.advance(HEALED);
    await expectSound(world, "edge-1");
  });
});

describe("a bow-out with three edges", () => {
  it("makes both backups master for a moment; the slower one looks again before its POST, and sends none", async () => {
    const world = await settled({ advskews: THREE });
    const began = world.now;
    world.edge("edge-1").kernel.setUp("carp0", false);
    // Their first advertisements are lost, so that they hear of each other with the second ones.
    world.loss = 1;
    await world.advance(SECOND / 2);
    world.loss = 0;
    await untilAnswers(world, "edge-2", MINUTE);
    expect(story(world, "edge-3", began)).toEqual([
      "carp0 is MASTER",
      `alias=on ip=${IP} reason="master"`,
      `claim start ip=${IP}`,
      "carp0 is BACKUP",
      "no claim: carp0 is BACKUP",
      `alias=off ip=${IP} reason="routed elsewhere"`,
    ]);
    expect(postsOf(world)).toEqual([0, 1, 0]);
    world.edge("edge-1").kernel.setUp("carp0", true);
    await world.advance(MINUTE);
    await expectSound(world, "edge-2");
  });
});

describe("the POST of an edge that is master no longer", () => {
  it.each([
    "refuse",
    "overwrite",
  ] as const)("arrives a minute late and takes the IP away; the master takes it back (a POST during a move: %s)", async (whilePending) => {
    const world = await settled({ failover: { whilePending } });
    const { faults } = world;
    faults.fail("edge-2", "POST", { late: MINUTE });
    world.edge("edge-1").kernel.setUp("carp0", false);
    await world.until(() => world.edge("edge-2").posts === 1, "edge-2 sends no POST", MINUTE);
    const posted = world.now;
    world.edge("edge-1").kernel.setUp("carp0", true);
    faults.cut("edge-2", "external");
    await world.until(() => world.edge("edge-1").role === "MASTER", "edge-1 is not master", MINUTE);
    await world.advance(posted + MINUTE + 11 * SECOND - world.now);
    expect(world.holder?.name).toBe("edge-2");
    await untilAnswers(world, "edge-1", HEALED);
    expect(postsOf(world)).toEqual([1, 1]);
    faults.mend("edge-2", "external");
    await world.advance(MINUTE);
    await expectSound(world, "edge-1");
  });
});

describe("a master", () => {
  it.each([
    "internal",
    "external",
  ] as const)("that loses its %s link makes way, and is backup when it is back", async (link) => {
    const world = await settled();
    world.faults.cut("edge-1", link);
    await untilAnswers(world, "edge-2", MINUTE);
    expect(story(world, "edge-1")).toContain(`demote group=edgefault by=64 reason="${link} link"`);
    world.faults.mend("edge-1", link);
    await world.advance(MINUTE);
    expect(story(world, "edge-1")).toContain('promote group=edgefault by=64 reason="healthy"');
    await expectSound(world, "edge-2");
    expect(postsOf(world)).toEqual([0, 1]);
  });

  it("whose carpdev loses its link is INIT; its edge is missed by the others", async () => {
    const world = await settled();
    world.faults.cut("edge-1", "carp");
    // Till OVH has moved it, the IP is answered where it was.
    await world.until(() => world.edge("edge-2").posts === 1, "edge-2 does not claim", MINUTE);
    await world.advance(5 * SECOND);
    expect(world.answering?.name).toBe("edge-1");
    await untilAnswers(world, "edge-2", MINUTE);
    expect(world.edge("edge-1").role).toBe("INIT");
    // The kernel's own demotion is one in each group, and goes with the link's return.
    expect(world.edge("edge-1").kernel.groups.get("edgefault")).toBe(1);
    world.faults.mend("edge-1", "carp");
    await world.advance(MINUTE);
    await expectSound(world, "edge-2");
  });

  it("goes on while the other edge has lost its external link too, and the first that is sound takes over", async () => {
    const world = await settled();
    world.faults.cut("all", "external");
    await world.advance(5 * MINUTE);
    for (const { name } of world.edges)
      expect(story(world, name)).toContain('demote group=edgefault by=64 reason="external link"');
    expect(masters(world)).toHaveLength(1);
    // Nobody can claim, and nobody tries.
    expect([postsOf(world), world.holder?.name]).toEqual([[0, 0], "edge-1"]);
    world.faults.mend("edge-2", "external");
    await untilAnswers(world, "edge-2", MINUTE);
    world.faults.mend("edge-1", "external");
    await world.advance(MINUTE);
    await expectSound(world, "edge-2");
  });

  it("whose ifstated is killed sees a lost link at cron's next pass, and makes way", async () => {
    const world = await settled();
    world.faults.killDaemon("edge-1");
    await world.advance(HOUR);
    expect(world.answering?.name).toBe("edge-1");
    world.faults.cut("edge-1", "external");
    await untilAnswers(world, "edge-2", MINUTE + HEALED);
    world.faults.mend("edge-1", "external");
    world.faults.startDaemon("edge-1");
    await world.advance(2 * MINUTE);
    await expectSound(world, "edge-2");
  });

  it.each([
    ["started again", (world: World) => world.faults.startDaemon("all")],
    ["reloaded", (world: World) => world.faults.reloadDaemon("all")],
  ])("whose ifstated is %s, twice, does nothing", async (_, again) => {
    const world = await settled({ advskews: THREE });
    const before = world.timeline.length;
    again(world);
    await world.advance(7 * SECOND);
    again(world);
    await world.advance(MINUTE);
    expect(world.timeline.slice(before)).toEqual([]);
    await expectSound(world, "edge-1");
  });

  it.each([
    ["0", false, "edge-2", [0, 1]],
    ["1", true, "edge-1", [1, 1]],
  ])("that returns with preempt=%s after its power was lost", async (_, preempt, ends, posts) => {
    const world = await settled({ preempt });
    world.faults.powerOff("edge-1");
    await untilAnswers(world, "edge-2", MINUTE);
    world.faults.powerOn("edge-1");
    // Until it has been healthy for long enough it is more demoted than the other.
    await world.advance(5 * SECOND);
    expect(rolesOf(world)).toEqual(["BACKUP", "MASTER"]);
    await world.advance(2 * MINUTE);
    await expectSound(world, ends);
    expect(postsOf(world)).toEqual(posts);
  });
});

describe("a claim", () => {
  /** edge-2 is alone, and its claim has come so far. */
  async function claiming(until: "started" | "posted", advskews = TWO) {
    const world = await settled({ advskews });
    world.faults.powerOff("edge-1");
    if (advskews.length > 2) world.faults.powerOff("edge-3");
    const edge = world.edge("edge-2");
    const far = () => (until === "posted" ? edge.posts === 1 : edge.claim !== undefined);
    await world.until(far, `no claim ${until}`, MINUTE);
    return world;
  }
  /** How long edge-sync lets a claim hang, and what comes then. */
  const OVER = 180 * SECOND + 30 * SECOND + 11 * SECOND;

  it("that hangs before its POST is ended a minute after its deadline, and the next one brings the IP", async () => {
    const world = await claiming("started", THREE);
    world.faults.hangClaim("edge-2");
    await untilAnswers(world, "edge-2", OVER);
    expect(story(world, "edge-2")).toContain("claim killed");
    expect(world.edge("edge-2").posts).toBe(1);
  });

  it("that hangs after its POST is ended a minute after its deadline, and a check finds the IP here", async () => {
    const world = await claiming("posted");
    world.faults.hangClaim("edge-2");
    await untilAnswers(world, "edge-2", MINUTE);
    await world.advance(OVER);
    expect(story(world, "edge-2").filter((line) => line.startsWith("claim"))).toEqual([
      `claim start ip=${IP}`,
      "claim killed",
    ]);
    world.faults.powerOn("edge-1");
    await world.advance(MINUTE);
    await expectSound(world, "edge-2");
  });

  it.each([
    ["started", THREE],
    ["posted", TWO],
  ] as const)("that is killed when it has %s is no end of it", async (until, advskews) => {
    const world = await claiming(until, [...advskews]);
    world.faults.killClaim("edge-2");
    await untilAnswers(world, "edge-2", HEALED);
    expect(world.edge("edge-2").posts).toBe(1);
  });

  it.each([
    "refuse",
    "overwrite",
  ] as const)("of both edges at once ends with one holder, which is master (a POST during a move: %s)", async (whilePending) => {
    const world = await settled({ failover: { whilePending } });
    world.partition(["edge-1"]);
    await world.until(() => masters(world).length === 2, "there is one master", MINUTE);
    // It was somewhere else, so that both want it in the same second.
    world.project.failoverIps.finishMoves();
    world.project.failoverIps.add(world.failoverId, IP, "instance-9");
    await world.until(() => postsOf(world).every((posts) => posts >= 1), "no two POSTs", 2 * MINUTE);
    world.heal();
    await world.advance(5 * MINUTE);
    await expectSound(world, "edge-1");
    for (const { posts } of world.edges) expect(posts).toBeLessThanOrEqual(3);
  });

  it.each([
    ["while it settles", "started", THREE, 1],
    ["after its POST", "posted", TWO, 1],
  ] as const)("that ends in a reboot %s is made again, or is not needed", async (_, until, advskews, posts) => {
    const world = await claiming(until, [...advskews]);
    world.faults.powerOff("edge-2");
    await world.advance(20 * SECOND);
    world.faults.powerOn("edge-2");
    await untilAnswers(world, "edge-2", 3 * MINUTE);
    await world.advance(MINUTE);
    world.faults.powerOn("edge-1");
    if (advskews.length > 2) world.faults.powerOn("edge-3");
    await world.advance(2 * MINUTE);
    await expectSound(world, "edge-2");
    expect(world.edge("edge-2").posts).toBe(posts);
  });
});

describe("an edge that boots", () => {
  it("demotes itself first, and claims only after 15 s as master", async () => {
    const world = await settled();
    world.faults.powerOff("all");
    await world.advance(SECOND);
    const booted = world.now;
    world.faults.powerOn("edge-2");
    await world.until(() => world.edge("edge-2").role === "MASTER", "edge-2 is not master", MINUTE);
    const master = world.now;
    await world.until(() => world.edge("edge-2").posts === 1, "edge-2 does not claim", MINUTE);
    expect(world.now - master).toBeGreaterThanOrEqual(15 * SECOND);
    expect(story(world, "edge-2", booted).slice(0, 4)).toEqual([
      "power on",
      "carp0 is BACKUP",
      'demote group=edgefault by=64 reason="boot"',
      "carp0 is MASTER",
    ]);
    await untilAnswers(world, "edge-2", MINUTE);
  });

  it.each([false, true])("takes nothing from the edge in service (preempt=%s)", async (preempt) => {
    const world = await settled({ preempt });
    world.faults.reboot("edge-2");
    await world.advance(22 * SECOND);
    expect(world.edge("edge-2").kernel.groups.get("edgefault")).toBe(64);
    await world.advance(2 * MINUTE);
    await expectSound(world, "edge-1");
    expect(postsOf(world)).toEqual([0, 0]);
  });

  it.each([
    ["the preferred edge", "instance-1", [0, 0]],
    ["the other edge", "instance-2", [1, 0]],
    ["nothing", "", [1, 0]],
    ["an instance that is gone", "instance-9", [1, 0]],
  ])("together with the other, after a power cut, while the IP is routed to %s", async (_, routedTo, posts) => {
    const world = await settled();
    world.faults.powerOff("all");
    await world.advance(MINUTE);
    world.project.failoverIps.add(world.failoverId, IP, routedTo);
    world.faults.powerOn("all");
    await untilAnswers(world, "edge-1", MINUTE);
    await world.advance(2 * MINUTE);
    await expectSound(world, "edge-1");
    expect(postsOf(world)).toEqual(posts);
  });
});

describe("two edges that do not agree", () => {
  it("on their skews, which are equal, keep the IP answered, and are well when one is mended", async () => {
    const world = await settled();
    world.faults.powerOff("edge-2");
    world.faults.setCarp("edge-2", { advskew: 1 });
    world.faults.powerOn("edge-2");
    await world.advance(HOUR);
    expect(world.answering).toBeDefined();
    for (const { posts } of world.edges) expect(posts).toBeLessThanOrEqual(allowed(HOUR));
    world.faults.setCarp("edge-2", { advskew: 50 });
    await world.advance(20 * MINUTE);
    await expectSound(world, world.answering?.name as string);
  });

  it("on the password are two masters, as in a partition, and one when it is mended", async () => {
    const world = await settled();
    world.faults.setCarp("edge-2", { pass: "another" });
    await world.advance(HOUR);
    expect(world.timeline.map(({ what }) => what)).toContain("no claim: 3 were made within 15 minutes");
    expect(rolesOf(world)).toEqual(["MASTER", "MASTER"]);
    for (const { posts } of world.edges) expect(posts).toBeLessThanOrEqual(allowed(HOUR));
    expect(world.answering?.role).toBe("MASTER");
    world.faults.setCarp("edge-2", { pass: "secret" });
    await world.advance(20 * MINUTE);
    await expectSound(world, "edge-1");
  });

  it("on the vhid are two masters, and one when it is mended", async () => {
    const world = await settled();
    world.faults.setCarp("edge-2", { vhid: 2 });
    await world.advance(10 * MINUTE);
    expect(rolesOf(world)).toEqual(["MASTER", "MASTER"]);
    world.faults.setCarp("edge-2", { vhid: 1 });
    await world.advance(20 * MINUTE);
    await expectSound(world, "edge-1");
  });
});

describe("somebody else on the vRack with the same vhid", () => {
  it("and another password is not listened to", async () => {
    const world = await settled();
    const before = world.timeline.length;
    world.faults.intrude({ vhid: 1, pass: "another", advskew: 0 });
    await world.advance(10 * MINUTE);
    expect(world.timeline.slice(before)).toEqual([]);
  });

  it("and the same password is taken for the master: the IP stays where it is, and is answered", async () => {
    const world = await settled();
    const began = world.now;
    const stop = world.faults.intrude({ vhid: 1, pass: "secret", advskew: 0 });
    await world.advance(10 * MINUTE);
    expect(story(world, "edge-1", began)).toEqual(["carp0 is BACKUP"]);
    expect([rolesOf(world), aliasesOf(world)]).toEqual([
      ["BACKUP", "BACKUP"],
      [true, false],
    ]);
    expect(world.answering?.name).toBe("edge-1");
    stop();
    await world.advance(MINUTE);
    await expectSound(world, "edge-1");
    expect(postsOf(world)).toEqual([0, 0]);
  });
});

describe("OVH's API", () => {
  it("that answers nobody moves nothing, as long as carp is healthy", async () => {
    const world = await settled();
    const before = world.timeline.length;
    world.apiAnswers = false;
    await world.advance(HOUR);
    expect(world.timeline.slice(before)).toEqual([]);
    world.apiAnswers = true;
    await world.advance(MINUTE);
    await expectSound(world, "edge-1");
  });

  it("that answers nobody while the master dies: the backup is blind, and claims when it answers again", async () => {
    const world = await settled();
    world.apiAnswers = false;
    world.faults.powerOff("edge-1");
    await world.advance(10 * MINUTE);
    expect(story(world, "edge-2")).toContain("blind: OVH answered none of 3 checks");
    // It knew where the IP was, and tried once.
    expect([world.edge("edge-2").role, world.edge("edge-2").hasAlias, postsOf(world)]).toEqual([
      "MASTER",
      true,
      [0, 1],
    ]);
    world.apiAnswers = true;
    await untilAnswers(world, "edge-2", HEALED);
    expect(postsOf(world)).toEqual([0, 2]);
  });

  it("that answers all but the new master: the next edge takes over from it", async () => {
    const world = await settled({ advskews: THREE });
    world.edge("edge-2").line.reachable = false;
    world.faults.powerOff("edge-1");
    await untilAnswers(world, "edge-3", 5 * MINUTE);
    expect(story(world, "edge-2")).toContain('demote group=edgefault by=64 reason="blind"');
    world.edge("edge-2").line.reachable = true;
    world.faults.powerOn("edge-1");
    await world.advance(2 * MINUTE);
    await expectSound(world, "edge-3");
  });
});

describe("a wall clock that is set", () => {
  it.each([
    -3600, 3600,
  ])("by %i s on every edge, before and after a failover, changes nothing", async (seconds) => {
    const world = await settled();
    const before = world.timeline.length;
    world.faults.stepClock("all", seconds);
    await world.advance(5 * MINUTE);
    expect(world.timeline.slice(before)).toEqual([]);
    world.faults.cut("edge-1", "external");
    await untilAnswers(world, "edge-2", MINUTE);
    world.faults.stepClock("all", seconds);
    world.faults.mend("edge-1", "external");
    await world.advance(MINUTE);
    await expectSound(world, "edge-2");
  });
});

describe("an edge whose pf.conf does not load at boot", () => {
  it("lets carp pass and answers nobody: it stays demoted, and the other one takes over", async () => {
    const world = await settled();
    world.faults.breakRules("edge-1");
    world.faults.powerOff("all");
    world.faults.powerOn("all");
    await untilAnswers(world, "edge-2", 2 * MINUTE);
    expect(world.edge("edge-1").kernel.groups.get("edgefault")).toBe(64);
    expect(rolesOf(world)).toEqual(["BACKUP", "MASTER"]);
    world.faults.breakRules("edge-1", false);
    world.faults.reboot("edge-1");
    await world.advance(2 * MINUTE);
    await expectSound(world, "edge-2");
  });
});
