import { afterEach, describe, expect, it } from "vitest";
import type { EdgeConfigInput } from "../../lib/index.js";
import {
  type FaultArguments,
  type FaultName,
  matchers,
  startVirtualWorld,
  type VirtualWorld,
  type VirtualWorldOptions,
} from "../../lib/testing.js";
import { exampleConfig } from "../examples/example.js";

expect.extend(matchers);

const two: EdgeConfigInput = exampleConfig("guide");
const three: EdgeConfigInput = exampleConfig("three-edges");
const [FIRST, SECOND] = ["bi-edge-sbg-1", "bi-edge-sbg-2"];

const SECOND_IP = "146.59.143.232";

const opened: VirtualWorld[] = [];
afterEach(() => Promise.all(opened.splice(0).map((world) => world.close())));

async function start(options: Partial<VirtualWorldOptions> = {}): Promise<VirtualWorld> {
  const world = await startVirtualWorld({ config: two, ...options });
  opened.push(world);
  return world;
}

/** What an asynchronous assertion says when it fails. */
async function said(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it holds");
}

describe("a virtual world", () => {
  it("begins at rest, with everything at the preferred edge", async () => {
    const world = await start();
    expect(world.edgeNames).toEqual([FIRST, SECOND]);
    expect(world).toBeAtRest();
    expect(world).toRouteTo(FIRST);
    expect(world).toAnswer(FIRST);
    expect(world).toHaveMaster(FIRST);
    expect(world).toHaveAlias(FIRST);
    expect(world).not.toHaveAlias(SECOND);
    expect(world).not.toBeDemoted(FIRST);
  });

  it("begins with the edges being switched on where it is cold", async () => {
    const world = await start({ cold: true });
    expect(world).not.toHaveMaster();
    await world.eventually(() => expect(world).toBeAtRest(), { within: 60 });
    expect(world).toHaveMaster(FIRST);
  });

  it("has the configuration's names, address and timers", async () => {
    const fast = { ...three, carp: { ...three.carp, profile: "fast" as const } };
    const world = await start({ config: fast });
    expect(world.edgeNames).toEqual(["edge-a", "edge-b", "edge-c"]);
    expect(world.view().failoverIp).toBe("146.59.143.231");
    await world.fault("power-off", "edge-a");
    await world.until(({ edges }) => edges[1]?.role === "MASTER", "edge-b is MASTER", { within: 1.5 });
  });

  it("tells the same story for the same seed, and another one for another", async () => {
    const story = async (seed: number) => {
      const world = await start({ config: three, seed });
      world.world.loss = 0.3;
      await world.pass(120);
      await world.fault("power-off", "edge-a");
      await world.pass(120);
      return world.story();
    };
    expect(await story(7)).toBe(await story(7));
    expect(await story(7)).not.toBe(await story(8));
  });

  /** Faults after which the other edge has the IP, and what mends each. */
  const moving: readonly (readonly [FaultName, string[], FaultName | undefined, string[]])[] = [
    ["power-off", [FIRST], "power-on", [FIRST]],
    ["reboot", [FIRST], undefined, []],
    ["cut", [FIRST, "vio0"], "mend", [FIRST, "vio0"]],
    ["cut", [FIRST, "vio1"], "mend", [FIRST, "vio1"]],
    ["cut", [FIRST, "vio2"], "mend", [FIRST, "vio2"]],
    ["down", [FIRST, "carp0"], "up", [FIRST, "carp0"]],
  ];
  it.each(
    moving,
  )("moves the IP at %s %s, and keeps it there after %s", async (name, args, mend, mendArgs) => {
    const world = await start();
    await world.fault(name, ...(args as FaultArguments["cut"]));
    await world.eventually(() => expect(world).toAnswer(SECOND));
    if (mend !== undefined) await world.fault(mend, ...(mendArgs as FaultArguments["mend"]));
    await world.eventually(() => expect(world).toBeAtRest());
    await world.throughout(() => expect(world).toRouteTo(SECOND), 600);
    expect(world).toHaveMaster(SECOND);
    expect(world).not.toHaveAlias(FIRST);
  });

  const staying: readonly (readonly [FaultName, readonly unknown[], FaultName, readonly unknown[]])[] = [
    ["silence", [FIRST], "unsilence", [FIRST]],
    ["api-down", [], "api-up", []],
    ["api-fail", ["*", "/ip/failover", 500], "api-sound", []],
    ["api-slow", [3000], "api-sound", []],
    ["clock", [FIRST, 86_400], "clock", [FIRST, -86_400]],
  ];
  it.each(staying)("keeps the IP where it is at %s %j, and at %s", async (name, args, mend, mendArgs) => {
    const world = await start();
    await world.fault(name, ...(args as FaultArguments["api-down"]));
    await world.throughout(() => expect(world).toAnswer(FIRST), 300);
    await world.fault(mend, ...(mendArgs as FaultArguments["api-up"]));
    await world.throughout(() => expect(world).toAnswer(FIRST), 300);
    expect(world).toBeAtRest();
  });

  it("has two masters while it is partitioned, and one after it is healed", async () => {
    const world = await start();
    await world.fault("partition", FIRST);
    await world.eventually(() => expect(world).not.toHaveMaster());
    expect(world.view().cluster.partitioned).toBe(true);
    await world.fault("heal");
    await world.eventually(() => expect(world).toBeAtRest(), { within: 1200 });
    expect(world).toHaveMaster();
  });

  it("refuses a claim as often as it is told, and no more", async () => {
    const world = await start();
    await world.fault("api-fail", "POST", "/attach", 429, 2);
    await world.fault("power-off", FIRST);
    await world.eventually(() => expect(world).toRouteTo(SECOND));
    expect(world.view().log.filter(({ text }) => text.startsWith("claim refused: HTTP 429"))).toHaveLength(2);
  });

  it("moves the IP in as many seconds as it is told", async () => {
    const world = await start({ moveSeconds: 30 });
    await world.fault("down", FIRST, "carp0");
    await world.until(({ moving }) => moving, "a move begins");
    await world.throughout(() => expect(world).toRouteTo(FIRST), 29);
    await world.eventually(() => expect(world).toRouteTo(SECOND), { within: 2 });
  });

  it("drains an edge and takes that back, as a person would", async () => {
    const world = await start();
    await world.operate(FIRST, "drain");
    await world.eventually(() => expect(world).toAnswer(SECOND));
    expect(world).toBeDemoted(FIRST);
    await world.operate(FIRST, "undrain");
    await world.eventually(() => expect(world).not.toBeDemoted(FIRST));
  });

  it("fails over to no edge that is on hold, until it is released", async () => {
    const world = await start();
    await world.operate(SECOND, "hold");
    await world.fault("power-off", FIRST);
    await world.throughout(() => expect(world).toRouteTo(FIRST), 300);
    await world.operate(SECOND, "release");
    await world.eventually(() => expect(world).toAnswer(SECOND));
  });

  it("says after a deadline what was expected, what it looks like, and what was logged", async () => {
    const world = await start();
    await world.operate(SECOND, "hold");
    await world.pass(1);
    await world.fault("down", FIRST, "carp0");
    const message = await said(() => world.eventually(() => expect(world).toRouteTo(SECOND), { within: 30 }));
    expect(
      message
        .replace(/^ +[\d.]+ s .*\n/gm, "")
        .split("\n")
        .slice(0, 9),
    ).toEqual([
      "not within 30 s:",
      `expected 146.59.143.231 to be routed to ${SECOND}, but it is routed to ${FIRST}`,
      "",
      `OVH routes 146.59.143.231 to ${FIRST}; ${FIRST} answers for it.`,
      "",
      "edge           carp0   alias  trouble",
      "─────────────  ──────  ─────  ───────",
      `${FIRST}  INIT    on     none`,
      `${SECOND}  MASTER  off    on hold`,
    ]);
    expect(message).toContain(`s  ${SECOND}  on hold: a test`);
    expect(await said(() => world.until(() => false, "something happens", { within: 0.5 }))).toMatch(
      /^something happens: not within 0\.5 s\n\nOVH routes/,
    );
  });

  it("says when something did not last", async () => {
    const world = await start();
    await world.fault("power-off", FIRST);
    expect(await said(() => world.throughout(() => expect(world).toRouteTo(FIRST), 60))).toMatch(
      /^no longer after 1[0-9](\.\d)? s of 60 s:\nexpected 146\.59\.143\.231 to be routed to bi-edge-sbg-1, but it is routed to bi-edge-sbg-2\n/,
    );
  });

  it.each([
    ["an edge", "power-off", ["edge-z"], `there is no node edge-z; there are ${FIRST}, ${SECOND}`],
    [
      "an edge in a partition",
      "partition",
      [FIRST, "edge-z"],
      `there is no node edge-z; there are ${FIRST}, ${SECOND}`,
    ],
    [
      "an interface",
      "cut",
      [FIRST, "vio9"],
      `${FIRST} has no interface vio9; it has vio0, vio1, vio2, carp0`,
    ],
  ] as const)("fails for %s that is not there", async (_, name, args, message) => {
    const world = await start();
    expect(await said(() => world.fault(name, ...(args as unknown as FaultArguments["cut"])))).toBe(message);
  });

  it("fails for a fault that is not there", async () => {
    const world = await start();
    expect(await said(() => world.fault("explode" as "heal"))).toBe(
      "there is no fault explode; there are power-off, power-on, reboot, cut, mend, down, up, partition, heal, api-down, api-up, api-fail, api-slow, api-sound, silence, unsilence, clock",
    );
  });

  it("fails for a configuration that is wrong, and for several FailOver IPs on one vhid", async () => {
    const wrong = { ...two, carp: { ...two.carp, vhid: 300 } };
    expect(await said(() => startVirtualWorld({ config: wrong }))).toContain(
      "carp.vhid must be an integer from 1 to 255",
    );
    const { failoverIp, ...rest } = two;
    const several = { ...rest, failoverIps: [failoverIp, { address: SECOND_IP }] } as EdgeConfigInput;
    expect(await said(() => startVirtualWorld({ config: several }))).toBe(
      "a virtual world has one FailOver IP for each vhid, the configuration has 2 for vhid 1; use startRegion",
    );
  });

  it("plays several FailOver IPs, each with an election of its own", async () => {
    const { failoverIp, ...rest } = two;
    const several = {
      ...rest,
      failoverIps: [failoverIp, { address: SECOND_IP, vhid: 2 }],
    } as EdgeConfigInput;
    const world = await start({ config: several });
    expect(world).toBeAtRest();
    expect(world).toAnswer(FIRST);
    expect(world).toAnswer(SECOND, SECOND_IP);
    expect(world).toHaveMaster(SECOND, SECOND_IP);
    await world.fault("power-off", FIRST);
    await world.eventually(() => expect(world).toAnswer(SECOND));
    expect(world).toAnswer(SECOND, SECOND_IP);
    await world.fault("power-on", FIRST);
    await world.eventually(() => expect(world).toBeAtRest());
  });

  it("decides nothing any more once it is closed, however often", async () => {
    const world = await startVirtualWorld({ config: two });
    await world.close();
    await world.close();
    expect(await said(() => world.pass(60))).toBe("edge-sync --decide ended with 0");
  });

  it("ends with the block that it was made in", async () => {
    let kept: VirtualWorld;
    {
      await using world = await startVirtualWorld({ config: two });
      kept = world;
      await world.pass(1);
    }
    await expect(kept.pass(60)).rejects.toThrow("edge-sync --decide ended with 0");
  });
});
