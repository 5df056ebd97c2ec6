import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { EdgeStack, parseConfig } from "cdktf-ovh-edge";
import { type LiveWorld, matchers, startRegion } from "cdktf-ovh-edge/testing";
import { afterAll, beforeAll, expect, it } from "vitest";

expect.extend(matchers);

const config = {
  ...JSON.parse(readFileSync("edge.config.example.json", "utf8")),
  // Shorter waits than in service, as the edges' clocks are real here.
  probe: { targets: ["9.9.9.9"], interval: 5, attempts: 1 },
  claim: { checkInterval: 10, healthyFor: 2 },
  // Milliseconds until a claim is accepted; left out, what carp's timers allow.
  drill: { limits: { "carp-down": 5000 } },
};
const [first, second] = ["bi-edge-sbg-1", "bi-edge-sbg-2"];
let world: LiveWorld;

beforeAll(async () => {
  world = await startRegion({ config, region: { speed: 10, moveDuration: 500 } });
  // world.config is the configuration with the region's SSH port, key and host keys.
  await world.deploy((app) => new EdgeStack(app, "shop", { config: parseConfig(world.config) }));
  await world.eventually(() => expect(world).toBeAtRest());
}, 120_000);
afterAll(() => world?.close());

it("fails over when the master loses its cable, and plans nothing", async () => {
  expect(world).toRouteTo(first);
  await world.fault("cut", first, "vio0");
  await world.eventually(() => expect(world).toAnswer(second), { within: 30 });
  await world.fault("mend", first, "vio0");
  await world.eventually(() => expect(world).toBeAtRest());
  expect(world).toHaveMaster(second);
  expect(world).not.toHaveAlias(first);
  expect(await world.plan()).toBe("no changes");
});

it("keeps the shop open while an edge is drained", async () => {
  // What stands behind each edge; here it says which.
  const shops = new Map<string, number>();
  for (const edge of world.edgeNames) {
    const shop = createServer((_, response) => response.end(edge)).listen(0, "127.0.0.1");
    shop.unref();
    await new Promise((resolve) => shop.once("listening", resolve));
    shops.set(edge, (shop.address() as AddressInfo).port);
  }
  const door = await world.openDoor((edge) => ({ port: shops.get(edge) as number }));
  const visit = async () => (await fetch(`http://${door.host}:${door.port}`, { keepalive: false })).text();

  expect(await visit()).toBe(second);
  await world.operate(second, "drain");
  await world.eventually(async () => expect(await visit()).toBe(first), { within: 30 });
  await world.operate(second, "undrain");
  await world.eventually(() => expect(world).toBeAtRest());
});

it("passes the drill, within the limits of the configuration", async () => {
  const drill = await world.drill("carp-down");
  expect(drill).toMatchObject({ verdict: "passed", from: first, by: second });
});
