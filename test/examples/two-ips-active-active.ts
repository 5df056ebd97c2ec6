import { expect } from "vitest";
import type { Machine } from "../../lib/simulator/node/machine.js";
import type { LiveWorld } from "../../lib/testing.js";
import type { ExampleChecks } from "./example.js";

const [FIRST, SECOND] = ["146.59.143.231", "146.59.143.232"];

/** Each edge is master of one; one that is lost gives its own away and gets nothing back by itself. */
export const example: ExampleChecks = {
  deployed: async (world) => {
    await world.until(() => holds(world, "edge-a", "edge-b"), "not each edge answers for its own address");
    expect(rolesOf(world, "edge-a")).toEqual(["MASTER", "BACKUP"]);
    expect(rolesOf(world, "edge-b")).toEqual(["BACKUP", "MASTER"]);
    const { attaches } = world.region.project.failoverIps;
    expect(attaches.map(({ ip }) => ip).sort()).toEqual([FIRST, SECOND]);

    await world.fault("power-off", "edge-a");
    await world.until(() => holds(world, "edge-b", "edge-b"), "edge-b does not answer for both");
    expect(attaches.slice(2).map(({ ip }) => ip)).toEqual([FIRST]);

    await world.fault("power-on", "edge-a");
    await world.until(
      () => rolesOf(world, "edge-a").every((role) => role === "BACKUP"),
      "edge-a is not back as the backup of both",
    );
    const { sandbox } = world.region.machine("edge-b") as Machine;
    // The address answers as soon as OVH has routed it; the edge's claim learns that a moment later.
    await world.eventually(async () => {
      const { stdout } = await sandbox.run("/usr/local/sbin/edge-sync status");
      expect(stdout).toMatch(/^carp0 +MASTER\nip +146\.59\.143\.231 is here/m);
      expect(stdout).toMatch(/^carp1 +MASTER\nip +146\.59\.143\.232 is here/m);
    });
    expect(holds(world, "edge-b", "edge-b")).toBe(true);
    expect(attaches).toHaveLength(3);
    expect(await world.plan()).toBe("no changes");
  },
};

function holds({ region }: LiveWorld, first: string, second: string): boolean {
  return region.answering(FIRST)?.name === first && region.answering(SECOND)?.name === second;
}

function rolesOf({ region }: LiveWorld, edge: string): (string | undefined)[] {
  const kernel = region.machine(edge)?.kernel;
  return ["carp0", "carp1"].map((name) => kernel?.carpState(name));
}
