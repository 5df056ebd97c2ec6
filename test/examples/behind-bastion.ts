import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { loadConfig } from "../../lib/config/load.js";
import { staticPath } from "../../lib/edge/static-files.js";
import { deployedEdges } from "../../lib/operations/deployed-edges.js";
import { liveCluster } from "../../lib/operations/drill/live-cluster.js";
import { runDrill } from "../../lib/operations/drill/run.js";
import { type Scenario, scenariosNamed } from "../../lib/operations/drill/scenarios.js";
import { offeredHostKey } from "../../lib/operations/host-key.js";
import { openOperations } from "../../lib/operations/operations.js";
import { gatherStatus } from "../../lib/operations/status/status.js";
import { judgeStatus } from "../../lib/operations/status/verdict.js";
import type { SimulatedBastion } from "../../lib/simulator/bastion.js";
import type { Machine } from "../../lib/simulator/node/machine.js";
import type { LiveWorld } from "../../lib/testing.js";
import { run } from "../e2e/process.js";
import { type ExampleChecks, printedBy } from "./example.js";

const bastionOf = (world: LiveWorld) => world.region.access.bastion as SimulatedBastion;

/** Whether anybody answers who connects directly. */
function answersDirectly(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("data", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}

/** The bundle's way leaves no secret behind: not in the state, not in what Terraform prints. */
function keepsSecrets(world: LiveWorld): void {
  const { EDGE_CONFIG = "", TF_VAR_carp_password = "" } = world.environment;
  const { applicationSecret, consumerKey } = world.region.edgeKey;
  for (const file of [
    join(dirname(EDGE_CONFIG), "terraform.log"),
    join(world.stackFolder, "terraform.tfstate"),
    join(world.stackFolder, "cdk.tf.json"),
  ]) {
    const text = readFileSync(file, "utf8");
    for (const secret of [applicationSecret, consumerKey, TF_VAR_carp_password]) {
      expect(secret).not.toBe("");
      expect(text.includes(secret), file).toBe(false);
    }
    // Compressed it would not be found: nothing as long as a bundle may be there either.
    expect(/[A-Za-z0-9+/]{2000}/.test(text), file).toBe(false);
  }
  expect(readFileSync(join(dirname(EDGE_CONFIG), "terraform.log"), "utf8")).toContain("edge-install: done");
}

/** The program itself, where it must give up. */
async function givesUp(world: LiveWorld): Promise<void> {
  const bastion = bastionOf(world);
  const { host, port, user, hostKey } = bastion.settings;
  const [first, second] = world.config.edges;
  const address = world.region.machine("edge-a")?.kernel.find("vio0")?.addresses[0]?.address as string;
  const tried = (changes: Record<string, string>) =>
    run("sh", [staticPath("edge-over-bastion")], {
      env: {
        ...process.env,
        EDGE_HOST: address,
        EDGE_PORT: String(world.region.sshPort),
        EDGE_USER: "root",
        EDGE_HOST_KEY: first?.sshHostKey as string,
        EDGE_KEY: world.config.ssh?.privateKeyPath as string,
        BASTION_HOST: host,
        BASTION_PORT: String(port),
        BASTION_USER: user,
        BASTION_HOST_KEY: hostKey,
        BASTION_KEY: world.config.ssh?.privateKeyPath as string,
        EDGE_COMMAND: "cat; touch /tmp/was-here",
        EDGE_INPUT: gzipSync("all of it\n").toString("base64"),
        EDGE_WAIT: "0",
        ...changes,
      },
    });
  const where = `${address}:${world.region.sshPort}`;
  const other = await tried({ EDGE_HOST_KEY: second?.sshHostKey as string });
  expect(other.status).toBe(1);
  expect(other.stderr).toContain(
    `edge-over-bastion: the edge at ${where} was not reached, and nothing was sent to it\n`,
  );
  const nowhere = await tried({ EDGE_HOST: "10.99.0.1" });
  expect(nowhere.status).toBe(1);
  expect(nowhere.stderr).toMatch(
    /edge-over-bastion: the edge at 10\.99\.0\.1:\d+ was not reached within 0 s\n$/,
  );
  const { sandbox } = world.region.machine("edge-a") as Machine;
  expect(sandbox.read("/tmp/was-here")).toBeUndefined();
  expect(await tried({})).toMatchObject({ status: 0, stdout: "all of it\n", stderr: "" });
  expect(await tried({ EDGE_COMMAND: "exit 7" })).toMatchObject({ status: 7, stderr: "" });
}

/** A drill and the doctor go through the bastion too, and the faults of a drill come to the edges by it. */
async function drilled(world: LiveWorld): Promise<void> {
  const { EDGE_CONFIG: file } = world.environment;
  const environment = { ...process.env, ...world.environment };
  const deployed = deployedEdges(loadConfig(file as string, environment), world.stackFolder, environment);
  const { door } = world.region;
  const cluster = liveCluster({ ...deployed, door });
  const [down] = scenariosNamed(["carp-down"]) as [Scenario];
  const before = bastionOf(world).sessions();
  try {
    const { verdict, reason, by } = await runDrill(down, { cluster, config: deployed.config });
    expect([verdict, reason, by]).toEqual(["passed", undefined, "edge-b"]);
  } finally {
    await Promise.all(cluster.edges.map((edge) => edge.close()));
  }
  expect(bastionOf(world).sessions()).toBe(before + cluster.edges.length);
}

/** Host keys of their own, which are verified; an edge that shows another one gets nothing. */
export const example: ExampleChecks = {
  before: async (world) => {
    const { config } = world;
    const [first, second] = config.edges;
    const bastion = bastionOf(world);
    const keys = [bastion.settings.hostKey, first?.sshHostKey, second?.sshHostKey];
    expect(new Set(keys).size).toBe(3);
    // The edge's key where the bastion's belongs: what Terraform's own bastion would have checked.
    world.config = {
      ...config,
      ssh: { ...config.ssh, bastion: { ...bastion.settings, hostKey: second?.sshHostKey as string } },
    };
    const refused = await printedBy(world.deploy());
    expect(refused).toContain("Host key verification failed.");
    expect(refused).toContain("was not reached, and nothing was sent to it");
    expect(bastion.forwarded).toEqual([]);
    world.config = config;
  },
  deployed: async (world) => {
    const bastion = bastionOf(world);
    // Two connections for each delivery and each release, and none beside the bastion.
    expect(bastion.sessions()).toBe(world.region.sshSessions());
    expect(world.region.sshSessions()).toBe(2 * 2 + 2 * 2);
    keepsSecrets(world);
    await givesUp(world);
    await drilled(world);
    const { EDGE_CONFIG: config } = world.environment;
    const environment = { ...process.env, ...world.environment };
    const operations = openOperations({ config, stack: world.stackFolder }, environment);
    try {
      const { agreement, attention } = judgeStatus(await gatherStatus(operations));
      expect([agreement, attention]).toEqual(["agree", []]);
      for (const { address } of operations.edges) {
        expect(await answersDirectly(address.host, address.port)).toBe(false);
        expect(await offeredHostKey(address)).toBe(address.hostKey);
      }
      bastion.disk.write("/etc/ssh/sshd_config", "AllowTcpForwarding no\n");
      const [edge] = operations.edges;
      await edge?.close();
      await expect(edge?.run("true")).rejects.toThrow(
        /does not forward to 127\.77\.0\.\d+:\d+: \(SSH\) Channel open failure/,
      );
      bastion.disk.write("/etc/ssh/sshd_config", "");
      expect(await edge?.run("id -un")).toMatchObject({ stdout: "root\n" });
    } finally {
      await Promise.all(operations.edges.map((edge) => edge.close()));
    }
  },
};
