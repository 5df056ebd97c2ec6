import { table } from "../table.js";
import type { Checked, Finding } from "./check.js";

const WIDTH = 100;

/** All checks as a table, then what was found with why it matters and what mends it. */
export function doctorScreen(checked: readonly Checked[]): string {
  const rows = checked.map(({ group, name, edge, outcome }) => [group, edge ?? "", name, ...result(outcome)]);
  const findings = checked.flatMap(({ outcome }) => ("findings" in outcome ? outcome.findings : []));
  const impossible = checked.filter(({ outcome }) => "impossible" in outcome).length;
  const parts = [table(["", "edge", "check", "result", ""], rows)];
  for (const [severity, title] of [
    ["wrong", "To be mended"],
    ["advice", "Better otherwise"],
  ] as const) {
    const list = findings.filter((finding) => finding.severity === severity);
    if (list.length > 0) parts.push(`${title}:\n\n${list.map(paragraph).join("\n")}`.trimEnd());
  }
  parts.push(summary(checked.length, findings, impossible));
  return `${parts.join("\n\n")}\n`;
}

function result(outcome: Checked["outcome"]): [string, string] {
  if ("ok" in outcome) return ["ok", outcome.ok];
  if ("impossible" in outcome) return ["not possible", outcome.impossible];
  const { findings } = outcome;
  const bad = findings.filter(({ severity }) => severity === "wrong").length;
  return [
    bad > 0 ? "WRONG" : "advice",
    findings.length === 1 ? "see below" : `${findings.length} findings, see below`,
  ];
}

function paragraph({ what, why, mend }: Finding): string {
  return `${wrap(`${what}.`, "  ")}\n${wrap(`why:  ${why}`, "    ", 6)}\n${wrap(`mend: ${mend}`, "    ", 6)}\n`;
}

/** Breaks a text at blanks; a command stays in one piece where it can. */
function wrap(text: string, margin: string, hang = 0): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<=\S) /)) {
    const indent = lines.length === 0 ? "" : " ".repeat(hang);
    if (line !== "" && margin.length + indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(indent + line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push((lines.length === 0 ? "" : " ".repeat(hang)) + line);
  return lines.map((one) => margin + one).join("\n");
}

function summary(checks: number, findings: readonly Finding[], impossible: number): string {
  const bad = findings.filter(({ severity }) => severity === "wrong").length;
  const parts = [
    bad === 0 ? "nothing to be mended" : `${bad} to be mended`,
    ...(findings.length > bad ? [`${findings.length - bad} better otherwise`] : []),
    ...(impossible > 0 ? [`${impossible} not possible`] : []),
  ];
  return `${checks} checks: ${parts.join(", ")}.`;
}
