import { vrackCloudProject, zoneRecord } from "./account-types.js";
import { fromApi, idObject, toApi } from "./api-shape.js";
import { failoverIpAttach, findFailoverIp } from "./failover-ip-types.js";
import { iamPolicy, oauth2Client } from "./iam-types.js";
import { ipMove, ipReverse, ipService } from "./ip-types.js";
import { type DataSource, importParts, type ResourceType } from "./resource-type.js";
import type { AttributeSchema, ProviderSchema } from "./schema.js";
import { securityGroup } from "./security-group-types.js";
import { bucket, projectUser, s3Credential, s3Policy } from "./storage-types.js";
import type { Resource, Value } from "./values.js";
import { afterCreate, deleteAndWait, isNotFound, reading, type Tracked, untilReady } from "./wait.js";

type Attributes = Readonly<Record<string, AttributeSchema>>;
type Nested = Record<string, Value>;
type Fields = Record<string, Value | undefined>;

const projectPath = (resource: Resource) => `/v2/publicCloud/project/${resource.service_name as string}`;

/** The types of provider ovh/ovh that this simulator knows, by name. */
export function ovhResourceTypes(schema: ProviderSchema): Record<string, ResourceType> {
  const attributes = (type: string) => schema.resource_schemas?.[type]?.block.attributes ?? {};
  return {
    ovh_cloud_ssh_key: sshKey,
    ovh_cloud_network_private_vrack: network(attributes("ovh_cloud_network_private_vrack")),
    ovh_cloud_network_private_vrack_subnet: subnet(attributes("ovh_cloud_network_private_vrack_subnet")),
    ovh_cloud_instance_group: instanceGroup(attributes("ovh_cloud_instance_group")),
    ovh_cloud_instance: instance(attributes("ovh_cloud_instance")),
    ovh_cloud_project_failover_ip_attach: failoverIpAttach,
    ovh_cloud_security_group: securityGroup(attributes("ovh_cloud_security_group")),
    ovh_vrack_cloudproject: vrackCloudProject,
    ovh_domain_zone_record: zoneRecord,
    ovh_ip_service: ipService,
    ovh_ip_move: ipMove,
    ovh_ip_reverse: ipReverse,
    ovh_me_api_oauth2_client: oauth2Client,
    ovh_iam_policy: iamPolicy,
    ovh_cloud_project_user: projectUser,
    ovh_cloud_project_user_s3_credential: s3Credential,
    ovh_cloud_project_user_s3_policy: s3Policy,
    ovh_cloud_project_storage: bucket(attributes("ovh_cloud_project_storage")),
  };
}

/** The data sources of provider ovh/ovh that this simulator knows, by name. */
export function ovhDataSources(schema: ProviderSchema): Record<string, DataSource> {
  const list =
    (type: string, attribute: string, path: string): DataSource =>
    async ({ client }, config) => {
      const query = config.region ? `?region=${encodeURIComponent(config.region as string)}` : "";
      const found = await client.get<unknown[]>(`${projectPath(config)}${path}${query}`);
      const item =
        schema.data_source_schemas?.[type]?.block.attributes?.[attribute]?.nested_type?.attributes ?? {};
      return { ...config, [attribute]: found.map((entry) => fromApi(item, entry, "zero")) };
    };
  return {
    ovh_cloud_instance_flavors: list("ovh_cloud_instance_flavors", "flavors", "/reference/instance/flavor"),
    ovh_cloud_instance_images: list("ovh_cloud_instance_images", "images", "/reference/instance/image"),
    ovh_cloud_project_failover_ip_attach: async (context, config) => findFailoverIp(context, config),
  };
}

const sshKey: ResourceType = {
  replace: ["name", "public_key", "service_name"],
  create: async ({ client }, planned) => {
    const body = { name: planned.name, publicKey: planned.public_key };
    return sshKeyState(planned, await client.post(`${projectPath(planned)}/sshKey`, body));
  },
  // A key that is gone is an error here, not a removal, as in the real provider.
  read: async ({ client }, state) =>
    sshKeyState(
      state,
      await client.get(`${projectPath(state)}/sshKey/${encodeURIComponent(state.name as string)}`),
    ),
  delete: async ({ client }, state) => {
    const path = `${projectPath(state)}/sshKey/${encodeURIComponent(state.name as string)}`;
    await client.delete(path).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  },
};

function sshKeyState(resource: Resource, key: Record<string, string>): Resource {
  return {
    service_name: resource.service_name as string,
    name: key.name ?? "",
    public_key: key.publicKey ?? "",
    created_at: key.createdAt ?? "",
    updated_at: key.updatedAt ?? "",
  };
}

function envelopeState(
  resource: Resource,
  found: Tracked,
  current: Attributes,
  absent: "zero" | "null",
): Resource {
  return {
    ...resource,
    id: found.id,
    checksum: found.checksum ?? "",
    created_at: found.createdAt ?? "",
    updated_at: found.updatedAt ?? "",
    resource_status: found.resourceStatus,
    current_state: found.currentState ? fromApi(current, found.currentState, absent) : null,
  };
}

const nested = (attributes: Attributes, name: string): Attributes =>
  attributes[name]?.nested_type?.attributes ?? {};

function network(attributes: Attributes): ResourceType {
  const path = (resource: Resource) => `${projectPath(resource)}/network/${resource.id as string}`;
  const state = (resource: Resource, found: Tracked): Resource => {
    const spec = (found.targetSpec ?? {}) as Nested;
    return {
      ...envelopeState(resource, found, nested(attributes, "current_state"), "zero"),
      name: spec.name ?? null,
      description: spec.description || (resource.description ?? null),
      region: (spec.location as Nested | undefined)?.region ?? resource.region ?? null,
      vlan_id: spec.vlanId ?? null,
    };
  };
  return {
    replace: ["service_name", "region", "description"],
    replaceIfConfigured: ["vlan_id"],
    create: async (context, planned) => {
      const targetSpec = toApi({
        name: planned.name,
        description: planned.description,
        location: { region: planned.region as string },
        vlanId: planned.vlan_id,
      });
      const made = await context.client.post<Tracked>(`${projectPath(planned)}/network`, { targetSpec });
      return afterCreate(state(planned, made), async () =>
        state(planned, await untilReady(context, path({ ...planned, id: made.id }), "network")),
      );
    },
    // As in the real provider, a network that is gone is an error.
    read: async ({ client }, resource) => state(resource, await client.get<Tracked>(path(resource))),
    update: async (context, prior, planned) => {
      await context.client.put(path(prior), { checksum: prior.checksum, targetSpec: { name: planned.name } });
      return state(planned, await untilReady(context, path(prior), "network"));
    },
    delete: (context, resource) => deleteAndWait(context, path(resource)),
    import: (id) => importParts(id, "service_name", "id"),
  };
}

function subnet(attributes: Attributes): ResourceType {
  const base = (resource: Resource) =>
    `${projectPath(resource)}/network/${resource.network_id as string}/subnet`;
  const path = (resource: Resource) => `${base(resource)}/${resource.id as string}`;
  const spec = (resource: Resource): Fields => ({
    name: resource.name,
    description: resource.description,
    dhcpEnabled: resource.dhcp_enabled,
    dnsNameservers: resource.dns_nameservers,
    gatewayIp: resource.gateway_ip,
    allocationPools: resource.allocation_pools,
  });
  const state = (resource: Resource, found: Tracked): Resource => {
    const target = (found.targetSpec ?? {}) as Nested;
    const location = (target.location ?? {}) as Nested;
    return {
      ...envelopeState(resource, found, nested(attributes, "current_state"), "null"),
      current_tasks: (found.currentTasks ?? []).map((task) =>
        fromApi(nested(attributes, "current_tasks"), task, "null"),
      ),
      name: target.name ?? null,
      cidr: target.cidr ?? null,
      region: location.region ?? null,
      availability_zone: location.availabilityZone ?? null,
      description: target.description ?? null,
      dhcp_enabled: target.dhcpEnabled ?? null,
      dns_nameservers: target.dnsNameservers ?? null,
      gateway_ip: target.gatewayIp ?? null,
      allocation_pools: target.allocationPools ?? null,
    };
  };
  return {
    replace: ["service_name", "network_id", "cidr", "region"],
    keep: ["id", "created_at", "allocation_pools", "dhcp_enabled", "gateway_ip"],
    create: async (context, planned) => {
      const location = toApi({ region: planned.region, availabilityZone: planned.availability_zone });
      const targetSpec = toApi({ ...spec(planned), cidr: planned.cidr, location });
      const made = await context.client.post<Tracked>(base(planned), { targetSpec });
      return afterCreate(state(planned, made), async () =>
        state(planned, await untilReady(context, path({ ...planned, id: made.id }), "subnet")),
      );
    },
    read: reading(path, state),
    update: async (context, prior, planned) => {
      await context.client.put(path(prior), { checksum: prior.checksum, targetSpec: toApi(spec(planned)) });
      return state(planned, await untilReady(context, path(prior), "subnet"));
    },
    delete: (context, resource) => deleteAndWait(context, path(resource)),
    import: (id) => importParts(id, "service_name", "network_id", "id"),
  };
}

function instanceGroup(attributes: Attributes): ResourceType {
  const path = (resource: Resource) =>
    `${projectPath(resource)}/compute/instanceGroup/${resource.id as string}`;
  const state = (resource: Resource, found: Tracked): Resource => {
    const spec = (found.targetSpec ?? {}) as Nested;
    const { updated_at: _, ...rest } = envelopeState(
      resource,
      found,
      nested(attributes, "current_state"),
      "zero",
    );
    return {
      ...rest,
      name: spec.name ?? null,
      policy: spec.policy ?? null,
      region: (spec.location as Nested).region ?? null,
    };
  };
  return {
    replace: ["service_name", "name", "policy", "region"],
    create: async (context, planned) => {
      const targetSpec = { name: planned.name, policy: planned.policy, location: { region: planned.region } };
      const made = await context.client.post<Tracked>(`${projectPath(planned)}/compute/instanceGroup`, {
        targetSpec,
      });
      return afterCreate(state(planned, made), async () =>
        state(planned, await untilReady(context, path({ ...planned, id: made.id }), "instance group")),
      );
    },
    read: reading(path, state),
    delete: (context, resource) => deleteAndWait(context, path(resource)),
    import: (id) => importParts(id, "service_name", "id"),
  };
}

function instance(attributes: Attributes): ResourceType {
  const path = (resource: Resource) => `${projectPath(resource)}/compute/instance/${resource.id as string}`;
  const ids = (list: Value | undefined): Value =>
    Array.isArray(list) ? list.map((id) => ({ id: id as string })) : null;
  const mutable = (resource: Resource): Fields => ({
    name: resource.name,
    flavor: idObject(resource.flavor_id),
    image: idObject(resource.image_id),
    networks: orAbsent(((resource.networks ?? []) as Nested[]).map(networkEntry)),
    volumes: orAbsent(ids(resource.volume_ids)),
    powerState: resource.power_state,
    shares: orAbsent(
      ((resource.shares ?? []) as Nested[]).map((share) =>
        toApi({ id: share.id, accessLevel: share.access_level }),
      ),
    ),
  });
  const securityGroups = (resource: Resource) => ({ securityGroups: ids(resource.security_group_ids) });
  const state = (resource: Resource, found: Tracked): Resource => {
    const spec = (found.targetSpec ?? {}) as Nested;
    const current = (found.currentState ?? {}) as Nested;
    const location = (spec.location ?? {}) as Nested;
    return {
      ...envelopeState(resource, found, nested(attributes, "current_state"), "zero"),
      name: spec.name ?? null,
      flavor_id: idOf(spec.flavor) ?? resource.flavor_id ?? null,
      image_id: idOf(spec.image),
      region: location.region ?? resource.region ?? null,
      availability_zone:
        location.availabilityZone || ((current.location ?? {}) as Nested).availabilityZone || null,
      power_state: spec.powerState || current.powerState || null,
      ssh_key_name: spec.sshKeyName || (resource.ssh_key_name ?? null),
      group_id: idOf(spec.group) ?? resource.group_id ?? null,
      networks: orAbsent(((spec.networks ?? []) as Nested[]).map(networkState)),
      volume_ids: orAbsent(((spec.volumes ?? []) as Nested[]).map(idOf)),
      shares: orAbsent((spec.shares ?? []) as Value[]),
      security_group_ids: ((spec.securityGroups ?? []) as Nested[]).map(idOf),
    };
  };
  return {
    replace: ["service_name", "region", "ssh_key_name", "group_id"],
    replaceIfConfigured: ["availability_zone"],
    keep: ["image_id", "power_state", "security_group_ids", "availability_zone"],
    create: async (context, planned) => {
      const targetSpec = {
        ...toApi({
          ...mutable(planned),
          location: toApi({ region: planned.region, availabilityZone: planned.availability_zone }),
          group: idObject(planned.group_id),
          sshKeyName: planned.ssh_key_name,
        }),
        // Null is said, not left out: it asks for the default group.
        ...securityGroups(planned),
      };
      const made = await context.client.post<Tracked>(`${projectPath(planned)}/compute/instance`, {
        targetSpec,
      });
      return afterCreate(state(planned, made), async () =>
        state(planned, await untilReady(context, path({ ...planned, id: made.id }), "instance")),
      );
    },
    read: reading(path, state),
    update: async (context, prior, planned) => {
      const { checksum } = await context.client.get<Tracked>(path(prior));
      const targetSpec = { ...toApi(mutable(planned)), ...securityGroups(planned) };
      await context.client.put(path(prior), { checksum, targetSpec });
      return state(planned, await untilReady(context, path(prior), "instance"));
    },
    delete: (context, resource) => deleteAndWait(context, path(resource)),
    import: (id) => importParts(id, "service_name", "id"),
  };
}

function networkEntry(entry: Nested): Value {
  return toApi({
    id: entry.network_id,
    subnetId: entry.subnet_id,
    ip: entry.ip,
    autoAssignPublicIp: entry.auto_assign_public_ip === true ? true : null,
  });
}

function networkState(entry: Nested): Value {
  return {
    network_id: entry.id ?? null,
    subnet_id: entry.subnetId ?? null,
    ip: entry.ip ?? null,
    auto_assign_public_ip: entry.autoAssignPublicIp ?? null,
  };
}

function idOf(value: Value | undefined): Value {
  return ((value as Nested | null | undefined)?.id as string | undefined) || null;
}

function orAbsent(list: Value): Value {
  return Array.isArray(list) && list.length > 0 ? list : null;
}
