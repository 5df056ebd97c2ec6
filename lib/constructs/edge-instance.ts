import { CloudInstance } from "@cdktf/provider-ovh/lib/cloud-instance";
import { type ITerraformDependable, TerraformLocal, Token } from "cdktf";
import { Construct } from "constructs";
import { reference } from "./failover-ip.js";
import type { IPrivateNetwork } from "./private-network.js";

/** An edge's instance, created here or elsewhere. */
export interface IEdgeInstance {
  readonly instanceId: string;
  /** Public IPv4 address, by which OVH's API sees it. */
  readonly publicAddress: string;
  /** Where SSH reaches it. @default - its public address */
  readonly sshHost?: string;
  /** MAC addresses of its interfaces as OVH reports them. */
  readonly macs: EdgeMacs;
}

/** Where SSH reaches an instance. */
export function sshHostOf({ sshHost, publicAddress }: IEdgeInstance): string {
  return sshHost ?? publicAddress;
}

/** MAC addresses of an edge's three interfaces, in lower case with colons. */
export interface EdgeMacs {
  readonly external: string;
  readonly internal: string;
  readonly carp: string;
}

/** Props of an instance that is created. */
export interface EdgeInstanceProps {
  /** Id of the Public Cloud project. */
  readonly serviceName: string;
  /** Name at OVH. A change is made in place and delivers the edge anew. */
  readonly name: string;
  /** Region, such as `SBG5`; a change replaces the instance. */
  readonly region: string;
  /** Availability zone. @default - none */
  readonly availabilityZone?: string;
  /** Id of the flavor. */
  readonly flavorId: string;
  /** Id of the image; only looked at when the instance is created, as a change would wipe its disk. */
  readonly imageId: string;
  /** Id of the anti-affinity group. @default - none */
  readonly groupId?: string;
  /** Name of the SSH key; a change replaces the instance. */
  readonly sshKeyName: string;
  readonly internalNetwork: IPrivateNetwork;
  /** Address on the internal network. @default - one from the subnet's pool */
  readonly internalAddress?: string;
  readonly carpNetwork: IPrivateNetwork;
  /** Ids of security groups, which filter every interface; an empty list filters nothing. @default - the region's default group */
  readonly securityGroupIds?: readonly string[];
  /** What must be there before. @default - nothing */
  readonly dependsOn?: ITerraformDependable[];
}

/**
 * An instance with three interfaces, in this order: public, internal, CARP.
 * API: /v2/publicCloud/project/{p}/compute/instance
 */
export class EdgeInstance extends Construct implements IEdgeInstance {
  /** Uses an instance that exists. */
  static fromAttributes(attributes: IEdgeInstance): IEdgeInstance {
    return attributes;
  }

  readonly instanceId: string;
  readonly publicAddress: string;
  readonly macs: EdgeMacs;
  private readonly instance: CloudInstance;

  constructor(scope: Construct, id: string, props: EdgeInstanceProps) {
    super(scope, id);
    const { internalNetwork, carpNetwork, internalAddress } = props;
    this.instance = new CloudInstance(this, "instance", {
      serviceName: props.serviceName,
      name: props.name,
      region: props.region,
      availabilityZone: props.availabilityZone,
      flavorId: props.flavorId,
      imageId: props.imageId,
      groupId: props.groupId,
      sshKeyName: props.sshKeyName,
      networks: [
        { autoAssignPublicIp: true },
        { networkId: internalNetwork.networkId, subnetId: internalNetwork.subnetId, ip: internalAddress },
        { networkId: carpNetwork.networkId, subnetId: carpNetwork.subnetId },
      ],
      securityGroupIds: props.securityGroupIds === undefined ? undefined : [...props.securityGroupIds],
      dependsOn: props.dependsOn,
      lifecycle: { ignoreChanges: ["image_id"] },
    });
    this.instanceId = this.instance.id;
    this.publicAddress = this.one("public-address", "ip", PUBLIC);
    this.macs = {
      external: this.one("mac-external", "mac", PUBLIC),
      internal: this.one("mac-internal", "mac", onNetwork(internalNetwork)),
      carp: this.one("mac-carp", "mac", onNetwork(carpNetwork)),
    };
  }

  /**
   * One field of the one IPv4 address that fits. The API sorts networks by their ids, so that
   * nothing can be told from an index.
   */
  private one(id: string, field: "ip" | "mac", condition: string): string {
    const networks = reference(this.instance, "current_state.networks");
    const addresses = `flatten([for n in ${networks} : [for a in n.addresses : { ip = a.ip, mac = a.mac, type = a.type, network = n.id } if a.version == 4]])`;
    const expression = `\${one([for a in ${addresses} : a.${field} if ${condition}])}`;
    return new TerraformLocal(this, id, expression).asString;
  }
}

/** OVH says `public`; its newer answers say `FIXED` on the one interface without a network. */
const PUBLIC = '(a.type == "public" || (a.type == "FIXED" && (a.network == null || a.network == "")))';

function onNetwork({ networkId }: IPrivateNetwork): string {
  // A token resolves to ${…} inside of the string, which Terraform takes for the value.
  const id = Token.isUnresolved(networkId) ? `"${networkId}"` : JSON.stringify(networkId);
  return `a.network == ${id} && a.type != "public"`;
}
