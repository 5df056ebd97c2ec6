import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { FAULTS } from "../../lib/playground/control.js";
import { matchers } from "../../lib/testing.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(ROOT, "docs/testing.md"), "utf8");

/** The blocks of the page, with what stands after the fence. */
const blocks = [...page.matchAll(/^```(\S+)(?: (\S+))?\n(.*?)^```$/gms)].map(([, language, file, text]) => ({
  language,
  file,
  text: text as string,
}));

describe("docs/testing.md", () => {
  it("shows the recipes as the tests run them, all of them and in full", () => {
    const shown = blocks.filter(({ file }) => file !== undefined);
    expect(shown.map(({ file }) => file).sort()).toEqual(
      readdirSync(join(ROOT, "test/recipes")).map((name) => `test/recipes/${name}`),
    );
    for (const { file, text } of shown) expect(text).toBe(readFileSync(join(ROOT, file as string), "utf8"));
  });

  it("has no other code than a line that the recipes have too", () => {
    const others = blocks.filter(({ language, file }) => language === "ts" && file === undefined);
    const recipes = blocks.filter(({ file }) => file !== undefined);
    for (const { text } of others) expect(recipes.every((recipe) => recipe.text.includes(text))).toBe(true);
  });

  it("names every fault and every matcher", () => {
    for (const name of Object.keys(FAULTS)) expect(page).toContain(`\`${name}\``);
    const [, table = ""] = /^\| Matcher.*\n\| -.*\n((?:\|.*\n)*)/m.exec(page) ?? [];
    expect([...table.matchAll(/^\| `(\w+)\(/gm)].map(([, name]) => name)).toEqual(Object.keys(matchers));
  });

  it("has a workflow that may do nothing but read, and installs what a region needs", () => {
    const [workflow] = blocks.filter(({ language }) => language === "yaml");
    const { jobs } = parse(workflow?.text as string);
    expect(jobs.drill.permissions).toEqual({ contents: "read" });
    const steps: { uses?: string; run?: string; with?: Record<string, unknown> }[] = jobs.drill.steps;
    const runs = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
    expect(runs.join("\n")).toMatch(
      /apt-get install -y perl openssh-client\n.*userns=0\nnpm ci\nnpx vitest run$/,
    );
    // The wrapper would print beside Terraform's own lines of JSON.
    const terraform = steps.find(({ uses }) => uses?.startsWith("hashicorp/setup-terraform"));
    expect(terraform?.with?.terraform_wrapper).toBe(false);
  });
});
