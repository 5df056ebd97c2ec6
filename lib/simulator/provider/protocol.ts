import { fromJSON, type PackageDefinition } from "@grpc/proto-loader";

type Description = Parameters<typeof fromJSON>[0];

type Fields = Readonly<Record<string, readonly [id: number, type: string]>>;

/** A message by its fields; a type that ends in `[]` is repeated, `{}` a map keyed by strings. */
function message(fields: Fields) {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, [id, type]]) => {
        if (type.endsWith("[]")) return [name, { id, rule: "repeated", type: type.slice(0, -2) }];
        if (type.endsWith("{}")) return [name, { id, keyType: "string", type: type.slice(0, -2) }];
        return [name, { id, type }];
      }),
    ),
  };
}

function rpc(request: Fields, response: Fields) {
  return { nested: { Request: message(request), Response: message(response) } };
}

const NESTING = { INVALID: 0, SINGLE: 1, LIST: 2, SET: 3, MAP: 4, GROUP: 5 };

const MESSAGES = {
  DynamicValue: message({ msgpack: [1, "bytes"], json: [2, "bytes"] }),
  Step: message({
    attribute_name: [1, "string"],
    element_key_string: [2, "string"],
    element_key_int: [3, "int64"],
  }),
  AttributePath: message({ steps: [1, "Step[]"] }),
  Diagnostic: message({
    severity: [1, "int32"],
    summary: [2, "string"],
    detail: [3, "string"],
    attribute: [4, "AttributePath"],
  }),
  RawState: message({ json: [1, "bytes"] }),
  ObjectType: message({ attributes: [1, "Attribute[]"], nesting: [3, "Nesting"] }),
  Nesting: { values: NESTING },
  Attribute: message({
    name: [1, "string"],
    type: [2, "bytes"],
    required: [4, "bool"],
    optional: [5, "bool"],
    computed: [6, "bool"],
    sensitive: [7, "bool"],
    deprecated: [9, "bool"],
    nested_type: [10, "ObjectType"],
  }),
  NestedBlock: message({
    type_name: [1, "string"],
    block: [2, "Block"],
    nesting: [3, "Nesting"],
    min_items: [4, "int64"],
    max_items: [5, "int64"],
  }),
  Block: message({
    version: [1, "int64"],
    attributes: [2, "Attribute[]"],
    block_types: [3, "NestedBlock[]"],
  }),
  Schema: message({ version: [1, "int64"], block: [2, "Block"] }),
  ServerCapabilities: message({
    plan_destroy: [1, "bool"],
    get_provider_schema_optional: [2, "bool"],
  }),
};

const RPCS = {
  GetProviderSchema: rpc(
    {},
    {
      provider: [1, "Schema"],
      resource_schemas: [2, "Schema{}"],
      data_source_schemas: [3, "Schema{}"],
      diagnostics: [4, "Diagnostic[]"],
      server_capabilities: [6, "ServerCapabilities"],
    },
  ),
  ValidateProviderConfig: rpc({ config: [1, "DynamicValue"] }, { diagnostics: [2, "Diagnostic[]"] }),
  ValidateResourceConfig: rpc(
    { type_name: [1, "string"], config: [2, "DynamicValue"] },
    { diagnostics: [1, "Diagnostic[]"] },
  ),
  ValidateDataResourceConfig: rpc(
    { type_name: [1, "string"], config: [2, "DynamicValue"] },
    { diagnostics: [1, "Diagnostic[]"] },
  ),
  ConfigureProvider: rpc(
    { terraform_version: [1, "string"], config: [2, "DynamicValue"] },
    { diagnostics: [1, "Diagnostic[]"] },
  ),
  UpgradeResourceState: rpc(
    { type_name: [1, "string"], version: [2, "int64"], raw_state: [3, "RawState"] },
    { upgraded_state: [1, "DynamicValue"], diagnostics: [2, "Diagnostic[]"] },
  ),
  ReadResource: rpc(
    { type_name: [1, "string"], current_state: [2, "DynamicValue"], private: [3, "bytes"] },
    { new_state: [1, "DynamicValue"], diagnostics: [2, "Diagnostic[]"], private: [3, "bytes"] },
  ),
  PlanResourceChange: rpc(
    {
      type_name: [1, "string"],
      prior_state: [2, "DynamicValue"],
      proposed_new_state: [3, "DynamicValue"],
      config: [4, "DynamicValue"],
      prior_private: [5, "bytes"],
    },
    {
      planned_state: [1, "DynamicValue"],
      requires_replace: [2, "AttributePath[]"],
      planned_private: [3, "bytes"],
      diagnostics: [4, "Diagnostic[]"],
    },
  ),
  ApplyResourceChange: rpc(
    {
      type_name: [1, "string"],
      prior_state: [2, "DynamicValue"],
      planned_state: [3, "DynamicValue"],
      config: [4, "DynamicValue"],
      planned_private: [5, "bytes"],
    },
    { new_state: [1, "DynamicValue"], private: [2, "bytes"], diagnostics: [3, "Diagnostic[]"] },
  ),
  ImportResourceState: rpc(
    { type_name: [1, "string"], id: [2, "string"] },
    { imported_resources: [1, "ImportedResource[]"], diagnostics: [2, "Diagnostic[]"] },
  ),
  ReadDataSource: rpc(
    { type_name: [1, "string"], config: [2, "DynamicValue"] },
    { state: [1, "DynamicValue"], diagnostics: [2, "Diagnostic[]"] },
  ),
  StopProvider: rpc({}, { Error: [1, "string"] }),
};

/**
 * The part of Terraform's plugin protocol 6 that a provider without functions and
 * ephemeral resources needs; field numbers as in its published definition.
 */
export function pluginProtocol(): PackageDefinition {
  const nested = {
    ...MESSAGES,
    ImportedResource: message({
      type_name: [1, "string"],
      state: [2, "DynamicValue"],
      private: [3, "bytes"],
    }),
    ...RPCS,
    Provider: {
      methods: Object.fromEntries(
        Object.keys(RPCS).map((name) => [
          name,
          { requestType: `${name}.Request`, responseType: `${name}.Response` },
        ]),
      ),
    },
  };
  return fromJSON({ nested: { tfplugin6: { nested } } } as Description, {
    keepCase: true,
    longs: Number,
    defaults: true,
    enums: Number,
  });
}
