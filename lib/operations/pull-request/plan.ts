import { isDeepStrictEqual } from "node:util";

/** Stands for a value that Terraform holds to be sensitive. */
export const SENSITIVE = Symbol("(sensitive)");
/** Stands for a value that only the apply will tell. */
export const UNKNOWN = Symbol("(known after apply)");

/** A value of a plan: JSON, with the two symbols in it. */
export type PlanValue = unknown;

/** What a plan does with a resource. */
export type Action = "none" | "read" | "create" | "update" | "replace" | "destroy" | "forget";

/** One attribute that changes, by its dotted path. */
export interface AttributeChange {
  readonly path: string;
  /** Undefined where there was none. */
  readonly before: PlanValue;
  /** Undefined where there will be none. */
  readonly after: PlanValue;
}

/** What a plan does with one resource. */
export interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly name: string;
  readonly action: Action;
  /** Terraform's word for why, such as `replace_by_request`; empty where it gives none. */
  readonly reason: string;
  /** Attributes that force the replacement. */
  readonly forcedBy: readonly string[];
  readonly before: PlanValue;
  readonly after: PlanValue;
  readonly attributes: readonly AttributeChange[];
}

/** What the configuration says of a resource: whom it waits for, and what each argument refers to. */
export interface Configured {
  readonly address: string;
  readonly dependsOn: readonly string[];
  readonly references: Readonly<Record<string, readonly string[]>>;
}

/** A plan without its variables, and with everything sensitive in it masked. */
export interface Plan {
  readonly terraformVersion: string;
  /** Whether Terraform could plan everything. */
  readonly complete: boolean;
  readonly resources: readonly ResourceChange[];
  readonly outputs: readonly string[];
  /** Addresses of removals that run by a `removed` block, of which a plan's JSON tells nothing but by the outputs for them. */
  readonly retired: readonly string[];
  /** What was deleted or changed outside of Terraform. */
  readonly drift: readonly ResourceChange[];
  /** What failing `check` blocks say. */
  readonly warnings: readonly string[];
  readonly configuration: readonly Configured[];
}

/** The parts of Terraform's JSON that are read. Variables and states are not among them. */
interface Raw {
  readonly format_version?: string;
  readonly terraform_version?: string;
  readonly complete?: boolean;
  readonly errored?: boolean;
  readonly resource_changes?: readonly RawResource[];
  readonly resource_drift?: readonly RawResource[];
  readonly output_changes?: Readonly<
    Record<string, { readonly actions: readonly string[]; readonly after?: unknown }>
  >;
  readonly checks?: readonly RawCheck[];
  readonly configuration?: { readonly root_module?: RawModule };
}

interface RawResource {
  readonly address: string;
  readonly mode: string;
  readonly type: string;
  readonly name: string;
  readonly action_reason?: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before?: unknown;
    readonly after?: unknown;
    readonly after_unknown?: unknown;
    readonly before_sensitive?: unknown;
    readonly after_sensitive?: unknown;
    readonly replace_paths?: readonly (readonly (string | number)[])[];
  };
}

interface RawCheck {
  readonly address: { readonly kind: string };
  readonly instances?: readonly {
    readonly status: string;
    readonly problems?: readonly { readonly message: string }[];
  }[];
}

interface RawModule {
  readonly resources?: readonly {
    readonly address: string;
    readonly mode?: string;
    readonly depends_on?: readonly string[];
    readonly expressions?: Readonly<Record<string, unknown>>;
  }[];
  readonly module_calls?: Readonly<Record<string, { readonly module?: RawModule }>>;
}

/** What the output of a retired edge says: the address of its removal. */
const RETIRED = /^terraform_data\.\S+_removal_[0-9A-F]{8}$/;

/**
 * Reads what `terraform show -json PLAN` prints.
 *
 * @throws Error when the text is not a plan, with what it is instead
 */
export function readPlan(text: string): Plan {
  const raw = parse(text);
  return {
    terraformVersion: raw.terraform_version ?? "unknown",
    // Terraform before 1.8 and OpenTofu do not say.
    complete: raw.errored !== true && raw.complete !== false,
    resources: (raw.resource_changes ?? []).filter(({ mode }) => mode === "managed").map(resourceChange),
    outputs: Object.entries(raw.output_changes ?? {})
      .filter(([, { actions }]) => actions.some((action) => action !== "no-op"))
      .map(([name]) => name)
      .sort(),
    retired: Object.values(raw.output_changes ?? {})
      .map(({ after }) => after)
      .filter((after): after is string => typeof after === "string" && RETIRED.test(after)),
    drift: (raw.resource_drift ?? []).filter(({ mode }) => mode === "managed").map(resourceChange),
    warnings: (raw.checks ?? [])
      .filter(({ address }) => address.kind === "check")
      .flatMap(({ instances }) => instances ?? [])
      .filter(({ status }) => status === "fail" || status === "error")
      .flatMap(({ problems }) => (problems ?? []).map(({ message }) => message)),
    configuration: configured(raw.configuration?.root_module, ""),
  };
}

function parse(text: string): Raw {
  const hint = "hand in what terraform show -json PLAN prints";
  if (text.trim() === "") throw new Error(`the plan is empty; ${hint}`);
  let raw: (Raw & Record<string, unknown>) | null;
  try {
    raw = JSON.parse(text);
  } catch {
    // The parser's message would quote the text.
    throw new Error(`the plan is no JSON; ${hint}, not the plan file itself`);
  }
  // All of these have secrets in clear: they go before anything else is looked at.
  for (const key of ["variables", "planned_values", "prior_state"]) if (raw !== null) delete raw[key];
  if (typeof raw !== "object" || raw === null || !Array.isArray(raw.resource_changes)) {
    throw new Error(
      raw !== null && typeof raw === "object" && raw.format_version !== undefined
        ? `the JSON has no resource_changes, so it is that of a state and not of a plan; ${hint}`
        : `the JSON is not that of a plan; ${hint}`,
    );
  }
  return raw;
}

function resourceChange({ address, type, name, action_reason = "", change }: RawResource): ResourceChange {
  const { before, after, after_unknown, before_sensitive, after_sensitive, replace_paths = [] } = change;
  return {
    address,
    type,
    name,
    action: actionOf(change.actions),
    reason: action_reason,
    forcedBy: replace_paths.map((path) => path.join(".")),
    before: masked(before, before_sensitive),
    after: masked(withUnknown(after, after_unknown), after_sensitive),
    attributes: [...differences("", before ?? undefined, after ?? undefined, marks(change))],
  };
}

function actionOf(actions: readonly string[]): Action {
  if (actions.includes("delete") && actions.includes("create")) return "replace";
  const [action = "no-op"] = actions;
  const named: Readonly<Record<string, Action>> = { "no-op": "none", delete: "destroy" };
  return named[action] ?? (action as Action);
}

/** What Terraform notes beside the values: `true` where all of a value is meant, else by its parts. */
interface Marks {
  readonly unknown: unknown;
  readonly before: unknown;
  readonly after: unknown;
}

function marks({ after_unknown, before_sensitive, after_sensitive }: RawResource["change"]): Marks {
  return { unknown: after_unknown, before: before_sensitive, after: after_sensitive };
}

const isTree = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** A part of a value, or of its marks, which `true` has everywhere. */
function part(value: unknown, key: string): unknown {
  if (value === true) return true;
  return isTree(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** A value with everything masked that is marked as sensitive. */
function masked(value: unknown, sensitive: unknown): PlanValue {
  if (sensitive === true) return value === undefined ? undefined : SENSITIVE;
  return mapParts(value, (one, key) => masked(one, part(sensitive, key)));
}

/** A value with what is unknown yet in it. */
function withUnknown(value: unknown, unknown: unknown): unknown {
  if (unknown === true) return UNKNOWN;
  const mapped = mapParts(value, (one, key) => withUnknown(one, part(unknown, key)));
  if (!isTree(unknown) || Array.isArray(unknown) || !isTree(mapped) || Array.isArray(mapped)) return mapped;
  const missing = Object.keys(unknown).filter((key) => unknown[key] === true && !Object.hasOwn(mapped, key));
  return { ...mapped, ...Object.fromEntries(missing.map((key) => [key, UNKNOWN])) };
}

function mapParts(value: unknown, map: (one: unknown, key: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((one, index) => map(one, String(index)));
  if (!isTree(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, map(one, key)]));
}

/** Attributes that change, each as deep as it can be told. */
function* differences(path: string, before: unknown, after: unknown, at: Marks): Generator<AttributeChange> {
  if (at.before === true || at.after === true) {
    const changes = at.unknown === true || !isDeepStrictEqual(before, after);
    const mask = (value: unknown) => (value === undefined || value === null ? undefined : SENSITIVE);
    if (changes) yield { path, before: mask(before), after: at.unknown === true ? SENSITIVE : mask(after) };
    return;
  }
  if (at.unknown === true) {
    yield { path, before: masked(before ?? undefined, at.before), after: UNKNOWN };
    return;
  }
  if (isTree(before) || isTree(after)) {
    const keys = [before, after, at.unknown].filter(isTree).flatMap((one) => Object.keys(one));
    for (const key of new Set(keys)) {
      const next = {
        unknown: part(at.unknown, key),
        before: part(at.before, key),
        after: part(at.after, key),
      };
      yield* differences(path === "" ? key : `${path}.${key}`, part(before, key), part(after, key), next);
    }
    return;
  }
  const [old, now] = [before ?? undefined, after ?? undefined];
  if (old !== now) yield { path, before: old, after: now };
}

function configured(module: RawModule | undefined, prefix: string): Configured[] {
  const own = (module?.resources ?? [])
    .filter(({ mode }) => mode !== "data")
    .map(({ address, depends_on = [], expressions = {} }) => ({
      address: `${prefix}${address}`,
      dependsOn: depends_on.map((one) => `${prefix}${one}`),
      references: Object.fromEntries(
        Object.entries(expressions).map(([name, one]) => [
          name,
          referencesOf(one).map((text) => `${prefix}${text}`),
        ]),
      ),
    }));
  const inner = Object.entries(module?.module_calls ?? {}).flatMap(([name, call]) =>
    configured(call.module, `${prefix}module.${name}.`),
  );
  return [...own, ...inner];
}

function referencesOf(expression: unknown): string[] {
  if (Array.isArray(expression)) return expression.flatMap(referencesOf);
  if (!isTree(expression)) return [];
  const { references } = expression;
  if (Array.isArray(references)) return references.filter((one) => typeof one === "string");
  return Object.values(expression).flatMap(referencesOf);
}
