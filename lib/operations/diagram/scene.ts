import { exists } from "../../config/edge.js";
import { type VhidSettings, vhidsOf } from "../../config/failover-ips.js";
import type { EdgeConfig, NetworkSettings } from "../../config/schema.js";
import { CARP_INTERFACE } from "../../edge/hostname-if.js";
import { ipsOf, reported, type Status } from "../status/status.js";

/** What is drawn: FailOver IPs, edges, two networks. */
export interface Scene {
  /** The FailOver IP, or all of them. */
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
  /** Whether a FailOver IP is routed to it; before a deploy, whether one will be. */
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
  const { interfaces } = config;
  const vhids = vhidsOf(config);
  const several = config.failoverIps.length > 1;
  const edges = config.edges.map((edge): SceneEdge => {
    const host = deployment?.edges.find(({ name }) => name === edge.name)?.host;
    const seen = status?.edges.find(({ name }) => name === edge.name);
    const report = seen === undefined ? undefined : reported(seen);
    const role = (vhid: VhidSettings) => {
      if (seen === undefined) return vhid.preferred === edge.name ? "MASTER" : "BACKUP";
      const other = report?.sync?.vhids?.find(({ name }) => name === vhid.interface)?.carp;
      const told = vhid.interface === CARP_INTERFACE ? report?.carp?.state : other;
      return told ?? (report === undefined ? "not reached" : "none");
    };
    const held =
      status === undefined
        ? vhids.filter(({ preferred }) => preferred === edge.name).flatMap(({ failoverIps }) => failoverIps)
        : ipsOf(status).filter(({ route }) => "edge" in route && route.edge === edge.name);
    return {
      name: edge.name,
      lines: [
        exists(edge) ? `instance ${edge.existing.instanceId}` : `${edge.flavor}, ${edge.image}`,
        `${interfaces.external}  ${exists(edge) ? (edge.existing.publicAddress ?? edge.existing.host) : (host ?? "public address")}`,
        `${interfaces.internal}  ${exists(edge) ? "as it is" : (edge.internalAddress ?? "by DHCP")}`,
        ...vhids.map(
          (vhid) =>
            `${interfaces.carp}  ${vhid.interface} ${role(vhid)}, skew ${vhid.advskews[edge.name] ?? edge.advskew}`,
        ),
        ...(several ? [`has ${held.map(({ address }) => address).join(", ") || "no FailOver IP"}`] : []),
      ],
      holds: held.length > 0,
    };
  });
  return {
    address: config.failoverIps.map(({ address }) => address).join(", "),
    region: config.region,
    edges,
    internal: `internal: ${describe(config.internalNetwork)}`,
    carp: `CARP: ${describe(config.carpNetwork)}, ${vhids.map(({ vhid, address }) => `vhid ${vhid}, ${address}`).join("; ")}`,
  };
}

function describe(network: NetworkSettings): string {
  if ("networkId" in network) return `network ${network.networkId}, ${network.cidr}`;
  return `${network.name}, VLAN ${network.vlanId}, ${network.cidr}`;
}
