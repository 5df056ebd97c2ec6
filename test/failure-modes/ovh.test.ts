import { describe, expect, it } from "vitest";
import type { World, WorldOptions } from "../../lib/simulator/world/world.js";
import {
  expectSound,
  HOUR,
  IP,
  MINUTE,
  postsOf,
  SECOND,
  settled,
  story,
  untilAnswers,
  useWorlds,
} from "./worlds.js";

useWorlds();

/** edge-1 has lost its power, and edge-2 is about to claim. */
async function failover(given: (world: World) => void, options: Partial<WorldOptions> = {}): Promise<World> {
  const world = await settled(options);
  given(world);
  world.faults.powerOff("edge-1");
  return world;
}

/** edge-1 comes back, and all is well. */
async function expectWell(world: World, posts: number): Promise<void> {
  expect(postsOf(world), world.story()).toEqual([0, posts]);
  world.faults.powerOn("edge-1");
  await world.advance(2 * MINUTE);
  await expectSound(world, "edge-2");
  expect(postsOf(world)).toEqual([0, posts]);
}

const claimsOf = (world: World) =>
  world.timeline
    .filter(({ edge, what }) => edge === "edge-2" && what === `claim start ip=${IP}`)
    .map(({ ms }) => ms);
const pausesOf = (world: World) =>
  claimsOf(world).map((at, n, all) => (n === 0 ? 0 : at - (all[n - 1] ?? 0)));

describe("a POST", () => {
  it("that OVH answers with 503 costs a token, and is sent again when a look says that the IP is elsewhere", async () => {
    const world = await failover(({ faults }) => faults.fail("edge-2", "POST", { status: 503 }));
    await untilAnswers(world, "edge-2", MINUTE);
    await expectWell(world, 2);
  });

  it("that OVH answers with 503 for an hour is sent three times, and then once in a quarter of an hour", async () => {
    const failing = Array.from({ length: 7 }, () => ({ status: 503 }));
    const world = await failover(({ faults }) => faults.fail("edge-2", "POST", ...failing));
    await world.advance(HOUR);
    expect(postsOf(world)).toEqual([0, 6]);
    expect(story(world, "edge-2")).toContain("no claim: 3 were made within 15 minutes");
    await world.advance(HOUR);
    expect(world.answering?.name).toBe("edge-2");
  });

  it("that OVH answers with 429 is not sent again before Retry-After", async () => {
    const world = await failover(({ faults }) => faults.fail("edge-2", "POST", { status: 429, retry: 240 }));
    await untilAnswers(world, "edge-2", 6 * MINUTE);
    expect(pausesOf(world)[1]).toBeGreaterThanOrEqual(240 * SECOND);
    await expectWell(world, 2);
  });

  it.each([
    401, 403,
  ])("that OVH answers with %i is sent again after five minutes, not at each poll", async (status) => {
    const world = await failover(({ faults }) => faults.fail("edge-2", "POST", { status }, { status }));
    await untilAnswers(world, "edge-2", 12 * MINUTE);
    const [, ...pauses] = pausesOf(world);
    for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(300 * SECOND);
    await expectWell(world, 3);
  });

  it("that OVH refuses with 400, as the instance has no address yet, is tried once a poll, and after six once a minute", async () => {
    const refusing = Array.from({ length: 8 }, () => ({ status: 400 }));
    const world = await failover(({ faults }) => faults.fail("edge-2", "POST", ...refusing));
    await untilAnswers(world, "edge-2", 10 * MINUTE);
    const [, ...pauses] = pausesOf(world);
    expect(pauses).toHaveLength(8);
    for (const [n, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(n < 5 ? 10 * SECOND : MINUTE);
      expect(pause).toBeLessThanOrEqual(n < 5 ? 20 * SECOND : 70 * SECOND);
    }
    // Refusals cost no token: the POST that is accepted is the first that does.
    await expectWell(world, 9);
  });

  it("that is answered after 60 s is given up after 20 s, and looked at; the next one brings the IP", async () => {
    const world = await failover(({ faults }) => faults.fail("edge-2", "POST", { late: MINUTE }));
    await untilAnswers(world, "edge-2", MINUTE);
    // The late one has its effect too: the IP is moved to where it is.
    await world.advance(2 * MINUTE);
    expect(world.answering?.name).toBe("edge-2");
    await expectWell(world, 2);
  });

  it("whose answer is lost is not sent again: the look after it finds the move", async () => {
    const world = await failover(({ faults }) => faults.fail("edge-2", "POST", { lostReply: true }));
    await untilAnswers(world, "edge-2", MINUTE);
    await expectWell(world, 1);
  });

  it.each([
    "no-op",
    "pending",
  ] as const)("for an IP that is here already does no harm (OVH: %s)", async (toHolder) => {
    const world = await failover(
      ({ faults, project, failoverId }) => {
        // It was moved by hand, which edge-2 does not know yet.
        faults.powerOff("edge-1");
        project.failoverIps.add(failoverId, IP, "instance-2");
      },
      { failover: { toHolder } },
    );
    await untilAnswers(world, "edge-2", MINUTE);
    await world.advance(MINUTE);
    expect(postsOf(world)[1]).toBeLessThanOrEqual(1);
    await expectWell(world, postsOf(world)[1] as number);
  });
});

describe("a move that OVH has accepted", () => {
  it("and that fails is asked for again, as the look after it says elsewhere", async () => {
    const world = await failover(({ project }) => project.failoverIps.nextMoves("fails"));
    await untilAnswers(world, "edge-2", 2 * MINUTE);
    await expectWell(world, 2);
  });

  it("and that fails each time is asked for three times, and then once in a quarter of an hour", async () => {
    const outcomes = Array.from({ length: 5 }, () => "fails" as const);
    const world = await failover(({ project }) => project.failoverIps.nextMoves(...outcomes));
    await world.advance(5 * MINUTE);
    expect(postsOf(world)).toEqual([0, 3]);
    // The alias is on all the time: the moment that OVH routes it here, it is answered.
    expect(world.edge("edge-2").hasAlias).toBe(true);
    await world.advance(HOUR);
    expect(world.answering?.name).toBe("edge-2");
    expect(postsOf(world)).toEqual([0, 6]);
  });

  it.each([
    "refuse",
    "overwrite",
  ] as const)("and that stays pending is looked at once a poll, with no other POST, until OVH ends it (a POST during a move: %s)", async (whilePending) => {
    const world = await failover(({ project }) => project.failoverIps.nextMoves("never ends"), {
      failover: { whilePending },
    });
    await world.advance(HOUR);
    expect(postsOf(world)).toEqual([0, 1]);
    expect(story(world, "edge-2")).toContain("claim: not routed here at its deadline");
    // Pending is an answer: the edge is neither blind nor demoted, and has the alias.
    const { kernel, hasAlias } = world.edge("edge-2");
    expect([kernel.groups.get("edgefault"), hasAlias]).toEqual([0, true]);
    world.project.failoverIps.finishMoves();
    await world.advance(MINUTE);
    expect(world.answering?.name).toBe("edge-2");
    await expectWell(world, 1);
  });

  it("of another edge is waited for: the IP goes where it goes, and then to the master", async () => {
    const world = await settled();
    world.project.failoverIps.behaviour.moveDuration = 5 * MINUTE;
    world.project.failoverIps.attach(world.failoverId, { instanceId: "instance-2" });
    world.project.failoverIps.behaviour.moveDuration = 10 * SECOND;
    await world.advance(4 * MINUTE);
    expect(postsOf(world)).toEqual([0, 0]);
    await world.advance(2 * MINUTE);
    expect(postsOf(world)).toEqual([1, 0]);
    await expectSound(world, "edge-1");
  });
});

describe("an IP that is routed", () => {
  it.each([
    ["to nothing", ""],
    ["to an instance that is gone", "instance-9"],
    ["to the backup, by a person", "instance-2"],
  ])("%s is claimed by the master at its next check", async (_, routedTo) => {
    const world = await settled();
    world.project.failoverIps.add(world.failoverId, IP, routedTo);
    await untilAnswers(world, "edge-1", 30 * SECOND + 11 * SECOND);
    await world.advance(MINUTE);
    await expectSound(world, "edge-1");
    expect(postsOf(world)).toEqual([1, 0]);
  });
});

describe("an API", () => {
  it("that takes 15 s for each request is waited for", async () => {
    const world = await failover((made) => {
      made.apiSlowMs = 15 * SECOND;
    });
    await untilAnswers(world, "edge-2", 2 * MINUTE);
    await world.advance(2 * MINUTE);
    await expectWell(world, 1);
  });

  it("that takes 60 s for each request makes a master blind, which goes on as the only one; then all is well", async () => {
    const world = await failover((made) => {
      made.apiSlowMs = 60 * SECOND;
    });
    await world.advance(10 * MINUTE);
    // What was sent has its effect, although nobody hears of it.
    expect([world.edge("edge-2").role, world.answering?.name]).toEqual(["MASTER", "edge-2"]);
    expect(postsOf(world)[1]).toBeLessThanOrEqual(3);
    world.apiSlowMs = 0;
    await world.advance(2 * MINUTE);
    await expectWell(world, postsOf(world)[1] as number);
  });

  it("that does not know the IP: nobody claims, and all is well when it does again", async () => {
    const world = await settled();
    const unknown = Array.from({ length: 40 }, () => ({ status: 404 }));
    world.faults.fail("all", "GET", ...unknown);
    await world.advance(10 * MINUTE);
    expect(postsOf(world)).toEqual([0, 0]);
    await world.advance(HOUR);
    await expectSound(world, "edge-1");
  });
});
