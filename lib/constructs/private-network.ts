import { CloudNetworkPrivateVrack } from "@cdktf/provider-ovh/lib/cloud-network-private-vrack";
import { CloudNetworkPrivateVrackSubnet } from "@cdktf/provider-ovh/lib/cloud-network-private-vrack-subnet";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";

/** A private network on the vRack with the subnet that instances get their address from. */
export interface IPrivateNetwork {
  readonly networkId: string;
  readonly subnetId: string;
}

/** Props of a private network that is created. */
export interface PrivateNetworkProps {
  /** Id of the Public Cloud project. */
  readonly serviceName: string;
  /** Region, such as `SBG5`. */
  readonly region: string;
  /** Name at OVH; the CARP network's is kept after creation, as a rename would replace its subnet. */
  readonly name: string;
  /** VLAN id on the vRack, 0 to 4094; a change replaces the network. */
  readonly vlanId: number;
  /** The subnet's network, such as `10.25.0.0/16`; a change replaces the subnet. */
  readonly cidr: string;
  /** Whether the subnet gives out addresses by DHCP. */
  readonly dhcp: boolean;
  /** What must be there before, such as the project in its vRack. @default - nothing */
  readonly dependsOn?: ITerraformDependable[];
}

/** Ids of a private network that exists. */
export interface PrivateNetworkAttributes {
  readonly networkId: string;
  readonly subnetId: string;
}

/** A private network on the vRack and its subnet. API: /v2/publicCloud/project/{p}/network */
export class PrivateNetwork extends Construct implements IPrivateNetwork {
  /** Uses a network that exists. */
  static fromAttributes({ networkId, subnetId }: PrivateNetworkAttributes): IPrivateNetwork {
    return { networkId, subnetId };
  }

  readonly networkId: string;
  readonly subnetId: string;

  constructor(scope: Construct, id: string, props: PrivateNetworkProps) {
    super(scope, id);
    const { serviceName, region, name, vlanId, cidr, dhcp, dependsOn } = props;
    const network = new CloudNetworkPrivateVrack(this, "network", {
      serviceName,
      region,
      name,
      vlanId,
      dependsOn,
      // Any change in place makes the id unknown, and an unknown id replaces the subnet.
      lifecycle: { ignoreChanges: ["name"] },
    });
    const subnet = new CloudNetworkPrivateVrackSubnet(this, "subnet", {
      serviceName,
      region,
      networkId: network.id,
      name,
      cidr,
      dhcpEnabled: dhcp,
    });
    this.networkId = network.id;
    this.subnetId = subnet.id;
  }
}
