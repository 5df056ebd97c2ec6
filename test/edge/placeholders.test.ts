import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fill,
  PLACEHOLDERS,
  type Placeholder,
  placeholdersIn,
  SECRETS,
} from "../../lib/edge/placeholders.js";
import { VALUES } from "./bundles.js";

const NAMES = Object.keys(PLACEHOLDERS) as Placeholder[];

describe("placeholders", () => {
  it("are told apart by their text", () => {
    expect(new Set(Object.values(PLACEHOLDERS)).size).toBe(NAMES.length);
  });

  it.each(NAMES)("hold no other one: %s", (name) => {
    expect(placeholdersIn(PLACEHOLDERS[name])).toEqual([name]);
  });

  it.each(NAMES)("are plain text to sed, to a shell and to Terraform: %s", (name) => {
    expect(PLACEHOLDERS[name]).toMatch(/^@@[a-z_]+@@$/);
  });

  it("count as secret where they are a password or a credential", () => {
    expect(SECRETS).toEqual([
      "carpPassword",
      "applicationKey",
      "applicationSecret",
      "consumerKey",
      "clientSecret",
      "webhookUrl",
    ]);
  });
});

describe("the placeholders in a text", () => {
  it.each([
    ["", []],
    ["pass @@carp_password", []],
    ["pass @@Carp_Password@@", []],
    ["pass @@carp_password@@", ["carpPassword"]],
    ["@@mac_carp@@ @@mac_external@@ @@mac_carp@@", ["macExternal", "macCarp"]],
    ["@@sha256_0@@", []],
  ])("of %j are %j", (text, names) => {
    expect(placeholdersIn(text)).toEqual(names);
  });
});

describe("filling a text", () => {
  it("puts a value in every place that is kept for it", () => {
    expect(fill("@@mac_carp@@ and @@mac_carp@@", { macCarp: "fa:16:3e:00:00:03" })).toBe(
      "fa:16:3e:00:00:03 and fa:16:3e:00:00:03",
    );
  });

  it("leaves those without a value as they are", () => {
    expect(fill("@@mac_carp@@ @@instance_id@@", { instanceId: "i-1" })).toBe("@@mac_carp@@ i-1");
  });

  it.each(["$&", "$1", "$$", "$`", "\\n", "\\1", "&", "|", "%s"])("takes %j literally", (value) => {
    expect(fill("key=@@application_secret@@;", { applicationSecret: value })).toBe(`key=${value};`);
  });

  it("leaves no placeholder when every value is given", () => {
    expect(placeholdersIn(fill(Object.values(PLACEHOLDERS).join("\n"), VALUES))).toEqual([]);
  });

  it("changes nothing around the placeholders, whatever the values are", () => {
    const plain = fc.string().filter((text) => !text.includes("@"));
    fc.assert(
      fc.property(plain, plain, fc.constantFrom(...NAMES), plain, (before, after, name, value) => {
        expect(fill(`${before}${PLACEHOLDERS[name]}${after}`, { [name]: value })).toBe(
          before + value + after,
        );
      }),
    );
  });
});
