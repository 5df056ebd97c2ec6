import ipaddr from "ipaddr.js";
import { type VhidSettings, vhidsOf } from "../config/failover-ips.js";
import type { EdgeConfig, EdgeSettings } from "../config/schema.js";
import { type EdgeFile, rootFile } from "./file.js";
import { PLACEHOLDERS } from "./placeholders.js";

/** Name of the carp interface on every edge, or of the first one. */
export const CARP_INTERFACE = "carp0";

/** Groups through which edge-sync demotes, one for each reason. */
export const DEMOTION_GROUPS = ["edgefault", "edgedrain"] as const;

/**
 * hostname.if(5) of the interface that carries CARP. It needs no address, unless the other edge sends to it:
 * the carp address belongs to both.
 */
export function hostnameCarpdev({ interfaces, carpNetwork }: EdgeConfig, edge?: EdgeSettings): EdgeFile {
  const own = edge?.carpAddress;
  const prefix = carpNetwork.cidr.split("/")[1];
  const lines = [...(own === undefined ? [] : [`inet ${inet(`${own}/${prefix}`)}`]), "up"];
  return rootFile(`/etc/hostname.${interfaces.carp}`, 0o640, `${lines.join("\n")}\n`);
}

/** Address, netmask and broadcast address, as hostname.if(5) has them. */
function inet(address: string): string {
  const [host, prefix] = address.split("/") as [string, string];
  const netmask = ipaddr.IPv4.subnetMaskFromPrefixLength(Number(prefix));
  return `${host} ${netmask} ${ipaddr.IPv4.broadcastAddressFromCIDR(address)}`;
}

/**
 * hostname.if(5) of a vhid's carp interface. Its groups come first, so that a demotion counts
 * before the first advertisement.
 */
export function hostnameCarp(
  config: EdgeConfig,
  edge: EdgeSettings,
  vhid: VhidSettings = vhidsOf(config)[0],
): EdgeFile {
  const { carp, interfaces } = config;
  const peer = config.edges.find(({ name }) => name !== edge.name)?.carpAddress;
  const to = carp.unicast ? ` carppeer ${peer}` : "";
  const lines = [
    ...DEMOTION_GROUPS.map((group) => `group ${group}`),
    `inet ${inet(vhid.address)} vhid ${vhid.vhid} carpdev ${interfaces.carp}${to}` +
      ` pass ${PLACEHOLDERS.carpPassword} advbase ${carp.advertisementInterval} advskew ${vhid.advskews[edge.name]}`,
    "up",
  ];
  return rootFile(`/etc/hostname.${vhid.interface}`, 0o640, `${lines.join("\n")}\n`);
}
