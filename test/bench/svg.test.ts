import { describe, expect, it } from "vitest";
import type { Measurement } from "../../lib/bench/figures.js";
import { niceAbove, plotSvg } from "../../lib/bench/svg.js";

const LABELS = { title: "Times <of> & things", x: "round trip", y: "ms" };
const measured = (series: string, x: number | string, median: number, against?: string): Measurement => ({
  id: `${series}-${x}`,
  what: series,
  unit: "ms",
  value: { runs: 7, minimum: median * 0.9, median, maximum: median * 1.3 },
  plot: { series, x },
  ...(against === undefined
    ? {}
    : { against: { what: against, value: { runs: 7, minimum: 1, median: 2, maximum: 3 } } }),
});

/** Elements that are opened and never closed, or the other way round. */
function unbalanced(svg: string): string[] {
  const open: string[] = [];
  for (const [, close, name, self] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (self === "/") continue;
    if (close !== "/") open.push(name as string);
    else if (open.pop() !== name) return [name as string];
  }
  return open;
}

describe("a picture", () => {
  const lines = plotSvg(
    [0, 20, 50].map((x) => measured("ours", x, 10 + x, "theirs")),
    LABELS,
  ) as string;
  const bars = plotSvg(
    [measured("ours", "synth", 4), measured("theirs", "synth", 8), measured("ours", "diff", 5)],
    LABELS,
  ) as string;

  it.each([
    ["lines", lines],
    ["bars", bars],
  ])("of %s is well-formed, with nothing but numbers in its places", (_, svg) => {
    expect(unbalanced(svg)).toEqual([]);
    expect(svg).toContain("<title>Times &#60;of&#62; &#38; things</title>");
    expect(svg).not.toMatch(/NaN|Infinity|undefined|&(?!#\d+;)/);
    expect(svg).not.toMatch(/https?:(?!\/\/www\.w3\.org\/2000\/svg")/);
  });

  it("has a line for each series over numbers, and a point for each place", () => {
    expect(lines.match(/stroke-width="2"/g)).toHaveLength(2);
    expect(lines.match(/<circle/g)).toHaveLength(6);
  });

  it("has a bar for each value over names, and none where there is no value", () => {
    expect(bars.match(/<rect(?! class| x="70" y="(?:370|392)")/g)).toHaveLength(3);
  });

  it("stays inside its frame, the greatest value too", () => {
    const [, , height] = /viewBox="0 0 (\d+) (\d+)"/.exec(lines) as unknown as [string, string, string];
    for (const [, y] of lines.matchAll(/ (?:y|cy|y1|y2)="([\d.-]+)"/g)) {
      expect(Number(y)).toBeGreaterThanOrEqual(0);
      expect(Number(y)).toBeLessThanOrEqual(Number(height));
    }
  });

  it("is left out where there is nothing to draw", () => {
    expect(plotSvg([{ ...measured("ours", 1, 1), plot: undefined }], LABELS)).toBeUndefined();
  });

  it.each([
    [0, 1],
    [0.3, 0.4],
    [1, 1],
    [61, 80],
    [4100, 5000],
    [9001, 10000],
  ])("ends its axis of %d at %d", (value, end) => {
    expect(niceAbove(value)).toBeCloseTo(end);
  });
});
