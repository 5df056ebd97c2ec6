import { afterAll, describe, expect, it, vi } from "vitest";
import { ACCEPTED, judge } from "../../../lib/simulator/explore/accepted.js";
import { explore } from "../../../lib/simulator/explore/explore.js";
import { ALL_KINDS, type Report } from "../../../lib/simulator/explore/job.js";
import { jobsOf, PAIRED } from "../../../lib/simulator/explore/jobs.js";
import { exploreAll } from "../../../lib/simulator/explore/pool.js";
import { exploreRows, recoveryRows, totals } from "../../../lib/simulator/explore/report.js";
import { Workshop } from "../../../lib/simulator/explore/tools.js";
import { CONF } from "./workshop.js";

vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

describe("the usual exploration", () => {
  it("finds every invariant kept but in the corners that are accepted, and those still there", async () => {
    const reports = await exploreAll(jobsOf("usual"), CONF);
    const { failures, gone, accepted, text } = judge(reports);
    expect(failures, text).toEqual([]);
    expect(gone, text).toEqual([]);
    expect(accepted.length).toBeGreaterThan(0);
    expect(reports.filter(({ complete }) => !complete).map(({ job }) => job)).toEqual([]);
    const { rows } = recoveryRows(reports);
    expect(rows).toHaveLength(7);
    for (const [kind, , , slowest = "", bound = ""] of rows) {
      const seconds = (text: string) => Number(/(\d+) s$/.exec(text)?.[1]);
      expect(seconds(slowest), kind).toBeLessThanOrEqual(seconds(bound));
    }
    process.stdout.write(
      totals(
        reports,
        reports.reduce((sum, { seconds }) => sum + seconds, 0),
      ),
    );
  });

  it("tries every kind alone on two and three edges, and every two of at least fifteen kinds on two", () => {
    const jobs = jobsOf("usual");
    const alone = jobs.filter(({ faults, kinds, coarse }) => faults === 1 && kinds === undefined && !coarse);
    expect(new Set(alone.map(({ edges }) => edges))).toEqual(new Set([2, 3]));
    expect(PAIRED.length).toBeGreaterThanOrEqual(15);
    expect(
      jobs.filter(({ edges, faults, kinds }) => edges === 2 && faults === 2 && kinds === PAIRED),
    ).toHaveLength(4);
    const paired = new Set(jobs.filter(({ faults }) => faults > 1).flatMap(({ kinds }) => kinds ?? []));
    expect(ALL_KINDS.filter((kind) => !paired.has(kind))).toEqual([]);
  });
});

describe("one exploration", () => {
  const workshop = new Workshop(CONF);
  afterAll(() => workshop.close());
  const job = { edges: 2, faults: 1, kinds: ["power-off"] as const };

  it("sees the same states whenever it is made, and asks nothing twice", () => {
    const [first, second] = [explore(job, workshop.toolsFor(job)), explore(job, workshop.toolsFor(job))];
    const { seconds: _, ...same } = first;
    expect(second).toMatchObject(same);
  });

  it("says that it did not see everything where it was stopped, and does not judge where things rest", () => {
    const report = explore({ ...job, states: 100 }, workshop.toolsFor(job));
    expect(report).toMatchObject({ complete: false, rounds: 0, counterexamples: [] });
  });

  it("stops where it would need more memory than it may have", () => {
    const report = explore({ ...job, megabytes: 3.5 }, workshop.toolsFor(job));
    expect(report.complete).toBe(false);
    expect(report.states).toBeGreaterThan(1000);
    expect(judge([report]).text).toBe(
      `not seen to its end, after ${report.states} states and ${report.megabytes.toFixed(0)} MB: ` +
        "2 edges, 1 of power-off (refuse, no-op)\n",
    );
  });

  it("splits every two faults into orders of kinds, and finds the same", () => {
    const kinds = ["cut-internal", "route-lost"] as const;
    const whole = { edges: 2, faults: 2, kinds, coarse: true } as const;
    const parts = kinds.flatMap((one) => kinds.map((other) => ({ ...whole, order: [one, other] })));
    const all = explore(whole, workshop.toolsFor(whole));
    const each = parts.map((part) => explore(part, workshop.toolsFor(part)));
    expect(Math.max(...each.map(({ states }) => states))).toBeLessThan(all.states);
    expect(each.reduce((sum, { states }) => sum + states, 0)).toBeGreaterThanOrEqual(all.states);
    expect(Math.max(...each.map(({ depth }) => depth))).toBe(all.depth);
    expect(Math.max(...each.map(({ rounds }) => rounds))).toBe(all.rounds);
  });

  it("splits an order by the edge that its first fault hits, and finds the same", () => {
    const whole = { edges: 3, faults: 1, order: ["partition"], coarse: true } as const;
    const [all, ...each] = [whole, ...[0, 1, 2].map((edge) => ({ ...whole, at: [edge] }))].map((one) =>
      explore(one, workshop.toolsFor(one)),
    );
    const sum = each.reduce((states, report) => states + report.states, 0);
    expect(Math.max(...each.map(({ states }) => states))).toBeLessThan(all?.states as number);
    expect(sum).toBeGreaterThanOrEqual(all?.states as number);
    expect(Math.max(...each.map(({ rounds }) => rounds))).toBe(all?.rounds);
  });

  it("tells what follows as a timeline, and as a schedule that can be played again", () => {
    const kinds = ["api-unreachable", "route-lost"] as const;
    const { counterexamples } = explore({ edges: 2, faults: 2, kinds }, workshop.toolsFor(job));
    const [first] = counterexamples.filter(({ invariant }) => invariant === "L1");
    expect(first?.story[0]).toMatch(
      /^poll {3}0 {3}at the beginning: edge-1 MASTER, alias on edge-1, edge-1 knows here/,
    );
    expect(first?.story.join("\n")).toContain("! edge-1 loses its way to OVH's API");
    expect(first?.schedule).toMatchObject({
      edges: 2,
      ovh: { whilePending: "refuse", toHolder: "no-op" },
      steps: [{ step: "api-unreachable", edge: "edge-1" }, { step: "route-lost" }],
    });
  });
});

describe("the judgement", () => {
  const report = (fields: Partial<Report>): Report => ({
    job: { edges: 2, faults: 2 },
    states: 10,
    transitions: 20,
    depth: 3,
    seconds: 2,
    megabytes: 1,
    decisions: 4,
    complete: true,
    rounds: 5,
    counterexamples: [],
    ...fields,
  });
  const schedule = { edges: 2, ovh: { whilePending: "refuse", toHolder: "no-op" }, steps: [] } as const;

  it("fails when a corner that is accepted no longer occurs, where such edges were explored", () => {
    const [ofOne, ofSeveral] = [true, false].map((one) =>
      ACCEPTED.filter(({ oneOf }) => (oneOf === undefined) === one),
    );
    expect(judge([report({})])).toMatchObject({ failures: [], gone: ofOne });
    expect(judge([report({ job: { edges: 2, faults: 2, vhids: 2 } })])).toMatchObject({
      failures: [],
      gone: ofSeveral,
    });
  });

  it("fails when the same invariant is broken by other faults", () => {
    const story = ["poll   0   at the beginning"];
    const counterexample = {
      invariant: "L1",
      faults: ["api-down", "route-lost"],
      story,
      schedule,
    } as const;
    const { failures, text } = judge([report({ counterexamples: [counterexample] })]);
    expect(failures).toHaveLength(1);
    expect(text).toContain(
      "L1 does not hold: api-down; route-lost\n  2 edges, 2 of any (refuse, no-op)\n    poll   0",
    );
  });

  it("prints counts, depths, seconds and the longest way to rest", () => {
    expect(exploreRows([report({})]).rows).toEqual([
      ["2 edges, 2 of any (refuse, no-op)", "10", "20", "3", "4", "1", "2.0", "5", "yes"],
    ]);
    const alone = report({
      job: { edges: 2, faults: 1, kinds: ["power-off"] },
      figures: { posts: 1, recovery: 2, unsoundMasters: 0 },
    });
    expect(recoveryRows([report({}), alone]).rows).toEqual([
      ["power-off", "2", "2", "20 s", "Tc + S + L + M: 23 s", "5"],
    ]);
    expect(totals([report({}), report({})], 4)).toBe(
      "20 states, 40 transitions in 4.0 s: 5 states a second\n",
    );
  });
});
