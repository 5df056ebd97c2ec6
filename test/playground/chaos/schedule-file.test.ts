import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scheduleOf } from "../../../lib/playground/chaos/generate.js";
import { scheduleFile } from "../../../lib/playground/chaos/report.js";
import { readSchedule } from "../../../lib/playground/chaos/schedule-file.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "schedule-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Reads what was written into a file. */
function read(text: string) {
  const file = join(folder, "s.json");
  writeFileSync(file, text);
  return readSchedule(file);
}
const message = (text: string): string => {
  try {
    read(text);
  } catch (error) {
    return (error as Error).message.replaceAll(folder, "F");
  }
  return "";
};
const GOOD = { edges: 2, ovh: { whilePending: "refuse", toHolder: "no-op" }, steps: [] };
const withStep = (step: unknown) => JSON.stringify({ ...GOOD, steps: [step] });

describe("the file of a schedule", () => {
  it("gives back each schedule that was put into it", () => {
    for (let seed = 0; seed < 100; seed++) {
      const schedule = scheduleOf({ seed });
      expect(read(scheduleFile(schedule))).toEqual(schedule);
    }
  });

  it("may name its steps in any order", () => {
    const steps = [
      { at: 5, step: "api-up" },
      { at: 1, step: "api-down" },
    ];
    expect(read(JSON.stringify({ ...GOOD, steps })).steps.map(({ at }) => at)).toEqual([1, 5]);
  });

  it("must be there", () => {
    expect(() => readSchedule("/no/such/file.json")).toThrow(
      /^\/no\/such\/file\.json must be a schedule as npm run chaos leaves it in \.chaos: ENOENT/,
    );
  });

  it.each([
    ["no JSON", "x", /^F\/s\.json must be a schedule as npm run chaos leaves it in \.chaos: /],
    ["too few edges", JSON.stringify({ ...GOOD, edges: 1 }), /^F\/s\.json is not a schedule:\n {2}edges: /],
    [
      "a step that there is not",
      withStep({ at: 1, step: "melt" }),
      /is not a schedule:\n {2}steps\.0\.step: /,
    ],
    [
      "an edge that there is not",
      withStep({ at: 1, step: "drain", edge: "edge-3" }),
      /^F\/s\.json is not a schedule:\n {2}steps\.0\.edge: drain needs one of edge-1, edge-2, got edge-3$/,
    ],
    [
      "a step of an edge that names none",
      withStep({ at: 1, step: "undrain" }),
      /steps\.0\.edge: undrain needs one of edge-1, edge-2, got none$/,
    ],
    [
      "a step of OVH that names an edge",
      withStep({ at: 1, step: "api-up", edge: "edge-1" }),
      /steps\.0\.edge: api-up is OVH's, got edge-1$/,
    ],
  ])("is refused with %s", (_, text, expected) => {
    expect(message(text)).toMatch(expected);
  });
});
