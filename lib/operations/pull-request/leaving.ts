import type { Plan, ResourceChange } from "./plan.js";
import { roleOf, text } from "./role.js";

/** An edge that a plan takes out. */
export interface LeavingEdge {
  readonly name: string;
  /** Address of the removal, which knows how to clean it. */
  readonly address: string;
  /**
   * `cleaned`: what was installed on it is removed; `gone`: its instance goes, and all on it; `left`: nothing is
   * done to it, so that it goes on as an edge; `exchanged`: the same, and another instance gets its name; `renamed`:
   * it is cleaned while it is an edge by another name, which Terraform does in no certain order.
   */
  readonly becomes: "cleaned" | "gone" | "left" | "exchanged" | "renamed";
}

/**
 * The edges that a plan takes out. Terraform destroys what is no longer in the configuration without running the
 * provisioners that were there: it cleans an edge by a `removed` block, or when all of the stack is destroyed.
 */
export function leavingEdges(plan: Plan): LeavingEdge[] {
  const all = plan.resources.map((change) => ({ change, role: roleOf(change) }));
  const removals = all.flatMap(({ change, role }) =>
    role.is === "removal" ? [{ change, name: role.edge }] : [],
  );
  const configured = new Set(plan.configuration.map(({ address }) => address));
  const instances = all.flatMap(({ change, role }) =>
    role.is === "instance" ? [{ change, name: role.edge }] : [],
  );
  const lost = plan.drift.flatMap((change) => {
    const role = roleOf(change);
    return role.is === "instance" && change.action === "destroy" ? [role.edge] : [];
  });
  // An edge that merely gets another name stays at its host.
  const staying = new Set(removals.map(({ change }) => hostOf(change.after)));
  const exchanges = instanceGone(plan);
  return removals.flatMap(({ change: { address, action, before }, name }): LeavingEdge[] => {
    const host = hostOf(before);
    if (host === undefined) return [];
    const leaves = (becomes: LeavingEdge["becomes"]) => [{ name, address, becomes }];
    const own = instances.find((one) => one.name === name)?.change;
    if (action === "destroy") {
      if (plan.retired.includes(address)) return leaves(staying.has(host) ? "renamed" : "cleaned");
      if (own !== undefined || lost.includes(name)) return leaves("gone");
      if (configured.has(address)) return leaves("cleaned");
      return staying.has(host) ? [] : leaves("left");
    }
    if (staying.has(host) || lost.includes(name)) return [];
    const another = own === undefined ? exchanges : own.action === "create";
    return another ? leaves("exchanged") : [];
  });
}

/** Where an edge is reached, by the values of its removal. */
function hostOf(values: unknown): string | undefined {
  const host = text(values, "input", "host");
  return host === undefined ? undefined : `${host} ${text(values, "input", "port")}`;
}

/** Whether an instance that the stack does not have is no edge any more. */
function instanceGone({ resources }: Plan): boolean {
  const releases = resources.filter((change) => roleOf(change).is === "release");
  const ids = (values: (change: ResourceChange) => unknown) => {
    const all = releases.map((change) => text(values(change), "triggers", "instances"));
    return all.every((one) => one !== undefined) ? all.flatMap((one) => one.split(" ")) : undefined;
  };
  const before = ids((change) => change.before);
  const after = ids((change) => change.after);
  const own = resources.map(({ before }) => text(before, "id"));
  return before?.some((id) => after?.includes(id) === false && !own.includes(id)) ?? false;
}
