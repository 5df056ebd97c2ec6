import { describe, expect, it } from "vitest";
import { nearest } from "../../lib/config/suggest.js";

describe("the nearest candidate", () => {
  it.each([
    ["one letter more", "edgess", ["carp", "edges"], "edges"],
    ["one letter less", "edge", ["carp", "edges"], "edges"],
    ["one letter wrong", "edger", ["carp", "edges"], "edges"],
    ["two letters swapped", "crap", ["probe", "carp"], "carp"],
    ["other case", "FAILOVERIP", ["failoverIp"], "failoverIp"],
    ["the same word", "ssh", ["ssl", "ssh"], "ssh"],
    ["the nearer of two", "internat", ["internals", "internal"], "internal"],
    ["the first of two as near", "carx", ["carp", "card"], "carp"],
    ["a third of a long word wrong", "advskxyz", ["advskew"], "advskew"],
  ])("is found for %s", (_, word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected);
  });

  it.each([
    ["a short word with three letters wrong", "abc", ["xyz"]],
    ["more than a third of a word wrong", "password", ["address"]],
    ["no candidates", "carp", []],
    ["no word near a candidate", "", ["ovh"]],
  ])("is not found for %s", (_, word, candidates) => {
    expect(nearest(word, candidates)).toBeUndefined();
  });

  it.each([
    ["abc", 2, true],
    ["abc", 3, false],
    ["abcd", 2, true],
    ["abcd", 3, false],
    ["abcdefg", 3, true],
    ["abcdefg", 4, false],
    ["abcdefghi", 3, true],
    ["abcdefghi", 4, false],
    ["abcdefghij", 4, true],
    ["abcdefghij", 5, false],
  ])("of %s with %i letters wrong is found: %s", (word, wrong, found) => {
    const candidate = word.slice(0, word.length - wrong) + "z".repeat(wrong);
    expect(nearest(word, [candidate])).toBe(found ? candidate : undefined);
  });
});
