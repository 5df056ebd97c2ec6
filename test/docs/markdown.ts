import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A link of a page, as it stands there. */
export interface Link {
  /** Line, from 1. */
  readonly line: number;
  readonly target: string;
}

/** One page of Markdown, taken apart as a forge shows it. */
export class Page {
  readonly links: readonly Link[];
  /** Anchors that a forge gives its headings, and those that it sets itself. */
  readonly anchors: ReadonlySet<string>;
  /** Lines of tables that have not as many cells as the head of their table. */
  readonly raggedRows: readonly number[];
  /** What is set as code, with the line that it begins in. */
  readonly code: readonly { readonly line: number; readonly text: string }[];

  /** @param path path within the repository */
  constructor(
    readonly path: string,
    text: string,
  ) {
    const links: Link[] = [];
    const anchors = new Set<string>();
    const code: { line: number; text: string }[] = [];
    const seen = new Map<string, number>();
    const raggedRows: number[] = [];
    let columns: number | undefined;
    let fence: string | undefined;
    for (const [index, raw] of text.split("\n").entries()) {
      const line = index + 1;
      const mark = /^\s*(`{3,}|~{3,})/.exec(raw)?.[1];
      if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
        fence = fence === undefined ? mark : undefined;
        continue;
      }
      if (fence !== undefined) {
        code.push({ line, text: raw });
        continue;
      }
      // A backslash keeps a bar from ending a cell, in code as well.
      const cells = raw.startsWith("|") ? raw.replace(/\\\|/g, "").split("|").length - 2 : undefined;
      if (cells !== undefined && columns !== undefined && cells !== columns) raggedRows.push(line);
      columns = cells === undefined ? undefined : (columns ?? cells);
      for (const [, , span] of raw.matchAll(CODE)) code.push({ line, text: span as string });
      const prose = raw.replace(CODE, "");
      for (const [, target] of prose.matchAll(LINK)) links.push({ line, target: target as string });
      const definition = /^\[[^\]]+\]:\s+<?([^\s>]+)/.exec(prose)?.[1];
      if (definition !== undefined) links.push({ line, target: definition });
      for (const [, id] of raw.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id as string);
      const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*$/.exec(raw)?.[1];
      if (heading === undefined) continue;
      const anchor = slug(heading);
      const before = seen.get(anchor);
      seen.set(anchor, (before ?? 0) + 1);
      anchors.add(before === undefined ? anchor : `${anchor}-${before}`);
    }
    this.raggedRows = raggedRows;
    this.links = links;
    this.anchors = anchors;
    this.code = code;
  }

  /** Path within the repository that a relative link means, and its anchor. */
  resolve(target: string): { readonly path: string; readonly anchor: string | undefined } {
    const [file = "", anchor] = decodeURI(target).split("#");
    const path = file === "" ? this.path : normalize(join(dirname(this.path), file)).replace(/\/$/, "");
    return { path, anchor };
  }
}

// One or two backticks on each side; what is between is not read further.
const CODE = /(`{1,2})(.+?)\1/g;
const LINK = /\]\(<?([^\s)>]+)>?(?:\s+"[^"]*")?\)/g;

/** Whether a link leads out of the repository. */
export const isExternal = (target: string) => /^[a-z][a-z+.-]*:/.test(target);

/** The anchor of a heading, as GitHub, GitLab and Forgejo make it. */
export function slug(heading: string): string {
  return heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/<[^>]+>/g, "")
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

/** All pages that are for readers, by their paths in the repository. */
export function pages(): ReadonlyMap<string, Page> {
  const paths = [
    ...readdirSync(root).filter((name) => name.endsWith(".md")),
    ...["docs", "examples"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".md") && !/(^|\/)node_modules\//.test(name))
        .map((name) => join(folder, name)),
    ),
  ];
  return new Map(
    paths.sort().map((path) => [path, new Page(path, readFileSync(join(root, path), "utf8"))] as const),
  );
}
