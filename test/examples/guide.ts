import { expect } from "vitest";
import type { ExampleChecks } from "./example.js";

/** The guide's files, and its check: `ifconfig carp0 down` on the master. */
export const example: ExampleChecks = {
  deployed: async (world) => {
    for (const [name, skew] of [
      ["bi-edge-sbg-1", 1],
      ["bi-edge-sbg-2", 50],
    ] as const) {
      const file = world.region.machine(name)?.sandbox.read("/etc/hostname.carp0");
      expect(file).toMatch(
        new RegExp(
          `^inet 10\\.25\\.0\\.10 255\\.255\\.0\\.0 10\\.25\\.255\\.255 vhid 1 carpdev vio2 pass \\S+ .*advskew ${skew}$`,
          "m",
        ),
      );
    }
    await world.fault("down", "bi-edge-sbg-1", "carp0");
    await world.until(
      ({ answering }) => answering === "bi-edge-sbg-2",
      "bi-edge-sbg-2 does not answer for the FailOver IP",
    );
    await world.fault("up", "bi-edge-sbg-1", "carp0");
    expect(await world.plan()).toBe("no changes");
  },
};
