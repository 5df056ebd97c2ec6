import fc from "fast-check";
import {
  FAULTS,
  type FaultKind,
  type Schedule,
  type ScheduledStep,
} from "../../../lib/simulator/explore/schedule.js";

const schedule = (
  note: string,
  steps: readonly ScheduledStep[],
  changes: Partial<Schedule> = {},
): Schedule => ({
  edges: 2,
  ovh: { whilePending: "refuse", toHolder: "no-op" },
  steps,
  note,
  ...changes,
});

/** Schedules with one thing each that an edge must get right. */
export const HAND_MADE: readonly Schedule[] = [
  schedule("power-off and return", [
    { at: 1, step: "power-off", edge: "edge-1" },
    { at: 9, step: "power-on", edge: "edge-1" },
  ]),
  schedule("cut-external", [
    { at: 1, step: "cut-external", edge: "edge-1" },
    { at: 9, step: "mend-external", edge: "edge-1" },
  ]),
  schedule("partition and heal", [
    { at: 1, step: "partition", edge: "edge-2" },
    { at: 12, step: "heal", edge: "edge-2" },
  ]),
  schedule("api-down", [
    { at: 1, step: "api-down" },
    { at: 7, step: "api-up" },
  ]),
  schedule("drain", [
    { at: 1, step: "drain", edge: "edge-1" },
    { at: 8, step: "undrain", edge: "edge-1" },
  ]),
  schedule("reply-lost", [
    { at: 0.5, step: "reply-lost" },
    { at: 1, step: "power-off", edge: "edge-1" },
    { at: 9, step: "power-on", edge: "edge-1" },
  ]),
  schedule("route-lost", [{ at: 1, step: "route-lost" }]),
];

/** Faults that the world and the live region tell alike, whenever they come. */
const CALM: readonly FaultKind[] = [
  "power-off",
  "reboot",
  "cut-external",
  "cut-internal",
  "cut-carp",
  "probe-lost",
  "api-unreachable",
  "daemon-killed",
  "reload",
  "drain",
  "partition",
  "api-down",
  "api-slow",
  "reply-lost",
  "move-fails",
  "route-lost",
];
/** Seconds until what a step has set off is over. */
const PAUSE = 11;

/**
 * Two faults on two edges, each mended, with time enough in between: what happens within the same
 * second is a matter of the scheduler.
 */
export const calmSchedule: fc.Arbitrary<Schedule> = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom(...CALM), fc.constantFrom("edge-1", "edge-2")), {
      minLength: 2,
      maxLength: 2,
    }),
    fc.constantFrom("refuse" as const, "overwrite" as const),
    fc.constantFrom("no-op" as const, "pending" as const),
  )
  .map(([faults, whilePending, toHolder]) => {
    const steps = faults.flatMap(([kind, name]) => {
      const { mend, of } = FAULTS[kind];
      const edge = of === "edge" ? name : undefined;
      return [{ step: kind, edge }, ...(mend === undefined ? [] : [{ step: mend, edge }])];
    });
    return schedule(
      steps.map(({ step, edge }) => `${step} ${edge ?? "ovh"}`).join(", "),
      steps.map((step, index) => ({ at: 1 + PAUSE * index, ...step })),
      { ovh: { whilePending, toHolder } },
    );
  });
