import { z } from "zod";
import type { Clock } from "../clock.js";
import type { Random } from "../random.js";
import { accept, compact, location, reference } from "./check.js";
import { Collection, type Durations, type Kind } from "./envelope.js";
import { badRequest, conflict, notFound } from "./errors.js";
import type { Networks } from "./networks.js";
import type { Flavor, Image } from "./seed.js";

const networkEntry = z.object({
  id: z.string().optional(),
  subnetId: z.string().optional(),
  ip: z.string().optional(),
  autoAssignPublicIp: z.boolean().optional(),
});

const instanceSpec = z.object({
  name: z.string().min(1),
  flavor: reference,
  image: reference.optional(),
  location: location.optional(),
  networks: z.array(networkEntry).optional(),
  volumes: z.array(reference).optional(),
  powerState: z.enum(["ACTIVE", "SHUTOFF", "SHELVED"]).optional(),
  group: reference.optional(),
  sshKeyName: z.string().optional(),
  securityGroups: z.array(reference).nullish(),
});

const groupSpec = z.object({
  name: z.string().min(1),
  policy: z.enum(["AFFINITY", "ANTI_AFFINITY"]),
  location,
});

/** What an instance is asked to be. */
export type InstanceSpec = z.output<typeof instanceSpec>;

/** One address of an instance. */
export interface Address {
  readonly ip: string;
  readonly mac: string;
  readonly type: "public" | "private";
  readonly version: 4;
}

/** One interface of an instance, as the API lists it. */
export interface AttachedNetwork {
  readonly id: string | null;
  readonly subnetId: string | null;
  readonly gatewayId: string | null;
  readonly addresses: readonly Address[];
}

/** What an instance is. */
export interface InstanceState {
  readonly name: string;
  readonly flavor: Omit<Flavor, "isPublic" | "location" | "description">;
  readonly image: { id: string; name: string; size: number; status: string; deprecated: boolean } | null;
  readonly location: z.output<typeof location>;
  /** Sorted by network id, not in the order asked for. */
  readonly networks: readonly AttachedNetwork[];
  /** In the order asked for: how the interfaces are numbered on the instance. Not part of the answer. */
  readonly volumes: readonly never[];
  readonly securityGroups: readonly { id: string }[];
  readonly group: { id: string } | null;
  readonly powerState: string;
  readonly locked: boolean;
  readonly sshKeyName: string | null;
  readonly hostId: string;
  readonly projectId: string;
  readonly userId: string;
}

interface Interface {
  readonly entry: AttachedNetwork;
  readonly address: Address;
}

type GroupSpec = z.output<typeof groupSpec>;
type GroupState = GroupSpec & { members: readonly { id: string }[] };

/** What instances need to know of the region around them. */
export interface InstanceSurroundings {
  readonly project: string;
  readonly path: string;
  readonly regions: readonly string[];
  readonly flavors: readonly Flavor[];
  readonly images: () => readonly Image[];
  readonly networks: Networks;
  readonly hasKey: (name: string) => boolean;
  /** The next free public address. */
  readonly publicAddress: () => string;
  readonly defaultSecurityGroup: string;
  /** Refuses a security group that cannot be given to an instance. @throws ApiError */
  readonly checkSecurityGroup: (id: string) => void;
  /** Told when an instance runs, with its addresses in the order of its interfaces, and when it is gone. */
  readonly started?: (id: string, state: InstanceState, interfaces: readonly Address[]) => void;
  readonly stopped?: (id: string) => void;
}

/** Instances and their anti-affinity groups. `/v2/publicCloud/project/{p}/compute/…` */
export class Instances {
  readonly instances: Collection<InstanceSpec, InstanceState>;
  readonly groups: Collection<GroupSpec, GroupState>;
  private readonly attached = new Map<string, readonly Interface[]>();
  private readonly reserved = new Map<InstanceSpec, readonly Interface[]>();

  constructor(
    private readonly around: InstanceSurroundings,
    durations: Durations,
    clock: Clock,
    private readonly random: Random,
  ) {
    this.instances = new Collection(this.instanceKind(), durations, clock, random);
    this.groups = new Collection(this.groupKind(), durations, clock, random);
  }

  /** Whether the instance has its own addresses yet. */
  isReady(id: string): boolean {
    return this.instances.has(id) && this.instances.get(id).currentState !== null;
  }

  private instanceKind(): Kind<InstanceSpec, InstanceState> {
    const { around } = this;
    return {
      name: "instance",
      path: `${around.path}/compute/instance`,
      accept: (body, previous) => {
        const asked = accept(instanceSpec, body);
        const spec: InstanceSpec =
          previous === undefined
            ? asked
            : {
                ...asked,
                location: previous.location,
                group: previous.group,
                sshKeyName: previous.sshKeyName,
              };
        this.checkReferences(spec, previous);
        const complete = compact({
          ...spec,
          powerState: spec.powerState ?? "ACTIVE",
          securityGroups: spec.securityGroups ?? [{ id: around.defaultSecurityGroup }],
        });
        if (previous === undefined) this.reserved.set(complete, this.connect(complete.networks ?? []));
        else if (JSON.stringify(previous.networks) !== JSON.stringify(complete.networks)) {
          throw conflict("The interfaces of this simulated instance cannot change after its creation");
        }
        return complete;
      },
      realise: (id, spec, previous) => {
        const interfaces = this.attached.get(id) ?? this.reserved.get(spec) ?? [];
        this.reserved.delete(spec);
        this.attached.set(id, interfaces);
        const state = this.describe(
          spec,
          interfaces.map(({ entry }) => entry),
          previous,
        );
        if (previous === null)
          around.started?.(
            id,
            state,
            interfaces.map(({ address }) => address),
          );
        return state;
      },
      gone: (id, state, spec) => {
        this.giveBack(this.attached.get(id) ?? this.reserved.get(spec) ?? []);
        this.attached.delete(id);
        this.reserved.delete(spec);
        if (state !== null) around.stopped?.(id);
      },
    };
  }

  private checkReferences(spec: InstanceSpec, previous: InstanceSpec | undefined): void {
    const { around } = this;
    const { region } = spec.location ?? { region: "" };
    if (!around.regions.includes(region)) throw notFound(`Region ${region} does not exist`);
    if (!around.flavors.some(({ id, location }) => id === spec.flavor.id && location.region === region)) {
      throw notFound(`Flavor ${spec.flavor.id} does not exist`);
    }
    // The image that an instance was made from may be gone by now.
    const kept = spec.image?.id === previous?.image?.id;
    const known = around
      .images()
      .some(({ id, location }) => id === spec.image?.id && location.region === region);
    if (spec.image !== undefined && !kept && !known) {
      throw notFound(`Image ${spec.image.id} does not exist`);
    }
    if (spec.sshKeyName !== undefined && !around.hasKey(spec.sshKeyName)) {
      throw notFound(`SSH key ${spec.sshKeyName} does not exist`);
    }
    if (spec.group !== undefined && !this.groups.has(spec.group.id)) {
      throw notFound(`Instance group ${spec.group.id} does not exist`);
    }
    for (const { id } of spec.securityGroups ?? []) around.checkSecurityGroup(id);
  }

  private giveBack(interfaces: readonly Interface[]): void {
    for (const { entry, address } of interfaces) {
      if (entry.subnetId !== null) this.around.networks.unlease(entry.subnetId, address.ip);
    }
  }

  /** Interfaces with their addresses; what was taken for the first ones is given back when a later one fails. */
  private connect(entries: readonly z.output<typeof networkEntry>[]): Interface[] {
    const connected: Interface[] = [];
    try {
      for (const entry of entries) connected.push(this.connectOne(entry));
    } catch (error) {
      this.giveBack(connected);
      throw error;
    }
    return connected;
  }

  private connectOne(entry: z.output<typeof networkEntry>): Interface {
    const bytes = [0, 0, 0].map(() => this.random.int(256).toString(16).padStart(2, "0"));
    const mac = `fa:16:3e:${bytes.join(":")}`;
    if (entry.id === undefined) {
      if (entry.autoAssignPublicIp !== true) {
        throw badRequest("Invalid parameter networks: neither id nor autoAssignPublicIp");
      }
      const address: Address = { ip: this.around.publicAddress(), mac, type: "public", version: 4 };
      return { address, entry: { id: null, subnetId: null, gatewayId: null, addresses: [address] } };
    }
    const subnets = this.around.networks.subnets(entry.id).list();
    const subnetId = entry.subnetId ?? subnets[0]?.id;
    if (subnetId === undefined) throw badRequest(`Network ${entry.id} has no subnet`);
    const ip = this.around.networks.lease(entry.id, subnetId, entry.ip);
    const address: Address = { ip, mac, type: "private", version: 4 };
    return { address, entry: { id: entry.id, subnetId, gatewayId: null, addresses: [address] } };
  }

  private describe(
    spec: InstanceSpec,
    entries: readonly AttachedNetwork[],
    previous: InstanceState | null,
  ): InstanceState {
    const { around } = this;
    const flavor = around.flavors.find(({ id }) => id === spec.flavor.id) as Flavor;
    const image = around.images().find(({ id }) => id === spec.image?.id);
    return {
      name: spec.name,
      flavor: {
        id: flavor.id,
        name: flavor.name,
        vcpus: flavor.vcpus,
        ram: flavor.ram,
        disk: flavor.disk,
        swap: flavor.swap,
        ephemeral: flavor.ephemeral,
      },
      image:
        image === undefined
          ? keptImage(spec, previous)
          : { id: image.id, name: image.name, size: image.size, status: image.status, deprecated: false },
      location: spec.location as z.output<typeof location>,
      networks: [...entries].sort((a, b) => ((a.id ?? "") < (b.id ?? "") ? -1 : 1)),
      volumes: [],
      securityGroups: spec.securityGroups ?? [],
      group: spec.group ?? null,
      powerState: spec.powerState ?? "ACTIVE",
      locked: false,
      sshKeyName: spec.sshKeyName ?? null,
      hostId: previous?.hostId ?? this.random.uuid().replaceAll("-", ""),
      projectId: around.project,
      userId: "user",
    };
  }

  private groupKind(): Kind<GroupSpec, GroupState> {
    return {
      name: "instance group",
      path: `${this.around.path}/compute/instanceGroup`,
      accept: (body, previous) => {
        if (previous !== undefined) throw badRequest("An instance group cannot be changed");
        const spec = accept(groupSpec, body);
        if (!this.around.regions.includes(spec.location.region)) {
          throw notFound(`Region ${spec.location.region} does not exist`);
        }
        return spec;
      },
      realise: (_, spec) => ({ ...spec, members: [] }),
    };
  }

  /** A group with the instances that are in it now; its other answers know none. */
  group(id: string) {
    const { updatedAt: _, ...group } = this.groups.get(id);
    const members = this.instances
      .list()
      .filter(({ targetSpec }) => targetSpec.group?.id === id)
      .map((instance) => ({ id: instance.id }));
    return {
      ...group,
      currentState: group.currentState === null ? null : { ...group.currentState, members },
    };
  }
}

/** What an instance was made from stays, whatever becomes of that image. */
function keptImage(spec: InstanceSpec, previous: InstanceState | null): InstanceState["image"] {
  return previous?.image?.id === spec.image?.id ? (previous?.image ?? null) : null;
}
