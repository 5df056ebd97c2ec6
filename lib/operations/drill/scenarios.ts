import type { EdgeConfig } from "../../config/schema.js";
import { settleTime } from "../../edge/edge-conf.js";
import { CARP_INTERFACE } from "../../edge/hostname-if.js";
import type { RemoteEdge } from "../remote-edge.js";
import type { DrillCluster, Mend } from "./cluster.js";
import { breakOnAll } from "./lasting-fault.js";

/** One drill: what is broken, how it is mended, and what must come of it. */
export interface Scenario {
  readonly name: string;
  /** What is done, as one sentence. */
  readonly what: string;
  /** Whether another edge must take the FailOver IP over, or none may. */
  readonly expects: "takeover" | "nothing moves";
  /** Milliseconds from the fault until OVH accepts the claim, at most. */
  readonly limit?: (config: EdgeConfig, cluster: DrillCluster) => number;
  /** Milliseconds for which nothing may move. */
  readonly calm?: (config: EdgeConfig) => number;
  /** Whether it may cut off the connection that asks for it, and so happens a moment later. @default - false */
  readonly severs?: boolean;
  fault(cluster: DrillCluster, holder: RemoteEdge): Promise<Mend>;
}

const ROUND_TRIPS = 3 * 50;
const LINK_LOSS = 1000;
const DRAIN = "edge-sync drain --reason drill";
const UNDRAIN = "edge-sync undrain";

/** Milliseconds until the fastest backup takes over from a master that went silent. */
export function silenceLimit({ carp, edges }: EdgeConfig): number {
  const [, second] = edges.map(({ advskew }) => advskew).sort((a, b) => a - b) as [number, number];
  return 3 * (carp.advertisementInterval * 1000 + (second * 1000) / 256);
}

/** Milliseconds that the slowest edge waits for the election to settle before it claims. */
const settle = (config: EdgeConfig) =>
  1000 * Math.max(...config.edges.map((edge) => settleTime(config, edge)));
const announced = (config: EdgeConfig) => LINK_LOSS + settle(config) + ROUND_TRIPS;
const silent = (config: EdgeConfig) => silenceLimit(config) * 1.1 + settle(config) + ROUND_TRIPS;
const found = (config: EdgeConfig, { faults }: DrillCluster) => announced(config) + (faults.cutDelay ?? 0);

/** All drills, in an order in which each finds the cluster sound. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "carp-down",
    what: "carp0 goes down on the master: the guide's own check",
    expects: "takeover",
    limit: announced,
    fault: ({ faults, carp = CARP_INTERFACE }, holder) =>
      faults.command(holder, `ifconfig ${carp} down`, `ifconfig ${carp} up`),
  },
  {
    name: "power-off",
    what: "the master loses its power",
    expects: "takeover",
    limit: silent,
    severs: true,
    fault: (cluster, holder) => cluster.faults.powerOff(holder),
  },
  {
    name: "external-lost",
    what: "the master's public interface loses its link",
    expects: "takeover",
    limit: found,
    severs: true,
    fault: (cluster, holder) => cluster.faults.cutLink(holder, "external"),
  },
  {
    name: "internal-lost",
    what: "the master's internal interface loses its link",
    expects: "takeover",
    limit: found,
    // An edge behind a bastion may be reached by this very interface.
    severs: true,
    fault: (cluster, holder) => cluster.faults.cutLink(holder, "internal"),
  },
  {
    name: "probe-lost",
    what: "no probe target answers the master, but OVH's API does",
    expects: "nothing moves",
    calm: ({ probe }) => 2500 * probe.interval,
    fault: (cluster, holder) => cluster.faults.silenceProbes(holder),
  },
  {
    name: "drain",
    what: "the operator drains the master",
    expects: "takeover",
    limit: announced,
    fault: ({ faults }, holder) => faults.command(holder, DRAIN, UNDRAIN),
  },
  {
    name: "return",
    what: "the other edges are drained, so that the IP comes back to the preferred one",
    expects: "takeover",
    limit: announced,
    fault: async ({ edges, faults }, holder) => {
      const [preferred, ...others] = edges;
      if (holder === preferred)
        throw new Error(`${holder.name} has the FailOver IP already; run the drill drain first`);
      return breakOnAll(others.map((edge) => faults.command(edge, DRAIN, UNDRAIN)));
    },
  },
  {
    name: "api-down",
    what: "OVH's API answers nobody, and nothing else is wrong",
    expects: "nothing moves",
    calm: ({ claim }) => 1200 * claim.checkInterval,
    fault: (cluster) => cluster.faults.silenceApi(),
  },
  {
    name: "partition",
    what: "the edges do not hear each other: two masters, the last claim wins",
    expects: "takeover",
    limit: silent,
    fault: (cluster, holder) => cluster.faults.partition(holder),
  },
];

/** What a drill does, with the carp interface that elects the FailOver IP's edge. */
export function whatOf({ what }: Scenario, { carp = CARP_INTERFACE }: Pick<DrillCluster, "carp">): string {
  return what.replace(CARP_INTERFACE, carp);
}

/** Drills by their names. @throws Error that lists them for a name that is none of theirs */
export function scenariosNamed(names: readonly string[]): Scenario[] {
  return names.map((name) => {
    const found = SCENARIOS.find((scenario) => scenario.name === name);
    if (found === undefined) {
      throw new Error(`there is no drill ${name}; there are ${SCENARIOS.map((one) => one.name).join(", ")}`);
    }
    return found;
  });
}
