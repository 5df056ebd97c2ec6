import { readFileSync } from "node:fs";
import { matchers, startVirtualWorld } from "cdktf-ovh-edge/testing";
import { expect, it } from "vitest";

expect.extend(matchers);

const config = JSON.parse(readFileSync("edge.config.example.json", "utf8"));
const [first, second] = ["bi-edge-sbg-1", "bi-edge-sbg-2"];

it("serves on while OVH's API is down for half an hour", async () => {
  await using world = await startVirtualWorld({ config });
  await world.fault("api-down");
  await world.throughout(() => expect(world).toAnswer(first), 1800);
  await world.fault("api-up");
  await world.throughout(() => expect(world).toAnswer(first), 600);
});

it("fails over once the API is back, when the master dies in the outage", async () => {
  await using world = await startVirtualWorld({ config });
  await world.fault("api-down");
  await world.fault("power-off", first);
  await world.throughout(() => expect(world).toRouteTo(first), 1800);
  await world.fault("api-up");
  await world.eventually(() => expect(world).toAnswer(second), { within: 60 });
});

it("asks again when OVH refuses twice", async () => {
  await using world = await startVirtualWorld({ config });
  await world.fault("api-fail", "POST", "/attach", 409, 2);
  await world.fault("power-off", first);
  await world.eventually(() => expect(world).toAnswer(second));
  expect(world).toHaveLogged(second, "claim refused: HTTP 409");
});
