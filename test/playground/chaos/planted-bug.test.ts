import { beforeAll, describe, expect, it } from "vitest";
import { runBatch } from "../../../lib/playground/chaos/batch.js";
import type { RunResult } from "../../../lib/playground/chaos/run.js";
import { CONFIG, mutated, told } from "./live.js";
import { HAND_MADE } from "./schedules.js";

const drain = HAND_MADE.find(({ note }) => note === "drain");

const BUGS = [
  {
    bug: "an edge-sync that takes the alias off as soon as it is no master",
    breaks: "S3",
    programs: mutated(
      "edge-sync",
      " && !$v->{master} && $known eq 'elsewhere' && !$hold",
      " && !$v->{master}",
    ),
  },
  {
    bug: "an ip-move that does not look at carp0 before it asks",
    breaks: "S1",
    programs: mutated("ip-move", "my $carp = carp_state($name);", "my $carp = 'MASTER';"),
  },
] as const;

describe("an audit of a live run", () => {
  const results = new Map<string, RunResult>();

  beforeAll(async () => {
    await Promise.all(
      BUGS.map(async ({ bug, programs }) => {
        const [result] = await runBatch({
          schedules: [drain as never],
          config: CONFIG,
          programs,
          times: { restWithin: 20_000 },
        });
        results.set(bug, result as RunResult);
      }),
    );
  }, 300_000);

  it.each(BUGS)("finds $bug by $breaks", ({ bug, breaks }) => {
    const result = results.get(bug) as RunResult;
    const names = new Set(result.broken.map(({ invariant }) => invariant));
    expect([...names], told(result)).toEqual([breaks]);
  });
});
