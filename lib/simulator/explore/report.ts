import { jobName, type Report } from "./job.js";
import { ROUND } from "./memory.js";

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

/**
 * The longest way to rest, beside the design's formula for the slowest recovery of the same setting. With polls of P,
 * checks each C, a POST of L and a move of M: a partition that heals takes C + 2 (L + M) + P, and what happens in a
 * boot or behind refused claims waits for its own time on top. Explored with P = C = 10 s, L + M at most 10 s.
 */
export function recoveryRows(reports: readonly Report[]): Table {
  const partition = ROUND + 2 * ROUND + ROUND;
  return {
    head: ["exploration", "polls until rest, at most", "seconds", "C + 2 (L + M) + P"],
    rows: reports
      .filter(({ complete }) => complete)
      .map(({ job, rounds }) => [jobName(job), String(rounds), String(rounds * ROUND), `${partition} s`]),
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
