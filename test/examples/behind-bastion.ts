import { connect } from "node:net";
import { expect } from "vitest";
import { offeredHostKey } from "../../lib/operations/host-key.js";
import { openOperations } from "../../lib/operations/operations.js";
import { gatherStatus } from "../../lib/operations/status/status.js";
import { judgeStatus } from "../../lib/operations/status/verdict.js";
import type { SimulatedBastion } from "../../lib/simulator/bastion.js";
import type { LiveWorld } from "../../lib/testing.js";
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
