import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";
import { CoProcess } from "../../../lib/simulator/explore/co-process.js";
import { later, memoryOf, NOW, ROUND, recall, SETTINGS } from "../../../lib/simulator/explore/memory.js";
import { EDGE_SYNC } from "../../../lib/simulator/explore/tools.js";
import type { Memory } from "../../../lib/simulator/world/decider.js";

vi.setConfig({ testTimeout: 120_000 });

const program = new CoProcess(EDGE_SYNC);
afterAll(() => program.close());

const bit = fc.constantFrom(0, 1);
const link = fc.constantFrom("up", "up", "up", "down");
const result = fc.constantFrom("here", "elsewhere", "pending", "none");
const seen = fc.record({
  boot: fc.constant(0),
  carp: fc.constantFrom("MASTER", "MASTER", "BACKUP", "INIT"),
  external: link,
  internal: link,
  alias: bit,
  edgefault: fc.constantFrom(0, 1, 64, 65),
  edgedrain: fc.constantFrom(0, 16),
  hold: fc.constantFrom(null, null, null, { reason: "r" }),
  drain: bit,
  probe: fc.constantFrom(null, { ok: 1, age: 1 }, { ok: 0, age: 1 }, { ok: 1, age: 99 }),
  checking: bit,
  check: fc.option(result, { nil: null }),
  claim: fc.constantFrom(
    null,
    { running: 1, posted: 0 },
    { running: 1, posted: 1 },
    { running: 0, posted: 1, refused: 1, status: 7, result: "none" },
    { running: 0, posted: 1, refused: 1, status: 3, result: "none" },
    { running: 0, posted: 1, status: 0, result: "here" },
    { running: 0, posted: 0, status: 2, result: "none" },
  ),
});

/** The same memory some rounds later: `NOW` stays, all its times go back. */
function aged(memory: Memory, rounds: number): Memory {
  const times = /^(?:.*_at|.*_since|.*_until|booted|recheck_at|void_before|seen_check|hold_warned)$/;
  return Object.fromEntries(
    Object.entries(memory).map(([name, value]) => [
      name,
      typeof value === "number" && times.test(name) ? value - rounds * ROUND : value,
    ]),
  );
}

const withoutLog = (decisions: readonly (readonly unknown[])[]) =>
  decisions.filter(([what]) => what !== "log");

describe("what an exploration keeps of edge-sync's memory", () => {
  it("is followed by the same decisions as all of it, however long afterwards", () => {
    const step = fc.record({ seen, rounds: fc.constantFrom(0, 0, 1, 2, 7) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        let whole: Memory = {};
        let kept: ReturnType<typeof recall> | undefined;
        steps.forEach(({ seen: { check, claim, ...rest }, rounds }, index) => {
          const now = { ...rest, now: NOW };
          const ofWhole = { ...now, claim: whole.claim === undefined ? null : claim };
          // A check that began before this pass, and after whatever made earlier ones worthless.
          const asked = (started: number) => (check === null ? null : { result: check, started });
          const a = program.decide({ ...ofWhole, check: asked(NOW - 0.5 + index / 1000) }, whole, SETTINGS);
          const b = program.decide({ ...ofWhole, check: asked(NOW - 0.5) }, memoryOf(kept), SETTINGS);
          expect(withoutLog(b.do)).toEqual(withoutLog(a.do));
          whole = aged({ ...a.memory, token_at: NOW }, rounds);
          kept = recall(a.memory);
          for (let round = 0; round < rounds; round++) kept = later(kept);
          // Tokens come back in an exploration only where nothing else happens.
          const voided = whole.void_before as number | undefined;
          whole = { ...whole, token_at: NOW, ...(voided === undefined ? {} : { void_before: voided - 1 }) };
        });
      }),
      { numRuns: 300, seed: 5 },
    );
  });
});
