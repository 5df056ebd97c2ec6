import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { staticPath } from "../../../lib/edge/static-files.js";
import { runBatch } from "../../../lib/playground/chaos/batch.js";
import type { RunResult } from "../../../lib/playground/chaos/run.js";
import { playOnTwin } from "../../../lib/playground/chaos/twin.js";
import type { Schedule } from "../../../lib/simulator/explore/schedule.js";
import { type Outline, storyText } from "../../../lib/simulator/story.js";
import { EdgeSyncDecider } from "../../../lib/simulator/world/decider.js";
import { CONFIG, told } from "./live.js";
import { calmSchedule, HAND_MADE } from "./schedules.js";

const SEED = 7;
const GENERATED = fc.sample(calmSchedule, { seed: SEED, numRuns: 4 });
const CASES = [
  ...HAND_MADE.map((schedule) => ({ schedule, name: schedule.note })),
  ...GENERATED.map((schedule, index) => ({
    schedule,
    name: `${schedule.note} (${index + 1} of fast-check's seed ${SEED})`,
  })),
];

/**
 * What both must tell. How often two masters of a partition ask is a matter of when each of them looks at OVH
 * next, which nothing ties to the schedule.
 */
function comparable({ holder, edges }: Outline, { steps }: Schedule) {
  if (!steps.some(({ step }) => step === "partition")) return { holder, edges };
  const parted = Object.entries(edges).map(([name, { roles, alias, demotions }]) => [
    name,
    { roles, alias, demotions },
  ]);
  return { holder, edges: Object.fromEntries(parted) };
}

describe("the world in virtual time and the live region tell the same story", () => {
  let results: RunResult[];
  let decider: EdgeSyncDecider;

  beforeAll(async () => {
    decider = new EdgeSyncDecider(staticPath("edge-sync"));
    results = await runBatch({ schedules: CASES.map(({ schedule }) => schedule), config: CONFIG, jobs: 4 });
  }, 900_000);
  afterAll(() => decider.close());

  it.each(CASES.map(({ name }, index) => [name, index] as const))("of %s", async (_, index) => {
    const live = results[index] as RunResult;
    const world = await playOnTwin(live.schedule, CONFIG, decider);
    expect(live.broken, told(live)).toEqual([]);
    expect(
      comparable(live.outline, live.schedule),
      `in virtual time:\n${storyText(world.moments)}\nlive:\n${told(live)}`,
    ).toEqual(comparable(world.outline, live.schedule));
  });
});
