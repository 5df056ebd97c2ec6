import { afterAll, describe, expect, it } from "vitest";
import type { SpinEnvironment } from "../../../lib/simulator/promela/environment.js";
import { CORNERS, MUTATION_CASES, singleFaults } from "../../../lib/simulator/promela/expected.js";
import { missingForSpin } from "../../../lib/simulator/promela/prerequisites.js";
import { titleOf, unexpected } from "../../../lib/simulator/promela/report.js";
import { Spin } from "../../../lib/simulator/promela/spin.js";

const there = missingForSpin().length === 0;
const needing = (name: string) => (there ? name : `${name} (skipped: apt-get install spin gcc libc6-dev)`);
const spin = new Spin();
afterAll(() => spin.close());

async function violated(environment: SpinEnvironment): Promise<string> {
  const verdicts = await spin.verdicts(environment);
  expect(verdicts.filter(({ complete }) => !complete)).toEqual([]);
  return verdicts
    .filter(({ holds }) => !holds)
    .map(({ invariant }) => invariant)
    .join(" ");
}

describe.skipIf(!there)(needing("the Promela model"), { timeout: 240_000 }, () => {
  it("holds all invariants with two and three edges, any one fault and whatever OVH answers", async () => {
    const wrong: string[] = [];
    let states = 0;
    for (const environment of singleFaults()) {
      const verdicts = await spin.verdicts(environment);
      states += verdicts[0]?.states ?? 0;
      wrong.push(...unexpected({ environment, verdicts }));
    }
    expect(wrong).toEqual([]);
    expect(states).toBeGreaterThan(1_000_000);
  });

  it.each(CORNERS)("violates $invariant with $faults, and nothing else", async ({ faults, invariant }) => {
    expect(await violated({ edges: 2, faults })).toBe(invariant);
  });

  // What a rule buys: without it, the first column is violated where nothing is with it.
  it.each([
    ["L1 L2", "probe-alone"],
    ["L1", "never-blind"],
    ["L2", "backups-do-not-check"],
    ["S3 L3", "alias-off-after-a-time"],
    ["S3 L3", "alias-off-at-once"],
    ["S3 L1 L2 L3", "known-kept"],
    ["S1", "no-look"],
    ["S1", "no-settle"],
    ["S6", "hold-ignored"],
    ["L2", "equal-skews"],
    ["S4", "tokens-reset"],
    ["S2", "unpaired-demotion"],
    ["S5", "two-claims"],
    ["S4 S5 L1 L2", "repost"],
    ["L1 L2", "claim-blindly"],
    ["", "healthy-at-once"],
    ["", "boot-as-always"],
    ["L3", "alias-off-in-claim"],
  ])("violates %j when a rule is left out: %s", async (expected, mutation) => {
    const found = MUTATION_CASES.find((each) => each.mutation === mutation);
    if (found === undefined) throw new Error(`no case for ${mutation}`);
    expect(found.violates.join(" ")).toBe(expected);
    expect(await violated(found.environment)).toBe("");
    expect(await violated({ ...found.environment, mutation })).toBe(expected);
  });

  it("says the same when it judges after all rounds only", async () => {
    for (const faults of [["die"], ["partition"], ["drain"], ["way", "route"]]) {
      const environment = { edges: 2, faults };
      expect(await violated({ ...environment, patient: true }), titleOf(environment)).toBe(
        await violated(environment),
      );
    }
  });

  it("has no round that never ends", async () => {
    for (const fault of ["die", "partition", "upstream", "drain"]) {
      const environment = { edges: 2, faults: [fault], start: "unrouted" as const };
      expect(await spin.everyRoundEnds(environment), titleOf(environment)).toBe(true);
    }
    // Two edges with one skew yield to each other for ever.
    expect(await spin.everyRoundEnds({ edges: 2, faults: ["carp"], mutation: "equal-skews" })).toBe(false);
  });

  it("needs five rounds at most where an edge shuts down in order", async () => {
    const environment = { edges: 2, faults: ["reboot"], patient: true };
    expect(await violated({ ...environment, rounds: 4 })).toBe("L2");
    expect(await violated({ ...environment, rounds: 5 })).toBe("");
  });

  it("tells the shortest way to a violation", async () => {
    const lines = await spin.shortest({ edges: 2, faults: ["way", "route"] }, "L1");
    expect(lines.filter((line) => line.includes("FAULT"))).toEqual([
      "edge 0: FAULT no way to OVH's API",
      "ovh: FAULT routes to nothing",
    ]);
    expect(lines.at(-1)).toBe("-- round 13 is over");
    expect(lines).toContain("edge 0: check, known is here, 3 unanswered");
    expect(await spin.shortest({ edges: 2, faults: ["route"] }, "L1")).toEqual([]);
  });

  it("says when a search was cut short", async () => {
    const environment = { edges: 2, faults: ["die"] };
    const verdicts = await spin.verdicts(environment, 20);
    expect(verdicts.every(({ complete }) => !complete)).toBe(true);
    expect(unexpected({ environment, verdicts })[0]).toMatch(
      /^S1 2 edges in service, die: cut short after \d+ states$/,
    );
  });

  it("refuses five edges", async () => {
    await expect(spin.verdicts({ edges: 5, faults: [] })).rejects.toThrow(
      "the Promela model has 2 to 4 edges, got 5",
    );
  });
});
