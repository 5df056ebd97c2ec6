import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startRegion } from "../../lib/testing.js";
import { checksOf, EXAMPLES, exampleConfig, exampleFile, exampleNames } from "./example.js";

const NAMES = exampleNames();
/** So many regions at once: each waits most of the time, but the clocks of carp are real. */
const LANES = 2;
const lanes = new Map<number, Promise<unknown>>();

/** Runs something when its lane is free. */
async function inLane(lane: number, run: () => Promise<void>): Promise<void> {
  const turn = (lanes.get(lane) ?? Promise.resolve()).then(run);
  lanes.set(
    lane,
    turn.catch(() => {}),
  );
  await turn;
}

describe("the examples", () => {
  it("are all in the index, and nothing else is", () => {
    const linked = [...(exampleFile("", "README.md") ?? "").matchAll(/\]\(([a-z0-9-]+)\/README\.md\)/g)];
    expect(linked.map(([, name]) => name).sort()).toEqual(NAMES);
  });

  it.each(NAMES)("%s has a README of some ten lines, a program and a configuration", (name) => {
    const lines = (exampleFile(name, "README.md") ?? "").split("\n").filter((line) => line.trim() !== "");
    expect(lines[0]).toMatch(/^# \S/);
    expect(lines.length).toBeGreaterThanOrEqual(5);
    expect(lines.length).toBeLessThanOrEqual(16);
    expect(exampleFile(name, "main.ts")).toContain('from "cdktf-ovh-edge"');
    expect(exampleConfig(name).$schema).toBe("../../edge.config.schema.json");
  });

  it.concurrent.each(NAMES)(
    "%s deploys as its README promises, plans nothing more, and leaves nothing behind",
    (name) => inLane(NAMES.indexOf(name) % LANES, () => deployAndDestroy(name)),
    // Those of a lane wait for each other.
    600_000,
  );
});

async function deployAndDestroy(name: string): Promise<void> {
  const checks = await checksOf(name);
  const config = exampleConfig(name);
  // What takes seconds at OVH need not take any here; carp and the edges keep their own time.
  const region = { speed: 10, moveDuration: 500, ...checks.world?.region };
  await using world = await startRegion({
    ...checks.world,
    config: checks.config?.(config) ?? config,
    region,
  });
  await checks.before?.(world);
  await world.deployProgram(() => import(join(EXAMPLES, name, "main.ts")));
  await world.validate();
  const [preferred] = world.edgeNames;
  await world.until(
    ({ answering }) => answering === preferred,
    `${preferred} does not answer for the FailOver IP`,
  );
  await world.until(
    ({ edges }) => edges.every(({ role }, index) => role === (index === 0 ? "MASTER" : "BACKUP")),
    `${preferred} is not the one MASTER`,
  );
  expect(await world.plan()).toBe("no changes");
  await checks.deployed?.(world);
  expect(await world.destroy()).toEqual(checks.remains ?? []);
}
