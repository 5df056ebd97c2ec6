import { afterAll, describe, expect, it } from "vitest";
import { explore } from "../../../lib/simulator/explore/explore.js";
import type { FaultKind } from "../../../lib/simulator/explore/schedule.js";
import { Workshop } from "../../../lib/simulator/explore/tools.js";
import { missingForSpin } from "../../../lib/simulator/promela/prerequisites.js";
import { Spin } from "../../../lib/simulator/promela/spin.js";
import { CONF } from "../explore/workshop.js";

const there = missingForSpin().length === 0;
const needing = (name: string) => (there ? name : `${name} (skipped: apt-get install spin gcc libc6-dev)`);
const spin = new Spin();
const workshop = new Workshop(CONF);
afterAll(() => {
  spin.close();
  workshop.close();
});

/** The same faults by their names in the Promela model and in the exploration. */
const SAME: Readonly<Record<string, FaultKind>> = {
  die: "power-off",
  reboot: "reboot",
  external: "cut-external",
  internal: "cut-internal",
  carp: "cut-carp",
  partition: "partition",
  probe: "probe-lost",
  api: "api-down",
  way: "api-unreachable",
  route: "route-lost",
  daemon: "daemon-killed",
  drain: "drain",
  hold: "hold",
};
/** What only the exploration knows. */
const UNKNOWN_TO_SPIN = new Set(["L4"]);

async function bySpin(edges: number, faults: readonly string[]): Promise<string[]> {
  const verdicts = await spin.verdicts({ edges, faults });
  expect(verdicts.filter(({ complete }) => !complete)).toEqual([]);
  return verdicts.flatMap(({ invariant, holds }) => (holds ? [] : [invariant])).sort();
}

function byExploration(edges: number, faults: readonly string[]): string[] {
  const kinds = faults.map((fault) => SAME[fault] as FaultKind);
  const job = { edges, faults: faults.length, kinds, coarse: true };
  const { complete, counterexamples } = explore(job, workshop.toolsFor(job));
  expect(complete).toBe(true);
  const broken = counterexamples.map(({ invariant }) => invariant);
  return [...new Set(broken)].filter((name) => !UNKNOWN_TO_SPIN.has(name)).sort();
}

describe.skipIf(!there)(needing("both checkers"), { timeout: 240_000 }, () => {
  it.each(
    [2, 3].flatMap((edges) => Object.keys(SAME).map((fault) => [edges, fault] as const)),
  )("say the same of %d edges and one fault: %s", async (edges, fault) => {
    expect(byExploration(edges, [fault])).toEqual(await bySpin(edges, [fault]));
  });

  it.each([
    [["way", "route"], ["L1"]],
    [["partition", "api"], []],
    [["die", "api"], []],
  ] as const)("say the same of two edges with %j", async (faults, violated) => {
    expect(byExploration(2, faults)).toEqual(violated);
    expect(await bySpin(2, faults)).toEqual(violated);
  });
});
