import type { DrillResult } from "./run.js";
import type { Phases } from "./watch.js";

/** Phases in the order in which people read them. */
export const PHASES: readonly (readonly [keyof Phases, string])[] = [
  ["master", "master"],
  ["alias", "alias"],
  ["accepted", "accepted"],
  ["confirmed", "confirmed"],
  ["packet", "packet"],
];

/** One row of a table for each drill: milliseconds after the fault. */
export function drillRows(results: readonly DrillResult[]): { head: string[]; rows: string[][] } {
  const head = ["drill", "to", ...PHASES.map(([, title]) => title), "limit", "lost", "requests", "verdict"];
  const rows = results.map((result) => [
    result.scenario,
    result.by ?? "–",
    ...PHASES.map(([phase]) => ms(result.phases[phase])),
    ms(result.limit),
    result.lost === undefined ? "not measured" : String(result.lost),
    String(result.requests),
    result.reason === undefined ? result.verdict : `${result.verdict}: ${result.reason}`,
  ]);
  return { head, rows };
}

/** Says why there is no number of lost packets, where there is none. */
export function unmeasured(results: readonly DrillResult[]): string {
  return results.every(({ lost }) => lost !== undefined)
    ? ""
    : "Packets were not measured: nothing answered at the FailOver IP before the fault; --probe names another port of it.\n\n";
}

function ms(value: number | undefined): string {
  return value === undefined ? "–" : `${value}`;
}

/** One line of the history. */
export function historyLine({ log: _, ...result }: DrillResult): string {
  return `${JSON.stringify(result)}\n`;
}

/** Percentiles of the time until a claim was accepted, by drill. */
export function percentiles(
  history: readonly Pick<DrillResult, "scenario" | "phases">[],
): { scenario: string; runs: number; p50: number; p90: number; p99: number }[] {
  const by = new Map<string, number[]>();
  for (const { scenario, phases } of history) {
    if (phases.accepted === undefined) continue;
    by.set(scenario, [...(by.get(scenario) ?? []), phases.accepted]);
  }
  return [...by].map(([scenario, values]) => {
    const sorted = values.sort((a, b) => a - b);
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] as number;
    return { scenario, runs: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99) };
  });
}
