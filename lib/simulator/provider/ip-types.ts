import { setTimeout as sleep } from "node:timers/promises";
import { OvhError } from "../../operations/ovh-client.js";
import { toApi } from "./api-shape.js";
import type { Context, ResourceType } from "./resource-type.js";
import type { Resource, Value } from "./values.js";
import { afterCreate, isNotFound, orNull } from "./wait.js";

const part = (value: unknown) => encodeURIComponent(value as string);

interface Address {
  readonly ip: string;
  readonly type: string;
  readonly country: string | null;
  readonly description: string | null;
  readonly organisationId: string | null;
  readonly canBeTerminated: boolean;
  readonly routedTo: { readonly serviceName: string } | null;
}

function addressState(resource: Resource, found: Address): Resource {
  return {
    ...resource,
    can_be_terminated: found.canBeTerminated,
    ip: found.ip,
    type: found.type,
    country: found.country ?? resource.country ?? null,
    description: found.description ?? resource.description ?? null,
    organisation_id: found.organisationId ?? resource.organisation_id ?? null,
    routed_to:
      found.routedTo === null ? (resource.routed_to ?? []) : [{ service_name: found.routedTo.serviceName }],
  };
}

/** Looks at an order as often as the provider does in its half an hour. */
const LOOKS = 600;

/** An address that is ordered, paid and, in the end, terminated. */
export const ipService: ResourceType = {
  replace: ["ovh_subsidiary", "payment_mean", "plan", "plan_option"],
  keep: [
    "id",
    "can_be_terminated",
    "country",
    "description",
    "ip",
    "organisation_id",
    "ovh_subsidiary",
    "routed_to",
    "service_name",
    "type",
  ],
  create: async (context, planned) => {
    const service = await order(context, planned);
    const resource = { ...planned, id: service, service_name: service };
    return afterCreate(resource, async () => {
      await describe(context, resource);
      return (await readService(context, resource)) ?? resource;
    });
  },
  read: readService,
  update: async (context, prior, planned) => {
    const resource: Resource = { ...planned, id: prior.id ?? null, service_name: prior.service_name ?? null };
    await describe(context, resource);
    return (await readService(context, resource)) ?? resource;
  },
  delete: terminate,
  import: (id) => ({ id, service_name: id }),
};

type Nested = Record<string, Value>;

/** @returns the name of the service that was delivered */
async function order(context: Context, planned: Resource): Promise<string> {
  const { client, pollInterval } = context;
  const [plan] = (planned.plan ?? []) as Nested[];
  const subsidiary =
    (planned.ovh_subsidiary as string | null) ??
    (await client.get<{ ovhSubsidiary: string }>("/me")).ovhSubsidiary;
  if (plan === undefined) throw new Error("could not order ip: plan is missing from configuration");
  const { cartId } = await client.post<{ cartId: string }>("/order/cart", {
    ovhSubsidiary: subsidiary.toUpperCase(),
  });
  const cart = `/order/cart/${part(cartId)}`;
  await client.post(`${cart}/assign`, undefined);
  const { itemId } = await client.post<{ itemId: number }>(
    `${cart}/ip`,
    toApi({
      duration: plan.duration,
      planCode: plan.plan_code,
      pricingMode: plan.pricing_mode,
      catalogName: plan.catalog_name,
      quantity: 1,
    }),
  );
  for (const { label, value } of (plan.configuration ?? []) as Nested[]) {
    await client.post(`${cart}/item/${itemId}/configuration`, { label, value });
  }
  const [payment] = await client.get<number[]>("/me/payment/method?default=true");
  if (payment === undefined) {
    const { prices } = await client.get<{ prices: { withoutTax: { value: number } } }>(`${cart}/checkout`);
    if (prices.withoutTax.value !== 0) throw new Error("could not order ip: no default payment found");
  }
  const { orderId } = await client.post<{ orderId: number }>(`${cart}/checkout`, undefined);
  await client.post(`/me/order/${orderId}/pay`, { paymentMethod: { id: payment } });
  for (let look = 1; ; look++) {
    await sleep(pollInterval);
    const status = await client.get<string>(`/me/order/${orderId}/status`);
    if (status === "delivered") break;
    if (!["checking", "delivering"].includes(status)) {
      throw new Error(
        `waiting for order (${orderId}): unexpected state '${status}', wanted target 'delivered'`,
      );
    }
    if (look === LOOKS)
      throw new Error(`waiting for order (${orderId}): timeout while waiting for 'delivered'`);
  }
  const details = `/me/order/${orderId}/details`;
  for (const id of await client.get<number[]>(details)) {
    const extension = await client.get<{ order: { plan: { code: string } } }>(`${details}/${id}/extension`);
    if (extension.order.plan.code !== plan.plan_code) continue;
    return (await client.get<{ domain: string }>(`${details}/${id}`)).domain;
  }
  throw new Error("failed to get service name from order ID: serviceName not found");
}

async function describe({ client }: Context, { service_name, description }: Resource): Promise<void> {
  await client.put(`/ip/service/${part(service_name)}`, toApi({ description }));
}

async function readService({ client }: Context, state: Resource): Promise<Resource | null> {
  const found = await orNull(client.get<Address>(`/ip/service/${part(state.service_name)}`));
  return found === null ? null : addressState(state, found);
}

/** Terminates a service: OVH mails a token, which is read in the account's mails and confirmed. */
async function terminate({ client, pollInterval }: Context, state: Resource): Promise<void> {
  const history = "/me/notification/email/history";
  const last = Math.max(...(await client.get<number[]>(history)));
  const service = `/ip/service/${part(state.service_name)}`;
  try {
    await client.post(`${service}/terminate`, undefined);
  } catch (error) {
    if (error instanceof OvhError && (error.status === 404 || error.status === 460)) return;
    throw error;
  }
  for (let look = 1; look <= LOOKS; look++) {
    await sleep(pollInterval);
    for (const id of (await client.get<number[]>(history)).filter((one) => one > last)) {
      const { body } = await client.get<{ body: string }>(`${history}/${id}`);
      if (!body.includes(state.service_name as string)) continue;
      const token = /\/billing\/confirmTerminate\?id=[A-Za-z0-9]+&token=([A-Za-z0-9]+)/.exec(body)?.[1];
      if (token === undefined) continue;
      await client.post(`${service}/confirmTermination`, { token });
      return;
    }
  }
  throw new Error("email notification not found");
}

interface IpTask {
  readonly taskId: number;
  readonly status: string;
  readonly startDate: string;
}

/** Routes an address to a service; taken away, the address is parked. */
export const ipMove: ResourceType = {
  replace: [],
  keep: [
    "id",
    "can_be_terminated",
    "country",
    "description",
    "organisation_id",
    "service_name",
    "task_start_date",
    "task_status",
    "type",
  ],
  create: (context, planned) =>
    move(context, { ...planned, id: planned.ip ?? null, service_name: serviceOf(planned) }),
  read: async ({ client }, state) => {
    const found = await orNull(client.get<Address>(`/ip/${part(state.ip)}`));
    return found === null ? null : addressState({ ...state, service_name: serviceOf(state) }, found);
  },
  update: (context, prior, planned) =>
    move(context, { ...planned, id: prior.id ?? null, service_name: serviceOf(planned) }),
  delete: async (context, state) => {
    await move(context, { ...state, routed_to: [{ service_name: "" }] }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  },
  import: (id) => ({ id, ip: id }),
};

/** `ip-203.0.113.40`; a block of several addresses keeps its mask. */
function serviceOf({ ip }: Resource): string {
  return `ip-${(ip as string).replace(/\/32$/, "")}`;
}

async function move({ client, pollInterval }: Context, resource: Resource): Promise<Resource> {
  const path = `/ip/${part(resource.ip)}`;
  const [asked] = (resource.routed_to ?? []) as Nested[];
  const to = (asked?.service_name as string | undefined) || null;
  const before = await client.get<Address>(path);
  if ((before.routedTo?.serviceName ?? null) === to) {
    return { task_status: null, task_start_date: null, ...known(resource, before) };
  }
  let task = await client.post<IpTask>(
    `${path}/${to === null ? "park" : "move"}`,
    to === null ? undefined : { to },
  );
  while (["init", "todo", "doing"].includes(task.status)) {
    await sleep(pollInterval);
    task = await client.get<IpTask>(`${path}/task/${task.taskId}`);
  }
  if (task.status !== "done") {
    throw new Error(
      `could not assign IP ${resource.ip as string} to service ${to} as Ip task is ${task.status}`,
    );
  }
  const state = known(resource, await client.get<Address>(path));
  return { ...state, id: String(task.taskId), task_status: task.status, task_start_date: task.startDate };
}

/** What a move knows of an address; the block stays as it was written. */
function known(resource: Resource, found: Address): Resource {
  return { ...addressState(resource, found), ip: resource.ip ?? null };
}

/** The name that an address is found under. OVH refuses it until the name is found at the address. */
export const ipReverse: ResourceType = {
  replace: ["ip", "ip_reverse", "reverse", "readiness_timeout_duration"],
  keep: ["id"],
  create: async (context, planned) => {
    const { client } = context;
    const body = { ipReverse: planned.ip_reverse, reverse: planned.reverse };
    const made = await retried(context, () =>
      client.post<{ ipReverse: string }>(`/ip/${part(planned.ip)}/reverse`, body),
    );
    return { ...planned, id: made.ipReverse };
  },
  read: async ({ client }, state) => {
    const found = await orNull(
      client.get<{ ipReverse: string; reverse: string }>(`/ip/${part(state.ip)}/reverse/${part(state.id)}`),
    );
    return found === null ? null : { ...state, ip_reverse: found.ipReverse, reverse: found.reverse };
  },
  delete: async ({ client }, state) => {
    await client.delete(`/ip/${part(state.ip)}/reverse/${part(state.id)}`).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  },
  import: (id) => {
    const [ip, reverse] = id.split("|");
    if (!ip || !reverse) throw new Error("Import Id is not ip|ip_reverse formatted");
    return { id: reverse, ip };
  },
};

/** A refusal with 400 is tried again each five seconds for a minute. */
async function retried<T>({ pollInterval }: Context, attempt: () => Promise<T>): Promise<T> {
  for (let left = 12; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof OvhError) || error.status !== 400) throw error;
      if (left === 0) {
        throw new Error(
          `failed to create OVH IP Reverse: retry duration exhausted for ovh_ip_reverse resource creation: ${error.message}`,
        );
      }
      await sleep(pollInterval);
    }
  }
}
