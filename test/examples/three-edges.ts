import type { ExampleChecks } from "./example.js";

/** One edge after the other loses its power. */
export const example: ExampleChecks = {
  deployed: async (world) => {
    for (const [lost, next] of [
      ["edge-a", "edge-b"],
      ["edge-b", "edge-c"],
    ] as const) {
      await world.fault("power-off", lost);
      await world.until(
        ({ answering }) => answering === next,
        `${next} does not answer for the FailOver IP without ${lost}`,
      );
    }
    // A destroy would wait for them.
    await Promise.all(["edge-a", "edge-b"].map((name) => world.fault("power-on", name)));
  },
};
