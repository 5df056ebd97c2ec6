import { readFileSync } from "node:fs";
import type { ProviderSchema, ResourceSchema } from "../../../lib/simulator/provider/schema.js";

const FILE = new URL("../../../provider-ovh/schema.json", import.meta.url);

/** The schemas of provider ovh/ovh that the repository holds. */
export const OVH_SCHEMA: ProviderSchema = JSON.parse(readFileSync(FILE, "utf8")).provider_schemas[
  "registry.terraform.io/ovh/ovh"
];

/** The schema of one of its resource types. */
export function schemaOf(type: string): ResourceSchema {
  const schema = OVH_SCHEMA.resource_schemas?.[type];
  if (schema === undefined) throw new Error(`${type} is not in the schema`);
  return schema;
}
