import { expect, it } from "vitest";
import type { EdgeWitness } from "../../../lib/playground/chaos/edge-witness.js";
import { RegionFaults } from "../../../lib/playground/chaos/region-faults.js";
import type { Region } from "../../../lib/simulator/region.js";

/** An edge that is up, with or without its carp interface yet. */
function edge(interfaces: readonly string[]) {
  const done: string[] = [];
  const kernel = {
    find: (name: string) => (interfaces.includes(name) ? {} : undefined),
    setUp: (name: string, up: boolean) => {
      if (!interfaces.includes(name)) throw new Error("Device not configured");
      done.push(`${name} ${up ? "up" : "down"}`);
    },
  };
  const machine = { running: true, kernel, powerOff: () => done.push("off") };
  const faults = new RegionFaults({} as Region, new Map([["edge-1", { machine } as unknown as EdgeWitness]]));
  return { faults, done };
}

it.each([
  ["an edge that serves tells the others that it goes", ["vio0", "carp0"], ["carp0 down", "off"]],
  ["one that has no carp interface yet just goes", ["vio0"], ["off"]],
])("a reboot in order: %s", (_, interfaces, done) => {
  const { faults, done: seen } = edge(interfaces);
  faults.play({ at: 0, step: "reboot", edge: "edge-1" });
  faults.end();
  expect(seen).toEqual(done);
});
