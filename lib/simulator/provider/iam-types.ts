import type { Context, ResourceType } from "./resource-type.js";
import type { Resource, Value } from "./values.js";
import { orNull } from "./wait.js";

const CLIENTS = "/me/api/oauth2/client";
const POLICIES = "/v2/iam/policy";

/** A service account. Its secret is told once, at its creation, and stays in the state. */
export const oauth2Client: ResourceType = {
  replace: ["flow"],
  keep: ["id", "client_id", "client_secret", "identity"],
  create: async (context, planned) => {
    const { name, description, flow, callback_urls } = planned;
    const made = await context.client.post<{ clientId: string; clientSecret: string }>(CLIENTS, {
      callbackUrls: callback_urls ?? [],
      description,
      flow,
      name,
    });
    const resource = { ...planned, id: made.clientId, client_secret: made.clientSecret };
    return (await readClient(context, { ...resource, client_id: made.clientId })) ?? resource;
  },
  read: readClient,
  update: async (context, prior, planned) => {
    const { name, description, callback_urls } = planned;
    await context.client.put(`${CLIENTS}/${prior.id as string}`, {
      callbackUrls: callback_urls ?? [],
      description,
      name,
    });
    return (await readClient(context, { ...planned, id: prior.id ?? null })) ?? planned;
  },
  delete: ({ client }, state) => client.delete(`${CLIENTS}/${state.id as string}`),
  import: (id) => {
    const [client, secret = null] = id.split("|");
    return { id: client as string, client_id: client as string, client_secret: secret };
  },
};

async function readClient({ client }: Context, state: Resource): Promise<Resource | null> {
  const found = await orNull(
    client.get<Record<string, Value>>(`${CLIENTS}/${encodeURIComponent(state.client_id as string)}`),
  );
  if (found === null) return null;
  const urls = found.callbackUrls as readonly Value[];
  return {
    ...state,
    callback_urls: urls.length === 0 ? (state.callback_urls ?? null) : urls,
    client_id: found.clientId ?? "",
    description: found.description ?? "",
    flow: found.flow ?? "",
    identity: found.identity ?? "",
    name: found.name ?? "",
  };
}

interface Condition {
  readonly operator: string;
  readonly values?: Readonly<Record<string, string>> | null;
  readonly conditions?: readonly Condition[] | null;
}

interface Policy {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly identities: readonly string[];
  readonly resources: readonly { readonly urn: string }[];
  readonly permissions: Readonly<
    Record<"allow" | "except" | "deny", readonly { readonly action: string }[] | null>
  >;
  readonly permissionsGroups?: readonly { readonly urn: string }[] | null;
  readonly conditions?: Condition | null;
  readonly createdAt: string;
  readonly updatedAt?: string;
  readonly expiredAt?: string;
  readonly readOnly?: boolean;
  readonly owner: string;
}

/** A policy of an account. One that is gone is an error, as in the real provider. */
export const iamPolicy: ResourceType = {
  replace: [],
  keep: ["id", "created_at", "owner", "read_only", "updated_at"],
  create: async ({ client }, planned) =>
    policyState(planned, await client.post<Policy>(POLICIES, asked(planned))),
  read: async ({ client }, state) =>
    policyState(state, await client.get<Policy>(`${POLICIES}/${encodeURIComponent(state.id as string)}`)),
  update: async ({ client }, prior, planned) =>
    policyState(planned, await client.put<Policy>(`${POLICIES}/${prior.id as string}`, asked(planned))),
  delete: ({ client }, state) => client.delete(`${POLICIES}/${state.id as string}`),
  import: (id) => ({ id }),
};

const list = (value: Value | undefined): readonly string[] => (value ?? []) as readonly string[];

/** Lists that are not set go as null, as Go writes them. */
function asked(resource: Resource): object {
  const actions = (name: string) =>
    resource[name] ? list(resource[name]).map((action) => ({ action })) : null;
  const [conditions] = (resource.conditions ?? []) as readonly Resource[];
  return {
    name: resource.name,
    ...(resource.description ? { description: resource.description } : {}),
    identities: list(resource.identities),
    resources: list(resource.resources).map((urn) => ({ urn })),
    permissions: { allow: actions("allow"), except: actions("except"), deny: actions("deny") },
    permissionsGroups: resource.permissions_groups
      ? list(resource.permissions_groups).map((urn) => ({ urn }))
      : null,
    ...(conditions === undefined ? {} : { conditions: conditionAsked(conditions) }),
    ...(resource.expired_at ? { expiredAt: resource.expired_at } : {}),
  };
}

function conditionAsked({ operator, values, condition }: Resource): object {
  const below = (condition ?? []) as readonly Resource[];
  return {
    operator,
    ...(values ? { values } : {}),
    ...(below.length > 0 ? { conditions: below.map(conditionAsked) } : {}),
  };
}

function policyState(resource: Resource, found: Policy): Resource {
  const actions = (name: "allow" | "except" | "deny"): Value => {
    const names = (found.permissions[name] ?? []).map(({ action }) => action);
    return names.length === 0 ? null : names;
  };
  const groups = (found.permissionsGroups ?? []).map(({ urn }) => urn);
  return {
    ...resource,
    id: found.id,
    name: found.name,
    description: found.description ?? resource.description ?? null,
    identities: found.identities,
    resources: found.resources.map(({ urn }) => urn),
    allow: actions("allow"),
    except: actions("except"),
    deny: actions("deny"),
    permissions_groups: groups.length === 0 ? null : groups,
    conditions: found.conditions ? [conditionState(found.conditions)] : [],
    created_at: found.createdAt,
    updated_at: found.updatedAt ?? "",
    expired_at: found.expiredAt ?? null,
    read_only: found.readOnly ?? false,
    owner: found.owner,
  };
}

function conditionState({ operator, values, conditions }: Condition): Resource {
  return {
    operator,
    values: values && Object.keys(values).length > 0 ? values : null,
    condition: (conditions ?? []).map(conditionState),
  };
}
