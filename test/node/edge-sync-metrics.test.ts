import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { IP, useBench } from "./bench.js";
import { parseExposition } from "./exposition.js";

const bench = useBench();
const FILE = "/var/db/metrics/edge.prom";
const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

beforeEach(async () => {
  await bench.machine.sandbox.run("rm -rf /var/db/metrics /var/db/none");
});

async function pass(): Promise<void> {
  expect(await bench.run("edge-sync")).toMatchObject({ status: 0, stderr: "" });
  await bench.quiet();
}
const written = () => parseExposition(bench.machine.sandbox.read(FILE) as string);

/** A master that claimed the IP, with all that there is to measure. */
async function served(): Promise<void> {
  bench.configure({ metrics: FILE });
  await bench.run("edge-sync poll");
  await bench.quiet();
  await bench.become("MASTER");
  await pass();
  await bench.until(() => bench.routedTo() === bench.here, "the IP is here");
  await bench.quiet();
  await pass();
}

/** The value of a metric, or of its one sample with this label. */
function value(name: string, label?: readonly [string, string]): number | undefined {
  const samples = written().get(name) ?? [];
  return samples.find(({ labels }) => label === undefined || labels[label[0]] === label[1])?.value;
}

describe("the metrics of a pass", () => {
  it("are written whole, for all to read, in the format of the textfile collector", async () => {
    await served();
    expect(
      [...written()].map(([name, samples]) => [
        name,
        samples.map(({ labels }) => Object.values(labels).join(" ")),
      ]),
    ).toEqual([
      ["edge_info", [`edge-a ${IP}`]],
      ["edge_last_pass_timestamp_seconds", [""]],
      ["edge_carp_state", ["MASTER", "BACKUP", "INIT", "NONE"]],
      ["edge_failover_ip", ["here", "elsewhere", "unknown"]],
      ["edge_failover_ip_known_age_seconds", [""]],
      ["edge_alias", [""]],
      ["edge_healthy", [""]],
      ["edge_blind", [""]],
      ["edge_input", ["external", "internal", "probe", "api"]],
      ["edge_demotion", ["edgedrain", "edgefault"]],
      ["edge_claim_tokens", [""]],
      ["edge_hold", [""]],
      ["edge_drain", [""]],
      ["edge_last_claim_success", [""]],
      ["edge_last_claim_age_seconds", [""]],
      ["edge_last_claim_duration_seconds", [""]],
    ]);
    const { stdout } = await bench.run(`ls -l ${FILE}; ls /var/db/metrics`);
    expect(stdout).toMatch(/^-rw-r--r--.*\nedge\.prom\n$/);
  });

  it("tell of a master that serves", async () => {
    await served();
    expect(value("edge_carp_state", ["state", "MASTER"])).toBe(1);
    expect(value("edge_carp_state", ["state", "BACKUP"])).toBe(0);
    expect(value("edge_failover_ip", ["known", "here"])).toBe(1);
    expect(["edge_alias", "edge_healthy", "edge_last_claim_success"].map((name) => value(name))).toEqual([
      1, 1, 1,
    ]);
    expect(["edge_blind", "edge_hold", "edge_drain"].map((name) => value(name))).toEqual([0, 0, 0]);
    expect(value("edge_claim_tokens")).toBe(2);
  });

  it("tell of an edge that is held and drained, and has lost a link", async () => {
    bench.configure({ metrics: FILE });
    bench.machine.kernel.setCable("vio1", false);
    await bench.run("edge-sync drain");
    await bench.run("edge-sync hold --reason x");
    await bench.quiet();
    await pass();
    expect(["edge_hold", "edge_drain", "edge_healthy"].map((name) => value(name))).toEqual([1, 1, 0]);
    expect(value("edge_input", ["input", "internal"])).toBe(0);
    expect(value("edge_demotion", ["group", "edgedrain"])).toBe(16);
    expect(written().has("edge_last_claim_success")).toBe(false);
  });

  it("are printed by edge-sync metrics as well, without a file", async () => {
    await pass();
    const { status, stdout } = await bench.run("edge-sync metrics");
    expect(status).toBe(0);
    expect(parseExposition(stdout).get("edge_carp_state")).toContainEqual({
      labels: { state: "BACKUP" },
      value: 1,
    });
    expect(bench.machine.sandbox.read(FILE)).toBeUndefined();
  });

  it("are missed once in the log where they cannot be written, and the pass goes on", async () => {
    bench.machine.sandbox.write("/var/db/none", "a file");
    bench.configure({ metrics: "/var/db/none/edge.prom" });
    await pass();
    await pass();
    expect(bench.log("edge-sync").filter((line) => line.includes("metrics"))).toEqual([
      "edge-sync: no metrics: /var/db/none/edge.prom cannot be written: Not a directory",
    ]);
    expect(bench.json("/var/run/edge-sync/memory.json")).toMatchObject({ known: "elsewhere" });
  });
});

describe("what rests on the metrics", () => {
  const names = (text: string) => [...new Set(text.match(/\bedge_[a-z_]+\b/g))];

  it("is documented: each metric, and no other", async () => {
    await served();
    expect(names(read("monitoring.md")).sort()).toEqual([...written().keys()].sort());
  });

  it.each([
    "monitoring/alerts.yml",
    "monitoring/dashboard.json",
  ])("asks only for metrics and labels that there are: %s", async (file) => {
    await served();
    const text = read(file);
    const metrics = written();
    expect(names(text).filter((name) => !metrics.has(name))).toEqual([]);
    for (const [, name, label, wanted] of text
      .replaceAll('\\"', '"')
      .matchAll(/\b(edge_[a-z_]+)\{(\w+)="([^"$]+)"\}/g)) {
      expect(metrics.get(name as string)?.map(({ labels }) => labels[label as string])).toContain(wanted);
    }
  });

  it("has alerts that say what, for how long, how bad, and what to do", () => {
    const rules = read("monitoring/alerts.yml")
      .split(/^ {6}- alert: /m)
      .slice(1);
    expect(rules.length).toBeGreaterThanOrEqual(2);
    for (const rule of rules) {
      expect(rule).toMatch(
        /^\w+\n {8}expr: .+\n {8}for: \d+m\n {8}labels:\n {10}severity: (critical|warning)\n {8}annotations:\n {10}summary: .+\n {10}description: .+\n$/,
      );
      const expr = /expr: (.+)/.exec(rule)?.[1] as string;
      expect([...expr].filter((c) => c === "(").length).toBe([...expr].filter((c) => c === ")").length);
    }
  });

  it("has a dashboard whose panels ask something, each at its own place", () => {
    const { panels, title } = JSON.parse(read("monitoring/dashboard.json"));
    expect(title).toBe("Redundant edge");
    expect(new Set(panels.map(({ id }: { id: number }) => id)).size).toBe(panels.length);
    const places = panels.map(({ gridPos: { x, y } }: { gridPos: { x: number; y: number } }) => `${x} ${y}`);
    expect(new Set(places).size).toBe(panels.length);
    for (const { targets } of panels) for (const { expr } of targets) expect(expr).toMatch(/edge_/);
  });
});

describe("the parser of the format", () => {
  it.each([
    ["edge_x 1\n", "sample of edge_x among those of "],
    ["# HELP a b\n# TYPE a gauge\na one\n", "no sample: a one"],
    ["# HELP a b\n# TYPE a gauge\na 1\na 1\n", "sample twice: a 1"],
    ["# HELP a b\n# TYPE a thing\n", "no type: thing"],
    ["# TYPE a gauge\n", "TYPE without HELP: a"],
    ["# HELP a b\n# TYPE a gauge\na 1\n# HELP a b\n", "metric twice: a"],
    ["# HELP a b\n# TYPE a gauge\na 1", "the last line has no end"],
  ])("refuses %j", (text, message) => {
    expect(() => parseExposition(text)).toThrow(message);
  });
});
