import { setTimeout as sleep } from "node:timers/promises";
import { toApi } from "./api-shape.js";
import { type Context, importParts, type ResourceType } from "./resource-type.js";
import type { Resource } from "./values.js";
import { afterCreate, isNotFound, orNull } from "./wait.js";

const part = (value: unknown) => encodeURIComponent(value as string);

/** A project in a vRack. It has no update: every change replaces it. */
export const vrackCloudProject: ResourceType = {
  replace: ["service_name", "project_id"],
  keep: ["id"],
  create: async (context, planned) => {
    const task = await context.client.post<VrackTask>(
      `/vrack/${planned.service_name as string}/cloudProject`,
      {
        project: planned.project_id,
      },
    );
    const id = `vrack_${planned.service_name as string}-cloudproject_${planned.project_id as string}`;
    return afterCreate({ ...planned, id }, async () => {
      await untilDone(context, task);
      return (await readMember(context, { ...planned, id })) ?? { ...planned, id };
    });
  },
  read: readMember,
  delete: async (context, state) =>
    untilDone(context, await context.client.delete<VrackTask>(memberPath(state))),
  import: (id) => {
    const parts = importParts(id, "service_name", "project_id");
    return {
      ...parts,
      id: `vrack_${parts.service_name as string}-cloudproject_${parts.project_id as string}`,
    };
  },
};

interface VrackTask {
  readonly id: number;
  readonly serviceName: string;
}

async function readMember({ client }: Context, state: Resource): Promise<Resource | null> {
  const found = await orNull(client.get<{ vrack: string; project: string }>(memberPath(state)));
  return found === null ? null : { ...state, service_name: found.vrack, project_id: found.project };
}

const memberPath = (resource: Resource) =>
  `/vrack/${part(resource.service_name)}/cloudProject/${part(resource.project_id)}`;

/** A task that is done is not found any more. */
async function untilDone({ client, pollInterval }: Context, { id, serviceName }: VrackTask): Promise<void> {
  for (;;) {
    await sleep(pollInterval);
    try {
      await client.get(`/vrack/${part(serviceName)}/task/${id}`);
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
  }
}

interface ZoneRecord {
  readonly id: number;
  readonly zone: string;
  readonly fieldType: string;
  readonly subDomain: string;
  readonly target: string;
  readonly ttl: number;
}

/** A record of a DNS zone. Each change ends with a refresh of the zone, whose failure is only logged. */
export const zoneRecord: ResourceType = {
  replace: ["zone", "fieldtype"],
  keep: ["id"],
  create: async (context, planned) => {
    const made = await context.client.post<ZoneRecord>(
      `/domain/zone/${planned.zone as string}/record`,
      toApi({
        target: planned.target,
        ttl: planned.ttl ?? 0,
        fieldType: planned.fieldtype,
        subDomain: planned.subdomain || null,
      }),
    );
    const resource = { ...planned, id: String(made.id) };
    await refresh(context, planned);
    return (await readRecord(context, resource)) ?? resource;
  },
  read: readRecord,
  update: async (context, prior, planned) => {
    const resource: Resource = { ...planned, id: prior.id ?? null };
    await context.client.put(
      recordPath(resource),
      toApi({ target: planned.target, ttl: planned.ttl ?? 0, subDomain: planned.subdomain || null }),
    );
    await refresh(context, resource);
    return (await readRecord(context, resource)) ?? resource;
  },
  delete: async (context, state) => {
    try {
      await context.client.delete(recordPath(state));
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    await refresh(context, state);
  },
  import: (id) => {
    const [record, ...zone] = id.split(".");
    if (!record || zone.length === 0) throw new Error("Import Id is not OVH_ID.zone formatted");
    return { id: record, zone: zone.join(".") };
  },
};

const recordPath = (resource: Resource) =>
  `/domain/zone/${resource.zone as string}/record/${resource.id as string}`;

async function refresh({ client }: Context, resource: Resource): Promise<void> {
  await client.post(`/domain/zone/${resource.zone as string}/refresh`, undefined).catch(() => {});
}

async function readRecord({ client }: Context, state: Resource): Promise<Resource | null> {
  const found = await orNull(client.get<ZoneRecord>(recordPath(state)));
  if (found === null) return null;
  return {
    ...state,
    zone: found.zone,
    fieldtype: found.fieldType,
    subdomain: found.subDomain === "" ? (state.subdomain ?? null) : found.subDomain,
    target: found.target,
    ttl: found.ttl === 0 ? (state.ttl ?? null) : found.ttl,
  };
}
