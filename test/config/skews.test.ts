import { describe, expect, it } from "vitest";
import { defaultAdvskew } from "../../lib/config/skews.js";

const skewsOf = (edges: number) => Array.from({ length: edges }, (_, index) => defaultAdvskew(index, edges));

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
  });

  it.each([2, 3, 4, 5, 6, 7, 8])("of %i edges rise, differ and fit carp(4)", (edges) => {
    const skews = skewsOf(edges);
    expect(new Set(skews).size).toBe(edges);
    expect(skews).toEqual([...skews].sort((a, b) => a - b));
    expect(Math.max(...skews)).toBeLessThanOrEqual(254);
  });
});
