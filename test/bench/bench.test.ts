import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BenchReport, reportSchema } from "../../lib/bench/figures.js";
import { run } from "../e2e/process.js";

const script = fileURLToPath(new URL("../../scripts/bench.ts", import.meta.url));
const bench = (...args: string[]) =>
  run(process.execPath, ["--import", import.meta.resolve("tsx"), script, ...args], {});

/** Parts that need no deploy and no compiler. */
const PARTS = ["claim", "failover", "node", "exploration", "budget"];

describe("npm run bench -- --quick --json", () => {
  const folder = mkdtempSync(join(tmpdir(), "bench-test-"));
  const file = join(folder, "bench.json");
  let report: BenchReport;
  let result: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    result = await bench("--quick", "--json", file, "--runs", "2", "--only", ...PARTS);
    expect(result.stderr).not.toMatch(/FAILED/);
    report = reportSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("writes each part under its name, in the documented form", () => {
    expect(result.status).toBe(0);
    expect(result.stdout).toBe("");
    expect(PARTS.filter((name) => report[name as "claim"] === undefined)).toEqual([]);
    expect([report.deploy, report.synth]).toEqual([undefined, undefined]);
  });

  it("measures each thing as often as it was told to", () => {
    const runs = report.claim?.measurements
      .filter(({ id }) => !id.includes("cpu"))
      .map(({ value }) => value.runs);
    expect(new Set(runs)).toEqual(new Set([2]));
    expect(report.claim?.ratioByName50ms).toBeGreaterThan(0);
  });

  it("counts requests: one for a claim, seven by name, six by id", () => {
    expect(report.claim).toMatchObject({ requests: 1, requestsByName: 7, requestsById: 6 });
  });

  it("counts processes: two pings in a poll, no growth of /var/run", () => {
    const pings = report.node?.measurements.find(({ id }) => id === "node-poll-pings");
    expect(pings?.value.median).toBe(2);
    expect(report.node?.varRunGrowthBytes).toBeLessThan(200);
  });

  it("stays below OVH's budget", () => {
    expect(report.budget?.worstMinute).toBeLessThan(60);
  });

  it("tells of a host and a path nowhere", () => {
    expect(readFileSync(file, "utf8")).not.toMatch(/\/tmp\/|\/home\/|\/root\b/);
  });
});

describe("npm run bench", () => {
  it("fails with all parts' names for one that is none of theirs", async () => {
    const { status, stderr } = await bench("--only", "speed");
    expect(status).toBe(1);
    expect(stderr).toBe(
      "there is no part speed; there are claim, failover, deploy, synth, node, exploration, budget\n",
    );
  });

  it("fails when it is told to run nothing", async () => {
    const { status, stderr } = await bench("--runs", "0");
    expect(status).toBe(1);
    expect(stderr).toContain("must be a whole number from 1.");
  });
});
