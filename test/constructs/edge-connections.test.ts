import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { EdgeConnections } from "../../lib/constructs/edge-connections.js";
import type { IEdgeInstance } from "../../lib/constructs/edge-instance.js";
import { example } from "../config/example.js";

const config = parseConfig(
  example({ ssh: { user: "deploy", become: "doas", port: 2222, privateKeyPath: "~/.ssh/edge" } }),
);
const [first, second] = config.edges.map(({ name }) => name) as [string, string];
const macs = { external: "02:00:00:00:00:01", internal: "02:00:00:00:00:02", carp: "02:00:00:00:00:03" };
const instances: Record<string, IEdgeInstance> = {
  [first]: { instanceId: "i-1", publicAddress: "198.51.100.11", macs },
  [second]: {
    instanceId: "i-2",
    publicAddress: "198.51.100.12",
    macs: { ...macs, carp: "02:00:00:00:00:04" },
  },
};
const connections = new EdgeConnections({
  config,
  failoverAddresses: ["203.0.113.1", "203.0.113.2"],
  instances,
});

describe("the connections of an edge", () => {
  it("name what moves and the edges, the preferred one first", () => {
    expect(connections.failoverAddress).toBe("203.0.113.1");
    expect(connections.failoverAddresses).toEqual(["203.0.113.1", "203.0.113.2"]);
    expect(connections.edgeNames).toEqual([first, second]);
  });

  it("tell of an edge by its name", () => {
    expect(connections.instanceId(second)).toBe("i-2");
    expect(connections.publicAddress(first)).toBe("198.51.100.11");
    expect(connections.macs(second).carp).toBe("02:00:00:00:00:04");
    expect(connections.sshTarget(first)).toMatchObject({ host: "198.51.100.11", port: 2222, user: "deploy" });
    expect(connections.sshCommand(first)).toBe("ssh -i ~/.ssh/edge -p 2222 deploy@198.51.100.11");
  });

  it.each([
    "instanceId",
    "publicAddress",
    "macs",
    "sshTarget",
    "sshCommand",
  ] as const)("%s refuses a name that no edge has", (accessor) => {
    for (const name of ["nobody", "toString"]) {
      expect(() => connections[accessor](name)).toThrow(
        new Error(`there is no edge ${name}; the configuration has ${first}, ${second}`),
      );
    }
  });
});
