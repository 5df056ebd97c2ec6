import { parseConfig } from "../config/load.js";
import { deploymentOf } from "../operations/deployment.js";
import type { DrillCluster, DrillFaults, Mend } from "../operations/drill/cluster.js";
import { breakByCommand } from "../operations/drill/lasting-fault.js";
import { RemoteEdge } from "../operations/remote-edge.js";
import type { Machine } from "../simulator/node/machine.js";
import type { Playground } from "./playground.js";

/** The edges of a playground, over SSH as real ones, with faults that the region makes. */
export function simulatedCluster(playground: Playground): DrillCluster {
  const { region } = playground;
  const config = parseConfig(playground.readConfig());
  const value = Object.fromEntries(
    config.edges.map(({ name }) => [
      name,
      {
        instance: region.instanceId(name) as string,
        address: region.machine(name)?.kernel.find("vio0")?.addresses[0]?.address as string,
      },
    ]),
  );
  const edges = deploymentOf(config, { edges: { value } }).edges.map((address) => new RemoteEdge(address));
  return {
    edges,
    failoverIp: region.failoverAddress,
    probeInterval: 20,
    holder: async () => region.holder(),
    probe: async () => region.answering() !== undefined,
    faults: faults(playground),
    prepare: async () => {
      await Promise.all(
        edges.map((edge) => edge.run("rm -f /var/run/edge-sync/memory.json; /usr/local/sbin/edge-sync pass")),
      );
    },
  };
}

function faults({ region }: Playground): DrillFaults {
  const machine = (edge: RemoteEdge) => region.machine(edge.name) as Machine;
  return {
    command: breakByCommand,
    powerOff: async (edge) => {
      machine(edge).powerOff();
      return async () => {
        await edge.close();
        await machine(edge).boot();
      };
    },
    cutLink: async (edge, which): Promise<Mend> => {
      const name = which === "external" ? "vio0" : "vio1";
      machine(edge).kernel.setCable(name, false);
      return async () => {
        machine(edge).kernel.setCable(name, true);
        await edge.close();
      };
    },
    silenceProbes: async (edge) => {
      region.silence(edge.name, true);
      return async () => region.silence(edge.name, false);
    },
    silenceApi: async () => {
      region.setReachable("api", false);
      return async () => region.setReachable("api", true);
    },
    partition: async (edge) => {
      region.vrack.partition([[edge.name]]);
      return async () => region.vrack.heal();
    },
  };
}
