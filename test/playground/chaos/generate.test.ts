import { describe, expect, it } from "vitest";
import { edgesOf, scheduleOf } from "../../../lib/playground/chaos/generate.js";
import { FAULTS, type FaultKind, type Schedule } from "../../../lib/simulator/explore/schedule.js";

const SEEDS = Array.from({ length: 300 }, (_, index) => index);
const schedules = SEEDS.map((seed) => scheduleOf({ seed }));

const isFault = (step: string): step is FaultKind => step in FAULTS;
const faultsOf = ({ steps }: Schedule) => steps.filter(({ step }) => isFault(step));

/** Faults of a schedule that nothing mends. */
function lastingOf({ steps }: Schedule): string[] {
  const lasting = new Set<string>();
  for (const { step, edge } of steps) {
    if (isFault(step)) {
      if (FAULTS[step].mend !== undefined) lasting.add(`${step} ${edge}`);
    } else {
      const kind = Object.keys(FAULTS).find((name) => FAULTS[name as FaultKind].mend === step);
      expect(lasting.delete(`${kind} ${edge}`), `${step} of ${edge} mends nothing`).toBe(true);
    }
  }
  return [...lasting];
}

describe("the schedule of a seed", () => {
  it("is the same each time", () => {
    for (const seed of SEEDS) expect(scheduleOf({ seed })).toEqual(schedules[seed]);
  });

  it("is another one for another seed", () => {
    expect(new Set(schedules.map(({ steps }) => JSON.stringify(steps))).size).toBe(SEEDS.length);
  });

  it("has its steps in the order of their times, and names edges that there are", () => {
    for (const { steps, edges } of schedules) {
      const times = steps.map(({ at }) => at);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      for (const { step, edge } of steps) {
        const kind = isFault(step)
          ? step
          : (Object.keys(FAULTS) as FaultKind[]).find((name) => FAULTS[name].mend === step);
        const number = Number(edge?.replace("edge-", ""));
        if (FAULTS[kind as FaultKind].of === "ovh") expect(edge).toBeUndefined();
        else expect(number >= 1 && number <= edges).toBe(true);
      }
    }
  });

  it("mends all that can be mended, but for one fault of some", () => {
    const left = schedules.map(lastingOf);
    for (const lasting of left) expect(lasting.length).toBeLessThanOrEqual(1);
    const some = left.filter(({ length }) => length === 1).length;
    expect(some).toBeGreaterThan(SEEDS.length / 20);
    expect(some).toBeLessThan(SEEDS.length / 2);
  });

  it("never makes a fault that is there", () => {
    for (const { steps } of schedules) {
      const there = new Set<string>();
      for (const { step, edge } of steps) {
        if (!isFault(step)) {
          there.delete(`${step} ${edge}`);
          continue;
        }
        const { mend } = FAULTS[step];
        if (mend === undefined) continue;
        expect(there.has(`${mend} ${edge}`)).toBe(false);
        there.add(`${mend} ${edge}`);
      }
    }
  });

  it("has every kind of fault in it, over some hundred seeds", () => {
    const kinds = new Set(schedules.flatMap((schedule) => faultsOf(schedule).map(({ step }) => step)));
    expect([...kinds].sort()).toEqual(Object.keys(FAULTS).sort());
  });

  it("has every answer of OVH that its documentation leaves open", () => {
    const variants = new Set(schedules.map(({ ovh }) => `${ovh.whilePending} ${ovh.toHolder}`));
    expect(variants.size).toBe(4);
  });

  it("has as many edges and faults as asked for", () => {
    for (const edges of [2, 3]) {
      for (const faults of [1, 7, 12]) {
        const schedule = scheduleOf({ seed: 5, edges, faults });
        expect(schedule.edges).toBe(edges);
        expect(faultsOf(schedule)).toHaveLength(faults);
      }
    }
  });

  it("has three to five faults, and two or three edges, where nothing is asked for", () => {
    expect(new Set(schedules.map((schedule) => faultsOf(schedule).length))).toEqual(new Set([3, 4, 5]));
    for (const seed of SEEDS) expect(schedules[seed]?.edges).toBe(edgesOf(seed));
    expect(new Set(SEEDS.map(edgesOf))).toEqual(new Set([2, 3]));
  });
});
