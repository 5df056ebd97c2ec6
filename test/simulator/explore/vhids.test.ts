import { afterAll, describe, expect, it, vi } from "vitest";
import { judge } from "../../../lib/simulator/explore/accepted.js";
import { explore } from "../../../lib/simulator/explore/explore.js";
import { ALL_KINDS, electionsOf, type Job } from "../../../lib/simulator/explore/job.js";
import { mutated } from "../../../lib/simulator/explore/mutations.js";
import { Workshop } from "../../../lib/simulator/explore/tools.js";
import { VHID_JOBS } from "../../../lib/simulator/explore/vhids/jobs.js";
import { VHID_MUTATIONS } from "../../../lib/simulator/explore/vhids/mutations.js";
import { CONF, fileOf } from "./workshop.js";

vi.setConfig({ testTimeout: 300_000 });

const workshop = new Workshop(CONF);
afterAll(() => workshop.close());
const edgeSync = fileOf("lib/edge/static/edge-sync");

/** Which invariant catches each mutation first; `rest` where the edges come to none, without any fault. */
const CAUGHT: Readonly<Record<string, string>> = {
  "what OVH says of the first IP is taken for all": "rest",
  "the tokens of all vhids are the same ones": "S7",
  "one claim at a time, whatever vhid it is for": "S5",
  "an alias that is to go is that of the first IP": "S3",
  "the master of the first vhid is that of all": "rest",
  "only the first vhid claims": "L1",
  "the fault of an edge demotes its first vhid alone": "L1",
};

const two = (more: Partial<Job>): Job => ({ edges: 2, faults: 1, vhids: 2, coarse: true, ...more });

describe("two FailOver IPs on two vhids", () => {
  it("prefer another edge each, and the edges that follow in turn", () => {
    const skews = (edges: number) =>
      electionsOf({ edges, faults: 1, vhids: 2 }).map((intervals) => intervals.map(({ advskew }) => advskew));
    expect(skews(2)).toEqual([
      [1, 50],
      [50, 1],
    ]);
    expect(skews(3)).toEqual([
      [1, 50, 100],
      [100, 1, 50],
    ]);
  });

  it("are explored with every kind of fault but a partition, on two edges and on three", () => {
    const kinds = ALL_KINDS.filter((kind) => kind !== "partition");
    const whole = VHID_JOBS.filter((job) => job.kinds?.length === kinds.length);
    expect(whole.map(({ edges }) => edges)).toEqual([3, 2]);
    for (const job of whole) expect(job.kinds).toEqual(kinds);
  });

  it("keep every invariant for each of them, whatever edge loses what", () => {
    const job = two({ kinds: ["power-off", "cut-carp", "drain", "route-lost"] });
    const report = explore(job, workshop.toolsFor(job));
    expect(report).toMatchObject({ complete: true, counterexamples: [] });
    expect(report.states).toBeGreaterThan(2000);
  });

  it("break nothing in the first 20 thousand states after a partition, which has more than are looked at", () => {
    const job = two({ kinds: ["partition"], states: 20_000 });
    expect(explore(job, workshop.toolsFor(job))).toMatchObject({ complete: false, counterexamples: [] });
  });

  it("tell in a story which of them it was", () => {
    const job = two({ kinds: ["cut-external"], vhidMutations: { demotesFirst: true } });
    const [found] = explore(job, workshop.toolsFor(job)).counterexamples;
    expect(found?.invariant).toBe("L1");
    expect(found?.story[0]).toContain("IP 2: edge-2 MASTER, IP 2: alias on edge-2");
    expect(found?.story.join("\n")).toContain("! edge-2 loses its external link");
    expect(found?.story.at(-1)).toMatch(/edgefault 64 on edge-2|edge-2/);
  });
});

describe("what only several FailOver IPs can show", () => {
  it.each(VHID_MUTATIONS)("$name: it is caught", (mutation) => {
    const verdicts = mutation.jobs.map((job) => {
      const whole = mutation.replace === undefined ? job : { ...job, edgeSync: mutated(edgeSync, mutation) };
      try {
        const [first] = judge([explore(whole, workshop.toolsFor(whole))]).failures;
        return first?.counterexample.invariant;
      } catch (error) {
        return /do not come to rest/.test(String(error)) ? "rest" : String(error);
      }
    });
    expect(verdicts).toEqual([CAUGHT[mutation.name]]);
  });

  it("names a verdict for each mutation, and no other", () => {
    expect(Object.keys(CAUGHT).sort()).toEqual(VHID_MUTATIONS.map(({ name }) => name).sort());
  });
});
