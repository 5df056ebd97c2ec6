import ipaddr from "ipaddr.js";
import { contains } from "./fields.js";
import type { CheckedConfig, EdgeConfig, EdgeSettings, FailoverIpSettings, ParsedConfig } from "./schema.js";

/** The FailOver IPs of one vhid, which move together, and the carp interface that elects for them. */
export interface VhidSettings {
  /** Name of the carp interface on every edge: carp0 for `carp.vhid`, then carp1 and so on. */
  readonly interface: string;
  readonly vhid: number;
  /** Address of the carp interface with its prefix: `carp.address`, then the next ones. */
  readonly address: string;
  /** Name of the edge that is preferred: the one with the lowest advskew. */
  readonly preferred: string;
  /** Priority of each edge in this election, by its name; the lowest is master. */
  readonly advskews: Readonly<Record<string, number>>;
  /** What moves with it, in the order of the configuration; at least one. */
  readonly failoverIps: readonly FailoverIpSettings[];
}

/** Stands for the address of a FailOver IP that is ordered, which only the deploy tells. */
export const ORDERED_ADDRESS = "@@failover_ip@@";

/** The FailOver IPs whose address is known, with their place in the list. */
export function withAddress<Ip extends Pick<FailoverIpSettings, "address">>(
  ips: readonly Ip[],
): { readonly index: number; readonly address: string }[] {
  return ips.flatMap(({ address }, index) =>
    address === undefined || address === ORDERED_ADDRESS ? [] : [{ index, address }],
  );
}

/** Whether one of the FailOver IPs has an address in its block. */
export function covers(ips: readonly FailoverIpSettings[], address: string): boolean {
  return withAddress(ips).some((ip) => contains(blockOf(ip.address), address));
}

/** Most FailOver IPs of a configuration, and most vhids that they are spread over. */
export const MOST_FAILOVER_IPS = 8;
export const MOST_VHIDS = 4;

/** The FailOver IPs as one list, whichever form they are written in; those without a vhid have carp's. */
export function failoverIpsOf({
  failoverIp,
  failoverIps,
  carp,
}: Pick<ParsedConfig, "failoverIp" | "failoverIps" | "carp">): FailoverIpSettings[] {
  const one = failoverIp?.order === undefined ? failoverIp : { address: ORDERED_ADDRESS, ...failoverIp };
  const list = failoverIps ?? (one === undefined ? [] : [one]);
  // Of a broken configuration any part may be something else.
  return (Array.isArray(list) ? (list as FailoverIpSettings[]) : []).map((ip) => ({
    ...ip,
    vhid: ip?.vhid ?? carp?.vhid,
  }));
}

/** The distinct numbers: carp's own first, the others as they appear. */
export function vhidNumbers({ failoverIps, carp }: Pick<CheckedConfig, "failoverIps" | "carp">): number[] {
  return [...new Set([carp.vhid, ...failoverIps.map(({ vhid }) => vhid)])];
}

/** Name of a carp interface by its number; the first one is that of `carp.vhid`. */
export function carpInterface(index: number): string {
  return `carp${index}`;
}

/** The address of the carp interface number `index`: the first one is as configured. */
export function carpAddressOf(address: string, index: number): string {
  const [first, prefix] = address.split("/") as [string, string];
  return `${plus(first, index)}/${prefix}`;
}

/**
 * The FailOver IPs of a configuration by their vhid, carp0 first. Without `preferred` the first vhid
 * prefers the edge with the lowest advskew, the second one the next, and so on; the other edges follow
 * in their order, so that what an edge loses goes to different ones.
 */
export function vhidsOf(
  config: Pick<EdgeConfig, "failoverIps" | "carp" | "edges">,
): [VhidSettings, ...VhidSettings[]] {
  const { failoverIps, carp, edges } = config;
  const bySkew = [...edges].sort((a, b) => a.advskew - b.advskew);
  const groups = vhidNumbers(config).map((vhid, index): VhidSettings => {
    const own = failoverIps.filter((ip) => ip.vhid === vhid);
    const named = own.find(({ preferred }) => preferred !== undefined)?.preferred;
    const start = named === undefined ? index % edges.length : bySkew.findIndex(({ name }) => name === named);
    const order = bySkew.map((_, place) => bySkew[(start + place) % edges.length] as EdgeSettings);
    const skews = order.map(({ name }, place) => [name, (bySkew[place] as EdgeSettings).advskew]);
    return {
      interface: carpInterface(index),
      vhid,
      address: carpAddressOf(carp.address, index),
      // The first edge is the first to get the address, whatever skews the edges are given.
      preferred: named ?? ((index === 0 ? edges[0] : order[0]) as EdgeSettings).name,
      advskews: Object.fromEntries(skews),
      failoverIps: own,
    };
  });
  return groups as [VhidSettings, ...VhidSettings[]];
}

/** The single addresses of a FailOver IP: itself, or those of its block. */
export function addressesOf(address: string): string[] {
  const [first, prefix] = address.split("/") as [string, string?];
  return Array.from({ length: 2 ** (32 - Number(prefix ?? 32)) }, (_, index) => plus(first, index));
}

/** A FailOver IP in CIDR form, as OVH names its block. */
export function blockOf(address: string): string {
  return address.includes("/") ? address : `${address}/32`;
}

function plus(address: string, count: number): string {
  const number = ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
  return [24, 16, 8, 0].map((shift) => Math.floor((number + count) / 2 ** shift) % 256).join(".");
}
