import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { App, type TerraformStack } from "cdktf";
import { afterAll } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { EdgeStack } from "../../lib/constructs/edge-stack.js";

// What is in cdk.tf.json is for the assertions to say.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Json = any;

/** One annotation of a stack, such as a warning. */
export interface Annotation {
  readonly constructPath: string;
  readonly level: string;
  readonly message: string;
}

const folders: string[] = [];
// The process of a test file may be ended without an exit of its own.
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone when the tests are. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "stack-"));
  folders.push(folder);
  return folder;
}

/** What a synthesis wrote. */
export class Synthesized {
  readonly json: Json;
  readonly text: string;
  readonly annotations: readonly Annotation[];

  constructor(
    readonly outdir: string,
    readonly name: string,
  ) {
    this.text = readFileSync(join(this.folder, "cdk.tf.json"), "utf8");
    this.json = JSON.parse(this.text);
    const manifest = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8"));
    this.annotations = manifest.stacks[name].annotations.map(
      ({ constructPath, level, message }: Annotation) => ({ constructPath, level, message }),
    );
  }

  /** Folder that Terraform runs in. */
  get folder(): string {
    return join(this.outdir, "stacks", this.name);
  }

  /** All files of the synthesis, by their path within it. */
  files(): ReadonlyMap<string, string> {
    return new Map(
      readdirSync(this.outdir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => {
          const path = join(entry.parentPath, entry.name);
          return [relative(this.outdir, path), readFileSync(path, "utf8")];
        }),
    );
  }

  /** Number of resources by type. */
  types(): Record<string, number> {
    return Object.fromEntries(
      Object.entries(this.json.resource).map(([type, of]) => [type, Object.keys(of as object).length]),
    );
  }

  /** Address and block of the resource or data source that a construct of this path made. */
  at(path: string): { readonly address: string; readonly block: Json } {
    const found = this.all().find((one) => one.path === path);
    if (found === undefined) {
      throw new Error(
        `nothing was made at ${path}, but at ${this.all()
          .map((one) => one.path)
          .join(", ")}`,
      );
    }
    return found;
  }

  /** The block that a construct of this path made, without what cdktf notes down in it. */
  block(path: string): Json {
    const { "//": _, ...block } = this.at(path).block;
    return block;
  }

  /** The blocks of all resources and data sources. */
  all(): { readonly path: string; readonly address: string; readonly block: Json }[] {
    const { resource = {}, data = {} } = this.json;
    return [
      ...Object.entries<Json>(resource).map(([type, of]) => ["", type, of] as const),
      ...Object.entries<Json>(data).map(([type, of]) => ["data.", type, of] as const),
    ].flatMap(([prefix, type, of]) =>
      Object.entries<Json>(of).map(([id, block]) => ({
        path: block["//"].metadata.path as string,
        address: `${prefix}${type}.${id}`,
        block,
      })),
    );
  }

  /** A value with all locals in it replaced by what they stand for. */
  resolved(value: unknown): string {
    let text = JSON.stringify(value);
    for (;;) {
      const next = text.replace(/local\.([A-Za-z0-9_-]+)/g, (_, name) => {
        if (!(name in this.json.locals)) throw new Error(`there is no local ${name}`);
        return JSON.stringify(this.json.locals[name]);
      });
      if (next === text) return text;
      text = next;
    }
  }
}

/** Synthesizes a stack that `build` makes within an app. */
export function synthesizeStack(build: (app: App) => TerraformStack): Synthesized {
  const outdir = temporaryFolder();
  const app = new App({ outdir });
  const { node } = build(app);
  app.synth();
  return new Synthesized(outdir, node.id);
}

const made = new Map<string, Synthesized>();

/** Synthesizes the stack of a configuration as written; the same one is synthesized once. */
export function synthesize(config: unknown): Synthesized {
  const key = JSON.stringify(config);
  const found =
    made.get(key) ?? synthesizeStack((app) => new EdgeStack(app, "edge", { config: parseConfig(config) }));
  made.set(key, found);
  return found;
}
