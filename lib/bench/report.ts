import {
  type BenchReport,
  type Goal,
  type Measurement,
  PART_NAMES,
  type PartName,
  stableNames,
} from "./figures.js";
import { type PlotLabels, plotSvg } from "./svg.js";

/** What a part's chapter says beside its figures. */
export interface Chapter {
  readonly title: string;
  /** How its figures are taken, a paragraph each. */
  readonly how: readonly string[];
  readonly plot?: PlotLabels;
}

/** A file of the report, by its path below docs. */
export interface ReportFile {
  readonly path: string;
  readonly content: string;
}

/**
 * The report of a run: benchmarks.md, its pictures, and the run itself as JSON.
 *
 * @param tried what was tried, and what it gave: Markdown that the report ends with
 */
export function reportFiles(
  report: BenchReport,
  chapters: Readonly<Record<PartName, Chapter>>,
  tried: string,
): ReportFile[] {
  const pictures = PART_NAMES.flatMap((name) => {
    const labels = chapters[name].plot;
    const svg = labels && plotSvg(report[name]?.measurements ?? [], labels);
    return svg === undefined ? [] : [{ path: `benchmarks/${name}.svg`, content: svg }];
  });
  const drawn = new Set(pictures.map(({ path }) => path));
  const parts = PART_NAMES.flatMap((name) =>
    report[name] === undefined ? [] : chapter(report, name, chapters[name], drawn),
  );
  const text = [
    "# Benchmarks",
    "`npm run bench` has written this page, its pictures and [benchmarks.json](benchmarks.json). Each figure has its minimum, " +
      "its median and its maximum. Two things are compared in one run, in turn, and each run with its neighbour: " +
      "ratios hold where the times do not. No time is a test.",
    ...machine(report),
    "## At a glance",
    glance(report, chapters),
    ...parts,
    tried.trim(),
    "## The JSON",
    "`npm run bench -- --quick --json FILE` writes the same form in under three minutes on two idle cores. These names stay; beside them each part has `measurements`, " +
      "each with `id`, `what`, `unit`, `value` (`runs`, `minimum`, `median`, `maximum`), and mostly `against` and `ratio`; `goals`, `notes`, and `seconds`. lib/bench/figures.ts has the schema.",
    markdownTable(
      ["Name", "What"],
      stableNames().map(([name, what]) => [`\`${name}\``, what]),
    ),
  ];
  return [
    { path: "benchmarks.md", content: `${text.join("\n\n")}\n` },
    ...pictures,
    { path: "benchmarks.json", content: `${JSON.stringify(report, null, 2)}\n` },
  ];
}

function machine({ machine: facts, quick, ...parts }: BenchReport): string[] {
  const seconds = PART_NAMES.reduce((sum, name) => sum + (parts[name]?.seconds ?? 0), 0);
  return [
    `Measured on ${facts.cores} cores with ${facts.memoryGb} GB, ${facts.platform}, Node ${facts.node}, Perl ${facts.perl}, ` +
      `Terraform ${facts.terraform}, in ${Math.round(seconds / 6) / 10} minutes. When it began, ${facts.load} processes wanted to run.` +
      (quick ? " A quick run: fewer cases, fewer runs." : ""),
    ...(facts.load > facts.cores
      ? [
          "**The machine was busy with other work:** times and maxima are too long; medians of ratios suffer least.",
        ]
      : []),
  ];
}

function glance(report: BenchReport, chapters: Readonly<Record<PartName, Chapter>>): string {
  const rows = PART_NAMES.flatMap((name) =>
    (report[name]?.goals ?? []).map((goal) => [
      chapters[name].title,
      goal.what,
      `${figure(goal.limit)} ${goal.unit}`,
      figure(goal.got),
      verdict(goal),
    ]),
  );
  return markdownTable(["Part", "What", "At most", "Got", "Reached"], rows);
}

function verdict({ got, limit, why }: Goal): string {
  return got <= limit ? "yes" : `no${why === undefined ? "" : `: ${why}`}`;
}

function chapter(
  report: BenchReport,
  name: PartName,
  { title, how, plot }: Chapter,
  drawn: ReadonlySet<string>,
): string[] {
  const part = report[name];
  if (part === undefined) return [];
  const picture = `benchmarks/${name}.svg`;
  return [
    `## ${title}`,
    ...how,
    ...(drawn.has(picture) && plot !== undefined ? [`![${plot.title}](${picture})`] : []),
    measurementTable(part.measurements),
    ...(part.notes.length > 0 ? [part.notes.map((note) => `- ${note}`).join("\n")] : []),
  ];
}

function measurementTable(measurements: readonly Measurement[]): string {
  const rows = measurements.map(({ what, unit, value, against, ratio }) => [
    what,
    unit,
    String(value.runs),
    range(value),
    against?.what ?? "",
    against === undefined ? "" : range(against.value),
    ratio === undefined ? "" : range(ratio),
  ]);
  const head = ["What", "Unit", "Runs", "Min / median / max", "Beside", "Min / median / max", "Ratio"];
  return markdownTable(head, rows);
}

function range({ minimum, median, maximum }: Measurement["value"]): string {
  if (minimum === maximum) return `**${figure(median)}**`;
  return `${figure(minimum)} / **${figure(median)}** / ${figure(maximum)}`;
}

function figure(value: number): string {
  const digits =
    Math.abs(value) >= 1000 ? Math.round(value).toString() : Number(value.toPrecision(3)).toString();
  const [whole = "", rest] = digits.split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest === undefined ? "" : `.${rest}`);
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
