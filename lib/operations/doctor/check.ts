import { runnable } from "../../config/command-line.js";
import type { Asked } from "../asked.js";

/** Something that is not as it should be. */
export interface Finding {
  /** `wrong` is to be mended; `advice` would be better otherwise. */
  readonly severity: "wrong" | "advice";
  /** What was found, as a sentence without its full stop. */
  readonly what: string;
  /** Why it matters. */
  readonly why: string;
  /** The command that mends it, or the next step where there is no command. */
  readonly mend: string;
}

/** What came of a check. */
export type Outcome =
  | { readonly ok: string }
  | { readonly findings: readonly Finding[] }
  /** It could not be made; `expected` where nothing is deployed yet that it could look at. */
  | { readonly impossible: string; readonly expected?: boolean };

/** One check: a pure judgement of what was gathered. */
export interface Check<Facts> {
  readonly name: string;
  readonly judge: (facts: Facts) => Outcome;
}

/** A check that was made. */
export interface Checked {
  readonly group: string;
  readonly name: string;
  /** The edge that it is about, where it is about one. */
  readonly edge?: string;
  readonly outcome: Outcome;
}

/** A finding whose commands can be run here. */
export function findingOf(severity: Finding["severity"], what: string, why: string, mend: string): Finding {
  return { severity, what, why: runnable(why), mend: runnable(mend) };
}

/** A finding to be mended. */
export function wrong(what: string, why: string, mend: string): Finding {
  return findingOf("wrong", what, why, mend);
}

/** A finding that could stay. */
export function advice(what: string, why: string, mend: string): Finding {
  return findingOf("advice", what, why, mend);
}

/** Fine, or all that was found. */
export function found(findings: readonly Finding[], ok: string): Outcome {
  return findings.length === 0 ? { ok } : { findings };
}

/** Judges an answer, where there is one. */
export function answered<T>(answer: Asked<T>, judge: (value: T) => Outcome): Outcome {
  return "value" in answer ? judge(answer.value) : { impossible: answer.failed };
}

/** Makes all checks of a group. */
export function checkAll<Facts>(
  group: string,
  checks: readonly Check<Facts>[],
  facts: Facts,
  edge?: string,
): Checked[] {
  return checks.map(({ name, judge }) => ({
    group,
    name,
    ...(edge === undefined ? {} : { edge }),
    outcome: judge(facts),
  }));
}

/** 1 for whatever is wrong, 2 where something could not be found out, 0 otherwise; `strict` minds advice too. */
export function exitStatus(checked: readonly Checked[], strict: boolean): number {
  const findings = checked.flatMap(({ outcome }) => ("findings" in outcome ? outcome.findings : []));
  if (findings.some(({ severity }) => strict || severity === "wrong")) return 1;
  const unknown = checked.some(({ outcome }) => "impossible" in outcome && outcome.expected !== true);
  return unknown ? 2 : 0;
}

/** The command that delivers to one edge again though nothing in its bundle has changed; in the stack's folder. */
export function redeliver(edge: string): string {
  return `terraform apply -replace="$(terraform state list | grep 'files-${edge}_deliver')" in the stack's folder`;
}
