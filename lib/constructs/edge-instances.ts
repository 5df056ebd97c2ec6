import { CloudInstanceGroup } from "@cdktf/provider-ovh/lib/cloud-instance-group";
import { CloudSshKey } from "@cdktf/provider-ovh/lib/cloud-ssh-key";
import type { Construct } from "constructs";
import { exists } from "../config/edge.js";
import type { EdgeConfig } from "../config/schema.js";
import { EdgeInstance, type IEdgeInstance } from "./edge-instance.js";
import type { IInstanceGroup } from "./instance-group.js";
import type { IPrivateNetwork } from "./private-network.js";
import { RegionCatalog } from "./region-catalog.js";
import type { ISshKey } from "./ssh-key.js";
import { securityGroupsOf } from "./surroundings.js";

/** What the instances of the edges are made for. */
export interface EdgeInstancesProps {
  readonly config: EdgeConfig;
  /** Name at OVH of what they share. */
  readonly name: string;
  readonly internalNetwork: IPrivateNetwork;
  readonly carpNetwork: IPrivateNetwork;
  /** @default - one is made of the public key that the configuration names */
  readonly sshKey?: ISshKey;
  /** @default - one is made */
  readonly instanceGroup?: IInstanceGroup;
}

/**
 * The edges' instances by the edges' names: those that exist as they are, the others created, on
 * different hosts. What only created ones need is not there without one.
 */
export function edgeInstances(
  scope: Construct,
  props: EdgeInstancesProps,
): ReadonlyMap<string, IEdgeInstance> {
  const { config, internalNetwork, carpNetwork } = props;
  const { project: serviceName, region, availabilityZone } = config;
  refuseInVain(props);
  const shared = config.edges.every(exists) ? undefined : sharedParts(scope, props);
  return new Map(
    config.edges.map((edge) => {
      if (exists(edge)) {
        const { instanceId, host, publicAddress = host, macs } = edge.existing;
        return [edge.name, EdgeInstance.fromAttributes({ instanceId, publicAddress, sshHost: host, macs })];
      }
      const { catalog, sshKeyName, groupId, securityGroupIds } = shared as ReturnType<typeof sharedParts>;
      const instance = new EdgeInstance(scope, edge.name, {
        serviceName,
        region,
        availabilityZone,
        name: edge.name,
        flavorId: catalog.flavorId(edge.flavor),
        imageId: catalog.imageId(edge.image),
        groupId,
        sshKeyName,
        internalNetwork,
        internalAddress: edge.internalAddress,
        carpNetwork,
        securityGroupIds,
      });
      return [edge.name, instance];
    }),
  );
}

/** What is handed in and would not be used, or is said twice. */
function refuseInVain({ config, sshKey, instanceGroup }: EdgeInstancesProps): void {
  if (config.edges.every(exists)) {
    for (const [prop, value] of Object.entries({ sshKey, instanceGroup })) {
      if (value === undefined) continue;
      throw new Error(`${prop} must be left out where all edges exist already, got one; remove it`);
    }
  }
  if (sshKey !== undefined && config.ssh.publicKeyPath !== undefined) {
    throw new Error(
      "sshKey must be left out with ssh.publicKeyPath in the configuration, got both; remove one",
    );
  }
}

function sharedParts(scope: Construct, { config, name, sshKey, instanceGroup }: EdgeInstancesProps) {
  const { project: serviceName, region, ssh } = config;
  const catalog = new RegionCatalog(scope, "catalog", { serviceName, region });
  // Not SshKey and InstanceGroup: below constructs of their own they would have other addresses in the states that there are.
  // They keep the name of the first address: another one would replace them, and every edge with them.
  const lifecycle = { ignoreChanges: ["name"] };
  const key =
    sshKey ?? new CloudSshKey(scope, "ssh-key", { serviceName, name, publicKey: publicKey(ssh), lifecycle });
  const groupId =
    instanceGroup?.groupId ??
    new CloudInstanceGroup(scope, "group", { serviceName, region, name, policy: "ANTI_AFFINITY", lifecycle })
      .id;
  return { catalog, sshKeyName: key.name, groupId, securityGroupIds: securityGroupsOf(scope, config) };
}

function publicKey({ publicKeyPath, privateKeyPath }: EdgeConfig["ssh"]): string {
  const path = publicKeyPath ?? (privateKeyPath === undefined ? undefined : `${privateKeyPath}.pub`);
  if (path === undefined) {
    throw new Error(
      "ssh.publicKeyPath must be set without ssh.privateKeyPath, as edges are created with it, got nothing; name the .pub file of a key that the agent has",
    );
  }
  return `\${trimspace(file(pathexpand(${JSON.stringify(path)})))}`;
}
