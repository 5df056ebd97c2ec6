import { expect } from "vitest";
import { isCommand } from "../../lib/edge/doas.js";
import { staticFiles } from "../../lib/edge/static-files.js";
import { openOperations } from "../../lib/operations/operations.js";
import { gatherStatus } from "../../lib/operations/status/status.js";
import { judgeStatus } from "../../lib/operations/status/verdict.js";
import type { Machine } from "../../lib/simulator/node/machine.js";
import type { LiveWorld } from "../../lib/testing.js";
import { type ExampleChecks, printedBy } from "./example.js";

const SELF = "/usr/local/sbin/edge-install";
const machine = (world: LiveWorld, name: string) => world.region.machine(name) as Machine;

/** What an operator does: the first deploy says what, to the letter. */
async function operate(world: LiveWorld): Promise<void> {
  const refused = await printedBy(world.deploy());
  expect(refused).toContain("deploy may not start edge-install on edge-b yet.");
  const commands = refused.split("\n").filter(isCommand);
  const here = commands.findIndex((line) => line.includes("npm run render"));
  for (const name of world.edgeNames) {
    const { sandbox } = machine(world, name);
    expect(sandbox.read("/etc/ovh.conf")).toBeUndefined();
    sandbox.write("/root/edge-install", staticFiles()[SELF] as string);
    const asRoot = commands.slice(here + 1, here + 4);
    expect(await sandbox.run(asRoot.join("\n"))).toMatchObject({ status: 0, stderr: "" });
    expect(sandbox.read("/etc/doas.conf")).toBe(`permit nopass deploy as root cmd ${SELF}\n`);
  }
}

/** Asks the edges as `npm run status` does, and for more than their one rule permits. */
async function ask(world: LiveWorld): Promise<void> {
  const { EDGE_CONFIG: config } = world.environment;
  const operations = openOperations(
    { config, stack: world.stackFolder },
    { ...process.env, ...world.environment },
  );
  try {
    const { agreement, attention } = judgeStatus(await gatherStatus(operations));
    expect([agreement, attention]).toEqual(["agree", []]);
    await expect(operations.edges[0]?.run("edge-sync drain")).rejects.toThrow(
      "edge-a lets deploy start no shell as root: doas: Operation not permitted; permit it by a line in /etc/doas.conf there, " +
        "which is as much as the rule for edge-install: permit nopass deploy as root cmd /bin/sh",
    );
  } finally {
    await Promise.all(operations.edges.map((edge) => edge.close()));
  }
}

/** Existing instances, doas, and an edge that is retired. */
export const example: ExampleChecks = {
  before: operate,
  deployed: async (world) => {
    await ask(world);
    const { config } = world;
    const gone = machine(world, "edge-c");
    world.config = { ...config, edges: config.edges.slice(0, 2), retired: ["edge-c"] };
    await world.deploy();
    expect(gone.kernel.find("carp0")).toBeUndefined();
    expect(gone.ifstatedRuns).toBe(false);
    for (const path of ["/etc/ovh.conf", "/etc/edge.conf", "/etc/hostname.carp0", "/var/db/edge", SELF])
      expect(gone.sandbox.read(path), path).toBeUndefined();
    expect(gone.running).toBe(true);
    expect(await world.plan()).toBe("no changes");
    await world.until(({ answering }) => answering === "edge-a", "edge-a does not answer any more");
  },
};
