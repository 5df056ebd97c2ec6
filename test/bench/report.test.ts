import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { benchDocument, CHAPTERS, partsNamed } from "../../lib/bench/bench.js";
import { type BenchReport, stableNames } from "../../lib/bench/figures.js";
import { type Chapter, reportFiles } from "../../lib/bench/report.js";

const docs = (path: string) => new URL(`../../docs/${path}`, import.meta.url);
const few = (minimum: number, median: number, maximum: number) => ({ runs: 7, minimum, median, maximum });

/** A run of one part, with everything that a part may have. */
const REPORT: BenchReport = {
  version: 1,
  quick: false,
  machine: {
    cores: 2,
    memoryGb: 8.4,
    load: 0.3,
    platform: "linux on x64",
    node: "20.20.2",
    perl: "5.36.0",
    terraform: "1.11.4",
  },
  budget: {
    calmPerHour: 120,
    failoverPerHour: 130,
    partitionPerHour: 146,
    worstMinute: 61,
    limitPerMinute: 60,
    measurements: [
      {
        id: "budget-calm-2",
        what: "calm, 2 edges",
        unit: "requests an hour",
        value: few(120, 120, 120),
        against: { what: "its share", value: few(1800, 1800, 1800) },
        ratio: few(0.06667, 0.06667, 0.06667),
        plot: { series: "2 edges", x: "calm", alone: true },
      },
      {
        id: "budget-partition-2",
        what: "partition | 2 edges",
        unit: "requests an hour",
        value: few(140, 146.25, 1234.5),
        plot: { series: "2 edges", x: "partition" },
      },
    ],
    goals: [
      {
        what: "most requests in one minute",
        unit: "requests",
        limit: 60,
        got: 61,
        why: "somebody asks too much",
      },
      { what: "in calm", unit: "requests", limit: 3600, got: 120 },
    ],
    notes: ["A note.", "Another."],
    seconds: 90,
  },
};
const CHAPTER: Chapter = {
  title: "Requests to OVH",
  how: ["How they are counted.", "And what is counted."],
  plot: { title: "Requests & hours", x: "what happens", y: "requests" },
};
const chapters = { ...CHAPTERS, budget: CHAPTER };
const written = (report: BenchReport) =>
  Object.fromEntries(
    reportFiles(report, chapters, "## What was tried\n\nNothing.\n").map((file) => [file.path, file.content]),
  );

describe("a report", () => {
  it("is Markdown with all figures, made of nothing but the run", () => {
    const text = written(REPORT)["benchmarks.md"] as string;
    expect(text.slice(0, text.indexOf("`npm run bench -- --quick"))).toBe(`# Benchmarks

\`npm run bench\` has written this page, its pictures and [benchmarks.json](benchmarks.json). Each figure has its minimum, its median and its maximum. Two things are compared in one run, in turn, and each run with its neighbour: ratios hold where the times do not. No time is a test.

Measured on 2 cores with 8.4 GB, linux on x64, Node 20.20.2, Perl 5.36.0, Terraform 1.11.4, in 1.5 minutes. When it began, 0.3 processes wanted to run.

## At a glance

| Part | What | At most | Got | Reached |
| --- | --- | --- | --- | --- |
| Requests to OVH | most requests in one minute | 60 requests | 61 | no: somebody asks too much |
| Requests to OVH | in calm | 3,600 requests | 120 | yes |

## Requests to OVH

How they are counted.

And what is counted.

![Requests & hours](benchmarks/budget.svg)

| What | Unit | Runs | Min / median / max | Beside | Min / median / max | Ratio |
| --- | --- | --- | --- | --- | --- | --- |
| calm, 2 edges | requests an hour | 7 | **120** | its share | **1,800** | **0.0667** |
| partition \\| 2 edges | requests an hour | 7 | 140 / **146** / 1,235 |  |  |  |

- A note.
- Another.

## What was tried

Nothing.

## The JSON

`);
    expect(
      text.slice(text.indexOf("| `budget.calm")),
    ).toBe(`| \`budget.calmPerHour\` | Requests of one edge in an hour in which nothing happens. |
| \`budget.failoverPerHour\` | The same with one failover and the lost edge's return. |
| \`budget.partitionPerHour\` | The same while no edge hears another. |
| \`budget.worstMinute\` | Most requests of all edges in one minute, in any case. |
| \`budget.limitPerMinute\` | OVH's advice for one key. |
`);
  });

  it("says what each number of the JSON is, by its name", () => {
    for (const [name, what] of stableNames()) expect(what, name).toMatch(/^\S.{8,}\.$/);
    expect(stableNames().map(([name]) => name)).toContain("claim.ratioByName50ms");
  });

  it("says so when the machine was busy, and when the run was a quick one", () => {
    const busy = { ...REPORT, quick: true, machine: { ...REPORT.machine, load: 2.1 } };
    const text = written(busy)["benchmarks.md"];
    expect(text).toContain("2.1 processes wanted to run. A quick run: fewer cases, fewer runs.\n");
    expect(text).toContain("**The machine was busy with other work:**");
    expect(written(REPORT)["benchmarks.md"]).not.toMatch(/busy with|A quick run/);
  });

  it("has a picture for each part that was measured, and the run itself", () => {
    expect(Object.keys(written(REPORT))).toEqual([
      "benchmarks.md",
      "benchmarks/budget.svg",
      "benchmarks.json",
    ]);
    expect(JSON.parse(written(REPORT)["benchmarks.json"] as string)).toEqual(REPORT);
  });

  it("is refused where it has another form", () => {
    const { worstMinute: _, ...rest } = REPORT.budget as NonNullable<BenchReport["budget"]>;
    expect(() => benchDocument({ ...REPORT, budget: rest })).toThrow("worstMinute");
    expect(() => benchDocument({ ...REPORT, budget: { ...REPORT.budget, more: 1 } })).toThrow("more");
  });

  it("that is committed is what the command wrote", () => {
    const files = benchDocument(JSON.parse(readFileSync(docs("benchmarks.json"), "utf8")));
    for (const { path, content } of files) expect(readFileSync(docs(path), "utf8"), path).toBe(content);
  });

  it("that is committed comes from a full run, each thing measured seven times or more", () => {
    const report: BenchReport = JSON.parse(readFileSync(docs("benchmarks.json"), "utf8"));
    expect(report.quick).toBe(false);
    // What is exact is not measured again.
    const exact = ["node-var-run", "synth-package"];
    for (const name of partsNamed([])) {
      for (const { id, value } of report[name]?.measurements ?? []) {
        if (!exact.includes(id)) expect(value.runs, id).toBeGreaterThanOrEqual(7);
      }
    }
  });
});

describe("parts", () => {
  it("are all of them, or those that are named, in their order", () => {
    expect(partsNamed([])).toEqual(["claim", "failover", "deploy", "synth", "node", "exploration", "budget"]);
    expect(partsNamed(["node", "claim"])).toEqual(["claim", "node"]);
  });

  it("fail with all names for one that is none of theirs", () => {
    expect(() => partsNamed(["claims"])).toThrow(
      "there is no part claims; there are claim, failover, deploy, synth, node, exploration, budget",
    );
  });
});
