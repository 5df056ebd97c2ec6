import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comment } from "../../../lib/operations/pull-request/comment.js";
import { block, code, codes, plain, valueText } from "../../../lib/operations/pull-request/markdown.js";
import { SENSITIVE, UNKNOWN } from "../../../lib/operations/pull-request/plan.js";
import { violationsOf } from "../../../lib/operations/pull-request/policy.js";
import { change, planOf } from "./made.js";

/** What of a Markdown text is not code: an own reader of fences and spans, after CommonMark 4.5 and 6.1. */
function outsideOfCode(text: string): string {
  const lines: string[] = [];
  let fence: string | undefined;
  for (const line of text.split("\n")) {
    const found = /^(`{3,})[a-z]*$/.exec(line)?.[1];
    if (fence === undefined && found !== undefined) fence = found;
    else if (fence === undefined) lines.push(line);
    else if (/^`{3,} *$/.test(line) && line.trim().length >= fence.length) fence = undefined;
  }
  expect(fence).toBeUndefined();
  // A span goes to the next run of as many backticks, also over the ends of lines of a paragraph.
  return lines
    .join("\n")
    .split(/\n\n/)
    .map((paragraph) =>
      paragraph.replace(/(?<!`)(`+)(?!`)(?:(?!\1(?!`))[\s\S]|(?<=`)`)*?(?<!`)\1(?!`)/g, "CODE"),
    )
    .join("\n\n");
}

const nasty = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom(
      "`",
      "@",
      "<",
      ">",
      "\n",
      "*",
      "|",
      "[",
      "]",
      "(",
      ")",
      "#",
      "-",
      " ",
      "a",
      "\\",
      "&",
      "~",
      "_",
      "!",
    ),
  }),
  fc.constantFrom(
    "</details>",
    "@everyone",
    "```\n@team",
    "<!-- edge-diff edge -->",
    "![x](http://x)",
    "\u202egnp.exe",
    "> [!TIP]",
    "<img src=x>",
    "`",
    "``",
    "` `",
    "",
  ),
);

describe("values of other people", () => {
  it("do not get out of the code that they are shown in", () => {
    fc.assert(
      fc.property(nasty, nasty, nasty, nasty, (name, ip, value, message) => {
        const plan = planOf(
          [
            change(
              "ovh_cloud_instance",
              "odd",
              ["delete", "create"],
              { name, id: "1" },
              { name, id: "1" },
              { replace_paths: [[value]] },
            ),
            change("ovh_cloud_project_failover_ip_attach", "a", ["delete"], { ip, routed_to: "1" }),
            { ...change("other", "b", ["update"], { [name]: "" }, { [name]: value }), address: value },
          ],
          {
            output_changes: { [name]: { actions: ["update"] } },
            checks: [
              { address: { kind: "check" }, instances: [{ status: "fail", problems: [{ message }] }] },
            ],
          },
        );
        const diagnostics = [{ severity: "error" as const, summary: message, detail: value, address: ip }];
        for (const text of [
          comment({ stack: "edge", exitCode: 2, plan, violations: violationsOf(plan), commit: value }),
          comment({ stack: "edge", exitCode: 1, diagnostics, commit: value }),
        ]) {
          const rest = outsideOfCode(text)
            .replace(/^<!-- edge-diff edge -->\n/, "")
            .replace(/<\/?(?:details|summary|sub)>/g, "");
          expect(rest).not.toMatch(/[@`\p{Cf}]|[<[](?!!(?:CAUTION|WARNING|NOTE)\])|http|[^\n -~…·]/u);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["a", "`a`"],
    ["", "`  `"],
    ["a`b", "``a`b``"],
    ["`a`", "`` `a` ``"],
    [" a", "`  a `"],
    ["a\nb\u202e", "`a\\u000ab\\u202e`"],
  ])("are a span of code: %j is %s", (text, wanted) => expect(code(text)).toBe(wanted));

  it("are cut where they are long, between characters", () => {
    expect(plain("😀😀😀", 4)).toBe("😀…");
    expect(plain("abcd", 4)).toBe("abcd");
    expect(plain("abcde", 4)).toBe("abc…");
  });

  it("are a block of code with a fence that is longer than any in it", () => {
    expect(block(["a", "````"], "diff")).toBe("`````diff\na\n````\n`````");
  });

  it("are listed as people do", () => {
    expect([codes(["a"]), codes(["a", "b"]), codes(["a", "b", "c"])]).toEqual([
      "`a`",
      "`a` and `b`",
      "`a`, `b` and `c`",
    ]);
  });

  it("are shown as JSON, with what is masked by its name", () => {
    expect(valueText({ a: SENSITIVE, b: [UNKNOWN, 1] })).toBe(
      '{"a":"(sensitive)","b":["(known after apply)",1]}',
    );
    expect([valueText(SENSITIVE), valueText(UNKNOWN), valueText("x"), valueText(undefined)]).toEqual([
      "(sensitive)",
      "(known after apply)",
      '"x"',
      "none",
    ]);
  });
});
