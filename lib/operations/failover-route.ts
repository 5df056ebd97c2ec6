import type { EdgeConfig } from "../config/schema.js";
import type { OvhClient } from "./ovh-client.js";

/** Where OVH routes the FailOver IP. */
export interface Route {
  /** Id of the FailOver IP. */
  readonly id: string;
  /** Id of an instance; empty when it is routed to nothing. */
  readonly routedTo: string;
  readonly status: "ok" | "operationPending";
}

/**
 * Asks OVH where the configured FailOver IP is, of several the first. `GET /cloud/project/{project}/ip/failover`
 *
 * @throws Error when OVH does not answer or the project has no such address
 */
export async function routeOf(
  config: Pick<EdgeConfig, "project" | "failoverIps">,
  ovh: Pick<OvhClient, "get">,
): Promise<Route> {
  const [first] = await routesOf({ ...config, failoverIps: [config.failoverIps[0]] }, ovh);
  return first as Route;
}

/**
 * Asks OVH once where all configured FailOver IPs are, in their order. `GET /cloud/project/{project}/ip/failover`
 *
 * @throws Error when OVH does not answer or the project lacks one of the addresses
 */
export async function routesOf(
  { project, failoverIps }: Pick<EdgeConfig, "project" | "failoverIps">,
  ovh: Pick<OvhClient, "get">,
): Promise<Route[]> {
  const list = await ovh.get<({ ip: string } & Route)[]>(`/cloud/project/${project}/ip/failover`);
  return failoverIps.map(({ address }) => {
    // OVH knows a block by its first address.
    const found = list.find(({ ip }) => ip === address.split("/")[0]);
    if (found === undefined) {
      const others = list.map(({ ip }) => ip).join(", ");
      throw new Error(
        `project ${project} has no FailOver IP ${address}; it has ${others === "" ? "none" : others}`,
      );
    }
    const { id, routedTo, status } = found;
    return { id, routedTo: routedTo ?? "", status };
  });
}
