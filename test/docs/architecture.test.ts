import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./markdown.js";

const lib = join(root, "lib");

/** What each folder of lib imports, by the table of docs/architecture.md. */
const told = new Map(
  [
    ...readFileSync(join(root, "docs/architecture.md"), "utf8").matchAll(
      /^\| `lib\/(\w+)` \| .*? \| ([\w, ]+) \|$/gm,
    ),
  ].map(([, folder, list]) => [
    folder as string,
    list === "nothing else" ? [] : (list as string).split(", "),
  ]),
);

const sources = readdirSync(lib, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && file.includes("/"))
  .map((file) => ({
    file,
    folder: file.split("/")[0] as string,
    imports: [
      ...readFileSync(join(lib, file), "utf8").matchAll(/^(?:import|export|\}).* from "([^"]+)"/gm),
    ].map(([, name]) => name as string),
  }));

describe("the folders of lib", () => {
  it("are all in the table of docs/architecture.md", () => {
    expect([...told.keys()].sort()).toEqual([...new Set(sources.map(({ folder }) => folder))].sort());
  });

  it("import those alone that the table says", () => {
    const wrong = sources.flatMap(({ file, folder, imports }) =>
      imports
        .filter((name) => name.startsWith("."))
        .map((name) => relative(lib, join(lib, dirname(file), name)).split("/")[0] as string)
        .filter((other) => other !== folder && told.get(folder)?.includes(other) !== true)
        .map((other) => `lib/${file} imports ${other}`),
    );
    expect(wrong).toEqual([]);
  });

  it("know nothing of cdktf where they must not", () => {
    const wrong = sources
      .filter(({ folder }) => ["config", "edge", "simulator", "operations"].includes(folder))
      .filter(({ imports }) => imports.some((name) => /^(cdktf|constructs|@cdktf\/)/.test(name)))
      .map(({ file }) => file);
    expect(wrong).toEqual([]);
  });
});
