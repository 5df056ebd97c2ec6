/**
 * Generates the CDKTF bindings of provider ovh/ovh from the committed schema.json
 * and compiles them to CommonJS under lib/, which git ignores.
 */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import commons from "@cdktf/commons";
import generator from "@cdktf/provider-generator/lib/get/generator/provider-generator.js";
import { CodeMaker } from "codemaker";
import ts from "typescript";
import { PROVIDER, schemaDigest } from "../lib/bindings/bindings.js";
import { bindingsLack } from "../lib/release/build.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const here = join(root, "provider-ovh");

/** Writes the bindings' TypeScript into a folder, as `cdktf get` does. @returns where their index.ts is */
export async function writeSources(schemaFile: string, sources: string): Promise<string> {
  const schema = JSON.parse(readFileSync(schemaFile, "utf8"));
  const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  const constraint = new commons.ConstructsMakerProviderTarget(
    new commons.TerraformProviderConstraint(`ovh/ovh@~> ${version}`),
    commons.Language.TYPESCRIPT,
  );
  const code = new CodeMaker();
  code.indentation = 2;
  const maker = new generator.TerraformProviderGenerator(code, schema);
  maker.versions[PROVIDER] = version;
  maker.generate(constraint);
  await maker.save(sources);
  const folder = join(sources, "providers", "ovh");
  rmSync(join(folder, "lazy-index.ts"), { force: true });
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  writeFileSync(
    join(folder, "index.ts"),
    names.map((name) => `export * as ${camelCase(name)} from "./${name}/index";\n`).join(""),
  );
  return folder;
}

/** Writes `lib` anew: one folder per type, an index, and the stamp `schema.sha256`. It is replaced when all is there. */
async function generateBindings(): Promise<void> {
  const [schemaFile, outdir] = [join(here, "schema.json"), join(here, "lib")];
  const sources = mkdtempSync(join(tmpdir(), "ovh-bindings-"));
  const made = mkdtempSync(join(here, ".lib-"));
  try {
    compile(await writeSources(schemaFile, sources), join(made, "lib"));
    writeFileSync(join(made, "lib", "schema.sha256"), `${schemaDigest(readFileSync(schemaFile))}\n`);
    if (existsSync(outdir)) renameSync(outdir, join(made, "before"));
    renameSync(join(made, "lib"), outdir);
  } finally {
    rmSync(sources, { recursive: true, force: true });
    rmSync(made, { recursive: true, force: true });
  }
}

function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function compile(folder: string, outdir: string): void {
  const program = ts.createProgram([join(folder, "index.ts")], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    declaration: true,
    skipLibCheck: true,
    // What the generator writes is not ours to check, and checking takes most of the time.
    noCheck: true,
    rootDir: folder,
    outDir: outdir,
    types: [],
    paths: { "*": [join(root, "node_modules", "*")] },
  });
  const { emitSkipped } = program.emit();
  if (emitSkipped) throw new Error("the bindings could not be written");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // With a schema and a folder it leaves the sources there, and makes nothing of them.
  const [schemaFile, sources] = process.argv.slice(2);
  if (schemaFile !== undefined && sources !== undefined) await writeSources(schemaFile, sources);
  // npm runs prepare before each pack: what others read then stays where it is.
  else if (process.env.npm_lifecycle_event !== "prepare" || bindingsLack(root).length > 0)
    await generateBindings();
}
