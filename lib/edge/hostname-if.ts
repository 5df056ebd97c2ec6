import ipaddr from "ipaddr.js";
import { type VhidSettings, vhidsOf } from "../config/failover-ips.js";
import type { EdgeConfig, EdgeSettings } from "../config/schema.js";
import { type EdgeFile, rootFile } from "./file.js";
import { PLACEHOLDERS } from "./placeholders.js";

/** Name of the carp interface on every edge, or of the first one. */
export const CARP_INTERFACE = "carp0";

/** Groups through which edge-sync demotes, one for each reason. */
export const DEMOTION_GROUPS = ["edgefault", "edgedrain"] as const;

/** hostname.if(5) of the interface that carries CARP: it needs no address. */
export function hostnameCarpdev({ interfaces }: EdgeConfig): EdgeFile {
  return rootFile(`/etc/hostname.${interfaces.carp}`, 0o640, "up\n");
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
  const [address, prefix] = vhid.address.split("/") as [string, string];
  const netmask = ipaddr.IPv4.subnetMaskFromPrefixLength(Number(prefix));
  const broadcast = ipaddr.IPv4.broadcastAddressFromCIDR(vhid.address);
  const lines = [
    ...DEMOTION_GROUPS.map((group) => `group ${group}`),
    `inet ${address} ${netmask} ${broadcast} vhid ${vhid.vhid} carpdev ${interfaces.carp}` +
      ` pass ${PLACEHOLDERS.carpPassword} advbase ${carp.advertisementInterval} advskew ${vhid.advskews[edge.name]}`,
    "up",
  ];
  return rootFile(`/etc/hostname.${vhid.interface}`, 0o640, `${lines.join("\n")}\n`);
}
