import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROVIDER } from "./bindings.js";
import { type SchemaFile, schemaDifferences, schemaFacts } from "./schema-facts.js";

/** How the schema is made anew. */
export interface RefreshOptions {
  /** Folder of the workspace package, with `schema.json` and `package.json`. */
  readonly folder: string;
  /** Terraform or OpenTofu. */
  readonly terraform: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Version of the provider. @default - the one that the bindings are pinned to */
  readonly version?: string;
  /** Types to take beside those that are committed. @default - none */
  readonly added?: readonly string[];
}

/** What came of it. */
export interface Refreshed {
  /** Version of the provider that Terraform chose; undefined for one that runs already, which tells none. */
  readonly version: string | undefined;
  /** One line for each type that changed. */
  readonly differences: readonly string[];
}

/**
 * Makes `schema.json` anew from the provider that Terraform installs, in the committed form: names, types and flags.
 *
 * @throws Error when Terraform fails, chooses another version, or the provider lacks a type; nothing is written then
 */
export function refreshSchema(options: RefreshOptions): Refreshed {
  const { folder, version: wanted, added } = options;
  const manifestFile = join(folder, "package.json");
  const schemaFile = join(folder, "schema.json");
  const manifest = JSON.parse(readFileSync(manifestFile, "utf8"));
  const committed: SchemaFile = JSON.parse(readFileSync(schemaFile, "utf8"));
  const pinned = wanted ?? manifest.version;
  const { printed, version } = askTerraform(options, pinned);
  if (version !== undefined && version !== pinned) {
    throw new Error(
      `the provider must have version ${pinned}, Terraform chose ${version}; install that one, or ask for the other by --provider-version ${version}`,
    );
  }
  const facts = schemaFacts(printed, committed, added);
  writeFileSync(schemaFile, `${JSON.stringify(facts, null, 1)}\n`);
  if (pinned !== manifest.version) {
    writeFileSync(manifestFile, `${JSON.stringify({ ...manifest, version: pinned }, null, 2)}\n`);
  }
  return { version, differences: schemaDifferences(committed, facts) };
}

function askTerraform({ terraform, environment }: RefreshOptions, version: string) {
  const folder = mkdtempSync(join(tmpdir(), "schema-"));
  try {
    const provider = { source: "ovh/ovh", version: `= ${version}` };
    writeFileSync(
      join(folder, "main.tf.json"),
      JSON.stringify({ terraform: { required_providers: { ovh: provider } } }),
    );
    const run = (...args: string[]): string => {
      const { status, stdout, stderr, error } = spawnSync(terraform, args, {
        cwd: folder,
        encoding: "utf8",
        env: { ...environment, CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1" },
        maxBuffer: 2 ** 28,
      });
      if (error !== undefined || status !== 0) {
        throw new Error(
          `${terraform} ${args.join(" ")} failed:\n${error?.message ?? `${stderr}${stdout}`.trim()}`,
        );
      }
      return stdout;
    };
    run("init", "-backend=false", "-input=false", "-no-color");
    const selections = JSON.parse(run("version", "-json")).provider_selections ?? {};
    return {
      printed: JSON.parse(run("providers", "schema", "-json")) as SchemaFile,
      version: (selections[PROVIDER] ?? selections[PROVIDER.replace("terraform.io", "opentofu.org")]) as
        | string
        | undefined,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
