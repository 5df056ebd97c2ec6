import { describe, expect, it } from "vitest";
import type { Decider } from "../../../lib/simulator/world/decider.js";
import { Line, type LineEnd, type Reply, type RequestFault } from "../../../lib/simulator/world/line.js";
import { World } from "../../../lib/simulator/world/world.js";

const nobody: Decider = { decide: async () => ({ do: [], memory: {} }) };

/** A request with a fault: its reply, when that came, and when it had its effect. */
async function asked(
  fault: RequestFault,
  given: (world: World, line: Line, end: LineEnd) => void = () => {},
) {
  const world = new World({ advskews: [], decider: nobody, ifstatedConf: "", rttMs: 50 });
  const end = {
    reachesOutside: true,
    after: (ms: number, happen: () => void) => void world.at(world.now + ms, happen),
  };
  const line = new Line(world, end);
  given(world, line, end);
  line.fail("POST", fault);
  const seen: { reply?: Reply; at?: number; effect?: number } = {};
  line.ask(
    "POST",
    () => {
      seen.effect = world.now;
      return "accepted";
    },
    (reply) => Object.assign(seen, { reply, at: world.now }),
  );
  await world.advance(120_000);
  return seen;
}

const NONE = { result: "none" };

describe("a request to OVH", () => {
  it.each<[string, RequestFault, Awaited<ReturnType<typeof asked>>]>([
    ["takes a round trip", {}, { effect: 25, at: 50, reply: { result: "accepted" } }],
    [
      "that is late has its effect late",
      { late: 10_000 },
      { effect: 10_025, at: 10_050, reply: { result: "accepted" } },
    ],
    [
      "that is too late is given up, and has its effect",
      { late: 60_000 },
      { effect: 60_025, at: 20_000, reply: NONE },
    ],
    ["whose answer is lost has its effect", { lostReply: true }, { effect: 25, at: 50, reply: NONE }],
    [
      "that OVH refuses has none",
      { status: 429, retry: 60 },
      { at: 50, reply: { result: "refused", status: 429, retry: 60 } },
    ],
    ["that OVH fails to answer is unknown", { status: 503 }, { at: 50, reply: NONE }],
  ])("%s", async (_, fault, seen) => {
    expect(await asked(fault)).toEqual(seen);
  });

  it.each<[string, number, Parameters<typeof asked>[1]]>([
    ["when OVH answers nobody", 200, (world) => void Object.assign(world, { apiAnswers: false })],
    [
      "when its way is lost, which takes what a connection may",
      10_000,
      (_, line) => void Object.assign(line, { reachable: false }),
    ],
    ["without a way outside", 200, (_, __, end) => void Object.assign(end, { reachesOutside: false })],
  ])("is not sent %s", async (_, at, given) => {
    expect(await asked({}, given)).toEqual({ at, reply: NONE });
  });

  it.each<[string, number, Parameters<typeof asked>[1]]>([
    [
      "whose way is lost behind it is waited for as long as an answer may take",
      20_000,
      (world, line) => world.at(40, () => void Object.assign(line, { reachable: false })),
    ],
    [
      "whose connection OVH ends is not",
      50,
      (world) => world.at(40, () => void Object.assign(world, { apiAnswers: false })),
    ],
  ])("%s", async (_, at, given) => {
    expect(await asked({}, given)).toEqual({ effect: 25, at, reply: NONE });
  });

  it("has its fault once, and only one of its own kind", async () => {
    const world = new World({ advskews: [], decider: nobody, ifstatedConf: "" });
    const line = new Line(world, {
      reachesOutside: true,
      after: (ms, happen) => void world.at(world.now + ms, happen),
    });
    line.fail("POST", { status: 400 });
    const results: string[] = [];
    for (const method of ["GET", "POST", "POST"] as const)
      line.ask(
        method,
        () => method,
        ({ result }) => results.push(result),
      );
    await world.advance(1000);
    expect(results).toEqual(["GET", "refused", "POST"]);
  });
});
