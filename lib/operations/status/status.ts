import type { EdgeConfig } from "../../config/schema.js";
import { within } from "../deadline.js";
import { type EdgeReport, reportOf } from "../edge-report.js";
import { type Route, routeOf } from "../failover-route.js";
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

/** Everything that a status shows. */
export interface Status {
  readonly address: string;
  readonly edges: readonly EdgeStatus[];
  /** What OVH says, or why it could not be asked. */
  readonly route: (Route & { readonly edge?: string }) | { readonly unknown: string };
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
  const route =
    typeof ovh === "string"
      ? { unknown: ovh }
      : await routeOf(config, ovh).then(
          (found) => ({ ...found, edge: names.get(found.routedTo) }),
          (error: Error) => ({ unknown: error.message }),
        );
  return { address: config.failoverIps[0].address, edges: await Promise.all(asked), route };
}

/** An edge's report, or undefined when it could not be asked. */
export function reported({ report }: EdgeStatus): EdgeReport | undefined {
  return "unreachable" in report ? undefined : report;
}
