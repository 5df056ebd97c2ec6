import { CloudInstanceGroup } from "@cdktf/provider-ovh/lib/cloud-instance-group";
import { CloudSshKey } from "@cdktf/provider-ovh/lib/cloud-ssh-key";
import type { Construct } from "constructs";
import { exists } from "../config/edge.js";
import type { EdgeConfig } from "../config/schema.js";
import { EdgeInstance, type IEdgeInstance } from "./edge-instance.js";
import type { IPrivateNetwork } from "./private-network.js";
import { RegionCatalog } from "./region-catalog.js";
import { securityGroupsOf } from "./surroundings.js";

/** What the instances of the edges are made for. */
export interface EdgeInstancesProps {
  readonly config: EdgeConfig;
  /** Name at OVH of what they share. */
  readonly name: string;
  readonly internalNetwork: IPrivateNetwork;
  readonly carpNetwork: IPrivateNetwork;
}

/**
 * The edges' instances by the edges' names: those that exist as they are, the others created, on
 * different hosts. What only created ones need is not there without one.
 */
export function edgeInstances(
  scope: Construct,
  props: EdgeInstancesProps,
): ReadonlyMap<string, IEdgeInstance> {
  const { config, name, internalNetwork, carpNetwork } = props;
  const { project: serviceName, region, availabilityZone } = config;
  const shared = config.edges.every(exists) ? undefined : sharedParts(scope, name, config);
  return new Map(
    config.edges.map((edge) => {
      if (exists(edge)) {
        const { instanceId, host, publicAddress = host, macs } = edge.existing;
        return [edge.name, EdgeInstance.fromAttributes({ instanceId, publicAddress, sshHost: host, macs })];
      }
      const { catalog, key, group, securityGroupIds } = shared as ReturnType<typeof sharedParts>;
      const instance = new EdgeInstance(scope, edge.name, {
        serviceName,
        region,
        availabilityZone,
        name: edge.name,
        flavorId: catalog.flavorId(edge.flavor),
        imageId: catalog.imageId(edge.image),
        groupId: group.id,
        sshKeyName: key.name,
        internalNetwork,
        internalAddress: edge.internalAddress,
        carpNetwork,
        securityGroupIds,
      });
      return [edge.name, instance];
    }),
  );
}

function sharedParts(scope: Construct, name: string, config: EdgeConfig) {
  const { project: serviceName, region, ssh } = config;
  const catalog = new RegionCatalog(scope, "catalog", { serviceName, region });
  // Not SshKey and InstanceGroup: below constructs of their own they would have other addresses in the states that there are.
  // They keep the name of the first address: another one would replace them, and every edge with them.
  const lifecycle = { ignoreChanges: ["name"] };
  const key = new CloudSshKey(scope, "ssh-key", { serviceName, name, publicKey: publicKey(ssh), lifecycle });
  const group = new CloudInstanceGroup(scope, "group", {
    serviceName,
    region,
    name,
    policy: "ANTI_AFFINITY",
    lifecycle,
  });
  return { catalog, key, group, securityGroupIds: securityGroupsOf(scope, config) };
}

function publicKey({ publicKeyPath, privateKeyPath }: EdgeConfig["ssh"]): string {
  const path = publicKeyPath ?? (privateKeyPath === undefined ? undefined : `${privateKeyPath}.pub`);
  if (path === undefined) throw new Error("ssh.publicKeyPath is needed with an SSH agent");
  return `\${trimspace(file(pathexpand(${JSON.stringify(path)})))}`;
}
