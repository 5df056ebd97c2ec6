const ROLES = ["INIT", "BACKUP", "MASTER"];
const KNOWN = ["here", "elsewhere", "?"];

/** What the model prints while a verifier replays a trail, as lines that a person can read. */
export function timeline(output: string): readonly string[] {
  const lines: string[] = [];
  let round = 0;
  for (const line of output.split("\n")) {
    if (line === "round") lines.push(`-- round ${++round} is over`);
    else if (line === "no more faults") lines.push("-- no more faults");
    else if (/^(edge \d|ovh|network): /.test(line)) {
      lines.push(
        line
          .replace(/carp0 is (\d)$/, (_, role) => `carp0 is ${ROLES[role]}`)
          .replace(/known is (\d)/, (_, known) => `known is ${KNOWN[known]}`),
      );
    }
  }
  return lines;
}
