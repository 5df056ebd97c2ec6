import { runnable } from "../../config/command-line.js";
import { type Effect, effectsOf } from "./effects.js";
import { block, code, plain, valueText } from "./markdown.js";
import type { Diagnostic } from "./messages.js";
import { type Plan, type ResourceChange, UNKNOWN } from "./plan.js";
import { POLICY, type Violation } from "./policy.js";

/** How a plan ended, as `-detailed-exitcode` tells. */
export type Verdict = "no changes" | "changes" | "error";

/** What a comment is made of. */
export interface CommentInput {
  /** Name of the stack, by which its comment is found again. */
  readonly stack: string;
  /** Exit status of `terraform plan -detailed-exitcode`. */
  readonly exitCode: number;
  /** Missing where there is none because Terraform failed. */
  readonly plan?: Plan;
  /** Errors and warnings of the run. @default - none */
  readonly diagnostics?: readonly Diagnostic[];
  /** @default - none */
  readonly violations?: readonly Violation[];
  /** Commit that was planned. @default - not told */
  readonly commit?: string;
}

/** A comment may have 65,536 characters; so many bytes are never more. */
export const LIMIT = 65_536;

/** Sentences that a comment shows; a plan of hundreds is in the details, as far as they go. */
const MOST_SENTENCES = 60;
/** Characters of the errors of a plan. */
const MOST_ERRORS = 20_000;

/** The line by which a stack's comment is found again. */
export function marker(stack: string): string {
  return `<!-- edge-diff ${stack.replace(/[^A-Za-z0-9_.-]/g, "-")} -->`;
}

/**
 * What the exit status says. It decides, as cdktf's own is the same with and without changes.
 *
 * @throws Error when the plan is another run's
 */
export function verdictOf({ exitCode, plan }: Pick<CommentInput, "exitCode" | "plan">): Verdict {
  if (exitCode !== 0 && exitCode !== 2) return "error";
  if (plan === undefined) {
    throw new Error(
      `--exit-code is ${exitCode}, so there is a plan; hand in what terraform show -json PLAN prints`,
    );
  }
  const changed = changesOf(plan).length + plan.outputs.length;
  if (exitCode === 0 && changed > 0) {
    throw new Error(
      `--exit-code is 0, which is no changes, but the plan has ${changed}; hand in plan and exit status of the same run`,
    );
  }
  return exitCode === 0 ? "no changes" : "changes";
}

/** The whole comment, in Markdown as GitHub and GitLab read it. */
export function comment(input: CommentInput): string {
  const verdict = verdictOf(input);
  const head = [marker(input.stack), `### Edge ${code(input.stack)}: ${TITLES[verdict]}`];
  const foot = footer(input);
  if (verdict === "error") return joined([...head, ...failure(input.diagnostics ?? []), foot]);
  const plan = input.plan as Plan;
  const effects = effectsOf(plan);
  const sections = [
    ...head,
    ...alert("CAUTION", violations(input.violations ?? [])),
    ...alert("WARNING", dangers(effects)),
    ...alert(
      "NOTE",
      plan.warnings.map((text) => code(text, 500)),
    ),
    ...(verdict === "no changes" ? [NOTHING] : changes(plan, effects)),
  ];
  if (verdict === "no changes") return joined([...sections, foot]);
  const rest = LIMIT - bytes(joined([...sections, foot])) - 600;
  return joined([...sections, ...details(plan, rest), foot]);
}

const TITLES: Readonly<Record<Verdict, string>> = {
  "no changes": "no changes",
  changes: "a deploy would change it",
  error: "the plan failed",
};

const NOTHING =
  "A deploy would do nothing: no SSH connection is opened, and the FailOver IP stays where it is.";

function joined(sections: readonly string[]): string {
  return `${sections.join("\n\n")}\n`;
}

function alert(kind: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [[`> [!${kind}]`, ...lines.map((line) => `> - ${line}`)].join("\n")];
}

function violations(all: readonly Violation[]): string[] {
  return capped(
    all.map(
      ({ rule, got, next, allowed }) =>
        `${allowed ? "Allowed" : "Policy"} **${code(rule)}**: ${POLICY[rule]}, got ${code(got, 500)}; ${next}.`,
    ),
  );
}

function dangers(effects: readonly Effect[]): string[] {
  return capped(effects.filter(({ kind }) => kind === "danger").map(({ text }) => text));
}

function changes(plan: Plan, effects: readonly Effect[]): string[] {
  const sentences = effects.filter(({ kind }) => kind === "change").map(({ text }) => `- ${text}`);
  const only = changesOf(plan).length === 0 ? ["Only outputs change; no resource does."] : [];
  return [...only, ...(sentences.length > 0 ? [capped(sentences, "- ").join("\n")] : []), counts(plan)];
}

function capped(lines: readonly string[], lead = ""): string[] {
  if (lines.length <= MOST_SENTENCES) return [...lines];
  const rest = lines.length - MOST_SENTENCES;
  return [...lines.slice(0, MOST_SENTENCES), `${lead}and ${rest} more; the log of the job has all of them.`];
}

function counts(plan: Plan): string {
  const words = {
    create: "made",
    update: "changed",
    replace: "replaced",
    destroy: "destroyed",
    forget: "forgotten",
  };
  const parts = Object.entries(words).flatMap(([action, word]) => {
    const count = plan.resources.filter((one) => one.action === action).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  if (parts.length === 0) return `Outputs that change: ${plan.outputs.map((name) => code(name)).join(", ")}`;
  return `Resources: ${parts.join(", ")}.`;
}

function changesOf(plan: Plan): ResourceChange[] {
  return plan.resources.filter(({ action }) => action !== "none" && action !== "read");
}

const SIGNS: Readonly<Record<string, string>> = {
  create: "+",
  update: "!",
  replace: "-/+",
  destroy: "-",
  forget: "-",
};

/** Attribute by attribute, folded, as far as `room` bytes go. */
function details(plan: Plan, room: number): string[] {
  const all = changesOf(plan);
  if (all.length === 0) return [];
  const summary = `<details><summary>${all.length} ${all.length === 1 ? "resource" : "resources"}, attribute by attribute</summary>`;
  const lines: string[] = [];
  let used = bytes(summary);
  let told = 0;
  for (const one of all) {
    const next = resourceLines(one);
    // One fence may become as long as the longest run of backticks, which is cut at 120.
    const size = bytes(next.join("\n")) + 1;
    if (used + size > room) break;
    lines.push(...next);
    used += size;
    told += 1;
  }
  const left = all.length - told;
  const more = left === 0 ? [] : [runnable(`${left} more did not fit; \`npm run diff\` shows them.`)];
  return [[summary, "", ...(told > 0 ? [block(lines, "diff"), ""] : []), ...more, "</details>"].join("\n")];
}

function resourceLines({ address, action, attributes, forcedBy }: ResourceChange): string[] {
  const forced = new Set(forcedBy);
  const lines = [`${SIGNS[action] ?? "!"} ${plain(address)}${action === "forget" ? " (forgotten)" : ""}`];
  if (action === "destroy" || action === "forget") return lines;
  const isForced = (path: string) => forced.has(path) || forced.has(path.split(".")[0] ?? "");
  const late = attributes.filter(({ path, after }) => after === UNKNOWN && !isForced(path));
  for (const { path, before, after } of attributes) {
    if (after === UNKNOWN && !isForced(path)) continue;
    const old = before === undefined ? "" : `${valueText(before)} -> `;
    const force = isForced(path) ? "  # forces replacement" : "";
    lines.push(`    ${plain(path)} = ${old}${after === undefined ? "none" : valueText(after)}${force}`);
  }
  if (late.length === 0 || action === "create") return lines;
  return [...lines, `    known after apply: ${plain(late.map(({ path }) => path).join(", "), 1000)}`];
}

function failure(diagnostics: readonly Diagnostic[]): string[] {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length === 0)
    return ["Terraform ended without a message; the log of the job has what it printed."];
  const lines: string[] = [];
  let used = 0;
  for (const { summary, detail, address } of errors) {
    const next = [
      ...(lines.length > 0 ? [""] : []),
      ...(address === undefined ? [] : [`${plain(address, 300)}:`]),
      ...`${summary}\n${detail}`
        .trim()
        .split("\n")
        .map((line) => plain(line, 1000)),
    ];
    used += bytes(next.join("\n"));
    if (used > MOST_ERRORS) {
      lines.push("", "… and more; the log of the job has all of it.");
      break;
    }
    lines.push(...next);
  }
  const count = errors.length === 1 ? "an error" : `${errors.length} errors`;
  return [
    `Terraform reports ${count}. Nothing was changed, and nothing can be said of what a deploy would do.`,
    block(lines, "text"),
  ];
}

function footer({ plan, commit }: CommentInput): string {
  const parts = [
    ...(commit === undefined ? [] : [`commit ${code(commit.slice(0, 12))}`]),
    ...(plan === undefined ? [] : [`Terraform ${code(plan.terraformVersion)}`]),
    "values that are secret are not shown",
  ];
  return `<sub>${parts.join(" · ")}</sub>`;
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}
