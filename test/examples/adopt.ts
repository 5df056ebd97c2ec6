import { expect } from "vitest";
import { loadConfig } from "../../lib/config/load.js";
import { isCommand } from "../../lib/edge/doas.js";
import { staticFiles } from "../../lib/edge/static-files.js";
import { deployedEdges } from "../../lib/operations/deployed-edges.js";
import { examine } from "../../lib/operations/doctor/doctor.js";
import type { Host } from "../../lib/operations/doctor/machine.js";
import { openDoctor } from "../../lib/operations/doctor/open.js";
import { liveCluster } from "../../lib/operations/drill/live-cluster.js";
import { sound } from "../../lib/operations/drill/run.js";
import { Watch } from "../../lib/operations/drill/watch.js";
import { openOperations } from "../../lib/operations/operations.js";
import { NotPermittedError } from "../../lib/operations/remote-edge.js";
import { requireRoot } from "../../lib/operations/require-root.js";
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
  const here = commands.findIndex((line) => line.includes(" --out rendered "));
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
    await expect(requireRoot(operations.edges)).rejects.toBeInstanceOf(NotPermittedError);
    await examined(world);
    await asRoot(world);
  } finally {
    await Promise.all(operations.edges.map((edge) => edge.close()));
  }
}

/** The doctor finds out by the one rule what that permits, and tells once what the rest needs. */
async function examined(world: LiveWorld): Promise<void> {
  const host: Host = {
    nodeVersion: process.versions.node,
    environment: { ...process.env, ...world.environment },
    run: () => undefined,
    modeOf: () => 0o600,
  };
  const { EDGE_CONFIG: config } = world.environment;
  const sources = openDoctor({ config, stack: world.stackFolder }, host, []);
  try {
    const checked = await examine(sources);
    const outcome = (name: string) =>
      checked.find((one) => one.name === name && ["edge", "cluster"].includes(one.group))?.outcome;
    expect(outcome("one master")).toEqual({ ok: "edge-a" });
    expect(outcome("bundle")).toEqual({ ok: "as deployed" });
    expect(outcome("clock")).toEqual({ impossible: "its deploy user may start no shell as root" });
    const reached = checked.filter(({ name }) => name === "reached");
    expect(reached).toHaveLength(world.edgeNames.length);
    for (const { edge, outcome } of reached)
      expect(outcome).toMatchObject({
        findings: [
          {
            severity: "advice",
            what: `${edge} was reached, and lets deploy start no shell as root`,
            mend: expect.stringMatching(/: permit nopass deploy as root cmd \/bin\/sh$/),
          },
        ],
      });
  } finally {
    await Promise.all(sources.edges.map((edge) => edge.close()));
  }
}

/** A live drill is refused with the line that it needs; with it, all that a drill is made of is root's. */
async function asRoot(world: LiveWorld): Promise<void> {
  const { EDGE_CONFIG: file } = world.environment;
  const environment = { ...process.env, ...world.environment };
  const deployed = deployedEdges(loadConfig(file as string, environment), world.stackFolder, environment);
  const cluster = liveCluster({ ...deployed, door: world.region.door });
  const rules = `permit nopass deploy as root cmd ${SELF}\n`;
  const permit = (text: string) => {
    for (const name of world.edgeNames) machine(world, name).sandbox.write("/etc/doas.conf", text);
  };
  try {
    await expect(sound(cluster, 0)).rejects.toThrow(/permit nopass deploy as root cmd \/bin\/sh$/);
    permit(`${rules}permit nopass deploy as root cmd /bin/sh\n`);
    const holder = await sound(cluster, 0);
    const watch = new Watch(cluster, holder);
    await watch.open();
    const mend = await cluster.faults.command(holder, "id -un >/root/broken", "rm /root/broken");
    const { sandbox } = machine(world, holder.name);
    expect(sandbox.read("/root/broken")).toBe("root\n");
    await mend();
    expect(sandbox.read("/root/broken")).toBeUndefined();
    watch.close();
  } finally {
    permit(rules);
    await Promise.all(cluster.edges.map((edge) => edge.close()));
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
