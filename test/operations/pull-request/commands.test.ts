import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { POLICY } from "../../../lib/operations/pull-request/policy.js";
import type { Ended } from "../../e2e/process.js";
import { PLANS } from "./recorded.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const plan = (name: string) => readFileSync(`${PLANS}${name}.json`, "utf8");

/** Runs one of the commands with a text on its standard input. */
function command(script: string, args: readonly string[], input = ""): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", `${root}scripts/${script}.ts`, ...args], {
    cwd: root,
  });
  const printed = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => {
      printed[stream] += chunk;
    });
  }
  // One that ends before it has read everything is no fault.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, ...printed })));
}

describe("npm run diff-comment", () => {
  it("prints the comment on the plan that it reads", async () => {
    const { status, stdout, stderr } = await command(
      "diff-comment",
      ["--exit-code", "2", "--commit", "0123456789abcdef"],
      plan("skew"),
    );
    expect([status, stderr, stdout]).toEqual([0, "", readFileSync(`${PLANS}skew.md`, "utf8")]);
  });

  it("prints the errors of a plan that failed, and reads none", async () => {
    const { status, stdout } = await command("diff-comment", [
      "--exit-code",
      "1",
      "--messages",
      `${PLANS}no-such-ip.messages`,
    ]);
    expect([status, stdout]).toEqual([0, readFileSync(`${PLANS}no-such-ip.md`, "utf8")]);
  });

  it("prints what the comment says as JSON", async () => {
    const args = ["--exit-code", "2", "--json", "--allow", "one-edge-at-a-time"];
    const { stdout } = await command("diff-comment", args, plan("flavors"));
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({
      verdict: "changes",
      diagnostics: [],
      comment: expect.stringContaining("### Edge"),
    });
    expect(told.violations).toMatchObject([
      { rule: "one-edge-at-a-time", allowed: true },
      { rule: "holder-stays", allowed: false },
    ]);
    expect(told.effects.filter(({ kind }: { kind: string }) => kind === "danger")).toHaveLength(3);
  });

  it.each<[string, string[], string, string]>([
    ["no exit status", [], "", "error: required option '--exit-code <n>' not specified"],
    ["an exit status that is none", ["--exit-code", "two"], "", "It is a number from 0 to 255."],
    ["no plan", ["--exit-code", "2"], "", "the plan is empty; hand in what terraform show -json PLAN prints"],
    [
      "another run's plan",
      ["--exit-code", "0"],
      plan("skew"),
      "--exit-code is 0, which is no changes, but the plan has 2; hand in plan and exit status of the same run",
    ],
    [
      "a rule that is none",
      ["--exit-code", "2", "--allow", "ip-stay"],
      plan("skew"),
      '--allow must be a rule, got "ip-stay"; did you mean ip-stays?',
    ],
  ])("refuses %s", async (_, args, input, message) => {
    const { status, stdout, stderr } = await command("diff-comment", args, input);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr.toLowerCase()).toContain(message.toLowerCase());
  });
});

describe("npm run policy", () => {
  it("ends with 0 where all rules are kept", async () => {
    const { status, stdout } = await command("policy", [], plan("skew"));
    expect([status, stdout]).toEqual([0, "the plan keeps to all 11 rules\n"]);
  });

  it("ends with 1 and every rule that is broken", async () => {
    const { status, stdout } = await command("policy", [], plan("zone"));
    expect(status).toBe(1);
    expect(stdout.split("\n").map((line) => line.split(": ")[1])).toEqual([
      "one-edge-at-a-time",
      "holder-stays",
      undefined,
      undefined,
    ]);
  });

  it("lets pass what is allowed, and says so", async () => {
    const { status, stdout } = await command(
      "policy",
      ["--allow", "one-edge-at-a-time", "--allow", "holder-stays"],
      plan("zone"),
    );
    expect(status).toBe(0);
    expect(stdout.match(/ \(allowed\)\n/g)).toHaveLength(2);
    expect(stdout).toContain("the plan keeps to the rules, but for what was allowed\n");
  });

  it("prints JSON with the same exit status", async () => {
    const { status, stdout } = await command("policy", ["--json"], plan("attachment"));
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      violations: [{ rule: "ip-stays", allowed: false }],
      allowed: [],
    });
  });

  it("lists its rules in its help", async () => {
    const { status, stdout } = await command("policy", ["--help"]);
    expect(status).toBe(0);
    for (const [rule, must] of Object.entries(POLICY)) expect(stdout).toContain(`  ${rule}\n      ${must}\n`);
  });
});
