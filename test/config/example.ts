import { readFileSync } from "node:fs";
import { ConfigError, formatIssue } from "../../lib/config/errors.js";
import { type Environment, parseConfig } from "../../lib/config/load.js";

/** The file that people copy, so what the tests start from is what they start from. */
export const EXAMPLE_FILE = new URL("../../edge.config.example.json", import.meta.url);

/** What makes the example's election a fast one. */
export const FAST = { "carp.profile": "fast", "carp.advertisementInterval": undefined } as const;

/** The drills that have a limit. */
export const DRILLS = [
  "carp-down",
  "power-off",
  "external-lost",
  "internal-lost",
  "drain",
  "return",
  "partition",
] as const;

type Tree = Record<string, unknown>;

/** The example with some settings changed, by path; `undefined` takes one out. */
export function example(changes: Readonly<Record<string, unknown>> = {}): Tree {
  const config = JSON.parse(readFileSync(EXAMPLE_FILE, "utf8")) as Tree;
  for (const [path, value] of Object.entries(changes)) set(config, path, value);
  return config;
}

/** The example with `count` edges, which get their addresses from the pool. */
export function exampleWithEdges(count: number, changes: Readonly<Record<string, unknown>> = {}): Tree {
  const edges = Array.from({ length: count }, (_, index) => ({
    name: `edge-${index + 1}`,
    flavor: "b3-8",
    image: "OpenBSD 7.8",
  }));
  return example({ edges, ...changes });
}

/** The setting at a path such as `edges[1].name`. */
export function get(config: unknown, path: string): unknown {
  return split(path).reduce<unknown>((node, key) => (node as Tree | undefined)?.[key], config);
}

/** Every line that a configuration is refused with; none if it is accepted. */
export function errorsOf(input: unknown, environment: Environment = {}): string[] {
  try {
    parseConfig(input, { environment });
  } catch (error) {
    // Anything but a ConfigError is a fault of the loader, not an answer.
    if (!(error instanceof ConfigError)) throw error;
    return error.issues.map(formatIssue);
  }
  return [];
}

function set(config: Tree, path: string, value: unknown): void {
  const keys = split(path);
  const last = keys.pop() as string;
  let node = config;
  for (const key of keys) {
    node[key] ??= {};
    node = node[key] as Tree;
  }
  if (value === undefined) delete node[last];
  // A copy, as a later path may lie in it.
  else node[last] = structuredClone(value);
}

function split(path: string): string[] {
  return path.split(/[.[\]]+/).filter((key) => key !== "");
}
