import type { OvhClient } from "../../operations/ovh-client.js";
import type { Resource } from "./values.js";

/** How one Terraform type is planned and which requests it makes. */
export interface ResourceType {
  /** Attributes whose change replaces the resource. */
  readonly replace: readonly string[];
  /** Attributes whose change replaces it only where the configuration names them. */
  readonly replaceIfConfigured?: readonly string[];
  /** Computed attributes that keep their value through an update; all others become unknown. */
  readonly keep?: readonly string[];
  create(context: Context, planned: Resource): Promise<Resource>;
  /** The resource as it is now, or null where it is gone. */
  read(context: Context, state: Resource): Promise<Resource | null>;
  /** @default - refused: the type has no update */
  update?(context: Context, prior: Resource, planned: Resource): Promise<Resource>;
  delete(context: Context, state: Resource): Promise<void>;
  /** What an import id says of the resource. @default - the type cannot be imported */
  import?(id: string): Resource;
}

/** How one data source is read. */
export type DataSource = (context: Context, config: Resource) => Promise<Resource>;

/** What a type works with. */
export interface Context {
  readonly client: OvhClient;
  /** Milliseconds between two looks at a task. */
  readonly pollInterval: number;
}

/** An import id of the form `a/b/c`. @throws Error */
export function importParts(id: string, ...names: string[]): Resource {
  const parts = id.split("/");
  if (parts.length !== names.length || parts.includes("")) {
    throw new Error(`Given ID is malformed: expected ${names.join("/")}, got ${id}`);
  }
  return Object.fromEntries(names.map((name, index) => [name, parts[index] as string]));
}
