import { beforeAll, describe, expect, it } from "vitest";
import { runBatch } from "../../../lib/playground/chaos/batch.js";
import { scheduleOf } from "../../../lib/playground/chaos/generate.js";
import type { RunResult } from "../../../lib/playground/chaos/run.js";
import { CONFIG, told } from "./live.js";

const SEEDS = Array.from({ length: 20 }, (_, index) => 1 + index);
/** Runs wait for timers most of their time. */
const JOBS = 4;

describe("twenty seeded runs of the live region", () => {
  const results = new Map<number, RunResult>();

  beforeAll(async () => {
    const schedules = SEEDS.map((seed) => scheduleOf({ seed }));
    await runBatch({
      schedules,
      config: CONFIG,
      jobs: JOBS,
      done: (result) => results.set(SEEDS[schedules.indexOf(result.schedule)] as number, result),
    });
  }, 900_000);

  it.each(SEEDS)("hold every invariant under the faults of seed %i", (seed) => {
    const result = results.get(seed) as RunResult;
    expect(result.broken, told(result)).toEqual([]);
    expect(result.rest).toBeDefined();
  });

  it("have done what the invariants speak of", () => {
    const all = [...results.values()].map(({ counts }) => counts);
    for (const did of ["claim", "post", "accepted", "alias off", "demote", "promote"] as const) {
      expect(all.filter((counts) => counts[did] > 0).length, `runs with ${did}`).toBeGreaterThan(2);
    }
  });
});
