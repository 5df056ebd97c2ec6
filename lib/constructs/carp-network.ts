import type { Construct } from "constructs";
import { PrivateNetwork, type PrivateNetworkProps } from "./private-network.js";

/** Props of a CARP network that is created. */
export type CarpNetworkProps = Omit<PrivateNetworkProps, "dhcp">;

/**
 * The second private network of the edges, which carries CARP and nothing else. Nothing on it
 * gets an address by DHCP: a carpdev needs none.
 */
export class CarpNetwork extends PrivateNetwork {
  constructor(scope: Construct, id: string, props: CarpNetworkProps) {
    super(scope, id, { ...props, dhcp: false });
  }
}
