import type { EdgeConfig } from "../../config/schema.js";
import type { AccessRule } from "./access-rule.js";
import { surroundingRights } from "./surrounding-rights.js";

/** A call that a key must be able to make. */
export interface Right extends AccessRule {
  /** What it is needed for. */
  readonly purpose: string;
}

/** What the lists are made from. */
export type RightsConfig = Pick<
  EdgeConfig,
  "project" | "region" | "internalNetwork" | "carpNetwork" | "credentials"
> &
  Partial<Pick<EdgeConfig, "failoverIps" | "vrack" | "securityGroups">>;

/** Stands for the id of the FailOver IP where it is not known yet. */
export const UNKNOWN_IP = "IP_ID";

const right = (method: string, path: string, purpose: string): Right => ({ method, path, purpose });

/** What an edge needs and nothing else: to look where each FailOver IP is, of several at once, and to move it. */
export function edgeRights(
  { project, failoverIps }: Pick<RightsConfig, "project" | "failoverIps">,
  ...ipIds: readonly string[]
): Right[] {
  const list = `/cloud/project/${project}/ip/failover`;
  const several = Math.max(ipIds.length, failoverIps?.length ?? 1) > 1;
  return [
    ...(several ? [right("GET", list, "where all FailOver IPs are, by one request")] : []),
    ...ipIds.flatMap((ipId) => {
      const ip = `${list}/${ipId}`;
      return [right("GET", ip, "where the FailOver IP is"), right("POST", `${ip}/attach`, "moves it")];
    }),
  ];
}

/**
 * Every call that a deploy, a plan, a change and a destroy make. None of them covers another one.
 *
 * @param ipIds Ids of the FailOver IPs
 */
export function deployerRights(config: RightsConfig, ...ipIds: readonly string[]): Right[] {
  const { project, internalNetwork, carpNetwork, credentials } = config;
  const failover = `/cloud/project/${project}/ip/failover`;
  const v2 = `/v2/publicCloud/project/${project}`;
  const made = [internalNetwork, carpNetwork].some((network) => !("networkId" in network));
  return [
    right("GET", "/auth/details", "the provider asks who it is before anything else"),
    right("GET", failover, "finds the FailOver IP by its address"),
    ...ipIds.map((ipId) =>
      right("POST", `${failover}/${ipId}/attach`, "routes it to the preferred edge once"),
    ),
    right("GET", `${v2}/reference/instance/flavor`, "finds flavors by their names"),
    right("GET", `${v2}/reference/instance/image`, "finds images by their names"),
    ...item(`${v2}/sshKey`, "the SSH key"),
    ...item(`${v2}/compute/instanceGroup`, "the anti-affinity group"),
    ...item(`${v2}/compute/instance`, "the edges"),
    right("PUT", `${v2}/compute/instance/*`, "renames an edge or changes its flavor"),
    ...(made ? networkRights(v2) : []),
    ...(credentials.serviceAccounts.length > 0 ? accountRights() : []),
    ...surroundingRights(config),
  ];
}

/** Calls that only the doctor makes, beside those of a deploy. */
export function doctorRights({ project, region }: RightsConfig): Right[] {
  const place = `/cloud/project/${project}/region/${region}`;
  return [
    right("GET", place, "which countries' FailOver IPs the region takes"),
    right("GET", `${place}/quota`, "whether the quota allows the edges"),
    right("GET", `/v2/publicCloud/project/${project}/network`, "whether the VLAN ids are free"),
  ];
}

/** A call that any key may make without harm: it tells the key its own rules. */
export const OWN_RULES: AccessRule = { method: "GET", path: "/auth/currentCredential" };

function item(path: string, what: string): Right[] {
  return [
    right("POST", path, `creates ${what}`),
    right("GET", `${path}/*`, `reads ${what}`),
    right("DELETE", `${path}/*`, `removes ${what}`),
  ];
}

/** The star of a network's own rules covers its subnets. */
function networkRights(v2: string): Right[] {
  return [
    ...item(`${v2}/network`, "the networks and their subnets"),
    right("POST", `${v2}/network/*/subnet`, "creates their subnets"),
    right("PUT", `${v2}/network/*/subnet/*`, "renames their subnets"),
  ];
}

function accountRights(): Right[] {
  const [client, policy] = ["/me/api/oauth2/client", "/v2/iam/policy"];
  return [
    ...item(client, "the edges' service account"),
    ...item(policy, "its policy"),
    right("PUT", `${client}/*`, "renames the service account"),
    right("PUT", `${policy}/*`, "keeps the policy at the edges' addresses"),
  ];
}
