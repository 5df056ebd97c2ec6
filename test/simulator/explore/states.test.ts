import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Interner } from "../../../lib/simulator/explore/interner.js";
import { isFault, isOutside, pack, unpack } from "../../../lib/simulator/explore/move.js";
import { Pairs } from "../../../lib/simulator/explore/pairs.js";
import { Numbers, States } from "../../../lib/simulator/explore/states.js";

describe("states that were seen", () => {
  it("get a number the first time and the same one every time after", () => {
    const row = fc.tuple(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 0, max: 40 }),
      fc.constantFrom(0, 1),
    );
    fc.assert(
      fc.property(fc.array(row, { maxLength: 3000 }), (rows) => {
        const states = new States(3, 4);
        const known = new Map<string, number>();
        for (const one of rows) {
          const before = known.get(one.join());
          const number = states.add(one);
          if (before === undefined) known.set(one.join(), -1 - number);
          else expect(number).toBe(before);
        }
        expect(states.count).toBe(known.size);
        const read = new Int32Array(3);
        for (const [text, number] of known) {
          states.read(number, read);
          expect(read.join()).toBe(text);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("pairs", () => {
  it("are found after any number of others", () => {
    const pairs = new Pairs();
    for (let i = 0; i < 20_000; i++) pairs.set(i, i * 3, i + 1);
    for (let i = 0; i < 20_000; i++) expect(pairs.get(i, i * 3)).toBe(i + 1);
    expect(pairs.get(1, 1)).toBe(-1);
  });
});

describe("numbers", () => {
  it("grow and can be set", () => {
    const numbers = new Numbers(1);
    for (let i = 0; i < 100; i++) numbers.push(i);
    numbers.set(7, 1000);
    expect([numbers.length, numbers.at(7), numbers.at(99)]).toEqual([100, 1000, 99]);
  });
});

describe("an interner", () => {
  it("gives equal values one number", () => {
    const interner = new Interner<{ a: number; b: number }>();
    expect([
      interner.number({ a: 1, b: 2 }),
      interner.number({ a: 2, b: 1 }),
      interner.number({ a: 1, b: 2 }),
    ]).toEqual([0, 1, 0]);
    expect(interner.value(1)).toEqual({ a: 2, b: 1 });
  });
});

describe("what happened", () => {
  it.each([
    ["pass", 0, 0, 0, false, false],
    ["power-off", 3, 1, 0, true, true],
    ["power-on", 2, 0, 0, true, false],
    ["daemon-killed", 1, 6, 0, true, true],
    ["check", 7, 1023, 3, false, false],
  ] as const)("%s of edge %d fits into a number", (happening, edge, detail, ip, outside, fault) => {
    const code = pack(happening, edge, detail, ip);
    expect(unpack(code)).toEqual({ happening, edge, detail, ip });
    expect([isOutside(code), isFault(code)]).toEqual([outside, fault]);
  });
});
