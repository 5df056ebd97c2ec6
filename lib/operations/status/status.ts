import { carpInterface, vhidNumbers } from "../../config/failover-ips.js";
import type { EdgeConfig } from "../../config/schema.js";
import { CARP_INTERFACE } from "../../edge/hostname-if.js";
import { within } from "../deadline.js";
import { type EdgeReport, reportOf } from "../edge-report.js";
import { type Route, routesOf } from "../failover-route.js";
import type { OvhClient } from "../ovh-client.js";
import type { RemoteEdge } from "../remote-edge.js";

/** What is asked for a status. */
export interface StatusSources {
  readonly config: EdgeConfig;
  /** The edges, the preferred one first. */
  readonly edges: readonly RemoteEdge[];
  /** Undefined, or why OVH cannot be asked. */
  readonly ovh: Pick<OvhClient, "get"> | string;
  /** Digest of what each edge was given last, by its name. */
  readonly bundles: Readonly<Record<string, string>>;
  /** Milliseconds that an edge may take to answer. @default - 15,000 */
  readonly deadline?: number;
}

/** One edge in a status. */
export interface EdgeStatus {
  readonly name: string;
  readonly host: string;
  readonly instanceId: string;
  /** What it tells of itself, or why it could not be asked. */
  readonly report: EdgeReport | { readonly unreachable: string };
  /** Digest of what the last deploy gave it; undefined where that is not known. */
  readonly wanted?: string;
}

/** One FailOver IP in a status. */
export interface IpStatus {
  readonly address: string;
  /** Name of the carp interface that elects its edge. */
  readonly carp: string;
  /** What OVH says, or why it could not be asked. */
  readonly route: (Route & { readonly edge?: string }) | { readonly unknown: string };
}

/** Everything that a status shows; what it tells of one FailOver IP is of the first. */
export interface Status extends Omit<IpStatus, "carp"> {
  readonly edges: readonly EdgeStatus[];
  /** All FailOver IPs; only where there are several. */
  readonly ips?: readonly IpStatus[];
}

/** Asks all edges and OVH at once; what does not answer is part of the result. */
export async function gatherStatus(sources: StatusSources): Promise<Status> {
  const { config, edges, ovh, bundles, deadline = 15_000 } = sources;
  const asked = edges.map(async (edge): Promise<EdgeStatus> => {
    const { name, host, instanceId } = edge.address;
    const report = await within(reportOf(edge), deadline, `no answer within ${deadline / 1000} s`).catch(
      (error: Error) => ({ unreachable: error.message }),
    );
    const wanted = bundles[name];
    return { name, host, instanceId, report, ...(wanted === undefined ? {} : { wanted }) };
  });
  const names = new Map(edges.map(({ address }) => [address.instanceId, address.name]));
  const routes: readonly IpStatus["route"][] | { readonly unknown: string } =
    typeof ovh === "string"
      ? { unknown: ovh }
      : await routesOf(config, ovh).then(
          (found) => found.map((route) => ({ ...route, edge: names.get(route.routedTo) })),
          (error: Error) => ({ unknown: error.message }),
        );
  const vhids = vhidNumbers(config);
  const ips = config.failoverIps.map(
    ({ address, vhid }, index): IpStatus => ({
      address,
      carp: carpInterface(vhids.indexOf(vhid)),
      route: "unknown" in routes ? routes : (routes[index] as IpStatus["route"]),
    }),
  );
  const [{ address, route }] = ips as [IpStatus];
  return { address, edges: await Promise.all(asked), route, ...(ips.length === 1 ? {} : { ips }) };
}

/** All FailOver IPs of a status, however many there are. */
export function ipsOf({ address, route, ips }: Status): readonly IpStatus[] {
  return ips ?? [{ address, carp: CARP_INTERFACE, route }];
}

/** An edge's report, or undefined when it could not be asked. */
export function reported({ report }: EdgeStatus): EdgeReport | undefined {
  return "unreachable" in report ? undefined : report;
}
