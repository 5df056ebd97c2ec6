import { readFileSync } from "node:fs";
import type { z } from "zod";
import { BACKEND_VARIABLES, type BackendType } from "./backend.js";
import { checkCarpPassword, checkRelations } from "./checks.js";
import { ConfigError, type ConfigIssue, formatIssue, formatPath, show } from "./errors.js";
import { checkForm } from "./failover-checks.js";
import { failoverIpsOf } from "./failover-ips.js";
import { type CheckedConfig, configSchema, type EdgeConfig, type ParsedConfig } from "./schema.js";
import { defaultAdvskew } from "./skews.js";
import { nearest } from "./suggest.js";

/** File that is read where neither `--config` nor `EDGE_CONFIG` names another. */
export const DEFAULT_CONFIG_FILE = "edge.config.json";

/** Environment variables that a configuration reads. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The file that holds the configuration: the one named, else `EDGE_CONFIG`, else edge.config.json. */
export function configFile(environment: Environment, named?: string): string {
  return named ?? (environment.EDGE_CONFIG || DEFAULT_CONFIG_FILE);
}

/**
 * Reads and checks a configuration file together with the secrets in the environment.
 *
 * @throws ConfigError with every broken rule
 */
export function loadConfig(file: string, environment: Environment = {}): EdgeConfig {
  return parseConfig(readJson(file), { source: file, environment });
}

/**
 * Checks a configuration that is already in memory.
 *
 * @throws ConfigError with every broken rule
 */
export function parseConfig(
  input: unknown,
  { source = "configuration", environment = {} }: { source?: string; environment?: Environment } = {},
): EdgeConfig {
  const parsed = configSchema.safeParse(input);
  const broken = parsed.success ? [] : parsed.error.issues.flatMap((issue) => translate(issue, input));
  const config = complete(parsed.success ? parsed.data : salvage(input));
  const issues = distinct([
    ...broken,
    ...checkForm(input),
    ...checkRelations(
      config,
      broken.map(({ path }) => path),
    ),
    ...checkCarpPassword(environment.TF_VAR_carp_password),
  ]);
  if (issues.length > 0) throw new ConfigError(source, issues);
  const { failoverIp: _, ...rest } = config;
  return rest as EdgeConfig;
}

/** What is sound of a broken configuration, so that its relations can be checked as well. */
function salvage(input: unknown): ParsedConfig {
  const raw = (typeof input === "object" && input !== null ? input : {}) as Record<string, unknown>;
  const parts = Object.entries(configSchema.shape).map(([key, schema]) => [
    key,
    salvagePart(schema, raw[key]),
  ]);
  return Object.fromEntries(parts) as ParsedConfig;
}

/** A part without its broken settings, so that their defaults stand in for them. */
function salvagePart(schema: z.ZodType, value: unknown): unknown {
  const first = schema.safeParse(value);
  if (first.success) return first.data;
  const copy: unknown = JSON.parse(JSON.stringify(value ?? null));
  for (const issue of first.error.issues) {
    const keys = issue.code === "unrecognized_keys" ? issue.keys : [];
    for (const path of keys.length > 0 ? keys.map((key) => [...issue.path, key]) : [issue.path]) {
      const parent = at(copy, path.slice(0, -1));
      const last = path.at(-1);
      if (isObject(parent) && last !== undefined) delete parent[last];
    }
  }
  const second = schema.safeParse(copy);
  return second.success ? second.data : copy;
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function distinct(issues: readonly ConfigIssue[]): ConfigIssue[] {
  return [...new Map(issues.map((issue) => [formatIssue(issue), issue])).values()];
}

function complete({ $schema: _, edges, carp, ...rest }: ParsedConfig): CheckedConfig {
  const list = Array.isArray(edges) ? edges : [];
  const profile = carp?.profile ?? "normal";
  return {
    ...rest,
    carp: { ...carp, advertisementInterval: carp?.advertisementInterval ?? (profile === "fast" ? 0 : 1) },
    failoverIps: failoverIpsOf({ ...rest, carp }),
    edges: list.map((edge, index) => ({
      ...edge,
      advskew: edge?.advskew ?? defaultAdvskew(index, list.length, profile),
    })),
  };
}

function readJson(file: string): unknown {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new ConfigError(file, [
      {
        path: "",
        message:
          code === "ENOENT"
            ? "the file does not exist; copy edge.config.example.json to it, or name another with --config or EDGE_CONFIG"
            : `the file cannot be read (${code}); check its name and its mode`,
      },
    ]);
  }
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new ConfigError(file, [
      {
        path: "",
        message: `the file must be JSON: ${(error as Error).message.replace(/[\n\r\t ]+/g, " ")}; mend it`,
      },
    ]);
  }
}

type Issue = z.core.$ZodIssue;

function translate(issue: Issue, input: unknown, prefix: PropertyKey[] = []): ConfigIssue[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === "unrecognized_keys") return unknownKeys(issue.keys, path, input);
  // A union of backends knows by its type which one is meant; its errors are no union's.
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const value = at(input, path);
    // A network is written in one of two ways; report against the one that was meant.
    const errors = issue.errors[namesExisting(value) ? 0 : 1] ?? [];
    return errors.flatMap((inner) => translate(inner, input, path));
  }
  // A text has a length as well, but is not a list of that many things.
  const sized = issue.code === "too_small" || issue.code === "too_big";
  const value = at(input, path);
  if (sized && typeof value !== "number" && !Array.isArray(value)) return [];
  const must = issue.message.startsWith("must ")
    ? issue.message
    : `must be an object, got ${show(value)}; see edge.config.example.json`;
  return [{ path: formatPath(path), message: path.length === 0 ? `the configuration ${must}` : must }];
}

/** Whether a network or an edge is meant that exists, rather than one to create. */
function namesExisting(value: unknown): boolean {
  if (!isObject(value)) return false;
  if ("existing" in value) return true;
  const count = (keys: string[]) => keys.filter((key) => key in value).length;
  return (
    count(["networkId", "subnetId"]) > 0 && count(["networkId", "subnetId"]) >= count(["name", "vlanId"])
  );
}

function unknownKeys(keys: string[], path: PropertyKey[], input: unknown): ConfigIssue[] {
  return keys.map((key) => {
    const value = at(input, path);
    const { type } = value as { type?: BackendType };
    const credential = /user|pass|secret|token|access|auth|conn/i.test(key);
    if (path[0] === "backend" && type !== undefined && type !== "local" && credential) {
      return credentialKey(key, path, type);
    }
    const known = knownKeys(path, input);
    const meant = nearest(key, known);
    return {
      path: formatPath([...path, key]),
      message: `is not a setting; ${meant === undefined ? `known here are ${known.join(", ")}` : `did you mean ${meant}?`}`,
    };
  });
}

function credentialKey(key: string, path: PropertyKey[], type: BackendType): ConfigIssue {
  return {
    path: formatPath([...path, key]),
    message: `must not be in the file, as credentials come from the environment; export ${BACKEND_VARIABLES[type]} instead`,
  };
}

/** The keys that the schema has at `path`. */
function knownKeys(path: readonly PropertyKey[], input: unknown): string[] {
  let node: unknown = configSchema;
  let value = input;
  for (const part of path) {
    node = unwrap(node, value);
    value = at(value, [part]);
    const { shape, element } = node as { shape?: Record<string, unknown>; element?: unknown };
    node = typeof part === "number" ? element : shape?.[String(part)];
  }
  const leaf = unwrap(node, value) as { shape?: Record<string, unknown> } | undefined;
  return Object.keys(leaf?.shape ?? {}).filter((key) => !key.startsWith("$"));
}

function unwrap(node: unknown, value: unknown): unknown {
  const { def } = (node ?? {}) as {
    def?: { type: string; innerType?: unknown; options?: unknown[]; discriminator?: string };
  };
  if (def?.innerType !== undefined) return unwrap(def.innerType, value);
  if (def?.type === "union" && def.options !== undefined) {
    if (def.discriminator !== undefined) return optionOf(def.options, def.discriminator, value);
    return def.options[namesExisting(value) ? 0 : 1];
  }
  return node;
}

/** The member of a discriminated union that a value names. */
function optionOf(options: unknown[], discriminator: string, value: unknown): unknown {
  const named = isObject(value) ? value[discriminator] : undefined;
  return (options as { shape: Record<string, { value?: unknown }> }[]).find(
    ({ shape }) => shape[discriminator]?.value === named,
  );
}

function at(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
