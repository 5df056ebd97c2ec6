import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isDisruptive } from "../../../lib/operations/accept/assumption.js";
import { ASSUMPTIONS, assumptionsNamed } from "../../../lib/operations/accept/assumptions.js";
import { assumptionsDocument } from "../../../lib/operations/accept/document.js";
import { CONFIGS, configFor } from "./features.js";

const page = readFileSync(new URL("../../../docs/assumptions.md", import.meta.url), "utf8");

describe("the table of assumptions", () => {
  it("is what docs/assumptions.md is made from (else npm run docs)", () => {
    expect(page).toBe(assumptionsDocument());
  });

  it("has each assumption in the page once", () => {
    for (const { id } of ASSUMPTIONS) expect(page.split(`| \`${id}\` |`)).toHaveLength(2);
  });

  it("has ids that differ and that a command line takes", () => {
    const ids = ASSUMPTIONS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  it.each(ASSUMPTIONS.map((one) => [one.id, one] as const))("says everything of each: %s", (_, one) => {
    const { statement, matters, otherwise, source, how } = one;
    for (const text of [statement, matters, otherwise, source]) expect(text).toMatch(/^\S.*[^.\s]$/);
    if (how.kind === "sight") expect(how.how).toMatch(/\S/);
    else expect(how.expected).toMatch(/^\S.*\S$/);
  });

  it("says of which configurations each is true that is not of all, and is about some and not all", () => {
    for (const one of ASSUMPTIONS.filter(({ where }) => where !== undefined)) {
      expect(one.where?.setting).toMatch(/^\S.*[^.\s]$/);
      expect(one.where?.has(configFor(one))).toBe(true);
      expect(CONFIGS.some((config) => one.where?.has(config) === false)).toBe(true);
      expect(assumptionsDocument()).toContain(`, with ${one.where?.setting}`);
    }
  });

  it("lets only trials disturb the edges", () => {
    expect(ASSUMPTIONS.filter(isDisruptive).map(({ id }) => id)).toEqual([
      "demotion-counter",
      "carpdev-loss",
      "live-interval",
      "attach-to-holder",
      "attach-while-pending",
    ]);
  });

  it("names those that there are none of", () => {
    expect(() => assumptionsNamed(["carp-line", "no-such", "nor-this"])).toThrow(
      "there is no assumption no-such, nor-this; npm run accept -- --list shows all",
    );
  });
});
