import { type Assumption, isDisruptive, type Topic } from "./assumption.js";
import { ASSUMPTIONS } from "./assumptions.js";

const TITLES: Readonly<Record<Topic, string>> = {
  system: "OpenBSD's scripts and tools",
  "TLS and Perl": "nc and Perl",
  "pf and ifstated": "pf and ifstated",
  carp: "carp",
  OVH: "OVH",
  deployment: "Deployment",
};

const cell = (text: string) => text.replaceAll("|", "\\|");

function checked(assumption: Assumption): string {
  const { how, where } = assumption;
  const only = where === undefined ? "" : `, with ${where.setting}`;
  if (how.kind === "sight") return `by sight${only}: ${how.how}`;
  return isDisruptive(assumption) && how.kind === "trial"
    ? `with \`--disruptive\`: it ${how.does}`
    : `yes${only}`;
}

/** docs/assumptions.md */
export function assumptionsDocument(): string {
  const parts = Object.entries(TITLES).map(([topic, title]) => {
    const rows = ASSUMPTIONS.filter((one) => one.topic === topic).map((one) =>
      [`\`${one.id}\``, one.statement, one.matters, one.otherwise, one.source, checked(one)]
        .map(cell)
        .join(" | "),
    );
    return [
      `## ${title}`,
      "",
      "| Id | Assumption | Where it matters | If it is wrong | Source | Checked |",
      "| --- | --- | --- | --- | --- | --- |",
      ...rows.map((row) => `| ${row} |`),
      "",
    ].join("\n");
  });
  return `# Assumptions

What no test here can show, because it takes a real OVH project or a real OpenBSD node.
\`npm run accept\` asks deployed edges and OVH about each of them and prints what it found as TAP; \`npm run docs\` makes this
page from the same table. Nothing is changed on the edges or at OVH unless \`--disruptive\` allows it. A pass on the
simulated region says that the script works, and nothing about real nodes.

${parts.join("\n")}`;
}
