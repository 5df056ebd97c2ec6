import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
const PARTS = ["claim", "failover", "node", "budget"];

describe("npm run bench -- --quick --json", () => {
  const folder = mkdtempSync(join(tmpdir(), "bench-test-"));
  const file = join(folder, "bench.json");
  let report: BenchReport;
  let result: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    result = await bench("--quick", "--json", file, "--runs", "2", "--only", ...PARTS);
    expect(result.stderr).not.toMatch(/FAILED/);
    report = reportSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("writes each part under its name, in the documented form", () => {
    expect(result.status).toBe(0);
    expect(result.stdout).toBe("");
    expect(PARTS.filter((name) => report[name as "claim"] === undefined)).toEqual([]);
    expect(Object.keys(report).sort()).toEqual([...PARTS, "machine", "quick", "version"].sort());
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

/** Stands in for the real tool: it looks a project up by its name, as that does, and sends the POST. */
const STAND_IN = `#!${process.execPath}
const { createHash } = require("node:crypto");
const { OVH_ENDPOINT: url, OVH_APPLICATION_KEY: key, OVH_APPLICATION_SECRET: secret, OVH_CONSUMER_KEY: consumer } = process.env;
const flag = (name) => process.argv[process.argv.indexOf("-" + name) + 1];
const call = async (method, path, body = "") => {
  const time = Math.floor(Date.now() / 1000);
  const sign = createHash("sha1").update([secret, consumer, method, url + path, body, time].join("+")).digest("hex");
  const headers = { "X-Ovh-Application": key, "X-Ovh-Consumer": consumer, "X-Ovh-Timestamp": String(time), "X-Ovh-Signature": "$1$" + sign };
  const answer = await fetch(url + path, { method, headers: { ...headers, "Content-Type": "application/json" }, ...(body ? { body } : {}) });
  if (!answer.ok) throw new Error(path + ": " + answer.status);
  return answer.json();
};
(async () => {
  const [id] = await call("GET", "/cloud/project");
  if ((await call("GET", "/cloud/project/" + id)).description !== flag("project")) throw new Error("no project");
  const ip = (await call("GET", "/cloud/project/" + id + "/ip/failover")).find((one) => one.ip === flag("ip"));
  const instance = (await call("GET", "/cloud/project/" + id + "/instance")).find((one) => one.name === flag("instance"));
  await call("POST", "/cloud/project/" + id + "/ip/failover/" + ip.id + "/attach", JSON.stringify({ instanceId: instance.id }));
})().catch((error) => { console.error(error); process.exit(1); });
`;

describe("npm run bench -- --against", () => {
  const folder = mkdtempSync(join(tmpdir(), "bench-test-"));
  const [tool, broken] = [join(folder, "ipmoveOvh"), join(folder, "broken")];
  beforeAll(() => {
    writeFileSync(tool, STAND_IN, { mode: 0o755 });
    writeFileSync(broken, "#!/bin/sh\nexit 3\n", { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("measures the tool at that path beside ip-move, over the same way", { timeout: 300_000 }, async () => {
    const { status, stdout, stderr } = await bench(
      ...["--quick", "--runs", "1", "--only", "claim", "--against", tool],
    );
    expect(status, stderr).toBe(0);
    const found = reportSchema
      .parse(JSON.parse(stdout))
      .claim?.measurements.find(({ id }) => id === "claim-50ms-real");
    expect(found).toMatchObject({ value: { runs: 1 }, against: { what: "ipmoveOvh itself, by name" } });
  });

  it("fails when the tool does", { timeout: 300_000 }, async () => {
    const { status, stderr } = await bench(
      ...["--quick", "--runs", "1", "--only", "claim", "--against", broken],
    );
    expect(status).toBe(1);
    expect(stderr).toContain("broken ended with 3");
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
