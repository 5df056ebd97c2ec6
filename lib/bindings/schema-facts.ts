import { PROVIDER } from "./bindings.js";

type Json = Readonly<Record<string, unknown>>;

/** What `terraform providers schema -json` prints, as far as bindings are made of it. */
export interface SchemaFile {
  readonly format_version: string;
  readonly provider_schemas: Readonly<Record<string, ProviderFacts>>;
}

interface ProviderFacts {
  readonly provider: Json;
  readonly resource_schemas: Readonly<Record<string, Json>>;
  readonly data_source_schemas: Readonly<Record<string, Json>>;
}

/** Facts of an attribute: its type, and what may be set. No text of the provider's. */
const ATTRIBUTE = ["type", "nested_type", "deprecated", "required", "optional", "computed", "sensitive"];

/**
 * Interface facts of a provider: the types that `committed` has, and those that are added.
 *
 * @param printed what Terraform printed; OpenTofu's name for the registry is taken as well
 * @param added names of further types, such as `ovh_vrack`
 * @throws Error when the provider has no longer, or never had, one of these types
 */
export function schemaFacts(
  printed: SchemaFile,
  committed: SchemaFile,
  added: readonly string[] = [],
): SchemaFile {
  const found =
    printed.provider_schemas[PROVIDER] ??
    printed.provider_schemas[PROVIDER.replace("terraform.io", "opentofu.org")];
  if (found === undefined) {
    const names = Object.keys(printed.provider_schemas).join(", ");
    throw new Error(
      `Terraform must print the schema of ${PROVIDER}, got ${names || "none"}; install that provider`,
    );
  }
  const before = committed.provider_schemas[PROVIDER] as ProviderFacts;
  // Types stay in the order in which they were taken up.
  const take = (kind: "resource_schemas" | "data_source_schemas", more: readonly string[]) =>
    [...new Set([...Object.keys(before[kind]), ...more])].map((name): [string, Json | undefined] => {
      const schema = found[kind]?.[name];
      return [name, schema === undefined ? undefined : schemaOf(schema)];
    });
  const isResource = (name: string) => found.resource_schemas?.[name] !== undefined;
  const resources = take("resource_schemas", added.filter(isResource));
  const dataSources = take(
    "data_source_schemas",
    added.filter((name) => !isResource(name)),
  );
  const lost = [...resources, ...dataSources]
    .filter(([, schema]) => schema === undefined)
    .map(([name]) => name);
  if (lost.length > 0) {
    throw new Error(
      `the provider must have the types ${lost.join(", ")}, it does not; take another version of it, or do without them in lib/constructs and provider-ovh/schema.json`,
    );
  }
  const facts = {
    provider: schemaOf(found.provider),
    resource_schemas: Object.fromEntries(resources) as Record<string, Json>,
    data_source_schemas: Object.fromEntries(dataSources) as Record<string, Json>,
  };
  return { format_version: committed.format_version, provider_schemas: { [PROVIDER]: facts } };
}

function schemaOf({ version, block }: Json): Json {
  return { version, block: blockOf(block as Json) };
}

function blockOf({ attributes, block_types }: Json): Json {
  return {
    ...(attributes === undefined ? {} : { attributes: each(attributes as Json, attributeOf) }),
    ...(block_types === undefined ? {} : { block_types: each(block_types as Json, nestedBlockOf) }),
  };
}

function nestedBlockOf({ nesting_mode, block, min_items, max_items }: Json): Json {
  return {
    nesting_mode,
    block: blockOf(block as Json),
    ...(min_items === undefined ? {} : { min_items }),
    ...(max_items === undefined ? {} : { max_items }),
  };
}

function attributeOf(attribute: Json): Json {
  const facts = ATTRIBUTE.filter((key) => attribute[key] !== undefined && attribute[key] !== false);
  return Object.fromEntries(
    facts.map((key) => [key, key === "nested_type" ? nestedTypeOf(attribute[key] as Json) : attribute[key]]),
  );
}

function nestedTypeOf({ attributes, nesting_mode }: Json): Json {
  return { attributes: each(attributes as Json, attributeOf), nesting_mode };
}

function each(entries: Json, facts: (entry: Json) => Json): Json {
  return Object.fromEntries(
    Object.keys(entries)
      .sort()
      .map((name) => [name, facts(entries[name] as Json)]),
  );
}

/** What differs between two schemas, one line a type; nothing when they are the same. */
export function schemaDifferences(before: SchemaFile, after: SchemaFile): string[] {
  const [old, now] = [before, after].map((file) => {
    const { provider, resource_schemas, data_source_schemas } = file.provider_schemas[
      PROVIDER
    ] as ProviderFacts;
    const named = (prefix: string, schemas: Readonly<Record<string, Json>>) =>
      Object.entries(schemas).map(([name, schema]): [string, Json] => [prefix + name, schema]);
    return new Map([
      ["provider", provider],
      ...named("", resource_schemas),
      ...named("data ", data_source_schemas),
    ]);
  }) as [Map<string, Json>, Map<string, Json>];
  return [...now].flatMap(([name, schema]) => {
    const was = old.get(name);
    if (was === undefined) return [`${name}: added`];
    const changes = differences(pathsOf(was.block as Json), pathsOf(schema.block as Json));
    if (was.version !== schema.version) changes.push(`version ${was.version} → ${schema.version}`);
    return changes.length === 0 ? [] : [`${name}: ${changes.join(", ")}`];
  });
}

function differences(was: ReadonlyMap<string, string>, is: ReadonlyMap<string, string>): string[] {
  return [
    ...[...is.keys()].filter((path) => !was.has(path)).map((path) => `+${path}`),
    ...[...was.keys()].filter((path) => !is.has(path)).map((path) => `-${path}`),
    ...[...is]
      .filter(([path, facts]) => was.has(path) && was.get(path) !== facts)
      .map(([path]) => `~${path}`),
  ];
}

/** Each attribute and block by its path, with its own facts. */
function pathsOf({ attributes = {}, block_types = {} }: Json, prefix = ""): Map<string, string> {
  const paths = new Map<string, string>();
  for (const [name, { nested_type, ...facts }] of Object.entries(attributes as Record<string, Json>)) {
    const { attributes: nested, ...mode } = (nested_type ?? {}) as Json;
    paths.set(prefix + name, JSON.stringify(Object.entries({ ...facts, ...mode }).sort()));
    if (nested === undefined) continue;
    for (const [path, of] of pathsOf({ attributes: nested }, `${prefix}${name}.`)) paths.set(path, of);
  }
  for (const [name, { block, ...facts }] of Object.entries(block_types as Record<string, Json>)) {
    paths.set(prefix + name, JSON.stringify(facts));
    for (const [path, of] of pathsOf(block as Json, `${prefix}${name}.`)) paths.set(path, of);
  }
  return paths;
}
