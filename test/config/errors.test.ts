import { describe, expect, it } from "vitest";
import { ConfigError, formatIssue, formatPath, show } from "../../lib/config/errors.js";

describe("formatIssue", () => {
  it("puts the path before the message", () => {
    expect(formatIssue({ path: "carp.vhid", message: "must be odd" })).toBe("carp.vhid must be odd");
  });

  it("leaves out the path of the whole configuration", () => {
    expect(formatIssue({ path: "", message: "the file is gone" })).toBe("the file is gone");
  });
});

describe("formatPath", () => {
  it.each([
    [[], ""],
    [["carp"], "carp"],
    [["carp", "vhid"], "carp.vhid"],
    [["edges", 1, "name"], "edges[1].name"],
    [["probe", "targets", 0], "probe.targets[0]"],
    [[0, 1], "[0][1]"],
    [["carp", "a b\n"], 'carp."a b\\n"'],
    [["carp", "x".repeat(99)], `carp."${"x".repeat(56)}...`],
  ])("of %j is %s", (path, text) => {
    expect(formatPath(path)).toBe(text);
  });
});

describe("show", () => {
  it.each([
    ["an absent value", undefined, "nothing"],
    ["null", null, "null"],
    ["a number", 7, "7"],
    ["a text in quotes", "a", '"a"'],
    ["line breaks escaped", 'a\n"b"', '"a\\n\\"b\\""'],
    ["a list", [1, "a"], '[1,"a"]'],
    ["an object", { a: 1 }, '{"a":1}'],
    ["60 characters whole", "a".repeat(58), `"${"a".repeat(58)}"`],
    ["what reverses a line by its number", "a\u202eb", '"a\\u202eb"'],
    ["a character without width by its number", "1\u200b0", '"1\\u200b0"'],
    ["a terminal's command by its number", "\u009b2J", '"\\u009b2J"'],
    ["letters of other scripts as they are", "é\u0430", '"é\u0430"'],
    ["61 characters cut to 60", "a".repeat(59), `"${"a".repeat(56)}...`],
  ])("shows %s", (_, value, text) => {
    expect(show(value)).toBe(text);
  });
});

describe("ConfigError", () => {
  it("has one line for its source and one for each error", () => {
    const issues = [
      { path: "carp.vhid", message: "must be odd" },
      { path: "", message: "the rest is missing" },
    ];
    const error = new ConfigError("a.json", issues);
    expect(error.message).toBe("a.json: 2 errors\n  carp.vhid must be odd\n  the rest is missing");
    expect(error).toMatchObject({ name: "ConfigError", source: "a.json", issues });
  });

  it("counts a single error as one", () => {
    expect(new ConfigError("a.json", [{ path: "a", message: "must go" }]).message).toBe(
      "a.json: 1 error\n  a must go",
    );
  });
});
