import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The longest files, those that wait for the clocks of real programs and those that compute in turns, so that
 * both kinds run beside each other and none of them is left for the end.
 */
const FIRST = [
  "e2e/drill-live",
  "simulator/explore/explore",
  "runbook/runbook",
  "simulator/explore/mutations",
  "playground/chaos/chaos",
  "e2e/doctor",
  "playground/chaos/same-story",
  "e2e/delivery",
  "package/package",
  "examples/examples",
  "hardening/edge-install-killed",
  "e2e/demo",
  "playground/chaos/planted-bug",
  "simulator/promela/spin",
].map((name) => fileURLToPath(new URL(`test/${name}.test.ts`, import.meta.url)));

for (const file of FIRST) if (!existsSync(file)) throw new Error(`${file} is gone; take it out of FIRST`);

class Longest extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = FIRST.indexOf(moduleId);
      return index < 0 ? FIRST.length : index;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

const source = (file: string) => fileURLToPath(new URL(`lib/${file}`, import.meta.url));

export default defineConfig({
  resolve: {
    // As tsconfig.json has them: what imports the package by its name gets the sources.
    alias: [
      { find: /^cdktf-ovh-edge$/, replacement: source("index.ts") },
      { find: /^cdktf-ovh-edge\/(.*)$/, replacement: source("$1.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // One more than CI has cores: many tests wait for real programs; four take longer than three.
    maxWorkers: 3,
    sequence: { sequencer: Longest },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Real processes on a busy machine: what fails twice in a row is broken.
    retry: process.env.CI === undefined ? 0 : 1,
  },
});
