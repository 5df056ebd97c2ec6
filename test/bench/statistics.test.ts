import { describe, expect, it } from "vitest";
import { beside, inTurn, medianOf, ratioOf } from "../../lib/bench/measure.js";
import { mostInAMinute } from "../../lib/bench/parts/budget.js";
import { median, pairedRatios, rounded, slope, summarize } from "../../lib/bench/statistics.js";

describe("a summary of runs", () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10],
  ])("takes the median of %j", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("has no median of no values", () => {
    expect(() => median([])).toThrow("there is no median of no values");
  });

  it("has the least, the middle and the most", () => {
    expect(summarize([7, 1, 4])).toEqual({ runs: 3, minimum: 1, median: 4, maximum: 7 });
  });

  it("pairs each run with its neighbour, so that a slow while slows both", () => {
    expect(pairedRatios([1, 10, 3], [2, 20, 6])).toEqual([0.5, 0.5, 0.5]);
    expect(() => pairedRatios([1, 2], [1])).toThrow("2 runs cannot be paired with 1");
  });

  it("finds how times grow with the length of the way", () => {
    expect(
      slope([
        [0, 20],
        [50, 145],
        [100, 270],
      ]),
    ).toBe(2.5);
    expect(() =>
      slope([
        [5, 1],
        [5, 2],
      ]),
    ).toThrow("a slope needs two different places");
  });

  it("does not pretend to know more than four digits", () => {
    expect([0.123456, 1234.56, 98765].map(rounded)).toEqual([0.1235, 1235, 98770]);
  });
});

describe("measuring in turn", () => {
  it("runs each thing once, then each once more", async () => {
    const order: string[] = [];
    const thing = (name: string) => async () => order.push(name);
    expect(await inTurn(3, { a: thing("a"), b: thing("b") })).toEqual({ a: [1, 3, 5], b: [2, 4, 6] });
    expect(order.join("")).toBe("ababab");
  });

  it("leaves out a ratio to nothing", () => {
    const measured = beside({ id: "sessions", what: "sessions", unit: "" }, [0, 0], "others", [0, 0]);
    expect(measured.ratio).toBeUndefined();
    expect(() => ratioOf([measured], "sessions")).toThrow("sessions was measured by itself");
    expect(() => medianOf([measured], "bytes")).toThrow("bytes was not measured");
  });
});

describe("requests in a minute", () => {
  it.each([
    ["none", [], 0],
    ["those of one moment", [5, 5, 5], 3],
    ["the fullest minute, wherever it begins", [0, 50_000, 59_999, 60_000, 90_000, 110_001], 4],
    ["in any order", [70_000, 10_000, 20_000], 2],
  ])("counts %s", (_, times, most) => {
    expect(mostInAMinute(times)).toBe(most);
  });
});
