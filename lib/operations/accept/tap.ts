import type { Finding, Greeting } from "./accept.js";
import type { How } from "./assumption.js";

/** The first lines of a report in version 14 of the Test Anything Protocol. */
export function tapHead(count: number, greetings: readonly Greeting[]): string {
  const edges = greetings.map(({ edge, host, system, unreachable }) =>
    comment(`${edge} at ${host}: ${system ?? `cannot be asked: ${unreachable}`}`),
  );
  return ["TAP version 14", `1..${count}`, ...edges, ""].join("\n");
}

/** One test point. */
export function tapPoint(number: number, { assumption, verdict, got, reason = "" }: Finding): string {
  const name = `${number} - ${assumption.id}: ${escaped(assumption.statement)}`;
  if (verdict === "ok") return `ok ${name}\n`;
  if (verdict === "skipped") return `ok ${name} # SKIP ${oneLine(reason)}\n`;
  const { how, otherwise, matters, source } = assumption;
  const lines = [
    ...(verdict === "unknown" ? [`unknown: ${text(reason)}`] : []),
    `expected: ${text(expected(how))}`,
    ...(Object.keys(got).length === 0
      ? []
      : ["got:", ...Object.entries(got).map(([who, what]) => `  ${text(who)}: ${text(what)}`)]),
    `means: ${text(otherwise)}`,
    `matters: ${text(matters)}`,
    `source: ${text(source)}`,
  ];
  return `not ok ${name}\n  ---\n${lines.map((line) => `  ${line}\n`).join("")}  ...\n`;
}

/** The last lines: how many there are of each. */
export function tapTail(findings: readonly Finding[]): string {
  const count = (wanted: Finding["verdict"]) => findings.filter(({ verdict }) => verdict === wanted).length;
  const parts = [
    `${count("ok")} hold`,
    `${count("not ok")} do not`,
    `${count("unknown")} could not be found out`,
    `${count("skipped")} skipped`,
  ];
  return comment(parts.join(", ")).concat("\n");
}

/** What an answer must be for an assumption to hold. */
export function expected(how: How): string {
  return how.kind === "sight" ? how.how : how.expected;
}

const oneLine = (value: string) => value.replace(/\s+/g, " ").trim();
const comment = (value: string) => `# ${oneLine(value)}`;
/** A number sign begins a directive. */
const escaped = (value: string) => oneLine(value).replace(/[\\#]/g, (found) => `\\${found}`);
/** A text of YAML, which is one of JSON. */
const text = (value: string) => JSON.stringify(value);
