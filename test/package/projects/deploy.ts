import { readFileSync } from "node:fs";
import { parseConfig } from "cdktf-ovh-edge";
import { startRegion } from "cdktf-ovh-edge/testing";
import { ForeignStack } from "./stack.js";

// Deploys the stack on a simulated region, all of it from the installed package, and tells what came of it.
const config = JSON.parse(readFileSync(process.argv[2] as string, "utf8"));
const world = await startRegion({ config, region: { account: { zones: ["example.com"] } } });
try {
  await world.deploy((app) => new ForeignStack(app, "foreign", parseConfig(world.config)));
  await world.validate();
  const { failoverIp, answering } = world.view();
  const told = await world.output("told");
  const name = await world.region.project.zones.resolve("www.example.com");
  const machines = [...world.region.machines.keys()].sort();
  const plan = await world.plan();
  const left = await world.destroy();
  process.stdout.write(
    `${JSON.stringify({ failoverIp, answering, told, name, machines, valid: true, plan, left })}\n`,
  );
} finally {
  await world.close();
}
