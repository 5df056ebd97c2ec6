import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { findTerraform } from "../lib/operations/terraform-binary.js";
import { checkPrerequisites } from "../lib/playground/prerequisites.js";
import { endWith } from "./end-with.js";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const root = fileURLToPath(new URL("../", import.meta.url));
const program = new Command("test")
  .description("runs all tests, linters and the type check")
  .option("--no-skips", "fail when a test was skipped")
  .argument("[filters...]", "run only the tests whose path contains one of these")
  .parse();

function run(command: string, args: readonly string[]): boolean {
  process.stdout.write(`\n$ ${[command, ...args].join(" ")}\n`);
  return spawnSync(command, [...args], { cwd: root, stdio: "inherit" }).status === 0;
}

const bin = (name: string) => join(root, "node_modules", ".bin", name);

await endWith(async () => {
  checkPrerequisites();
  findTerraform(process.env);
  const filters: string[] = program.args;
  let [passed, failed] = [0, 0];
  const count = (good: boolean) => {
    if (good) passed++;
    else failed++;
  };
  if (filters.length === 0) {
    count(run(bin("biome"), ["check", "--error-on-warnings", "."]));
    count(run(bin("tsc"), ["--noEmit"]));
  }
  const folder = mkdtempSync(join(tmpdir(), "edge-test-"));
  const file = join(folder, "report.json");
  run(bin("vitest"), [
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
    ...filters,
  ]);
  const report: Report = JSON.parse(readFileSync(file, "utf8"));
  rmSync(folder, { recursive: true });
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  // A file that could not be loaded has no test that failed.
  failed += report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && assertionResults.every((one) => one.status !== "failed"),
  ).length;
  const skipped = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(
      ({ status }) => status === "skipped" || status === "pending" || status === "todo",
    ),
  );
  for (const { fullName } of skipped) process.stdout.write(`skipped: ${fullName}\n`);
  if (skipped.length > 0 && program.opts().skips === false) failed += skipped.length;
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
});
