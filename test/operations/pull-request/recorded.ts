import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Json } from "../../constructs/synthesized.js";

/** Plans of real runs of Terraform on the simulated region; `record.ts` makes them anew. */
export const PLANS = fileURLToPath(new URL("../../fixtures/plans/", import.meta.url));

/** Names of the recorded plans. */
export const RECORDED = readdirSync(PLANS)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.replace(".json", ""))
  .sort();

/** A recorded plan as `terraform show -json` printed it, but for what `cleaned` takes out. */
export function recorded(name: string): Json {
  return JSON.parse(readFileSync(`${PLANS}${name}.json`, "utf8"));
}

/** Exit status of the plan's run. */
export function exitCodeOf(name: string): 0 | 2 {
  return name === "no-changes" ? 0 : 2;
}

/**
 * Takes out of a text what is another in every run, on every machine: digests, ids, times,
 * addresses of this machine. The same becomes the same.
 */
export function cleaned(text: string): string {
  const seen = new Map<string, string>();
  const stable = (kind: string, make: (index: number) => string) => (found: string) => {
    const key = `${kind} ${found}`;
    const known = seen.get(key) ?? make([...seen.keys()].filter((one) => one.startsWith(kind)).length + 1);
    seen.set(key, known);
    return known;
  };
  const hex = (index: number, digits: number) => index.toString(16).padStart(digits, "0");
  return text
    .replace(
      /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g,
      stable("uuid", (n) => `00000000-0000-4000-8000-${hex(n, 12)}`),
    )
    .replace(
      /\b[0-9a-f]{64}\b/g,
      stable("digest", (n) => hex(n, 64)),
    )
    .replace(
      /(?<="id": ?")\d{10,}(?=")/g,
      stable("null", (n) => `${1_000_000_000 + n}`),
    )
    .replace(/\b20\d\d-\d\d-\d\dT[0-9:.]+Z/g, "2026-01-01T00:00:00Z")
    .replace(
      /ssh-ed25519 [A-Za-z0-9+/=]{20,}/g,
      stable("key", (n) => `ssh-ed25519 KEY${n}`),
    )
    .replace(/\/tmp\/edge-\w+\/id_ed25519/g, "~/.ssh/id_ed25519");
}

/** What a plan's reader needs of Terraform's JSON, without variables, states and providers. */
export function trimmed(plan: Json): Json {
  const { format_version, terraform_version, complete, errored } = plan;
  const keys = ["id", "name", "ip", "routed_to"];
  const few = (values: Json) =>
    values && Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key)));
  const change = ({ provider_name, change: of, ...rest }: Json) => {
    const { actions, before, after } = of;
    return {
      ...rest,
      change: actions[0] === "no-op" ? { actions, before: few(before), after: few(after) } : of,
    };
  };
  const resources = plan.configuration.root_module.resources.map(
    ({ address, mode, depends_on, expressions }: Json) => ({
      address,
      mode,
      ...(depends_on === undefined ? {} : { depends_on }),
      expressions: Object.fromEntries(
        Object.entries<Json>(expressions ?? {})
          .filter(([, { references }]) => references !== undefined)
          .map(([name, { references }]) => [name, { references }]),
      ),
    }),
  );
  return {
    format_version,
    terraform_version,
    ...(plan.resource_drift === undefined ? {} : { resource_drift: plan.resource_drift.map(change) }),
    resource_changes: plan.resource_changes.filter(({ mode }: Json) => mode === "managed").map(change),
    output_changes: plan.output_changes,
    configuration: { root_module: { resources } },
    checks: plan.checks,
    complete,
    errored,
  };
}
