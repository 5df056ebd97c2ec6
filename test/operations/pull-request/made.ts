import { type Plan, readPlan } from "../../../lib/operations/pull-request/plan.js";
import type { Json } from "../../constructs/synthesized.js";

/** A change as Terraform's JSON has it. */
export function change(
  type: string,
  name: string,
  actions: readonly string[],
  before: Json,
  after: Json = before,
  more: Json = {},
): Json {
  const { action_reason, ...of } = more;
  return {
    address: `${type}.${name}`,
    mode: "managed",
    type,
    name,
    change: {
      actions,
      before: actions.includes("create") && actions.length === 1 ? null : before,
      after: actions[0] === "delete" && actions.length === 1 ? null : after,
      after_unknown: {},
      before_sensitive: {},
      after_sensitive: {},
      ...of,
    },
    ...(action_reason === undefined ? {} : { action_reason }),
  };
}

/** A plan of changes, read. */
export function planOf(resource_changes: readonly Json[], more: Json = {}): Plan {
  return readPlan(
    JSON.stringify({ format_version: "1.2", terraform_version: "1.11.4", resource_changes, ...more }),
  );
}
