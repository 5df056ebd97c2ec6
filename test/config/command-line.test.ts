import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COMMANDS, INSTALLED, runnable } from "../../lib/config/command-line.js";

const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

/** A text, and what it says in an installation. */
const TEXTS: readonly (readonly [string, string])[] = [
  ["npm run config:check", "npx cdktf-ovh-edge config:check"],
  ["npm run status; then look", "npx cdktf-ovh-edge status; then look"],
  ["`npm run accept`, as TAP", "`npx cdktf-ovh-edge accept`, as TAP"],
  ["npm run credentials -- check", "npx cdktf-ovh-edge credentials check"],
  ["npm run accept -- --list shows all", "npx cdktf-ovh-edge accept --list shows all"],
  ["npm run render --", "npx cdktf-ovh-edge render"],
  [
    "terraform show -json PLAN | npm run -s diff-comment -- --exit-code N",
    "terraform show -json PLAN | npx cdktf-ovh-edge diff-comment --exit-code N",
  ],
  ["npm run -s policy", "npx cdktf-ovh-edge policy"],
  ["`npm run diff` and `npm run deploy`", "`npx cdktf diff` and `npx cdktf deploy`"],
  [
    "npm run credentials, make a key, and npm run deploy",
    "npx cdktf-ovh-edge credentials, make a key, and npx cdktf deploy",
  ],
  ["as npm run chaos leaves it", "as npm run chaos in a checkout leaves it"],
  ["npm run docs", "npm run docs in a checkout"],
  ["npm install, then ssh -- edge-a", "npm install, then ssh -- edge-a"],
  ["", ""],
];

describe("the commands that a message names", () => {
  it.each(TEXTS)("are those of an installation: %s", (text, there) => {
    expect(runnable(text, true)).toBe(there);
  });

  it.each(TEXTS)("are a checkout's in a checkout: %s", (text) => {
    expect(runnable(text, false)).toBe(text);
  });

  it("are a checkout's here", () => {
    expect(INSTALLED).toBe(false);
    expect(runnable("npm run doctor")).toBe("npm run doctor");
  });

  it("exist in a checkout by the same names", () => {
    expect(COMMANDS.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});
