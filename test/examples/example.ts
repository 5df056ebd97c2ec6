import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EdgeConfigInput } from "../../lib/index.js";
import type { LiveWorld, LiveWorldOptions } from "../../lib/testing.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Folder of the examples. */
export const EXAMPLES = join(ROOT, "examples");

/**
 * What one example needs and promises beyond what all of them do; test/examples/NAME.ts exports it as `example`.
 * All of it may be left out.
 */
export interface ExampleChecks {
  /** The configuration that the region is made for, from what the example's own says. @default - the example's */
  readonly config?: (config: EdgeConfigInput) => EdgeConfigInput;
  /** More of what the region is made with, and of the environment. */
  readonly world?: Omit<LiveWorldOptions, "config">;
  /** Puts into the region what the example expects there; `world.config` is what it will read. */
  readonly before?: (world: LiveWorld) => Promise<void>;
  /** What else the README promises, on the deployed edges. Leaves the preferred edge the holder or not, as it likes. */
  readonly deployed?: (world: LiveWorld) => Promise<void>;
  /** What a destroy may leave in the region, as it was there before. @default - nothing */
  readonly remains?: readonly string[];
}

/** Names of the examples: every folder. */
export function exampleNames(): string[] {
  return readdirSync(EXAMPLES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** A file of an example, or undefined. */
export function exampleFile(name: string, file: string): string | undefined {
  const path = join(EXAMPLES, name, file);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** The configuration of an example. */
export function exampleConfig(name: string): EdgeConfigInput {
  return JSON.parse(exampleFile(name, "edge.config.json") as string);
}

/** What is checked of this example beyond the rest. */
export async function checksOf(name: string): Promise<ExampleChecks> {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  return existsSync(file) ? (await import(file)).example : {};
}

/** What the commands of a deploy printed that fails. @throws Error where it does not */
export async function printedBy(deploy: Promise<void>): Promise<string> {
  const { message } = await deploy.then(
    () => {
      throw new Error("the deploy does not fail");
    },
    (error: Error) => error,
  );
  const [, log] = /^All of it is in (.+)$/m.exec(message) ?? [];
  if (log === undefined) throw new Error(message);
  const outputs = readFileSync(log, "utf8").matchAll(/"hook":\{.*"output":("(?:[^"\\]|\\.)*")/g);
  return [...outputs].map(([, output]) => JSON.parse(output as string)).join("\n");
}
