import type { ResourceType } from "./resource-type.js";
import type { ResourceSchema } from "./schema.js";
import { type Resource, same, UNKNOWN, type Value } from "./values.js";

/** What a plan answers. */
export interface Planned {
  readonly state: Resource;
  /** Attributes whose change replaces the resource. */
  readonly requiresReplace: readonly string[];
}

/**
 * Plans a change as the real provider does: nothing where nothing differs; otherwise every
 * computed attribute that the configuration leaves open becomes unknown, `id` included,
 * but for those that the type keeps.
 */
export function plan(
  type: Pick<ResourceType, "replace" | "replaceIfConfigured" | "keep">,
  schema: ResourceSchema,
  prior: Resource | null,
  proposed: Resource,
  config: Resource,
): Planned {
  const attributes = schema.block.attributes ?? {};
  const computed = Object.keys(attributes).filter(
    (name) => attributes[name]?.computed && config[name] === null,
  );
  if (prior === null) {
    const unknown = computed.map((name): [string, Value] => [name, UNKNOWN]);
    return { state: { ...proposed, ...Object.fromEntries(unknown) }, requiresReplace: [] };
  }
  const blocks = Object.keys(schema.block.block_types ?? {});
  const changed = [...Object.keys(attributes), ...blocks].filter(
    (name) => !same(prior[name], proposed[name]),
  );
  if (changed.length === 0) return { state: prior, requiresReplace: [] };
  const keep = type.keep ?? [];
  const state = { ...proposed };
  for (const name of computed) {
    const kept = keep.includes(name) && (prior[name] ?? null) !== null;
    state[name] = kept ? (prior[name] as Value) : UNKNOWN;
  }
  const requiresReplace = changed.filter(
    (name) =>
      type.replace.includes(name) || (type.replaceIfConfigured?.includes(name) && config[name] !== null),
  );
  return { state, requiresReplace };
}
