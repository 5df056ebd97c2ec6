import { setTimeout as sleep } from "node:timers/promises";
import { fromApi, toApi } from "./api-shape.js";
import { type Context, importParts, type ResourceType } from "./resource-type.js";
import type { AttributeSchema } from "./schema.js";
import type { Resource, Value } from "./values.js";
import { afterCreate, isNotFound, orNull } from "./wait.js";

type Attributes = Readonly<Record<string, AttributeSchema>>;

interface User {
  readonly id: number;
  readonly username: string;
  readonly description?: string;
  readonly creationDate: string;
  readonly status: string;
  readonly roles?: readonly Record<string, Value>[];
  readonly password?: string;
}

const projectPath = (resource: Resource) => `/cloud/project/${resource.service_name as string}`;
const userPath = (resource: Resource) => `${projectPath(resource)}/user/${resource.user_id as string}`;

/** A user of a project. Its password is told once, at its creation. */
export const projectUser: ResourceType = {
  replace: ["service_name", "description"],
  keep: ["id", "creation_date", "openstack_rc", "password", "roles", "status", "username"],
  create: async (context, planned) => {
    await rolesNamed(context, planned);
    const made = await context.client.post<User>(
      `${projectPath(planned)}/user`,
      toApi({
        description: planned.description,
        role: planned.role_name,
        roles: (planned.role_names ?? []) as Value,
      }),
    );
    const resource = { ...planned, id: String(made.id), password: made.password ?? "" };
    return afterCreate(userState(resource, made, null), async () => {
      await untilUser(context, resource, ["creating"]);
      return readUser(context, resource);
    });
  },
  read: (context, state) => orNull(readUser(context, state)),
  update: async (context, prior, planned) => {
    const path = `${projectPath(prior)}/user/${prior.id as string}`;
    let { password = null } = prior;
    if ((prior.password_reset ?? null) !== (planned.password_reset ?? null)) {
      ({ password } = await context.client.post<{ password: string }>(
        `${path}/regeneratePassword`,
        undefined,
      ));
    }
    const named = (resource: Resource) => JSON.stringify([resource.role_name, resource.role_names]);
    if (named(prior) !== named(planned)) {
      await context.client.put(`${path}/role`, { rolesIds: await rolesNamed(context, planned) });
    }
    return readUser(context, { ...planned, id: prior.id ?? null, password });
  },
  delete: async (context, state) => {
    await context.client.delete(`${projectPath(state)}/user/${state.id as string}`);
    await untilUser(context, state, ["deleting"]).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  },
  import: (id) => importParts(id, "service_name", "id"),
};

/** The ids of the roles that a user shall have. @throws Error for one that OVH does not have */
async function rolesNamed({ client }: Context, resource: Resource): Promise<string[]> {
  const { roles } = await client.get<{ roles: { id: string; name: string }[] }>(
    `${projectPath(resource)}/role`,
  );
  const names = [...((resource.role_names ?? []) as string[])];
  if (resource.role_name) names.push(resource.role_name as string);
  return names.map((name) => {
    const role = roles.find((one) => one.name === name);
    if (role === undefined) throw new Error(`role ${JSON.stringify(name)} does not exist`);
    return role.id;
  });
}

async function untilUser(
  { client, pollInterval }: Context,
  resource: Resource,
  pending: readonly string[],
): Promise<void> {
  for (;;) {
    await sleep(pollInterval);
    const { status } = await client.get<User>(`${projectPath(resource)}/user/${resource.id as string}`);
    if (status === "ok") return;
    if (!pending.includes(status)) throw new Error(`unexpected state '${status}', wanted target 'ok'`);
  }
}

async function readUser({ client }: Context, resource: Resource): Promise<Resource> {
  const path = `${projectPath(resource)}/user/${resource.id as string}`;
  const user = await client.get<User>(path);
  const { content } = await client.get<{ content: string }>(`${path}/openrc?region=to_be_overriden`);
  const names = ["OS_AUTH_URL", "OS_TENANT_ID", "OS_TENANT_NAME", "OS_USERNAME"];
  const found = names.map((name): [string, string] => {
    const value = new RegExp(`export ${name}="?([^\\s"]+)"?`).exec(content)?.[1];
    if (value === undefined) throw new Error(`couln't extract ${name} from content: \n\t${content}`);
    return [name, value];
  });
  return userState(resource, user, Object.fromEntries(found));
}

function userState(resource: Resource, user: User, openstackRc: Record<string, string> | null): Resource {
  return {
    ...resource,
    id: String(user.id),
    creation_date: user.creationDate,
    description: user.description || null,
    openstack_rc: openstackRc,
    roles: (user.roles ?? []).map(({ id, name, description, permissions }) => ({
      id: id ?? "",
      name: name ?? "",
      description: description ?? "",
      permissions: permissions ?? [],
    })),
    status: user.status,
    username: user.username,
  };
}

/** An S3 key of a user, with its secret. */
export const s3Credential: ResourceType = {
  replace: ["service_name", "user_id"],
  keep: ["id", "access_key_id", "internal_user_id", "secret_access_key"],
  create: async (context, planned) => {
    const path = `${userPath(planned)}/s3Credentials`;
    const { access, secret } = await context.client.post<{ access: string; secret: string }>(path, undefined);
    const made = { ...planned, id: access, access_key_id: access, secret_access_key: secret };
    return afterCreate({ ...made, internal_user_id: null }, () => readKey(context, made));
  },
  // As in the real provider, a key that is gone is an error.
  read: readKey,
  delete: ({ client }, state) => client.delete(`${userPath(state)}/s3Credentials/${state.id as string}`),
  import: (id) => importParts(id, "service_name", "user_id", "id"),
};

async function readKey({ client }: Context, resource: Resource): Promise<Resource> {
  const path = `${userPath(resource)}/s3Credentials/${resource.id as string}/secret`;
  const { secret } = await client.post<{ secret: string }>(path, undefined);
  return {
    ...resource,
    access_key_id: resource.id ?? null,
    // The real one overwrites the internal id with the user's own.
    internal_user_id: resource.user_id ?? null,
    secret_access_key: secret,
  };
}

const NO_POLICY = '{"Statement":[]}';

/** What the S3 keys of a user may do. */
export const s3Policy: ResourceType = {
  replace: ["service_name", "user_id"],
  keep: ["id"],
  create: writePolicy,
  read: (context, state) => orNull(readPolicy(context, state)),
  update: (context, _, planned) => writePolicy(context, planned),
  delete: async ({ client }, state) => {
    await client.post(`${userPath(state)}/policy`, { policy: NO_POLICY });
  },
  import: (id) => importParts(id, "service_name", "user_id"),
};

async function writePolicy(context: Context, planned: Resource): Promise<Resource> {
  await context.client.post(`${userPath(planned)}/policy`, { policy: planned.policy });
  return readPolicy(context, planned);
}

async function readPolicy({ client }: Context, resource: Resource): Promise<Resource> {
  const { policy } = await client.get<{ policy: string }>(`${userPath(resource)}/policy`);
  // Another spelling of the same policy is no difference.
  const same = resource.policy && canonical(policy) === canonical(resource.policy as string);
  return {
    ...resource,
    id: `${resource.service_name as string}/${resource.user_id as string}`,
    policy: same ? (resource.policy as string) : policy,
  };
}

function canonical(text: string): string {
  return JSON.stringify(JSON.parse(text));
}

/** An S3 bucket. Destroying it deletes all that is in it. */
export function bucket(attributes: Attributes): ResourceType {
  const base = (resource: Resource) =>
    `${projectPath(resource)}/region/${resource.region_name as string}/storage`;
  const path = (resource: Resource) => `${base(resource)}/${resource.name as string}`;
  const changeable = (resource: Resource): Record<string, Value | undefined> => ({
    encryption: camelObject(resource.encryption),
    tags: resource.tags,
    objectLock: camelObject(resource.object_lock),
    replication: camelObject(resource.replication),
    versioning: camelObject(resource.versioning),
  });
  const state = (resource: Resource, found: unknown): Resource => {
    const { limit, marker, prefix, hide_objects, service_name, region_name, name } = resource;
    return {
      ...fromApi(attributes, found, "null"),
      id: [service_name, region_name, name].join("/"),
      limit: limit ?? null,
      marker: marker ?? null,
      prefix: prefix ?? null,
      hide_objects: hide_objects ?? null,
      service_name: service_name ?? null,
      region_name: region_name ?? null,
    };
  };
  const read = async ({ client }: Context, resource: Resource) => {
    const found = state(resource, await client.get(path(resource)));
    return resource.hide_objects === true ? { ...found, objects: null } : found;
  };
  return {
    replace: ["name", "region_name"],
    create: async ({ client }, planned) => {
      const body = toApi({ ...changeable(planned), name: planned.name, ownerId: planned.owner_id });
      return state(planned, await client.post(base(planned), body));
    },
    read: (context, resource) => orNull(read(context, resource)),
    update: async (context, prior, planned) => {
      await context.client.put(path(prior), toApi(changeable(planned)));
      return read(context, planned);
    },
    delete: async ({ client }, resource) => {
      type Stored = { readonly key: string; readonly versionId: string };
      try {
        for (;;) {
          const stored = await client.get<Stored[]>(`${path(resource)}/object?withVersions=true`);
          if (stored.length === 0) break;
          const objects = stored.map(({ key, versionId }) => ({ key, versionId }));
          await client.post(`${path(resource)}/bulkDeleteObjects`, { objects });
        }
        await client.delete(path(resource));
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
    import: (id) => importParts(id, "service_name", "region_name", "name"),
  };
}

/** An object as the API names its fields, without those that are null. */
function camelObject(value: Value | undefined): Value {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map(camelObject);
  if (typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value as Record<string, Value>)
      .filter(([, field]) => field !== null)
      .map(([name, field]) => [
        name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
        camelObject(field),
      ]),
  );
}
