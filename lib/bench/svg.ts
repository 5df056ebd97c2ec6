import { xml } from "../operations/xml.js";
import type { Measurement } from "./figures.js";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [760, 380, 70, 60, 60];
const COLOURS = ["#1971c2", "#2b8a3e", "#c2255c", "#e8590c", "#7048e8", "#495057"];
const STYLE =
  ".back{fill:#fff}.text{fill:#123}.axis{stroke:#495057}.grid{stroke:#dee2e6}.strong{font-weight:600}" +
  "@media(prefers-color-scheme:dark){.back{fill:#16191d}.text{fill:#e9ecef}.axis{stroke:#adb5bd}.grid{stroke:#343a40}}";

/** A picture's title and what its axes show. */
export interface PlotLabels {
  readonly title: string;
  readonly x: string;
  readonly y: string;
}

interface Point {
  readonly series: string;
  readonly x: number | string;
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/** What the measurements of a part have to draw. */
function pointsOf(measurements: readonly Measurement[]): Point[] {
  return measurements.flatMap(({ plot, value, against }) => {
    if (plot === undefined) return [];
    const point = (series: string, { minimum, median, maximum }: Measurement["value"]): Point => ({
      series,
      x: plot.x,
      low: minimum,
      middle: median,
      high: maximum,
    });
    return [
      point(plot.series, value),
      ...(against === undefined || plot.alone === true ? [] : [point(against.what, against.value)]),
    ];
  });
}

/**
 * Measurements as one SVG that needs nothing else: lines over numbers, bars over names, with the
 * medians and, from the least to the most, a thin line. @returns undefined where there is nothing to draw
 */
export function plotSvg(measurements: readonly Measurement[], labels: PlotLabels): string | undefined {
  const points = distinct(pointsOf(measurements));
  if (points.length === 0) return undefined;
  const series = [...new Set(points.map((point) => point.series))];
  const most = niceAbove(Math.max(...points.map(({ high }) => high)));
  const y = (value: number) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - BOTTOM - TOP);
  const height = HEIGHT + 22 * series.length;
  const numeric = points.every(({ x }) => typeof x === "number");
  const body = numeric ? lines(points, series, y) : bars(points, series, y);
  const grid = [0, 1, 2, 3, 4].map((step) => {
    const value = (most * step) / 4;
    return `<path class="grid" d="M${LEFT} ${round(y(value))}H${WIDTH - 20}"/>${text(LEFT - 8, y(value) + 4, tick(value), "end")}`;
  });
  const legend = series.map((name, index) => {
    const at = HEIGHT + 22 * index;
    return `<rect x="${LEFT}" y="${at - 10}" width="12" height="12" fill="${colour(index)}"/>${text(LEFT + 20, at, name, "start")}`;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">` +
    `<title>${xml(labels.title)}</title><style>${STYLE}</style>\n` +
    [
      `<rect class="back" width="${WIDTH}" height="${height}"/>`,
      text(LEFT, 26, labels.title, "start", "text strong"),
      text(LEFT, 46, labels.y, "start"),
      ...grid,
      ...body,
      `<path class="axis" d="M${LEFT} ${HEIGHT - BOTTOM}H${WIDTH - 20}"/>`,
      text((LEFT + WIDTH) / 2, HEIGHT - 20, labels.x, "middle"),
      ...legend,
    ].join("\n") +
    "\n</svg>\n"
  );
}

function lines(points: readonly Point[], series: readonly string[], y: (value: number) => number): string[] {
  const most = Math.max(...points.map(({ x }) => x as number), 1);
  const x = (value: number) => LEFT + 20 + (value / most) * (WIDTH - LEFT - 80);
  const places = [...new Set(points.map((point) => point.x as number))];
  return [
    ...places.map((value) => text(x(value), HEIGHT - BOTTOM + 18, String(value), "middle")),
    ...series.flatMap((name, index) => {
      const own = points
        .filter((point) => point.series === name)
        .sort((a, b) => (a.x as number) - (b.x as number));
      const at = (point: Point) => round(x(point.x as number));
      const path = own.map(
        (point, step) => `${step === 0 ? "M" : "L"}${at(point)} ${round(y(point.middle))}`,
      );
      return [
        `<path d="${path.join("")}" fill="none" stroke="${colour(index)}" stroke-width="2"/>`,
        ...own.map(
          (point) =>
            `<circle cx="${at(point)}" cy="${round(y(point.middle))}" r="3.5" fill="${colour(index)}"/>${whisker(at(point), point, y)}`,
        ),
      ];
    }),
  ];
}

function bars(points: readonly Point[], series: readonly string[], y: (value: number) => number): string[] {
  const places = [...new Set(points.map(({ x }) => String(x)))];
  const room = (WIDTH - LEFT - 30) / places.length;
  const width = Math.min(40, (room * 0.8) / series.length);
  return places.flatMap((place, number) => {
    const middle = LEFT + room * (number + 0.5);
    return [
      text(middle, HEIGHT - BOTTOM + 18, place, "middle"),
      ...series.flatMap((name, index) => {
        const point = points.find((one) => one.series === name && String(one.x) === place);
        if (point === undefined) return [];
        const left = middle + (index - series.length / 2) * width;
        const top = y(point.middle);
        return `<rect x="${round(left)}" y="${round(top)}" width="${round(width * 0.9)}" height="${round(HEIGHT - BOTTOM - top)}" fill="${colour(index)}"/>${whisker(round(left + width * 0.45), point, y)}`;
      }),
    ];
  });
}

function whisker(x: number, { low, high }: Point, y: (value: number) => number): string {
  return `<path class="axis" d="M${x} ${round(y(low))}V${round(y(high))}"/>`;
}

/** What is compared with two things is drawn once. */
function distinct(points: readonly Point[]): Point[] {
  return [...new Map(points.map((point) => [`${point.series} ${point.x}`, point])).values()];
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length] as string;
}

/** The next of 1, 2, 4, 5, 8 times a power of ten, so that quarters of it are short numbers. */
export function niceAbove(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5, 8, 10].find((step) => step * power >= value) as number) * power;
}

function tick(value: number): string {
  return Number(value.toPrecision(3)).toString();
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function text(x: number, y: number, content: string, anchor: string, style = "text"): string {
  return `<text class="${style}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${xml(content)}</text>`;
}
