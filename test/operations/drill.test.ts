import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { settleTime } from "../../lib/edge/edge-conf.js";
import type { DrillCluster } from "../../lib/operations/drill/cluster.js";
import { drillPage, timelineSvg } from "../../lib/operations/drill/picture.js";
import { drillRows, historyLine, percentiles } from "../../lib/operations/drill/report.js";
import type { DrillResult } from "../../lib/operations/drill/run.js";
import { SCENARIOS, scenariosNamed, silenceLimit } from "../../lib/operations/drill/scenarios.js";
import { example, exampleWithEdges } from "../config/example.js";

const passed: DrillResult = {
  scenario: "carp-down",
  what: "carp0 goes down on the master: the guide's own check",
  at: "2026-01-01T00:00:00.000Z",
  from: "edge-a",
  by: "edge-b",
  limit: 1150,
  verdict: "passed",
  phases: { master: 20, alias: 120, accepted: 300, confirmed: 4300 },
  lost: 0,
  requests: 3,
  log: [{ ms: 20, edge: "edge-b", text: "kernel: carp0: state transition: BACKUP -> MASTER" }],
};
const failed: DrillResult = {
  ...passed,
  scenario: "power-off",
  by: undefined,
  phases: {},
  verdict: "failed",
  reason: "never seen: master & <alias>",
};

describe("the drills", () => {
  it("are the nine that the runbook names", () => {
    expect(SCENARIOS.map(({ name }) => name)).toEqual([
      "carp-down",
      "power-off",
      "external-lost",
      "internal-lost",
      "probe-lost",
      "drain",
      "return",
      "api-down",
      "partition",
    ]);
  });

  it("fail with the list of them for a name that is none of theirs", () => {
    expect(() => scenariosNamed(["carp-up"])).toThrow(
      "there is no drill carp-up; there are carp-down, power-off, external-lost, internal-lost, probe-lost, drain, return, api-down, partition",
    );
  });

  it("allow a silent master three intervals of the fastest backup", () => {
    expect(silenceLimit(parseConfig(example()))).toBe(3 * (1000 + (50 * 1000) / 256));
    expect(
      silenceLimit(parseConfig(example({ "carp.profile": "fast", "carp.advertisementInterval": undefined }))),
    ).toBe((3 * 60 * 1000) / 256);
  });

  it("allow three edges what their election takes to settle, and two edges none of it", () => {
    const limits = (count: number) => {
      const config = parseConfig(exampleWithEdges(count));
      const cluster = { faults: { cutDelay: 5000 } } as DrillCluster;
      return Object.fromEntries(SCENARIOS.map(({ name, limit }) => [name, limit?.(config, cluster)]));
    };
    const [two, three] = [limits(2), limits(3)];
    expect(two).toMatchObject({ "carp-down": 1150, drain: 1150, return: 1150, "internal-lost": 6150 });
    const config = parseConfig(exampleWithEdges(3));
    const settle = Math.max(...config.edges.map((edge) => 1000 * settleTime(config, edge)));
    expect(settle).toBeGreaterThan(1000);
    expect((three["carp-down"] as number) - 1150).toBe(settle);
    expect((three["power-off"] as number) - (two["power-off"] as number)).toBeCloseTo(settle);
    expect(three["probe-lost"]).toBeUndefined();
  });
});

describe("the report", () => {
  it("has a row for each drill, with what was not seen left open", () => {
    expect(drillRows([passed, failed]).rows).toEqual([
      ["carp-down", "edge-b", "20", "120", "300", "4300", "–", "1150", "0", "3", "passed"],
      ["power-off", "–", "–", "–", "–", "–", "–", "1150", "0", "3", "failed: never seen: master & <alias>"],
    ]);
  });

  it("keeps one line for each drill in the history, without the logs", () => {
    const line = historyLine(passed);
    expect(line.endsWith("}\n")).toBe(true);
    expect(JSON.parse(line)).toEqual({ ...passed, log: undefined });
  });

  it("takes percentiles over all runs in which a claim was accepted", () => {
    const runs = [5, 1, 4, 2, 3].map((accepted) => ({ scenario: "carp-down", phases: { accepted } }));
    expect(percentiles([...runs, { scenario: "power-off", phases: {} }])).toEqual([
      { scenario: "carp-down", runs: 5, p50: 3, p90: 5, p99: 5 },
    ]);
  });
});

describe("the pictures", () => {
  it("need nothing else, and have a mark for each phase that was seen", () => {
    const svg = timelineSvg([passed, failed]);
    expect(svg.match(/<circle[^>]*><title>/g)).toHaveLength(4);
    expect(svg).toContain("<title>accepted 300 ms</title>");
    expect(svg).not.toMatch(/href|src=|url\(/);
  });

  it("shows packets by a mark of another shape, and the limit of a drill in which something moved", () => {
    const svg = timelineSvg([{ ...passed, phases: { ...passed.phases, packet: 2000 } }, failed]);
    expect(svg).toMatch(/<path class="mark"[^>]*><title>packet 2000 ms<\/title>/);
    expect(svg.match(/<title>limit 1150 ms<\/title>/g)).toHaveLength(1);
    expect(svg).toContain(">limit for accepted<");
  });

  it("cut a reason that is longer than its row, and keep all of it for a pointer", () => {
    const reason = "x".repeat(150);
    const svg = timelineSvg([{ ...failed, reason }]);
    expect(svg).toContain(`>${"x".repeat(99)}…<`);
    expect(svg).toContain(`<title>${reason}</title>`);
  });

  it("leave open how many probes were lost where the address could not be probed", () => {
    const { lost: _, ...unprobed } = passed;
    expect(drillRows([unprobed]).rows[0]?.[8]).toBe("not measured");
    expect(drillPage([unprobed])).toContain("<td>1150</td><td>not measured</td><td>3</td>");
  });

  it("say of a drill in which nothing moved why, as text and not as markup", () => {
    const page = drillPage([failed]);
    expect(page).toContain("never seen: master &#38; &#60;alias&#62;");
    expect(page).not.toMatch(/href|src=|<script/);
  });
});
