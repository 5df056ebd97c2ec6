import { expect } from "vitest";
import type { ExampleChecks } from "./example.js";

/** An address that was ordered, its name, and a firewall that changes alone. */
export const example: ExampleChecks = {
  deployed: async (world) => {
    const { project, failoverAddress } = world.region;
    expect(failoverAddress).toBe("198.51.100.101");
    expect(await world.output("failover_ip")).toBe(failoverAddress);
    expect(project.zones.resolve("edge.example.org")).toEqual([failoverAddress]);
    expect(project.ips.reverse(failoverAddress, failoverAddress).reverse).toBe("edge.example.org.");
    expect(project.vracks.of(project.seed.project)).toBe("pn-12345");
    const asked = (path: string) => world.region.api.journal.matching("POST", path).length;
    expect([asked("/pay"), asked("/move"), asked("/terminate")]).toEqual([1, 1, 0]);
    const file = world.region.machine("edge-a")?.sandbox.read("/etc/edge.conf");
    expect(file).toContain(`\nip=${failoverAddress}\n`);

    const sessions = world.region.sshSessions();
    const { securityGroups: [group] = [], ...config } = world.config;
    const rules = [...(group?.rules ?? []), { protocol: "udp" as const, port: 51820 }];
    world.config = { ...config, securityGroups: [{ ...group, rules }] };
    await world.deploy();
    const [made] = project.securityGroups.groups.list();
    expect(made?.currentState?.rules.filter(({ portRangeMin }) => portRangeMin === 51820)).toHaveLength(1);
    expect(world.region.sshSessions()).toBe(sessions);
    expect(await world.plan()).toBe("no changes");
  },
};
