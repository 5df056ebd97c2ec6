/** What several runs of one thing came to. */
export interface Summary {
  readonly runs: number;
  readonly minimum: number;
  readonly median: number;
  readonly maximum: number;
}

/** The value in the middle; between the two in the middle where their number is even. @throws Error for none */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (below === undefined || above === undefined) throw new Error("there is no median of no values");
  return (below + above) / 2;
}

/** Minimum, median and maximum. @throws Error for no values */
export function summarize(values: readonly number[]): Summary {
  return {
    runs: values.length,
    minimum: Math.min(...values),
    median: median(values),
    maximum: Math.max(...values),
  };
}

/**
 * The ratios of runs that were taken in turn, each to its neighbour: what slows the machine down
 * for a while slows both.
 *
 * @throws Error when there are not as many of the one as of the other
 */
export function pairedRatios(values: readonly number[], against: readonly number[]): number[] {
  if (values.length !== against.length) {
    throw new Error(`${values.length} runs cannot be paired with ${against.length}`);
  }
  return values.map((value, index) => value / (against[index] as number));
}

/** By how much `y` grows with `x`: the line of least squares. @throws Error for fewer than two different x */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const spread = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  if (points.length < 2 || spread === 0) throw new Error("a slope needs two different places");
  return points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / spread;
}

/** A number of four significant digits, so that a report does not pretend to know more. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
