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
 * Asks OVH where the configured FailOver IP is. `GET /cloud/project/{project}/ip/failover`
 *
 * @throws Error when OVH does not answer or the project has no such address
 */
export async function routeOf(
  { project, failoverIps: [first] }: Pick<EdgeConfig, "project" | "failoverIps">,
  ovh: Pick<OvhClient, "get">,
): Promise<Route> {
  const list = await ovh.get<({ ip: string } & Route)[]>(`/cloud/project/${project}/ip/failover`);
  const found = list.find(({ ip }) => ip === first.address);
  if (found === undefined) {
    const others = list.map(({ ip }) => ip).join(", ");
    throw new Error(
      `project ${project} has no FailOver IP ${first.address}; it has ${others === "" ? "none" : others}`,
    );
  }
  const { id, routedTo, status } = found;
  return { id, routedTo: routedTo ?? "", status };
}
