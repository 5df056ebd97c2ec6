import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Real processes on a busy machine: what fails twice in a row is broken.
    retry: process.env.CI === undefined ? 0 : 1,
  },
});
