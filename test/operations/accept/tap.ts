/** One test point of a TAP report. */
export interface Point {
  readonly ok: boolean;
  readonly number: number;
  readonly id: string;
  readonly statement: string;
  /** Why it was skipped. */
  readonly skip?: string;
  /** Keys of its YAML block with their texts; what is below `got` is under `got EDGE`. */
  readonly diagnostics: Readonly<Record<string, string>>;
}

/** A report of version 14 of the Test Anything Protocol. */
export interface Report {
  readonly plan: number;
  readonly comments: readonly string[];
  readonly points: readonly Point[];
}

const POINT = /^(not )?ok (\d+) - ([a-z0-9-]+): ((?:[^\\#]|\\[\\#])*?)(?: # SKIP (\S.*))?$/;

/** Reads a whole report. @throws Error for whatever version 14 does not know */
export function parseTap(text: string): Report {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const [version, plan = "", ...lines] = text.slice(0, -1).split("\n");
  if (version !== "TAP version 14") throw new Error(`no version: ${version}`);
  const count = /^1\.\.(\d+)$/.exec(plan)?.[1];
  if (count === undefined) throw new Error(`no plan: ${plan}`);
  const comments: string[] = [];
  const points: Point[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    if (line.startsWith("# ")) {
      comments.push(line.slice(2));
      continue;
    }
    const found = POINT.exec(line);
    if (found === null) throw new Error(`no test point: ${line}`);
    const diagnostics: Record<string, string> = {};
    if (lines[at + 1] === "  ---") {
      let below = "";
      for (at += 2; lines[at] !== "  ..."; at++) {
        const pair = /^( {2}| {4})(\w+|"[^"]+"):(?: (".*"))?$/.exec(lines[at] ?? "");
        if (pair === null) throw new Error(`no YAML: ${lines[at]}`);
        const [, indent = "", name = "", value] = pair;
        const key = name.startsWith('"') ? JSON.parse(name) : name;
        if (indent.length === 2) below = key;
        if (value !== undefined)
          diagnostics[indent.length === 2 ? key : `${below} ${key}`] = JSON.parse(value);
      }
    }
    const [, not, number, id = "", statement = "", skip] = found;
    points.push({
      ok: not === undefined,
      number: Number(number),
      id,
      statement: statement.replace(/\\([\\#])/g, "$1"),
      ...(skip === undefined ? {} : { skip }),
      diagnostics,
    });
  }
  return { plan: Number(count), comments, points };
}
