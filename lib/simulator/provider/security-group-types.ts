import { fromApi, idObject, toApi } from "./api-shape.js";
import { importParts, type ResourceType } from "./resource-type.js";
import type { AttributeSchema } from "./schema.js";
import type { Resource, Value } from "./values.js";
import { afterCreate, deleteAndWait, reading, type Tracked, untilReady } from "./wait.js";

type Nested = Record<string, Value>;

/** A security group and its rules; those of OVH's own making are only read. */
export function securityGroup(attributes: Readonly<Record<string, AttributeSchema>>): ResourceType {
  const base = (resource: Resource) =>
    `/v2/publicCloud/project/${resource.service_name as string}/securityGroup`;
  const path = (resource: Resource) => `${base(resource)}/${resource.id as string}`;
  const current = attributes.current_state?.nested_type?.attributes ?? {};
  const rule = attributes.rule?.nested_type?.attributes ?? {};
  const state = (resource: Resource, found: Tracked): Resource => {
    const spec = (found.targetSpec ?? {}) as Nested;
    const rules = ((spec.rules ?? []) as Nested[]).map((one) =>
      fromApi(rule, { ...one, remoteGroupId: (one.remoteGroup as Nested | undefined)?.id }, "null"),
    );
    return {
      ...resource,
      id: found.id,
      checksum: found.checksum ?? "",
      created_at: found.createdAt ?? "",
      updated_at: found.updatedAt ?? "",
      resource_status: found.resourceStatus,
      name: spec.name ?? null,
      description: spec.description || (resource.description ?? null),
      region: (spec.location as Nested | undefined)?.region ?? resource.region ?? null,
      rule: rules.length === 0 ? null : rules,
      current_state: found.currentState ? currentState(found.currentState as Nested) : null,
    };
  };
  // Numbers of ports stay null where there are none; every text is at least empty.
  const currentState = (found: Nested): Resource => {
    const ported = (list: Value | undefined): Value =>
      ((list ?? []) as Nested[]).map((one) => ({
        ...fromApi(stateRule, { ...one, remoteGroupId: (one.remoteGroup as Nested | undefined)?.id }, "zero"),
        port_range_min: one.portRangeMin ?? null,
        port_range_max: one.portRangeMax ?? null,
      }));
    return {
      ...fromApi(current, found, "zero"),
      rules: ported(found.rules),
      default_rules: ported(found.defaultRules),
    };
  };
  const stateRule = current.rules?.nested_type?.attributes ?? {};
  const asked = (resource: Resource) =>
    toApi({
      name: resource.name,
      description: resource.description,
      rules: resource.rule === null ? null : ((resource.rule ?? []) as Nested[]).map(ruleAsked),
    });
  return {
    replace: ["service_name", "region"],
    create: async (context, planned) => {
      const targetSpec = { ...asked(planned), location: { region: planned.region } };
      const made = await context.client.post<Tracked>(base(planned), { targetSpec });
      return afterCreate(state(planned, made), async () =>
        state(planned, await untilReady(context, path({ ...planned, id: made.id }), "security group")),
      );
    },
    read: reading(path, state),
    update: async (context, prior, planned) => {
      await context.client.put(path(prior), { checksum: prior.checksum, targetSpec: asked(planned) });
      return state(planned, await untilReady(context, path(prior), "security group"));
    },
    delete: (context, resource) => deleteAndWait(context, path(resource)),
    import: (id) => importParts(id, "service_name", "id"),
  };
}

function ruleAsked(one: Nested): Value {
  return toApi({
    direction: one.direction,
    ethernetType: one.ethernet_type,
    protocol: one.protocol,
    portRangeMin: one.port_range_min,
    portRangeMax: one.port_range_max,
    remoteGroup: idObject(one.remote_group_id),
    remoteIpPrefix: one.remote_ip_prefix,
    description: one.description,
  });
}
