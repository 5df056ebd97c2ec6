import { setTimeout as sleep } from "node:timers/promises";
import { toApi } from "./api-shape.js";
import type { Context, ResourceType } from "./resource-type.js";
import type { Resource, Value } from "./values.js";
import { afterCreate } from "./wait.js";

type FailoverIp = Record<string, Value>;

/** Routes a FailOver IP to an instance; taken away, nothing is done. */
export const failoverIpAttach: ResourceType = {
  replace: ["service_name", "routed_to"],
  // The attributes of an SDK type keep their values; there is no update that could change them.
  keep: ["id", "block", "continent_code", "geo_loc", "ip", "progress", "routed_to", "status", "sub_type"],
  create: async (context, planned) => {
    const before = await findFailoverIp(context, planned);
    const path = `/cloud/project/${planned.service_name as string}/ip/failover/${before.id as string}/attach`;
    return afterCreate(before, async () => {
      let found = await attach(context, path, planned.routed_to ?? null);
      while (found.status === "operationPending") {
        await sleep(context.pollInterval);
        found = { ...(await findFailoverIp(context, planned)) };
      }
      return failoverState(planned, found);
    });
  },
  read: (context, state) => findFailoverIp(context, state),
  delete: async () => {},
};

async function attach(
  { client, pollInterval }: Context,
  path: string,
  instanceId: Value,
): Promise<FailoverIp> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.post<FailoverIp>(path, toApi({ instanceId }));
    } catch (error) {
      // OVH answers 400 while the instance has no address of its own yet.
      if ((error as { status?: number }).status !== 400 || attempt === 20) throw error;
      await sleep(pollInterval);
    }
  }
}

/** A FailOver IP of a project by its address. @throws Error where the project has none */
export async function findFailoverIp({ client }: Context, resource: Resource): Promise<Resource> {
  const project = resource.service_name as string;
  const list = await client.get<FailoverIp[]>(`/cloud/project/${project}/ip/failover`);
  const found = list.find(({ ip }) => ip === resource.ip);
  if (found === undefined) {
    throw new Error(
      `failover IP ${(resource.ip as string) ?? ""} cannot be found in cloud project ${project}`,
    );
  }
  return failoverState(resource, found);
}

function failoverState(resource: Resource, found: FailoverIp): Resource {
  return {
    service_name: resource.service_name as string,
    id: found.id ?? "",
    ip: found.ip ?? "",
    block: found.block ?? "",
    continent_code: found.continentCode ?? found.continent_code ?? "",
    geo_loc: found.geoLoc ?? found.geo_loc ?? "",
    progress: found.progress ?? 0,
    routed_to: found.routedTo ?? found.routed_to ?? "",
    status: found.status ?? "",
    sub_type: found.subType ?? found.sub_type ?? "",
  };
}
