import { describe, expect, it } from "vitest";
import {
  type AttributeSchema,
  type ResourceSchema,
  toProtocol,
} from "../../../lib/simulator/provider/schema.js";
import { OVH_SCHEMA } from "./ovh-schema.js";

interface ProtocolAttribute {
  readonly name: string;
  readonly type: Buffer;
  readonly sensitive?: boolean;
  readonly nested_type?: { readonly attributes: readonly ProtocolAttribute[]; readonly nesting: number };
}

interface ProtocolSchema {
  readonly version: number;
  readonly block: {
    readonly attributes: readonly ProtocolAttribute[];
    readonly block_types: readonly { readonly type_name: string; readonly nesting: number }[];
  };
}

const protocol = (schema: ResourceSchema) => toProtocol(schema) as ProtocolSchema;

function attribute(schema: AttributeSchema): ProtocolAttribute | undefined {
  return protocol({ version: 0, block: { attributes: { a: schema } } }).block.attributes[0];
}

describe("a schema in the protocol's form", () => {
  it.each([
    ["string", '"string"'],
    [["list", "string"], '["list","string"]'],
    [["map", ["list", "number"]], '["map",["list","number"]]'],
    [["object", { a: "bool" }], '["object",{"a":"bool"}]'],
  ] as const)("has the type %j as JSON", (type, json) => {
    const { type: bytes, nested_type } = attribute({ type, optional: true }) as ProtocolAttribute;
    expect([bytes.toString(), nested_type]).toEqual([json, undefined]);
  });

  it.each([
    ["single", 1],
    ["list", 2],
    ["set", 3],
    ["map", 4],
  ] as const)("has empty type bytes beside a nested type (%s)", (nesting_mode, nesting) => {
    const attributes = { x: { type: "string", required: true } } as const;
    expect(attribute({ nested_type: { nesting_mode, attributes }, computed: true })).toMatchObject({
      type: Buffer.alloc(0),
      nested_type: { nesting, attributes: [{ name: "x", type: Buffer.from('"string"'), required: true }] },
      computed: true,
    });
  });

  it("says of an attribute what the schema says", () => {
    const flags = { required: true, optional: true, computed: true, sensitive: true };
    expect(attribute({ type: "string", ...flags })).toMatchObject({ name: "a", ...flags });
  });

  it("has the blocks in it, with their limits", () => {
    const block = { attributes: { x: { type: "string", optional: true } } } as const;
    const block_types = {
      some: { nesting_mode: "list", block, min_items: 1, max_items: 2 },
      group: { nesting_mode: "group", block: {} },
    } as const;
    expect(protocol({ version: 3, block: { block_types } })).toMatchObject({
      version: 3,
      block: {
        attributes: [],
        block_types: [
          {
            type_name: "some",
            nesting: 2,
            min_items: 1,
            max_items: 2,
            block: { attributes: [{ name: "x" }] },
          },
          { type_name: "group", nesting: 5, min_items: 0, max_items: 0, block: { attributes: [] } },
        ],
      },
    });
  });
});

describe("the schemas of provider ovh/ovh", () => {
  it.each([
    ["ovh_cloud_project_user", "password"],
    ["ovh_cloud_project_user_s3_credential", "secret_access_key"],
    ["ovh_me_api_oauth2_client", "client_secret"],
  ])("keep the secret of %s sensitive: %s", (type, name) => {
    const { block } = protocol(OVH_SCHEMA.resource_schemas?.[type] as ResourceSchema);
    expect(block.attributes.find((one) => one.name === name)).toMatchObject({ sensitive: true });
  });

  it("have either a type or a nested type on every attribute", () => {
    const faulty: string[] = [];
    const check = (path: string, { type, nested_type, name }: ProtocolAttribute) => {
      if (type.length > 0 === (nested_type !== undefined)) faulty.push(`${path}.${name}`);
      for (const inner of nested_type?.attributes ?? []) check(`${path}.${name}`, inner);
    };
    const all = { ...OVH_SCHEMA.resource_schemas, ...OVH_SCHEMA.data_source_schemas };
    for (const [type, schema] of Object.entries(all)) {
      for (const one of protocol(schema).block.attributes) check(type, one);
    }
    expect(faulty).toEqual([]);
  });
});
