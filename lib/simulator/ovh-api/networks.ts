import ipaddr from "ipaddr.js";
import { z } from "zod";
import type { Clock } from "../clock.js";
import type { Random } from "../random.js";
import { accept, compact, location } from "./check.js";
import { Collection, type Durations, type Kind } from "./envelope.js";
import { badRequest, conflict, notFound } from "./errors.js";

const networkSpec = z.object({
  name: z.string().min(1),
  description: z.string().optional(),
  location: location.optional(),
  vlanId: z.int().min(0).max(4094).optional(),
});

type NetworkSpec = z.output<typeof networkSpec>;
type NetworkState = Required<Omit<NetworkSpec, "location">> & { location: z.output<typeof location> };

const address = z.string().refine((text) => ipaddr.IPv4.isValidFourPartDecimal(text), "not an IPv4 address");
const pool = z.object({ start: address, end: address });
const subnetSpec = z.object({
  name: z.string().min(1),
  cidr: z.string().optional(),
  location: location.optional(),
  description: z.string().optional(),
  dhcpEnabled: z.boolean().optional(),
  dnsNameservers: z.array(z.string()).optional(),
  gatewayIp: address.nullish(),
  allocationPools: z.array(pool).optional(),
});

type SubnetSpec = z.output<typeof subnetSpec>;
type SubnetState = SubnetSpec & { hostRoutes: { destination: string; nextHop: string }[] };
type Subnets = Collection<SubnetSpec, SubnetState>;

/** The private networks of a project and their subnets. `/v2/publicCloud/project/{p}/network` */
export class Networks {
  readonly networks: Collection<NetworkSpec, NetworkState>;
  private readonly subnetsOf = new Map<string, Subnets>();
  private readonly leases = new Map<string, Set<string>>();
  private nextVlan = 2;

  constructor(
    private readonly path: string,
    private readonly regions: readonly string[],
    private readonly durations: Durations,
    private readonly clock: Clock,
    private readonly random: Random,
    /** Lets what holds addresses give back those whose time has come. */
    private readonly settled: () => void = () => {},
    /** Whether the project is in a vRack, without which it has no private networks. */
    private readonly inVrack: () => boolean = () => true,
  ) {
    this.networks = new Collection(this.networkKind(), durations, clock, random);
  }

  /** The subnets of one network. @throws ApiError 404 */
  subnets(networkId: string): Subnets {
    this.networks.get(networkId);
    const found = this.subnetsOf.get(networkId);
    if (found === undefined) throw conflict(`Network ${networkId} is not ready yet`);
    return found;
  }

  /** Takes an address of a subnet: the one asked for, or the first free one of its pools. @throws ApiError */
  lease(networkId: string, subnetId: string, wanted?: string): string {
    const { targetSpec } = this.subnets(networkId).get(subnetId);
    const taken = this.leases.get(subnetId) ?? new Set();
    this.leases.set(subnetId, taken);
    const cidr = ipaddr.IPv4.parseCIDR(targetSpec.cidr as string);
    if (wanted !== undefined) {
      if (!ipaddr.IPv4.isValid(wanted) || !ipaddr.IPv4.parse(wanted).match(cidr)) {
        throw badRequest(`IP address ${wanted} is not a valid IP for subnet ${subnetId}`);
      }
      if (taken.has(wanted))
        throw conflict(`IP address ${wanted} is already allocated in subnet ${subnetId}`);
      taken.add(wanted);
      return wanted;
    }
    for (const { start, end } of targetSpec.allocationPools ?? [poolOf(targetSpec.cidr as string)]) {
      for (let n = toNumber(start); n <= toNumber(end); n++) {
        const address = fromNumber(n);
        if (address !== targetSpec.gatewayIp && !taken.has(address)) {
          taken.add(address);
          return address;
        }
      }
    }
    throw conflict(`No more IP addresses available in subnet ${subnetId}`);
  }

  /** Gives an address back. */
  unlease(subnetId: string, address: string): void {
    this.leases.get(subnetId)?.delete(address);
  }

  private freeVlan(): number {
    const taken = new Set(this.networks.list().map(({ targetSpec }) => targetSpec.vlanId));
    while (taken.has(this.nextVlan)) this.nextVlan++;
    return this.nextVlan++;
  }

  private networkKind(): Kind<NetworkSpec, NetworkState> {
    return {
      name: "network",
      path: `${this.path}/network`,
      accept: (body, previous) => {
        const spec = accept(networkSpec, body);
        if (previous !== undefined) return { ...previous, name: spec.name };
        if (spec.location === undefined) throw badRequest("Invalid parameter location: required");
        this.checkRegion(spec.location.region);
        if (!this.inVrack()) throw conflict("The project is in no vRack: a private network needs one");
        const taken = this.networks
          .list()
          .find((other) => other.targetSpec.vlanId !== undefined && other.targetSpec.vlanId === spec.vlanId);
        if (taken !== undefined)
          throw conflict(`VLAN id ${spec.vlanId} is already used by network ${taken.id}`);
        return spec.vlanId === undefined ? { ...spec, vlanId: this.freeVlan() } : spec;
      },
      realise: (id, spec) => {
        if (!this.subnetsOf.has(id)) this.subnetsOf.set(id, this.newSubnets(id));
        return {
          name: spec.name,
          description: spec.description ?? "",
          location: spec.location as z.output<typeof location>,
          vlanId: spec.vlanId as number,
        };
      },
      release: (id) => {
        if ((this.subnetsOf.get(id)?.list().length ?? 0) > 0) {
          throw conflict(`Unable to delete network ${id}: one or more subnets are still in use`);
        }
      },
      gone: (id) => this.subnetsOf.delete(id),
    };
  }

  private newSubnets(networkId: string): Subnets {
    const kind: Kind<SubnetSpec, SubnetState> = {
      name: "subnet",
      path: `${this.path}/network/${networkId}/subnet`,
      accept: (body, previous) => {
        const asked = accept(subnetSpec, body);
        const spec =
          previous === undefined ? asked : { ...asked, cidr: previous.cidr, location: previous.location };
        if (spec.cidr === undefined || !ipaddr.IPv4.isValidCIDR(spec.cidr)) {
          throw badRequest(`Invalid parameter cidr: ${spec.cidr} is not a network`);
        }
        if (spec.location === undefined) throw badRequest("Invalid parameter location: required");
        this.checkRegion(spec.location.region);
        return compact({
          ...spec,
          dhcpEnabled: spec.dhcpEnabled ?? true,
          allocationPools: spec.allocationPools ?? [poolOf(spec.cidr)],
        });
      },
      realise: (_, spec) => ({ ...spec, hostRoutes: [] }),
      release: (id) => {
        this.settled();
        if ((this.leases.get(id)?.size ?? 0) > 0) {
          throw conflict(
            `Unable to complete operation on subnet ${id}: one or more ports have an IP allocation from this subnet`,
          );
        }
      },
      gone: (id) => this.leases.delete(id),
    };
    return new Collection(kind, this.durations, this.clock, this.random);
  }

  private checkRegion(region: string): void {
    if (!this.regions.includes(region)) throw notFound(`Region ${region} does not exist`);
  }
}

function poolOf(cidr: string): z.output<typeof pool> {
  const first = toNumber(ipaddr.IPv4.networkAddressFromCIDR(cidr).toString());
  const last = toNumber(ipaddr.IPv4.broadcastAddressFromCIDR(cidr).toString());
  return { start: fromNumber(first + 2), end: fromNumber(last - 1) };
}

function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
}

function fromNumber(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
