import type { Local } from "../local.js";
import { CALM, type Ovh, withAnswers } from "../ovh.js";
import { type Edge, mapped } from "./edge.js";

const OF_IP = ["routed", "move", "moveAge", "moveFails", "late", "lateAge", "lateCounts"] as const;

/** What OVH has for each FailOver IP. */
export type OfIp = Pick<Ovh, (typeof OF_IP)[number]>;
/** What it has once: how its API is, the vRack, and the faults that are left. */
export type Api = Omit<Ovh, keyof OfIp>;

/** OVH with a FailOver IP for each vhid. */
export interface Ovhs {
  readonly api: Api;
  readonly ips: readonly OfIp[];
  /** Vhids that a fault has touched, as bits. */
  readonly touched: number;
}

/** All calm, the first IP at the first edge, the second one at the second, and so on. */
export function calm(vhids: number): Ovhs {
  const ips = Array.from({ length: vhids }, (_, ip) => parted({ ...CALM, routed: ip + 1 }).own);
  return { api: parted(CALM).api, ips, touched: 0 };
}

/** OVH as somebody sees it who asks for one of the IPs. */
export function ovhOf({ api, ips }: Ovhs, ip: number): Ovh {
  return { ...api, ...(ips[ip] as OfIp) };
}

/** OVH after something happened to one of the IPs. */
export function withOvh({ ips, touched }: Ovhs, ip: number, ovh: Ovh): Ovhs {
  const { api, own } = parted(ovh);
  return { api, ips: ips.map((other, number) => (number === ip ? own : other)), touched };
}

/** OVH after the same happened to all of the IPs. */
export function mappedOvh(ovhs: Ovhs, change: (ovh: Ovh) => Ovh): Ovhs {
  return ovhs.ips.reduce((all, _, ip) => withOvh(all, ip, change(ovhOf(all, ip))), ovhs);
}

/** OVH with other things that it has once. */
export function withApi(ovhs: Ovhs, changes: Partial<Api>): Ovhs {
  return { ...ovhs, api: { ...ovhs.api, ...changes } };
}

/** Looks under way may find what was, or what is now. */
export function refreshed(ovhs: Ovhs, edge: Edge, index: number): Edge {
  return mapped(edge, (local: Local, ip) => withAnswers(ovhOf(ovhs, ip), local, index));
}

/** A number for each distinct OVH needs a text for each. */
export function keyOf({ api, ips, touched }: Ovhs): string {
  return `${touched};${Object.values(api)};${ips.map((own) => Object.values(own)).join(";")}`;
}

function parted(ovh: Ovh): { api: Api; own: OfIp } {
  const { routed, move, moveAge, moveFails, late, lateAge, lateCounts, ...api } = ovh;
  return { api, own: { routed, move, moveAge, moveFails, late, lateAge, lateCounts } };
}
