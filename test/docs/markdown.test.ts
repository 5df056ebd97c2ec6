import { describe, expect, it } from "vitest";
import { Page, slug } from "./markdown.js";

describe("a heading's anchor", () => {
  it.each([
    ["What is in it", "what-is-in-it"],
    ["`npm run eject`, and after", "npm-run-eject-and-after"],
    ["OVH's Object Storage", "ovhs-object-storage"],
    ["Ways out — of cdktf", "ways-out--of-cdktf"],
    ["See [the guide](x.md#y)", "see-the-guide"],
    ["edge_sync 2–8", "edge_sync-28"],
    ["Größe", "größe"],
  ])("%s is #%s", (heading, anchor) => expect(slug(heading)).toBe(anchor));
});

describe("a page", () => {
  const page = new Page(
    "docs/a/b.md",
    [
      "# Title",
      '[one](../c.md#x) and ![two](d.svg "title"), `[no](link.md)`',
      "## Same",
      "## Same",
      "```sh",
      "# no heading [no](link.md)",
      "npm run x",
      "```",
      '<a id="here"></a>',
      "[ref]: https://example.org/",
    ].join("\n"),
  );

  it("has the links that are none of its code's", () => {
    expect(page.links).toEqual([
      { line: 2, target: "../c.md#x" },
      { line: 2, target: "d.svg" },
      { line: 10, target: "https://example.org/" },
    ]);
  });

  it("numbers headings of the same name, and keeps anchors of its own", () => {
    expect([...page.anchors]).toEqual(["title", "same", "same-1", "here"]);
  });

  it("has code in its text and in blocks", () => {
    expect(page.code).toEqual([
      { line: 2, text: "[no](link.md)" },
      { line: 6, text: "# no heading [no](link.md)" },
      { line: 7, text: "npm run x" },
    ]);
  });

  it.each([
    ["../c.md#x", "docs/c.md", "x"],
    ["#same", "docs/a/b.md", "same"],
    ["d%20e.md", "docs/a/d e.md", undefined],
    ["../../examples/", "examples", undefined],
    ["../../../out.md", "../out.md", undefined],
  ])("takes %s for %s, %s", (target, path, anchor) => {
    expect(page.resolve(target)).toEqual({ path, anchor });
  });

  it("has rows that are wider or narrower than the head of their table", () => {
    const rows = ["| a | b |", "|---|---|", "| `x \\| y` | 1 |", "| 1 |", "", "| c |", "|---|", "| 1 | 2 |"];
    expect(new Page("a.md", rows.join("\n")).raggedRows).toEqual([4, 8]);
  });
});
