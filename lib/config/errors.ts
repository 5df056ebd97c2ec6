/** One broken rule of a configuration. */
export interface ConfigIssue {
  /** Path of the setting, dotted, for example `edges[1].advskew`. */
  readonly path: string;
  /** The rule, the value got and the next step, as one sentence without the path. */
  readonly message: string;
}

/**
 * A configuration that breaks one or more rules. All of them are in `issues`;
 * `message` has one line each.
 */
export class ConfigError extends Error {
  constructor(
    readonly source: string,
    readonly issues: readonly ConfigIssue[],
  ) {
    super(
      [
        `${source}: ${issues.length} ${issues.length === 1 ? "error" : "errors"}`,
        ...issues.map((issue) => `  ${formatIssue(issue)}`),
      ].join("\n"),
    );
    this.name = "ConfigError";
  }
}

/** `carp.vhid must be an integer from 1 to 255, got 300; pick another one` */
export function formatIssue(issue: ConfigIssue): string {
  return issue.path === "" ? issue.message : `${issue.path} ${issue.message}`;
}

/** The dotted form of a path: `["edges", 1, "name"]` is `edges[1].name`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += `${text === "" ? "" : "."}${formatKey(String(part))}`;
  }
  return text;
}

/** A key as it is, or in quotes and short where it could be taken for something else. */
function formatKey(key: string): string {
  return /^[\w$-]{1,60}$/.test(key) ? key : show(key);
}

/** What a terminal does not show, or takes for a command: controls, line ends, marks of direction, half characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A value as a message shows it: short, on one line, nothing in it unseen, and `nothing` where it is absent. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "bigint" ? `${value}` : (JSON.stringify(value) ?? String(value));
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return short.replace(UNSEEN, (one) => `\\u${(one.codePointAt(0) as number).toString(16).padStart(4, "0")}`);
}
