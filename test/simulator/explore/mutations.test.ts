import { afterAll, describe, expect, it, vi } from "vitest";
import { judge } from "../../../lib/simulator/explore/accepted.js";
import { explore } from "../../../lib/simulator/explore/explore.js";
import type { Job, Report } from "../../../lib/simulator/explore/job.js";
import { MUTATIONS, type Mutation, mutated } from "../../../lib/simulator/explore/mutations.js";
import { Workshop } from "../../../lib/simulator/explore/tools.js";
import { CONF, fileOf } from "./workshop.js";

vi.setConfig({ testTimeout: 300_000 });

const workshop = new Workshop(CONF);
afterAll(() => workshop.close());
const edgeSync = fileOf("lib/edge/static/edge-sync");

/** Which invariant catches each mutation first. */
const CAUGHT: Readonly<Record<string, string>> = {
  "the probe alone decides health": "L2",
  "a link that is down is no fault": "L1",
  "a demotion is never taken back": "L2",
  "never blind": "L3",
  "backups do not check": "L2",
  "no check but at a change of role": "L1",
  "the alias on masters only": "L3",
  "alias off after a minute": "S3",
  "alias off at once": "S3",
  "alias off while its own claim runs": "L3",
  "the alias stays for ever": "L2",
  "claim without being healthy": "S1",
  "known kept over a POST": "S3",
  "checks from before a POST count": "S3",
  "no look before the POST": "S1",
  "no settle with three edges": "S1",
  "back-off that a change of role resets": "S4",
  "no tokens": "S4",
  "hold ignored by edge-sync": "S6",
  "hold ignored by ip-move": "S6",
  "drain ignored": "L4",
  "demotion of the group carp": "S2",
  "a weight of one": "S2",
  "equal skews": "L2",
};

/** What a rule buys that no invariant speaks of: the figure with the rule, and without it. */
const FIGURES: Readonly<Record<string, readonly [withRule: number, without: number]>> = {
  "claim whatever OVH says": [7, 8],
  "no fault at boot": [77, 188],
  "a claim right after a boot": [1, 6],
};

function changed(mutation: Mutation, job: Job): Report {
  const text = mutation.replace === undefined ? {} : { edgeSync: mutated(edgeSync, mutation) };
  const whole = { ...job, ...text };
  return explore(whole, workshop.toolsFor(whole));
}

describe("without a rule of the design", () => {
  it.each(MUTATIONS.filter(({ byFigures }) => byFigures === undefined))("$name: it is caught", (mutation) => {
    for (const job of mutation.jobs) {
      const [first] = judge([changed(mutation, job)]).failures;
      if (first === undefined) continue;
      expect(first.counterexample.invariant).toBe(CAUGHT[mutation.name]);
      return;
    }
    expect.unreachable(`${mutation.name} keeps every invariant`);
  });

  it.each(MUTATIONS.filter(({ byFigures }) => byFigures !== undefined))("$name: figures tell", (mutation) => {
    const figure = ({ rounds, figures }: Report) =>
      mutation.byFigures === "rounds" ? rounds : figures?.[mutation.byFigures as "posts"];
    const job = { ...(mutation.jobs.at(-1) as Job), figures: true };
    const [as, without] = [explore(job, workshop.toolsFor(job)), changed(mutation, job)];
    expect([figure(as), figure(without)]).toEqual(FIGURES[mutation.name]);
  });

  it("names a verdict for each mutation, and no other", () => {
    expect([...Object.keys(CAUGHT), ...Object.keys(FIGURES)].sort()).toEqual(
      MUTATIONS.map(({ name }) => name).sort(),
    );
  });

  it("refuses a mutation whose text edge-sync does not have exactly once", () => {
    const mutation = { name: "gone", rule: "1", replace: [["no such text", ""]] as const, jobs: [] };
    expect(() => mutated(edgeSync, mutation)).toThrow(
      "gone: edge-sync must have this exactly once: no such text",
    );
  });
});
