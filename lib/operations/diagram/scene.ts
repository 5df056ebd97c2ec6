import { exists } from "../../config/edge.js";
import type { EdgeConfig, NetworkSettings } from "../../config/schema.js";
import { CARP_INTERFACE } from "../../edge/hostname-if.js";
import { reported, type Status } from "../status/status.js";

/** What is drawn: one FailOver IP, edges, two networks. */
export interface Scene {
  readonly address: string;
  readonly region: string;
  readonly edges: readonly SceneEdge[];
  readonly internal: string;
  readonly carp: string;
}

/** One edge of a scene. */
export interface SceneEdge {
  readonly name: string;
  /** What stands in its box below the name. */
  readonly lines: readonly string[];
  /** Whether the FailOver IP is routed to it; before a deploy, whether it will be. */
  readonly holds: boolean;
}

/** What is known beside the wish. */
export interface SceneFacts {
  /** @default - the picture of the wish alone */
  readonly deployment?: { readonly edges: readonly { readonly name: string; readonly host?: string }[] };
  /** @default - roles as they are when all is well */
  readonly status?: Status;
}

/** Puts together what a picture shows. */
export function sceneOf(config: EdgeConfig, { deployment, status }: SceneFacts = {}): Scene {
  const { interfaces, carp } = config;
  const edges = config.edges.map((edge, index): SceneEdge => {
    const host = deployment?.edges.find(({ name }) => name === edge.name)?.host;
    const seen = status?.edges.find(({ name }) => name === edge.name);
    const report = seen === undefined ? undefined : reported(seen);
    const role =
      seen === undefined
        ? index === 0
          ? "MASTER"
          : "BACKUP"
        : (report?.carp?.state ?? (report === undefined ? "not reached" : "none"));
    return {
      name: edge.name,
      lines: [
        exists(edge) ? `instance ${edge.existing.instanceId}` : `${edge.flavor}, ${edge.image}`,
        `${interfaces.external}  ${exists(edge) ? (edge.existing.publicAddress ?? edge.existing.host) : (host ?? "public address")}`,
        `${interfaces.internal}  ${exists(edge) ? "as it is" : (edge.internalAddress ?? "by DHCP")}`,
        `${interfaces.carp}  ${CARP_INTERFACE} ${role}, skew ${edge.advskew}`,
      ],
      holds: status === undefined ? index === 0 : "edge" in status.route && status.route.edge === edge.name,
    };
  });
  return {
    address: config.failoverIps[0].address,
    region: config.region,
    edges,
    internal: `internal: ${describe(config.internalNetwork)}`,
    carp: `CARP: ${describe(config.carpNetwork)}, vhid ${carp.vhid}, ${carp.address}`,
  };
}

function describe(network: NetworkSettings): string {
  if ("networkId" in network) return `network ${network.networkId}, ${network.cidr}`;
  return `${network.name}, VLAN ${network.vlanId}, ${network.cidr}`;
}
