import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type EdgeFile, LINE_FILES, type RenderedEdge } from "./file.js";
import { fill, SECRETS } from "./placeholders.js";

const MASK = "********";

/** A file as people may see it: secrets masked, what is only known later by its name. */
export function masked(file: EdgeFile): EdgeFile {
  const content = fill(file.content, Object.fromEntries(SECRETS.map((name) => [name, MASK])));
  return { ...file, content: content.replaceAll(/@@(\w+)@@/g, "<$1>") };
}

/** All files of an edge as one text, each under its path, owner and mode; programs by their length. */
export function listing({ files, lines }: RenderedEdge): string {
  const parts = files.map(masked).map(({ path, mode, owner, group, content }) => {
    const text = path.startsWith("/etc/") ? content : `as shipped, ${content.split("\n").length - 1} lines\n`;
    return `==> ${path} ${mode.toString(8).padStart(4, "0")} ${owner}:${group}\n${text}`;
  });
  const extra = lines.map(({ in: where, text }) => `==> ${LINE_FILES[where]}, one line\n${text}\n`);
  return [...parts, ...extra].join("\n");
}

/** Writes an edge's files below a folder, at their real paths. */
export function writeEdge({ files }: RenderedEdge, folder: string): string[] {
  return files.map(masked).map(({ path, mode, content }) => {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content, { mode: mode | 0o200 });
    return target;
  });
}
