import { decode, ExtensionCodec, encode } from "@msgpack/msgpack";
import type { AttributeSchema, BlockSchema, ResourceSchema } from "./schema.js";

/** A value that only the apply will tell. */
export const UNKNOWN = Symbol("unknown");

/** A value of a Terraform object. */
export type Value =
  | null
  | string
  | number
  | boolean
  | typeof UNKNOWN
  | readonly Value[]
  | { readonly [key: string]: Value };

/** A whole resource: every attribute of its schema is a key. */
export type Resource = { [attribute: string]: Value };

interface DynamicValue {
  readonly msgpack?: Uint8Array;
}

class Unknown {}

const codec = new ExtensionCodec();
codec.register({
  type: 0,
  encode: (input) => (input instanceof Unknown ? new Uint8Array([0]) : null),
  decode: () => new Unknown(),
});
// An unknown value of which Terraform knows something; here it is as unknown as any.
codec.register({ type: 12, encode: () => null, decode: () => new Unknown() });

/** Reads what Terraform sent; null for an absent value. */
export function decodeValue(value: DynamicValue | null | undefined): Resource | null {
  if (!value?.msgpack || value.msgpack.length === 0) return null;
  return fromWire(decode(value.msgpack, { extensionCodec: codec })) as Resource | null;
}

/** Writes a resource as Terraform wants it: every attribute present, also inside of objects. */
export function encodeResource(schema: ResourceSchema, value: Resource | null): DynamicValue {
  const complete = value === null ? null : completeBlock(schema.block, value);
  return { msgpack: encode(toWire(complete), { extensionCodec: codec }) };
}

/** Writes a value of which the shape is known to be complete. */
export function encodeNull(): DynamicValue {
  return { msgpack: encode(null) };
}

function fromWire(value: unknown): Value {
  if (value instanceof Unknown) return UNKNOWN;
  if (Array.isArray(value)) return value.map(fromWire);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromWire(item)]));
  }
  return value as Value;
}

function toWire(value: Value): unknown {
  if (value === UNKNOWN) return new Unknown();
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toWire(item)]));
  }
  return value;
}

function completeBlock(block: BlockSchema, value: Resource): Resource {
  const result = completeAttributes(block.attributes ?? {}, value);
  for (const [name, nested] of Object.entries(block.block_types ?? {})) {
    const found = value[name] ?? null;
    const one = (item: Value) => completeBlock(nested.block, item as Resource);
    if (nested.nesting_mode === "single" || nested.nesting_mode === "group") {
      result[name] = found === null || found === UNKNOWN ? found : one(found);
    } else {
      const items = found ?? [];
      result[name] = Array.isArray(items) ? items.map(one) : items;
    }
  }
  return result;
}

function completeAttributes(schemas: Readonly<Record<string, AttributeSchema>>, value: Resource): Resource {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, completeAttribute(schema, value[name] ?? null)]),
  );
}

function completeAttribute(schema: AttributeSchema, value: Value): Value {
  const { nested_type } = schema;
  if (nested_type === undefined || value === null || value === UNKNOWN) return value;
  const one = (item: Value): Value =>
    item === null || item === UNKNOWN ? item : completeAttributes(nested_type.attributes, item as Resource);
  if (nested_type.nesting_mode === "single") return one(value);
  if (Array.isArray(value)) return value.map(one);
  return Object.fromEntries(Object.entries(value as Resource).map(([key, item]) => [key, one(item)]));
}

/** Whether two values are the same; two unknown ones are not. */
export function same(a: Value | undefined, b: Value | undefined): boolean {
  if (a === UNKNOWN || b === UNKNOWN) return false;
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return (a ?? null) === (b ?? null);
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return left.length === right.length && left.every(([key, item]) => same(item, (b as Resource)[key]));
}

/** A copy in which what is unknown is null: what may be written to a request or a state. */
export function known(resource: Resource): Resource {
  const strip = (value: Value): Value => {
    if (value === UNKNOWN) return null;
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, strip(item)]));
    }
    return value;
  };
  return strip(resource) as Resource;
}
