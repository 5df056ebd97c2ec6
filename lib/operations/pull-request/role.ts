import type { ResourceChange } from "./plan.js";

/** What a resource is to whoever runs the edge. */
export type Role =
  | { readonly is: "instance" | "delivery" | "removal"; readonly edge: string }
  | { readonly is: "network" | "subnet"; readonly which: string }
  | {
      readonly is:
        | "attachment"
        | "order"
        | "order-move"
        | "vrack"
        | "firewall"
        | "dns"
        | "reverse"
        | "release"
        | "group"
        | "ssh-key"
        | "salt"
        | "other";
    };

const HASH = "_[0-9A-F]{8}$";
// Ids of constructs are contracts: edges are keyed by their names, which have no underscore.
const INSTANCE = new RegExp(`(?:^|_)([^_]+)_instance${HASH}`);
const FILES = new RegExp(`(?:^|_)files-([^_]+)_(deliver|removal)${HASH}`);
const NETWORK = new RegExp(`(?:^|_)([^_]+)-network(?:_subnet|_network)?${HASH}`);
const RELEASE = new RegExp(`(?:^|_)release${HASH}`);
const SALT = new RegExp(`(?:^|_)salt${HASH}`);

/** Tells what a resource is by its type and the name that its construct gave it. */
export function roleOf({ type, name, before, after }: ResourceChange): Role {
  switch (type) {
    case "ovh_cloud_instance":
      return {
        is: "instance",
        edge: INSTANCE.exec(name)?.[1] ?? text(after, "name") ?? text(before, "name") ?? name,
      };
    case "ovh_cloud_project_failover_ip_attach":
      return { is: "attachment" };
    case "ovh_ip_service":
      return { is: "order" };
    case "ovh_ip_move":
      return { is: "order-move" };
    case "ovh_vrack_cloudproject":
      return { is: "vrack" };
    case "ovh_cloud_security_group":
      return { is: "firewall" };
    case "ovh_domain_zone_record":
      return { is: "dns" };
    case "ovh_ip_reverse":
      return { is: "reverse" };
    case "ovh_cloud_network_private_vrack":
      return { is: "network", which: NETWORK.exec(name)?.[1] ?? name };
    case "ovh_cloud_network_private_vrack_subnet":
      return { is: "subnet", which: NETWORK.exec(name)?.[1] ?? name };
    case "ovh_cloud_instance_group":
      return { is: "group" };
    case "ovh_cloud_ssh_key":
      return { is: "ssh-key" };
    case "null_resource":
    case "terraform_data": {
      const [, edge, what] = FILES.exec(name) ?? [];
      if (edge !== undefined) return { is: what === "deliver" ? "delivery" : "removal", edge };
      if (RELEASE.test(name)) return { is: "release" };
      return { is: SALT.test(name) ? "salt" : "other" };
    }
    default:
      return { is: "other" };
  }
}

/** A text of a resource's values, or undefined where it is none, or is not told. */
export function text(values: unknown, ...path: readonly string[]): string | undefined {
  const found = path.reduce<unknown>(
    (one, key) =>
      typeof one === "object" && one !== null ? (one as Record<string, unknown>)[key] : undefined,
    values,
  );
  return typeof found === "string" ? found : undefined;
}
