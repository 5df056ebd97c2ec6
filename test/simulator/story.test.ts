import { describe, expect, it } from "vitest";
import { type Moment, outlineOf, storyText } from "../../lib/simulator/story.js";

const MOMENTS: readonly Moment[] = [
  { ms: 500.4, edge: "edge-1", kind: "fault", text: "power-off: loses its power" },
  { ms: 4100, edge: "edge-2", kind: "role", role: "INIT" },
  { ms: 4100, edge: "edge-2", kind: "role", role: "MASTER" },
  { ms: 4150, edge: "edge-2", kind: "alias", on: true },
  { ms: 4160, edge: "edge-2", kind: "claim" },
  { ms: 4300, edge: "edge-2", kind: "post" },
  { ms: 4340, edge: "edge-2", kind: "accepted" },
  { ms: 4840, kind: "route", to: "edge-2" },
  { ms: 5000, edge: "edge-1", kind: "demotion", group: "edgefault", by: 64 },
  { ms: 7000, edge: "edge-1", kind: "demotion", group: "edgefault", by: -64 },
  { ms: 7500, edge: "edge-1", kind: "alias", on: false },
  { ms: 8000, kind: "route", to: null },
  { ms: 8000, edge: "edge-1", kind: "broken", text: "S3 does not hold" },
];

describe("a story", () => {
  it("reads as lines of time, edge and what happened", () => {
    expect(storyText(MOMENTS).split("\n")).toEqual([
      "     500 ms  edge-1   * power-off: loses its power",
      "    4100 ms  edge-2   carp0 is INIT",
      "    4100 ms  edge-2   carp0 is MASTER",
      "    4150 ms  edge-2   alias on",
      "    4160 ms  edge-2   a claim begins",
      "    4300 ms  edge-2   POST",
      "    4340 ms  edge-2   its POST is accepted",
      "    4840 ms  ovh      the IP is routed to edge-2",
      "    5000 ms  edge-1   edgefault +64",
      "    7000 ms  edge-1   edgefault -64",
      "    7500 ms  edge-1   alias off",
      "    8000 ms  ovh      the IP is routed to nothing",
      "    8000 ms  edge-1   ! S3 does not hold",
    ]);
  });

  it("comes down to what each edge went through", () => {
    expect(outlineOf(MOMENTS, ["edge-1", "edge-2", "edge-3"], null)).toEqual({
      holder: null,
      edges: {
        "edge-1": { roles: [], alias: ["off"], demotions: ["+edgefault", "-edgefault"], accepted: 0 },
        "edge-2": { roles: ["MASTER"], alias: ["on"], demotions: [], accepted: 1 },
        "edge-3": { roles: [], alias: [], demotions: [], accepted: 0 },
      },
    });
  });
});
