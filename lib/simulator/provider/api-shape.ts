import type { AttributeSchema } from "./schema.js";
import type { Resource, Value } from "./values.js";

/** Whether an absent field becomes its type's zero value, as in most of the provider, or null. */
export type Absent = "zero" | "null";

/** Reads an object of the API into the attributes that a schema names. */
export function fromApi(
  attributes: Readonly<Record<string, AttributeSchema>>,
  object: unknown,
  absent: Absent,
): Resource {
  const source = (object ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(attributes).map(([name, schema]) => [
      name,
      attribute(schema, source[camelCase(name)], absent),
    ]),
  );
}

function attribute(schema: AttributeSchema, value: unknown, absent: Absent): Value {
  const { nested_type, type } = schema;
  if (value === undefined || value === null) {
    if (nested_type !== undefined || absent === "null") return null;
    if (type === "string") return "";
    if (type === "number") return 0;
    return type === "bool" ? false : null;
  }
  if (nested_type === undefined) return value as Value;
  if (nested_type.nesting_mode === "single") return fromApi(nested_type.attributes, value, absent);
  return (value as unknown[]).map((item) => fromApi(nested_type.attributes, item, absent));
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** An object for the API: what is null or absent is left out. */
export function toApi(fields: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      (entry): entry is [string, Value] => entry[1] !== null && entry[1] !== undefined,
    ),
  );
}

/** `{id}`, or nothing where there is none. */
export function idObject(id: Value | undefined): Value {
  return id === null || id === undefined || id === "" ? null : { id };
}
