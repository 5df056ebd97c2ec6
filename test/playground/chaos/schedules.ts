import type { Schedule, ScheduledStep } from "../../../lib/simulator/explore/schedule.js";

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
