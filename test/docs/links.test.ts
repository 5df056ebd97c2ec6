import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { isExternal, type Page, pages, root } from "./markdown.js";

const all = pages();
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const at = ({ path }: Page, line: number, what: string) => `${path}:${line}: ${what}`;

/** What is wrong with each thing that `look` finds in a page. */
const wrongIn = (look: (page: Page) => string[]) => [...all.values()].flatMap(look);

describe("the pages", () => {
  it("are those of the repository", () => {
    for (const path of ["README.md", "CHANGELOG.md", "docs/README.md", "examples/README.md"])
      expect([...all.keys()]).toContain(path);
  });

  it("link to files and folders that are there", () => {
    const wrong = wrongIn((page) =>
      page.links
        .filter(({ target }) => !isExternal(target))
        .filter(({ target }) => {
          const { path } = page.resolve(target);
          return path.startsWith("..") || path.startsWith("/") || !existsSync(join(root, path));
        })
        .map(({ line, target }) => at(page, line, target)),
    );
    expect(wrong).toEqual([]);
  });

  it("link to headings that are there", () => {
    const wrong = wrongIn((page) =>
      page.links
        .filter(({ target }) => !isExternal(target))
        .filter(({ target }) => {
          const { path, anchor } = page.resolve(target);
          return anchor !== undefined && all.get(path)?.anchors.has(anchor) !== true;
        })
        .map(({ line, target }) => at(page, line, target)),
    );
    expect(wrong).toEqual([]);
  });

  it("have tables whose rows are as wide as their head", () => {
    expect(wrongIn((page) => page.raggedRows.map((line) => at(page, line, "a row of a table")))).toEqual([]);
  });

  it("name commands that package.json has", () => {
    const wrong = wrongIn((page) =>
      page.code.flatMap(({ line, text }) =>
        [...text.matchAll(/\bnpm run ([a-z][a-z:-]*)/g)]
          .filter(([, name]) => !((name as string) in scripts))
          .map(([command]) => at(page, line, command)),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it("name files of the repository that are there", () => {
    const wrong = wrongIn((page) =>
      page.code.flatMap(({ line, text }) =>
        [...text.matchAll(/(?<![\w./~@-])(?:lib|test|scripts|docs|examples)\/[\w./-]*[\w-]/g)]
          .map(([path]) => path)
          // A source may be named as it is imported, and a page or a folder by its beginning.
          .filter((path) => !["", ".ts", ".md", ".svg"].some((end) => existsSync(join(root, path + end))))
          .filter((path) => !existsSync(join(root, dirname(page.path), path)))
          .map((path) => at(page, line, path)),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it("name settings that there are", () => {
    const table = readFileSync(join(root, "docs/configuration.md"), "utf8");
    const settings = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, path]) => path as string);
    // A part of the configuration is named by the beginning of its settings' paths.
    const known = new Set(
      settings.flatMap((path) => [...path.matchAll(/\.|$/g)].map(({ index }) => path.slice(0, index))),
    );
    const tops = new Set(settings.map((path) => path.split(/[.[]/)[0]));
    const wrong = wrongIn((page) =>
      // The figures there have names of their own.
      (page.path === "docs/benchmarks.md" ? [] : page.code)
        .map(({ line, text }) => ({
          line,
          path: /^([a-zA-Z]+)(\[\d*\])?(\.[a-zA-Z]+(\[\d*\])?)+$/.exec(text.replace(/:.*/, "")),
        }))
        .filter(({ path }) => path !== null && tops.has(path[1] as string))
        .map(({ line, path }) => ({ line, path: (path?.[0] as string).replace(/\[\d+\]/g, "[]") }))
        .filter(
          ({ path }) => !known.has(path) && !known.has(`${path}[]`) && !known.has(path.replace(/\[\]$/, "")),
        )
        .map(({ line, path }) => at(page, line, path)),
    );
    expect(wrong).toEqual([]);
  });

  it("are all reached from docs/README.md", () => {
    const reached = new Set(["docs/README.md"]);
    for (const path of reached) {
      const page = all.get(path);
      for (const { target } of page?.links ?? []) {
        if (page === undefined || isExternal(target)) continue;
        const to = page.resolve(target).path;
        if (all.has(to)) reached.add(to);
        if (all.has(`${to}/README.md`)) reached.add(`${to}/README.md`);
      }
    }
    expect([...all.keys()].filter((path) => !reached.has(path))).toEqual([]);
  });

  it("have an index of decisions, in order, by their own titles", () => {
    const decisions = [...all.keys()].filter((path) => /^docs\/decisions\/\d/.test(path));
    const read = (path: string) => readFileSync(join(root, path), "utf8");
    expect(
      read("docs/decisions/README.md")
        .split("\n")
        .filter((line) => line.startsWith("- ")),
    ).toEqual(
      decisions.map((path) => {
        const title = /^# (.*)$/m.exec(read(path))?.[1];
        const name = path.slice("docs/decisions/".length);
        expect(title, path).toMatch(new RegExp(`^${Number(name.slice(0, 3))}\\. `));
        return `- [${title}](${name})`;
      }),
    );
  });

  it("lead out to these hosts, which nothing here asks", () => {
    const hosts = new Set(
      [...all.values()].flatMap(({ links }) =>
        links.filter(({ target }) => isExternal(target)).map(({ target }) => new URL(target).host),
      ),
    );
    expect([...hosts].sort()).toEqual(["keepachangelog.com", "semver.org"]);
  });
});
