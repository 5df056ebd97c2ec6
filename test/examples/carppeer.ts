import { expect } from "vitest";
import type { ExampleChecks } from "./example.js";

/** Each edge sends to the other alone, and takes over when that is gone. */
export const example: ExampleChecks = {
  deployed: async (world) => {
    const peers = world.edgeNames.map((name) => {
      const kernel = world.region.machine(name)?.kernel;
      return [kernel?.find("vio2")?.addresses[0]?.address, kernel?.find("carp0")?.carp?.peer];
    });
    expect(peers).toEqual([
      ["10.35.0.11", "10.35.0.12"],
      ["10.35.0.12", "10.35.0.11"],
    ]);
    await world.fault("power-off", "edge-a");
    await world.until(
      ({ answering }) => answering === "edge-b",
      "edge-b does not answer for the FailOver IP without edge-a",
    );
    // A destroy would wait for it.
    await world.fault("power-on", "edge-a");
  },
};
