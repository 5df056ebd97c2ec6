import { expect, it } from "vitest";
import { duration } from "../../lib/operations/duration.js";

it.each([
  [0, "0 s"],
  [0.4, "0 s"],
  [59, "59 s"],
  [60, "1 min"],
  [61, "1 min 1 s"],
  [3600, "1 h"],
  [3601, "1 h"],
  [12_059, "3 h 20 min"],
  [86_400 * 40 + 7200, "40 d 2 h"],
])("%d seconds read as %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
