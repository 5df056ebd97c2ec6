import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { comment, LIMIT, marker, verdictOf } from "../../../lib/operations/pull-request/comment.js";
import { diagnosticsIn } from "../../../lib/operations/pull-request/messages.js";
import { readPlan } from "../../../lib/operations/pull-request/plan.js";
import { violationsOf } from "../../../lib/operations/pull-request/policy.js";
import { change, planOf } from "./made.js";
import { exitCodeOf, PLANS, RECORDED, recorded } from "./recorded.js";

/** Writes what is said now, to be reviewed as a diff. */
const UPDATE = process.env.UPDATE_GOLDEN === "1";

function golden(name: string, text: string): void {
  const file = `${PLANS}${name}.md`;
  if (UPDATE) writeFileSync(file, text);
  expect(text).toBe(existsSync(file) ? readFileSync(file, "utf8") : "");
}

const commentOn = (name: string) => {
  const plan = readPlan(JSON.stringify(recorded(name)));
  return comment({
    stack: "edge",
    exitCode: exitCodeOf(name),
    plan,
    violations: violationsOf(plan),
    commit: "0123456789abcdef",
  });
};

describe("the comment on", () => {
  it.each(RECORDED)("%s says what was reviewed", (name) => golden(name, commentOn(name)));

  it("a plan that fails shows Terraform's errors, and nothing else", () => {
    const diagnostics = diagnosticsIn(readFileSync(`${PLANS}no-such-ip.messages`, "utf8"));
    golden("no-such-ip", comment({ stack: "edge", exitCode: 1, diagnostics }));
  });

  it("a Terraform that did not start shows what it said", () => {
    const diagnostics = diagnosticsIn("bash: terraform: command not found\n");
    expect(comment({ stack: "edge", exitCode: 127, diagnostics })).toContain(
      "Terraform reports an error. Nothing was changed, and nothing can be said of what a deploy would do.\n\n```text\nbash: terraform: command not found\n```\n",
    );
  });

  it("a plan that is cut off says that there is no message", () => {
    expect(comment({ stack: "edge", exitCode: 130 })).toContain("Terraform ended without a message");
  });

  it("an edge that none holds the IP of has the warning of the check", () => {
    const plan = planOf([], {
      checks: [
        {
          address: { kind: "check", name: "holds" },
          instances: [
            { status: "fail", problems: [{ message: 'None of the edges holds it: it is routed to "".' }] },
          ],
        },
      ],
    });
    expect(comment({ stack: "edge", exitCode: 0, plan })).toContain(
      '> [!NOTE]\n> - `None of the edges holds it: it is routed to "".`\n',
    );
  });

  it("a plan of which only outputs change says so", () => {
    const plan = planOf([], { output_changes: { ssh: { actions: ["update"] } } });
    const text = comment({ stack: "edge", exitCode: 2, plan });
    expect(text).toContain("Only outputs change; no resource does.\n\nOutputs that change: `ssh`\n");
    expect(text).not.toContain("<details>");
  });
});

describe("the three texts", () => {
  it("are told apart by the exit status alone", () => {
    const plan = planOf([]);
    expect([0, 1, 2, 130].map((exitCode) => verdictOf({ exitCode, plan }))).toEqual([
      "no changes",
      "error",
      "changes",
      "error",
    ]);
  });

  it("have different titles", () => {
    const titles = [commentOn("no-changes"), commentOn("skew"), comment({ stack: "edge", exitCode: 1 })].map(
      (text) => text.split("\n")[2],
    );
    expect(titles).toEqual([
      "### Edge `edge`: no changes",
      "### Edge `edge`: a deploy would change it",
      "### Edge `edge`: the plan failed",
    ]);
  });

  it("are not made of one run's plan and another's exit status", () => {
    const plan = planOf([change("null_resource", "x", ["create"], {})]);
    expect(() => verdictOf({ exitCode: 0, plan })).toThrow(
      "--exit-code is 0, which is no changes, but the plan has 1; hand in plan and exit status of the same run",
    );
    expect(() => verdictOf({ exitCode: 2 })).toThrow(
      "--exit-code is 2, so there is a plan; hand in what terraform show -json PLAN prints",
    );
  });
});

describe("a comment is found again", () => {
  it("by a first line that is the same for the same stack, whatever it says", () => {
    const lines = [commentOn("no-changes"), commentOn("zone"), comment({ stack: "edge", exitCode: 1 })].map(
      (text) => text.split("\n")[0],
    );
    expect(new Set(lines)).toEqual(new Set(["<!-- edge-diff edge -->"]));
    expect(marker("other")).not.toBe(marker("edge"));
  });

  it("also where the stack's name would end it", () => {
    expect(marker("a --> <b>\nc")).toBe("<!-- edge-diff a------b--c -->");
  });
});

describe("a comment that would be too long", () => {
  const many = (count: number, value: string) =>
    planOf(
      Array.from({ length: count }, (_, index) =>
        change("null_resource", `x${index}`, ["update"], { triggers: { a: "" } }, { triggers: { a: value } }),
      ),
    );

  it.each([
    ["many resources", 3000, "v"],
    ["long values", 2000, "w".repeat(5000)],
    ["values of four bytes a character", 2000, "😀".repeat(500)],
    ["values of backticks", 2000, "`".repeat(5000)],
  ])("of %s leaves out what does not fit, and says how much", (_, count, value) => {
    const text = comment({ stack: "edge", exitCode: 2, plan: many(count, value) });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LIMIT);
    expect(Buffer.byteLength(text)).toBeGreaterThan(LIMIT / 2);
    expect(text).toMatch(/\n\d+ more did not fit; `npm run diff` shows them\.\n<\/details>/);
    expect(text).toMatch(/\n- and [12]940 more; the log of the job has all of them\.\n/);
    expect(text.split("\n").at(-2)).toMatch(/^<sub>/);
  });

  it("of errors leaves out the last ones", () => {
    const diagnostics = Array.from({ length: 500 }, (_, index) => ({
      severity: "error" as const,
      summary: `error ${index}`,
      detail: "d".repeat(900),
    }));
    const text = comment({ stack: "edge", exitCode: 1, diagnostics });
    expect(Buffer.byteLength(text)).toBeLessThan(LIMIT);
    expect(text).toContain("Terraform reports 500 errors.");
    expect(text).toContain("… and more; the log of the job has all of it.\n```");
  });
});
