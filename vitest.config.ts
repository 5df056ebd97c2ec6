import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // One more than the machine of CI has cores: many tests wait for real programs.
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Real processes on a busy machine: what fails twice in a row is broken.
    retry: process.env.CI === undefined ? 0 : 1,
  },
});
