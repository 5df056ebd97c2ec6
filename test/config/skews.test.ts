import { describe, expect, it } from "vitest";
import { type CarpProfile, defaultAdvskew, FAST_LOWEST, FAST_SPACING } from "../../lib/config/skews.js";

const skewsOf = (edges: number, profile?: CarpProfile) =>
  Array.from({ length: edges }, (_, index) => defaultAdvskew(index, edges, profile));

describe("the skews by default", () => {
  it.each([
    [2, [1, 50]],
    [3, [1, 50, 100]],
    [4, [1, 50, 100, 150]],
    [5, [1, 50, 100, 150, 200]],
    [6, [1, 50, 100, 150, 200, 250]],
    [7, [1, 36, 72, 108, 144, 180, 216]],
    [8, [1, 36, 72, 108, 144, 180, 216, 252]],
  ])("of %i edges are %j", (edges, skews) => {
    expect(skewsOf(edges)).toEqual(skews);
    expect(skewsOf(edges, "normal")).toEqual(skews);
  });

  it.each([2, 3, 4, 5, 6, 7, 8])("of %i edges rise, differ and fit carp(4)", (edges) => {
    const skews = skewsOf(edges);
    expect(new Set(skews).size).toBe(edges);
    expect(skews).toEqual([...skews].sort((a, b) => a - b));
    expect(Math.max(...skews)).toBeLessThanOrEqual(254);
  });
});

describe("the skews by default in the fast profile", () => {
  it.each([
    [2, [40, 60]],
    [3, [40, 60, 80]],
    [4, [40, 60, 80, 100]],
    [5, [40, 60, 80, 100, 120]],
    [6, [40, 60, 80, 100, 120, 140]],
    [7, [40, 60, 80, 100, 120, 140, 160]],
    [8, [40, 60, 80, 100, 120, 140, 160, 180]],
  ])("of %i edges are %j", (edges, skews) => {
    expect(skewsOf(edges, "fast")).toEqual(skews);
  });

  it.each([2, 3, 4, 5, 6, 7, 8])("of %i edges rise, differ, keep their distance and fit carp(4)", (edges) => {
    const skews = skewsOf(edges, "fast");
    const steps = skews.slice(1).map((skew, index) => skew - (skews[index] as number));
    expect(new Set(skews).size).toBe(edges);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(FAST_SPACING);
    expect(Math.min(...skews)).toBeGreaterThanOrEqual(FAST_LOWEST);
    expect(Math.max(...skews)).toBeLessThanOrEqual(254);
  });
});
