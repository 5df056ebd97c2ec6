import { expect } from "vitest";
import type { ExampleChecks } from "./example.js";

/** The name stands for the address that moves, the instance is behind the edges, and a failover changes neither. */
export const example: ExampleChecks = {
  world: { region: { account: { zones: ["example.org"] } } },
  deployed: async (world) => {
    const { project } = world.region;
    expect(project.zones.resolve("shop.example.org")).toEqual(["146.59.143.231"]);
    const web = project.instances.instances
      .list()
      .find(({ currentState }) => currentState?.name === "shop-web");
    expect(web?.currentState?.networks).toMatchObject([
      { addresses: [{ ip: "10.10.0.80", type: "private" }] },
    ]);
    expect(await world.output("url")).toBe("https://shop.example.org");
    await world.fault("down", "shop-edge-a", "carp0");
    await world.until(({ answering }) => answering === "shop-edge-b", "shop-edge-b does not answer");
    expect(await world.plan()).toBe("no changes");
    expect(project.zones.resolve("shop.example.org")).toEqual(["146.59.143.231"]);
  },
};
