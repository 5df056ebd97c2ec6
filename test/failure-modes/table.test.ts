import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const DOC = "docs/failure-modes.md";
const COLUMNS = ["Case", "What happens", "What the edge does", "What the operator sees", "Shown by"];
/** The issue's own count. */
const LEAST = 47;
/** Who speaks in a line: a program on the node, or Terraform on the operator's terminal. */
const SPEAKERS = /^(edge-sync|ip-move|edge-install|rc|ssh|terraform|config): /;

interface Shown {
  readonly file: string;
  readonly title: string;
}

interface Row {
  readonly name: string;
  /** Lines of syslog or of the terminal, without who says them. */
  readonly lines: readonly string[];
  readonly says: string;
  readonly shown: readonly Shown[];
  readonly cells: readonly string[];
}

function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function rowOf(line: string): Row {
  const cells = cellsOf(line);
  const [name = "", , , says = "", by = ""] = cells;
  const lines = [...says.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string);
  const shown = by.split("<br>").map((one) => {
    const [, text, target, title] = /^\[([^\]]+)\]\(([^)]+)\): (.+)$/.exec(one) ?? [];
    if (text === undefined || target === undefined || title === undefined)
      throw new Error(`"${name}" is shown by "${one}"; write [PATH](../PATH): part of the test's title`);
    expect(join("docs", target), `the link of "${name}"`).toBe(text);
    return { file: text, title };
  });
  return { name, lines: lines.filter((one) => SPEAKERS.test(one)), says, shown, cells };
}

const table = readFileSync(join(root, DOC), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("|"));
const headers = table.filter((line) => cellsOf(line)[0] === COLUMNS[0]);
const rows = table.filter((line) => !headers.includes(line) && !/^\|[\s:|-]+\|$/.test(line)).map(rowOf);

/** Text of a file without its comments and what escapes a character, with the names that tests have for constants filled in. */
const textOf = (path: string) =>
  readFileSync(path, "utf8")
    .replace(/^\s*(\/\/|\/?\*).*$/gm, "")
    .replaceAll("\\", "")
    .replaceAll("${IP}", "146.59.143.231")
    .replaceAll("${HOST}", "eu.api.ovh.com");

/** A test and what it imports from the folders of tests. */
function sourceOf(file: string, seen = new Set<string>()): string {
  if (seen.has(file)) return "";
  seen.add(file);
  const text = textOf(join(root, file));
  const imported = [...text.matchAll(/from "(\.{1,2}\/[^"]+)\.js"/g)]
    .map(([, path]) => relative(root, join(root, dirname(file), `${path}.ts`)))
    .filter((path) => path.startsWith("test/"));
  return [text, ...imported.map((path) => sourceOf(path, seen))].join("\n");
}

/** What of a line stands in a test as it is: what changes is left out, and what is put together is taken apart. */
const piecesOf = (line: string) =>
  line
    .replace(SPEAKERS, "")
    .split(/…|="|"|: /)
    .map((piece) => piece.trim())
    .filter((piece) => piece.length >= 6);

describe(DOC, () => {
  it(`has at least ${LEAST} cases, each with all columns, and none twice`, () => {
    expect(headers.map(cellsOf)).toEqual(headers.map(() => COLUMNS));
    for (const { name, cells } of rows)
      expect([name, cells.length, cells.filter((cell) => cell === "")]).toEqual([name, COLUMNS.length, []]);
    expect(rows.length).toBeGreaterThanOrEqual(LEAST);
    const names = rows.map(({ name }) => name);
    expect(names.filter((name, n) => names.indexOf(name) !== n)).toEqual([]);
  });

  it.each(
    rows.flatMap(({ name, shown }) => shown.map(({ file, title }) => [name, file, title] as const)),
  )("%s: %s has a test of that title: %s", (_, file, title) => {
    expect(existsSync(join(root, file)), `${file} is there`).toBe(true);
    expect(file).toMatch(/^test\/.*\.test\.ts$/);
    // A test's title, or what it is put together from, is a text of the file.
    expect(textOf(join(root, file)).includes(title.replaceAll("\\", ""))).toBe(true);
  });

  it.each(
    rows.map((row) => [row.name, row] as const),
  )("%s: its lines are in the tests that show it", (_, row) => {
    const source = row.shown.map(({ file }) => sourceOf(file)).join("\n");
    for (const line of row.lines) {
      const missing = piecesOf(line).filter((piece) => !source.includes(piece.replaceAll("\\", "")));
      expect([line, missing]).toEqual([line, []]);
    }
    // An operator who sees nothing is told so.
    if (row.lines.length === 0) expect(row.says).toMatch(/^nothing/);
  });
});
