import { describe, expect, it } from "vitest";
import { variablesOf } from "../../../lib/simulator/promela/environment.js";
import { CORNERS, MUTATION_CASES } from "../../../lib/simulator/promela/expected.js";
import { FAULTS, INVARIANTS, MUTATIONS } from "../../../lib/simulator/promela/vocabulary.js";

describe("the words of the Promela model", () => {
  it("are its nine invariants, eighteen faults and eighteen mutations", () => {
    expect(INVARIANTS.map(({ name }) => name)).toEqual("S1 S2 S3 S4 S5 S6 L1 L2 L3".split(" "));
    expect(FAULTS).toHaveLength(18);
    expect(MUTATIONS).toHaveLength(18);
  });

  it.each([
    ["invariants", INVARIANTS],
    ["faults", FAULTS],
    ["mutations", MUTATIONS],
  ])("have a number, a name and a sentence each: %s", (_, words) => {
    const first = words[0]?.number ?? -1;
    expect(words.map(({ number }) => number)).toEqual(words.map((_, index) => first + index));
    expect(new Set(words.map(({ name }) => name)).size).toBe(words.length);
    for (const { sentence } of words) expect(sentence).toMatch(/^\S.{15,}[^.\s]$/);
  });

  it("are those of the expected verdicts, and each mutation has one", () => {
    expect(MUTATION_CASES.map(({ mutation }) => mutation).sort()).toEqual(
      MUTATIONS.map(({ name }) => name).sort(),
    );
    const known = (sort: readonly { name: string }[]) => sort.map(({ name }) => name);
    for (const { environment, violates } of MUTATION_CASES) {
      expect(known(FAULTS)).toEqual(expect.arrayContaining([...environment.faults]));
      expect(known(INVARIANTS)).toEqual(expect.arrayContaining([...violates]));
    }
    for (const { faults, invariant } of CORNERS) {
      expect(known(FAULTS)).toEqual(expect.arrayContaining([...faults]));
      expect(known(INVARIANTS)).toContain(invariant);
    }
  });
});

describe("what a verifier is asked", () => {
  it("has a bit for each kind of fault and a fault of each kind", () => {
    expect(variablesOf({ edges: 2, faults: ["die", "external"] })).toMatchObject({
      EDGE_FAULTS: "5",
      EDGE_BUDGET: "2",
      EDGE_STOP: "0",
      EDGE_SETTLES: "0",
    });
  });

  it("settles with three edges", () => {
    expect(variablesOf({ edges: 3, faults: [] }).EDGE_SETTLES).toBe("1");
  });

  it.each([
    [{ edges: 2, faults: ["flood"] }, /^the Promela model has no fault "flood"; it has die, reboot, /],
    [{ edges: 2, faults: [], mutation: "x" }, /^the Promela model has no mutation "x"; it has probe-alone, /],
  ])("names what the model does not have: %j", (environment, message) => {
    expect(() => variablesOf(environment)).toThrow(message);
  });

  it("names an invariant that the model does not have", () => {
    expect(() => variablesOf({ edges: 2, faults: [] }, "L9")).toThrow(
      'the Promela model has no invariant "L9"; it has S1, S2, S3, S4, S5, S6, L1, L2, L3',
    );
  });
});
