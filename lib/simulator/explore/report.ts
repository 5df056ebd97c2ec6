import { jobName, type Report } from "./job.js";
import { ROUND } from "./memory.js";
import type { FaultKind } from "./schedule.js";

/** A table of text. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What each exploration looked at. */
export function exploreRows(reports: readonly Report[]): Table {
  return {
    head: [
      "exploration",
      "states",
      "transitions",
      "depth",
      "decisions",
      "MB",
      "seconds",
      "states/s",
      "all seen",
    ],
    rows: reports.map((report) => [
      jobName(report.job),
      String(report.states),
      String(report.transitions),
      String(report.depth),
      String(report.decisions),
      report.megabytes.toFixed(0),
      report.seconds.toFixed(1),
      String(Math.round(report.states / Math.max(0.001, report.seconds))),
      report.complete ? "yes" : "no",
    ]),
  };
}

/** Seconds that the explored edges take: Tc three advertisements, P a poll, C a check, LM a POST and a move. */
const [TC, P, C, LM] = [3, ROUND, ROUND, 2 * ROUND];

/** The design's bound for one fault of a kind, and its formula. A move may cross into the round after its own. */
const BOUNDS: Partial<Record<FaultKind, readonly [formula: string, seconds: number]>> = {
  "power-off": ["Tc + S + L + M", TC + LM],
  "cut-external": ["Tc + S + L + M", TC + LM],
  "cut-internal": ["Tc + S + L + M", TC + LM],
  "cut-carp": ["Tc + S + L + M", TC + LM],
  "probe-lost": ["Tc + S + L + M + P", TC + LM + P],
  "route-lost": ["C + L + M", C + LM],
  partition: ["C + 2 (L + M) + P", C + 2 * LM + P],
};

/** The slowest recovery of each kind alone, until the IP is served for good, beside the design's bound. */
export function recoveryRows(reports: readonly Report[]): Table {
  return {
    head: ["fault", "edges", "polls until served", "at most", "bound", "polls until rest"],
    rows: reports.flatMap(({ job, rounds, figures }) => {
      const [kind] = job.kinds ?? [];
      const bound = kind === undefined || job.faults !== 1 ? undefined : BOUNDS[kind];
      if (bound === undefined || figures === undefined || kind === undefined) return [];
      const [formula, seconds] = bound;
      const { recovery } = figures;
      return [
        [
          kind,
          String(job.edges),
          String(recovery),
          `${recovery * ROUND} s`,
          `${formula}: ${seconds} s`,
          String(rounds),
        ],
      ];
    }),
  };
}

/** Everything in one line. */
export function totals(reports: readonly Report[], seconds: number): string {
  const sum = (of: (report: Report) => number) => reports.reduce((all, report) => all + of(report), 0);
  const states = sum((report) => report.states);
  return (
    `${states} states, ${sum((report) => report.transitions)} transitions in ${seconds.toFixed(1)} s: ` +
    `${Math.round(states / seconds)} states a second\n`
  );
}
