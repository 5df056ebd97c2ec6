import type { SpinEnvironment } from "./environment.js";
import { cornerOf } from "./expected.js";
import type { SpinVerdict } from "./spin.js";
import { INVARIANTS } from "./vocabulary.js";

/** What one search was asked, what it found, and what was expected. */
export interface SpinResult {
  readonly environment: SpinEnvironment;
  readonly verdicts: readonly SpinVerdict[];
  /**
   * The invariants that a mutation violates.
   * @default - those of the known corners
   */
  readonly violates?: readonly string[];
}

/** Verdicts that are not the expected ones, and searches that were cut short; a sentence each. */
export function unexpected({ environment, verdicts, violates }: SpinResult): readonly string[] {
  const bad = (invariant: string) =>
    violates?.includes(invariant) ?? cornerOf(environment, invariant) !== undefined;
  return verdicts.flatMap(({ invariant, holds, complete, states }) => {
    if (holds && !complete) return [`${invariant} ${titleOf(environment)}: cut short after ${states} states`];
    if (holds !== bad(invariant)) return [];
    return [`${invariant} ${titleOf(environment)}: ${holds ? "holds" : "is violated"}, expected otherwise`];
  });
}

/** An environment in some words. */
export function titleOf(environment: SpinEnvironment): string {
  const { edges, faults, mutation, start = "in service" } = environment;
  return [
    `${edges} edges ${start}`,
    faults.join(" + ") + (environment.budget === undefined ? "" : ` (${environment.budget} in all)`),
    ...(mutation === undefined ? [] : [mutation]),
    ...(environment.preempt ? ["preempt"] : []),
    ...(environment.checkEvery === undefined ? [] : [`a check each ${environment.checkEvery} polls`]),
  ].join(", ");
}

/** Rows for a terminal: environments that differ in OVH's answers alone share one. */
export function verdictRows(results: readonly SpinResult[]): {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const groups = new Map<string, SpinResult[]>();
  for (const result of results) {
    const title = titleOf(result.environment);
    groups.set(title, [...(groups.get(title) ?? []), result]);
  }
  const rows = [...groups].map(([title, group]) => [
    title,
    ...INVARIANTS.map(({ name }) => {
      const each = group.map(({ verdicts }) => verdicts.find(({ invariant }) => invariant === name)?.holds);
      const bad = each.filter((holds) => holds === false).length;
      return bad === 0 ? "holds" : bad === each.length ? "no" : `no ${bad}/${each.length}`;
    }),
    String(group.length),
    String(sum(group, "states")),
    String(sum(group, "transitions")),
    String(Math.max(...group.map(({ verdicts }) => verdicts[0]?.depth ?? 0))),
    sum(group, "seconds").toFixed(2),
  ]);
  const counts = ["searches", "states", "transitions", "depth", "seconds"];
  return { head: ["environment", ...INVARIANTS.map(({ name }) => name), ...counts], rows };
}

function sum(group: readonly SpinResult[], what: "states" | "transitions" | "seconds"): number {
  return group.reduce((total, { verdicts }) => total + (verdicts[0]?.[what] ?? 0), 0);
}
