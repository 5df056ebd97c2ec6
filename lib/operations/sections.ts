const MARK = "@@@";

/** What one of several commands printed, and its exit status. */
export interface Section {
  readonly status: number;
  readonly lines: readonly string[];
}

/** One command for several, so that a slow way to the edge is gone once. */
export function commandOf(sections: Readonly<Record<string, string>>): string {
  return Object.entries(sections)
    .map(([name, command]) => `echo '${MARK} ${name}'; (${command}) 2>&1; echo "${MARK} status $?"`)
    .join("; ");
}

/** Reads what such a command printed. @returns the section of a name; status 127 where there is none */
export function sectionsOf(text: string): (name: string) => Section {
  const sections = new Map<string, Section>();
  let [name, lines]: [string | undefined, string[]] = [undefined, []];
  for (const line of text.split("\n")) {
    const [mark, word = "", status] = line.split(" ");
    if (mark !== MARK) lines.push(line);
    else if (word !== "status") [name, lines] = [word, []];
    else if (name !== undefined) sections.set(name, { status: Number(status), lines });
  }
  return (wanted) => sections.get(wanted) ?? { status: 127, lines: [] };
}
