import { createHash } from "node:crypto";

/** Registry name of the provider that schema.json describes. */
export const PROVIDER = "registry.terraform.io/ovh/ovh";

/** The part of `terraform providers schema -json` that says which types a provider has. */
export interface ProviderSchemas {
  readonly provider_schemas: Readonly<
    Record<
      string,
      {
        readonly resource_schemas?: Readonly<Record<string, unknown>>;
        readonly data_source_schemas?: Readonly<Record<string, unknown>>;
      }
    >
  >;
}

/** Folders of the bindings, one per type, by the names that the generator gives them. */
export function bindingFolders(schemas: ProviderSchemas): string[] {
  const { resource_schemas = {}, data_source_schemas = {} } = schemas.provider_schemas[PROVIDER] ?? {};
  return [
    ...Object.keys(resource_schemas).map((name) => name.replace(/^ovh_/, "")),
    ...Object.keys(data_source_schemas).map((name) => `data_${name}`),
    "provider",
  ]
    .map((name) => name.replaceAll("_", "-"))
    .sort();
}

/** sha256 of a schema.json, in hex; the stamp that ties bindings to their schema. */
export function schemaDigest(schema: string | Uint8Array): string {
  return createHash("sha256").update(schema).digest("hex");
}

/**
 * What bindings lack, by paths below their folder `lib`; nothing when they are whole.
 *
 * @param read content of a file below `lib`, or undefined where there is none
 * @param digest the schema's, by `schemaDigest`
 */
export function lackingBindings(
  schemas: ProviderSchemas,
  digest: string,
  read: (path: string) => string | undefined,
): string[] {
  const stamp = read("schema.sha256")?.trim();
  if (stamp === undefined) return ["schema.sha256"];
  if (stamp !== digest) return [`schema.sha256 of this schema (it is of another, ${stamp.slice(0, 12)}…)`];
  return ["", ...bindingFolders(schemas).map((folder) => `${folder}/`)]
    .flatMap((folder) => [`${folder}index.js`, `${folder}index.d.ts`])
    .filter((path) => !read(path));
}
