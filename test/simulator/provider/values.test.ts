import { decode, ExtData, encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AttributeSchema, BlockSchema, ResourceSchema } from "../../../lib/simulator/provider/schema.js";
import {
  decodeValue,
  encodeNull,
  encodeResource,
  known,
  type Resource,
  same,
  UNKNOWN,
  type Value,
} from "../../../lib/simulator/provider/values.js";

const text: AttributeSchema = { type: "string", optional: true };
const nested = (nesting_mode: "single" | "list" | "set" | "map"): AttributeSchema => ({
  nested_type: {
    nesting_mode,
    attributes: {
      name: text,
      inner: { nested_type: { nesting_mode: "single", attributes: { x: text, y: text } } },
    },
  },
});
const schema = (block: BlockSchema): ResourceSchema => ({ version: 0, block });
const attributes = (all: Readonly<Record<string, AttributeSchema>>) => schema({ attributes: all });

/** What goes over the wire, by a decoder that knows nothing of Terraform. */
const onWire = (of: ResourceSchema, value: Resource | null) =>
  decode(encodeResource(of, value).msgpack as Uint8Array);

/** What arrives when Terraform sends `value`, in which ExtData stands for what it does not know. */
function sent(value: unknown): Resource | null {
  return decodeValue({ msgpack: encode(value) });
}

describe("what Terraform sends", () => {
  it("is read with all its kinds of values", () => {
    const value = { s: "é", n: 1.5, i: 4094, b: false, z: null, list: ["a", "b"], map: { k: "v" } };
    expect(sent(value)).toEqual(value);
  });

  it("is null where it is null, empty or absent", () => {
    expect(sent(null)).toBeNull();
    expect(decodeValue({ msgpack: new Uint8Array() })).toBeNull();
    expect(decodeValue({})).toBeNull();
    expect(decodeValue(null)).toBeNull();
    expect(decodeValue(undefined)).toBeNull();
  });

  it("is unknown where Terraform does not know it", () => {
    expect(sent({ id: new ExtData(0, new Uint8Array([0])) })).toEqual({ id: UNKNOWN });
  });

  it("is unknown where Terraform knows only something of it", () => {
    // Not null, and with a prefix: how Terraform sends "x-${unknown}".
    const refinement = encode(
      new Map([
        [1, false],
        [2, "x-"],
      ] as never),
    );
    expect(sent({ id: new ExtData(12, refinement) })).toEqual({ id: UNKNOWN });
  });

  it("is unknown at any depth", () => {
    const unknown = new ExtData(0, new Uint8Array([0]));
    expect(sent({ list: [unknown, { a: unknown }], map: { k: unknown } })).toEqual({
      list: [UNKNOWN, { a: UNKNOWN }],
      map: { k: UNKNOWN },
    });
  });

  it("has numbers that JavaScript cannot hold as text, and they stay text", () => {
    expect(sent({ n: "12345678901234567890123" })).toEqual({ n: "12345678901234567890123" });
  });
});

describe("what Terraform is sent", () => {
  it("has every attribute of the schema and no other", () => {
    expect(onWire(attributes({ a: text, b: text }), { b: "x", c: "y" })).toEqual({ a: null, b: "x" });
  });

  it("is a single nil where the resource is gone", () => {
    expect(onWire(attributes({ a: text }), null)).toBeNull();
    expect(decode(encodeNull().msgpack as Uint8Array)).toBeNull();
  });

  it("has extension 0 where a value is unknown, even in lists and maps", () => {
    const all = { a: text, list: { type: ["list", "string"] }, map: { type: ["map", "string"] } } as const;
    const value: Resource = { a: UNKNOWN, list: ["x", UNKNOWN], map: { k: UNKNOWN } };
    const unknown = expect.objectContaining({ type: 0 });
    expect(onWire(attributes(all), value)).toEqual({ a: unknown, list: ["x", unknown], map: { k: unknown } });
  });

  it.each([
    ["single", { name: "n" }, { name: "n", inner: null }],
    ["single", { inner: { x: "1" } }, { name: null, inner: { x: "1", y: null } }],
    [
      "list",
      [{ name: "n" }, {}],
      [
        { name: "n", inner: null },
        { name: null, inner: null },
      ],
    ],
    ["set", [{ inner: {} }], [{ name: null, inner: { x: null, y: null } }]],
    ["map", { k: { name: "n" }, z: null }, { k: { name: "n", inner: null }, z: null }],
    ["list", [null], [null]],
    ["single", null, null],
    ["list", null, null],
    ["list", [], []],
    ["map", {}, {}],
  ] as const)("has every attribute of nested objects (%s of %j)", (mode, value, expected) => {
    expect(onWire(attributes({ a: nested(mode) }), { a: value as Value })).toEqual({ a: expected });
  });

  it("may be unknown in place of a nested object, of a list of them, or of one in it", () => {
    const all = { one: nested("single"), list: nested("list"), some: nested("list") };
    const unknown = expect.objectContaining({ type: 0 });
    expect(onWire(attributes(all), { one: UNKNOWN, list: UNKNOWN, some: [UNKNOWN, {}] })).toEqual({
      one: unknown,
      list: unknown,
      some: [unknown, { name: null, inner: null }],
    });
  });

  it("has an empty list for a block that is not there, and completes those that are", () => {
    const blocks = schema({
      attributes: { a: text },
      block_types: {
        none: { nesting_mode: "list", block: { attributes: { x: text } } },
        some: { nesting_mode: "list", block: { attributes: { x: text, y: text } } },
      },
    });
    expect(onWire(blocks, { some: [{ x: "1" }] })).toEqual({
      a: null,
      none: [],
      some: [{ x: "1", y: null }],
    });
  });

  it("has nil for a single block that is not there", () => {
    const timeouts = { nesting_mode: "single", block: { attributes: { create: text } } } as const;
    expect(onWire(schema({ block_types: { timeouts } }), {})).toEqual({ timeouts: null });
  });

  it("has every attribute of a single block", () => {
    const timeouts = {
      nesting_mode: "single",
      block: { attributes: { create: text, delete: text } },
    } as const;
    expect(onWire(schema({ block_types: { timeouts } }), { timeouts: { create: "1m" } })).toEqual({
      timeouts: { create: "1m", delete: null },
    });
  });
});

const key = fc.string({ minLength: 1 }).filter((name) => name !== "__proto__");
const leaf = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.boolean(),
  fc.integer(),
  // Terraform has no negative zero.
  fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
  fc.constant(null),
  fc.constant(UNKNOWN),
);
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }) },
  ) as fc.Arbitrary<Value>,
})).value;
const resource = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true }) as fc.Arbitrary<Resource>;

const holdsUnknown = (one: Value): boolean =>
  one === UNKNOWN || (typeof one === "object" && one !== null && Object.values(one).some(holdsUnknown));

function copy(one: Value): Value {
  if (typeof one !== "object" || one === null) return one;
  if (Array.isArray(one)) return one.map(copy);
  return Object.fromEntries(Object.entries(one).map(([name, item]) => [name, copy(item)]));
}

/** A schema in which every attribute of a resource is a plain one. */
const plain = (of: Resource) =>
  attributes(Object.fromEntries(Object.keys(of).map((name) => [name, { type: "string" as const }])));

describe("a value", () => {
  it("survives the way to Terraform and back", () => {
    fc.assert(
      fc.property(resource, (original) => {
        expect(decodeValue(encodeResource(plain(original), original))).toEqual(original);
      }),
    );
  });

  it("arrives complete at every depth, however little of it is there", () => {
    const leafOf = fc.constantFrom<Value>("x", null, UNKNOWN);
    const inner = fc.oneof(
      leafOf.filter((x) => x !== "x"),
      fc.record({ x: leafOf, y: leafOf }, { requiredKeys: [] }),
    );
    const object = fc.record({ name: leafOf, inner }, { requiredKeys: [] });
    const sparse = fc.record(
      { one: object, list: fc.array(object), map: fc.dictionary(key, object, { noNullPrototype: true }) },
      { requiredKeys: [] },
    );
    const all = attributes({ one: nested("single"), list: nested("list"), map: nested("map") });
    const isComplete = (entry: Value): boolean => {
      const { name, inner: below } = entry as Resource;
      if (name === undefined || below === undefined) return false;
      return below === null || below === UNKNOWN || Object.keys(below as object).length === 2;
    };
    fc.assert(
      fc.property(sparse, (original) => {
        const arrived = decodeValue(encodeResource(all, original as Resource)) as Resource;
        expect(Object.keys(arrived).sort()).toEqual(["list", "map", "one"]);
        const objects = [
          arrived.one,
          ...((arrived.list ?? []) as Value[]),
          ...Object.values(arrived.map ?? {}),
        ];
        expect(objects.filter((one) => one !== null).every((one) => isComplete(one as Value))).toBe(true);
      }),
    );
  });

  it("is the same as a copy of it, unless something of it is unknown", () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(same(original, copy(original))).toBe(!holdsUnknown(original));
      }),
    );
  });

  it("holds nothing unknown once it is made known, and is otherwise what it was", () => {
    fc.assert(
      fc.property(resource, (original) => {
        const made = known(original);
        expect(known(made)).toEqual(made);
        expect(JSON.stringify(made)).toBe(
          JSON.stringify(original, (_, one) => (one === UNKNOWN ? null : one)),
        );
      }),
    );
  });
});

describe("two values", () => {
  it.each<[Value | undefined, Value | undefined, boolean]>([
    ["a", "a", true],
    ["a", "b", false],
    [1, "1", false],
    [0, false, false],
    ["", null, false],
    [null, undefined, true],
    [null, null, true],
    [[], [], true],
    [[], null, false],
    [["a", "b"], ["b", "a"], false],
    [["a"], ["a", "b"], false],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: { b: [1] } }, { a: { b: [1] } }, true],
    [{ a: { b: [1] } }, { a: { b: [2] } }, false],
  ])("%j and %j are the same: %s", (a, b, expected) => {
    expect(same(a, b)).toBe(expected);
    expect(same(b, a)).toBe(expected);
  });

  it("are never the same when one is unknown, not even when both are", () => {
    expect(same(UNKNOWN, UNKNOWN)).toBe(false);
    expect(same(UNKNOWN, "a")).toBe(false);
    expect(same([UNKNOWN], ["a"])).toBe(false);
    expect(same({ a: [UNKNOWN] }, { a: [UNKNOWN] })).toBe(false);
  });
});
