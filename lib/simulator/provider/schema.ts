/** A Terraform type as `terraform providers schema -json` writes it. */
export type TypeName =
  | "string"
  | "number"
  | "bool"
  | readonly ["list" | "set" | "map", TypeName]
  | readonly ["object", Readonly<Record<string, TypeName>>];

/** An attribute as `terraform providers schema -json` writes it. */
export interface AttributeSchema {
  readonly type?: TypeName;
  readonly nested_type?: {
    readonly nesting_mode: "single" | "list" | "set" | "map";
    readonly attributes: Readonly<Record<string, AttributeSchema>>;
  };
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
  readonly sensitive?: boolean;
  readonly deprecated?: boolean;
}

/** A block as `terraform providers schema -json` writes it. */
export interface BlockSchema {
  readonly attributes?: Readonly<Record<string, AttributeSchema>>;
  readonly block_types?: Readonly<
    Record<
      string,
      {
        readonly nesting_mode: "single" | "list" | "set" | "map" | "group";
        readonly block: BlockSchema;
        readonly min_items?: number;
        readonly max_items?: number;
      }
    >
  >;
}

/** The schema of one resource, data source or provider. */
export interface ResourceSchema {
  readonly version: number;
  readonly block: BlockSchema;
}

/** The schemas of one provider. */
export interface ProviderSchema {
  readonly provider: ResourceSchema;
  readonly resource_schemas?: Readonly<Record<string, ResourceSchema>>;
  readonly data_source_schemas?: Readonly<Record<string, ResourceSchema>>;
}

const NESTING = { single: 1, list: 2, set: 3, map: 4, group: 5 };

/** A schema in the protocol's form. */
export function toProtocol({ version, block }: ResourceSchema): object {
  return { version, block: protocolBlock(block) };
}

function protocolBlock(block: BlockSchema): object {
  return {
    attributes: Object.entries(block.attributes ?? {}).map(protocolAttribute),
    block_types: Object.entries(block.block_types ?? {}).map(([type_name, nested]) => ({
      type_name,
      block: protocolBlock(nested.block),
      nesting: NESTING[nested.nesting_mode],
      min_items: nested.min_items ?? 0,
      max_items: nested.max_items ?? 0,
    })),
  };
}

function protocolAttribute([name, attribute]: [string, AttributeSchema]): object {
  const { type, nested_type, required, optional, computed, sensitive, deprecated } = attribute;
  return {
    name,
    // Terraform refuses an attribute that has both.
    type: nested_type === undefined ? Buffer.from(JSON.stringify(type)) : Buffer.alloc(0),
    nested_type:
      nested_type === undefined
        ? undefined
        : {
            attributes: Object.entries(nested_type.attributes).map(protocolAttribute),
            nesting: NESTING[nested_type.nesting_mode],
          },
    required,
    optional,
    computed,
    sensitive,
    deprecated,
  };
}
