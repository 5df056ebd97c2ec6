import { SENSITIVE, UNKNOWN } from "./plan.js";

/** What no one sees, or what turns text around: controls, line ends, marks of direction, half characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text on one line with nothing in it unseen, cut at `most` characters. */
export function plain(text: string, most = 200): string {
  const seen = text.replace(
    UNSEEN,
    (one) => `\\u${(one.codePointAt(0) as number).toString(16).padStart(4, "0")}`,
  );
  return seen.length > most ? `${seen.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…` : seen;
}

/**
 * A text of someone else's as a span of code. In one there is no HTML, no link and no mention; it
 * ends at a run of as many backticks as it began with.
 */
export function code(text: string, most?: number): string {
  const shown = plain(text, most);
  const fence = "`".repeat(longestRun(shown) + 1);
  const padding = shown === "" || /^[ `]|[ `]$/.test(shown) ? " " : "";
  return `${fence}${padding}${shown}${padding}${fence}`;
}

/** Lines as a block of code, which nothing in them can end. */
export function block(lines: readonly string[], language = ""): string {
  const text = lines.join("\n");
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

/** Texts as `a`, `b` and `c`. */
export function codes(texts: readonly string[]): string {
  const all = texts.map((text) => code(text));
  const last = all.pop() ?? "";
  return all.length === 0 ? last : `${all.join(", ")} and ${last}`;
}

/** A value as one line: JSON, with what is masked or unknown by its name. */
export function valueText(value: unknown, most = 120): string {
  if (value === SENSITIVE || value === UNKNOWN) return (value as symbol).description as string;
  const json = JSON.stringify(value, (_, one) => (typeof one === "symbol" ? one.description : one));
  return plain(json ?? "none", most);
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
