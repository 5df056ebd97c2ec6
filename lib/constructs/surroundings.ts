import type { ITerraformDependable } from "cdktf";
import type { Construct } from "constructs";
import type { EdgeConfig } from "../config/schema.js";
import { DnsName, ReverseName } from "./dns-name.js";
import { FailoverIp } from "./failover-ip.js";
import { SecurityGroup } from "./security-group.js";
import { VrackAttachment } from "./vrack-attachment.js";

/** Puts the project into its vRack, where the configuration names one. */
export function vrackOf(
  scope: Construct,
  { project, vrack }: EdgeConfig,
): ITerraformDependable[] | undefined {
  if (vrack === undefined) return undefined;
  return [new VrackAttachment(scope, "vrack", { serviceName: project, vrack })];
}

/**
 * Ids of the security groups of created edges; undefined for the region's default group. A group that is
 * created lets CARP in, by its network, as its protocol has no name that is sure to be known.
 */
export function securityGroupsOf(scope: Construct, config: EdgeConfig): string[] | undefined {
  const { project: serviceName, region, securityGroups, carpNetwork } = config;
  return securityGroups?.map(({ id, name = "", rules = [] }) => {
    if (id !== undefined) return id;
    const group = new SecurityGroup(scope, `security-group-${name}`, {
      serviceName,
      region,
      name,
      rules: [...rules, { from: carpNetwork.cidr, description: "CARP" }],
    });
    return group.securityGroupId;
  });
}

/** A FailOver IP of the configuration: adopted, or ordered where that is what it says. */
export function failoverIpOf(
  scope: Construct,
  id: string,
  serviceName: string,
  { address, order }: EdgeConfig["failoverIps"][number],
): FailoverIp {
  if (order === undefined) return FailoverIp.fromAddress(scope, id, { serviceName, address });
  const { acceptCost = false, ...rest } = order;
  return FailoverIp.order(scope, id, { serviceName, acceptCost, ...rest });
}

/** Names a FailOver IP as the configuration wants it: in a zone, and by its reverse. */
export function nameFailoverIp(
  scope: Construct,
  { dns, reverse }: EdgeConfig["failoverIps"][number],
  ip: FailoverIp,
  suffix = "",
): void {
  const { address } = ip;
  const name = dns === undefined ? undefined : new DnsName(scope, `dns${suffix}`, { ...dns, address });
  if (reverse === undefined) return;
  new ReverseName(scope, `reverse${suffix}`, {
    address,
    name: reverse,
    block: ip.block,
    dependsOn: name === undefined ? undefined : [name],
  });
}
