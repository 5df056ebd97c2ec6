import type { TerraformResource } from "cdktf";

/** `type.name.attribute`, for use inside of a raw expression. */
export function reference(resource: TerraformResource, attribute: string): string {
  return `${resource.terraformResourceType}.${resource.friendlyUniqueId}.${attribute}`;
}
