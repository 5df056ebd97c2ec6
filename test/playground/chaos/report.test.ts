import { describe, expect, it } from "vitest";
import { failureText, runLine, scheduleFile, summary } from "../../../lib/playground/chaos/report.js";
import type { RunResult } from "../../../lib/playground/chaos/run.js";
import type { Schedule } from "../../../lib/simulator/explore/schedule.js";

const schedule: Schedule = {
  edges: 2,
  ovh: { whilePending: "refuse", toHolder: "no-op" },
  steps: [
    { at: 0.5, step: "power-off", edge: "edge-1" },
    { at: 3, step: "power-on", edge: "edge-1" },
  ],
  note: "seed 9",
};
const result = (changes: Partial<RunResult> = {}): RunResult => ({
  schedule,
  broken: [],
  moments: [{ ms: 500, edge: "edge-1", kind: "fault", text: "power-off: loses its power" }],
  outline: { edges: {}, holder: "edge-2" },
  counts: { post: 2, "alias off": 1, demote: 0, promote: 0, accepted: 1, claim: 3 },
  rest: 4321,
  waited: false,
  ...changes,
});
const evidence = { did: "claim", edge: "edge-1", running: 2 } as const;
const failed = result({
  rest: undefined,
  broken: [
    { invariant: "S5", ms: 1, evidence },
    { invariant: "L1", ms: 2, evidence },
    { invariant: "S5", ms: 3, evidence },
  ],
});

describe("the report of runs", () => {
  it("has one line for a run", () => {
    expect(runLine(result())).toBe(
      "seed 9: 2 edges, 2 steps, 3 claims, 2 POSTs, 1 accepted: at rest after 4.3 s",
    );
    expect(runLine(result({ waited: true }))).toMatch(/at rest after 4\.3 s, after a wait for a token$/);
    expect(runLine(failed)).toBe("seed 9: 2 edges, 2 steps, 3 claims, 2 POSTs, 1 accepted: S5, L1 broken");
  });

  it("tells a failure as a story, and how to play it again", () => {
    expect(failureText(failed, ".chaos/seed-9.json").split("\n")).toEqual([
      "seed 9 broke S5, L1:",
      "     500 ms  edge-1   * power-off: loses its power",
      "play it again: npm run drill -- --replay .chaos/seed-9.json",
    ]);
  });

  it("adds many runs up", () => {
    expect(summary([result(), result({ rest: 8000 }), result({ rest: 2000 }), failed])).toBe(
      "4 runs, 8 steps, 12 claims, 8 POSTs, 4 accepted; at rest after 4.3 s (median), 8.0 s (worst); 1 broken",
    );
  });

  it("keeps a schedule whole in its file", () => {
    expect(JSON.parse(scheduleFile(schedule))).toEqual(schedule);
  });
});
