import ipaddr from "ipaddr.js";
import { z } from "zod";
import type { Clock } from "../clock.js";
import type { Random } from "../random.js";
import { accept, compact, location, reference } from "./check.js";
import { Collection, type Durations, type Kind } from "./envelope.js";
import { badRequest, conflict, notFound } from "./errors.js";

const rule = z.object({
  direction: z.enum(["INGRESS", "EGRESS"]),
  ethernetType: z.enum(["IPV4", "IPV6"]),
  protocol: z.string().optional(),
  portRangeMin: z.int().min(0).max(65535).optional(),
  portRangeMax: z.int().min(0).max(65535).optional(),
  remoteGroup: reference.optional(),
  remoteIpPrefix: z.string().optional(),
  description: z.string().optional(),
});

const groupSpec = z.object({
  name: z.string().min(1),
  description: z.string().optional(),
  location: location.optional(),
  rules: z.array(rule).optional(),
});

type Rule = z.output<typeof rule>;
type GroupSpec = z.output<typeof groupSpec>;
type StateRule = Rule & { readonly id: string };

/** What a security group is. */
export interface GroupState {
  readonly name: string;
  readonly description: string;
  readonly location: { readonly region: string };
  readonly rules: readonly StateRule[];
  /** Made by OVH with each group: everything may leave. */
  readonly defaultRules: readonly StateRule[];
}

/** Traffic that asks for entry. */
export interface Traffic {
  readonly protocol: "tcp" | "udp" | "icmp" | "carp";
  readonly port?: number;
  /** Address that it comes from. */
  readonly from: string;
}

/** Names and numbers that a rule may call a protocol by; 112 is VRRP's, which CARP shares. */
const PROTOCOLS: Readonly<Record<Traffic["protocol"], readonly string[]>> = {
  tcp: ["tcp", "6"],
  udp: ["udp", "17"],
  icmp: ["icmp", "1"],
  carp: ["vrrp", "112"],
};

/** The security groups of a project. `/v2/publicCloud/project/{p}/securityGroup` */
export class SecurityGroups {
  readonly groups: Collection<GroupSpec, GroupState>;

  constructor(
    path: string,
    regions: readonly string[],
    durations: Durations,
    clock: Clock,
    private readonly random: Random,
    /** Id of the group that every instance gets which names none; it lets everything in. */
    private readonly defaultGroup: string,
    /** Ids of the groups that instances have. */
    private readonly used: () => readonly string[],
  ) {
    this.groups = new Collection(this.kind(path, regions), durations, clock, random);
  }

  /** @throws ApiError 404 where there is no such group, 409 where it is not ready */
  check(id: string): void {
    if (id === this.defaultGroup) return;
    if (!this.groups.has(id)) throw notFound(`Security group ${id} does not exist`);
    if (this.groups.get(id).currentState === null) throw conflict(`Security group ${id} is not ready yet`);
  }

  /** Whether one of these groups lets something in. Without any nothing is filtered. */
  letsIn(ids: readonly string[], traffic: Traffic): boolean {
    if (ids.length === 0 || ids.includes(this.defaultGroup)) return true;
    return ids
      .filter((id) => this.groups.has(id))
      .flatMap((id) => this.groups.get(id).currentState?.rules ?? [])
      .some((one) => fits(one, traffic));
  }

  private kind(path: string, regions: readonly string[]): Kind<GroupSpec, GroupState> {
    return {
      name: "security group",
      path: `${path}/securityGroup`,
      accept: (body, previous) => {
        const asked = accept(groupSpec, body);
        const spec = previous === undefined ? asked : { ...asked, location: previous.location };
        if (spec.location === undefined) throw badRequest("Invalid parameter location: required");
        if (!regions.includes(spec.location.region)) {
          throw notFound(`Region ${spec.location.region} does not exist`);
        }
        for (const [index, one] of (spec.rules ?? []).entries()) checkRule(one, index);
        return compact(spec);
      },
      realise: (_, spec, previous) => ({
        name: spec.name,
        description: spec.description ?? "",
        location: { region: spec.location?.region ?? "" },
        // A rule that stays keeps its id.
        rules: (spec.rules ?? []).map((one) => ({
          id: previous?.rules.find((kept) => sameRule(kept, one))?.id ?? this.random.uuid(),
          ...one,
        })),
        defaultRules:
          previous?.defaultRules ??
          (["IPV4", "IPV6"] as const).map((ethernetType) => ({
            id: this.random.uuid(),
            direction: "EGRESS",
            ethernetType,
          })),
      }),
      release: (id) => {
        if (this.used().includes(id)) throw conflict(`Security group ${id} is in use`);
      },
    };
  }
}

function sameRule({ id: _, ...kept }: StateRule, one: Rule): boolean {
  return JSON.stringify(kept) === JSON.stringify(one);
}

function checkRule(one: Rule, index: number): void {
  const { portRangeMin: from, portRangeMax: to, protocol, remoteGroup, remoteIpPrefix } = one;
  const at = `Invalid parameter rules.${index}`;
  if (remoteIpPrefix !== undefined && !ipaddr.isValidCIDR(remoteIpPrefix)) {
    throw badRequest(`${at}.remoteIpPrefix: ${remoteIpPrefix} is not a network`);
  }
  if (remoteGroup !== undefined && remoteIpPrefix !== undefined) {
    throw badRequest(`${at}: either remoteGroup or remoteIpPrefix`);
  }
  if ((from === undefined) !== (to === undefined)) {
    throw badRequest(`${at}: portRangeMin and portRangeMax go together`);
  }
  if (from !== undefined && to !== undefined && from > to) {
    throw badRequest(`${at}: portRangeMin ${from} is more than portRangeMax ${to}`);
  }
  if (from !== undefined && !["tcp", "udp"].includes((protocol ?? "").toLowerCase())) {
    throw badRequest(`${at}: ports need protocol TCP or UDP`);
  }
}

function fits(one: Rule, { protocol, port, from }: Traffic): boolean {
  if (one.direction !== "INGRESS" || one.ethernetType !== "IPV4" || one.remoteGroup !== undefined)
    return false;
  if (one.protocol !== undefined && !PROTOCOLS[protocol].includes(one.protocol.toLowerCase())) return false;
  if (one.remoteIpPrefix !== undefined) {
    const network = ipaddr.parseCIDR(one.remoteIpPrefix);
    const address = ipaddr.parse(from);
    if (address.kind() !== network[0].kind() || !address.match(network)) return false;
  }
  if (one.portRangeMin === undefined || port === undefined) return true;
  return port >= one.portRangeMin && port <= (one.portRangeMax ?? one.portRangeMin);
}
