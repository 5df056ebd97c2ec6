import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { lackingBindings, schemaDigest } from "../bindings/bindings.js";

/** Files that the code reads at run time: they lie in `dist` where they lie in the sources. */
const READ_AT_RUN_TIME: readonly (readonly [folder: string, names: RegExp])[] = [
  ["lib/edge/static", /./],
  ["lib/simulator/node", /\.(pl|pm|sh)$/],
  ["lib/simulator/promela", /\.pml$/],
  [".", /^edge\.config\.example\.json$/],
];

/** What the bindings below `provider-ovh/lib` lack of those of `provider-ovh/schema.json`; empty when they are whole. */
export function bindingsLack(root: string): string[] {
  const folder = join(root, "provider-ovh");
  const schema = readFileSync(join(folder, "schema.json"), "utf8");
  return lackingBindings(JSON.parse(schema), schemaDigest(schema), (path) => {
    const file = join(folder, "lib", path);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  });
}

/**
 * Refuses bindings that are missing, not whole, or of another schema.
 *
 * @throws Error with what they lack and the command that makes them
 */
export function requireBindings(root: string): void {
  const lacking = bindingsLack(root);
  if (lacking.length === 0) return;
  const [first, ...others] = lacking;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  throw new Error(
    `provider-ovh/lib must hold the bindings of provider-ovh/schema.json, it lacks ${first}${more}, and so would the package; run npm run bindings`,
  );
}

/**
 * Makes `dist` anew: the library and its commands as JavaScript with types and maps, and what they read at run time.
 *
 * @throws Error when the bindings are not whole, or the compiler found errors, which it has printed
 */
export function build(root: string): void {
  requireBindings(root);
  rmSync(join(root, "dist"), { recursive: true, force: true });
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], {
    stdio: "inherit",
  });
  if (status !== 0) {
    rmSync(join(root, "dist"), { recursive: true, force: true });
    throw new Error("the sources do not compile, see above; nothing was built");
  }
  for (const file of filesReadAtRunTime(root)) {
    const target = join(root, "dist", file);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(root, file), target);
  }
  withoutMaps(join(root, "dist"), ["main", ...namesIn(join(root, "dist", "scripts"))]);
  chmodSync(join(root, "dist", "scripts", "bin.js"), 0o755);
  writeFileSync(join(root, "dist", "sources.sha256"), `${sourcesDigest(root)}\n`);
}

function namesIn(folder: string): string[] {
  const scripts = readdirSync(folder).filter((name) => name.endsWith(".js"));
  return scripts.map((name) => `scripts/${name.slice(0, -3)}`);
}

/** Nobody imports the commands, and their sources are not packed: their types and maps would lead nowhere. */
function withoutMaps(dist: string, names: readonly string[]): void {
  for (const name of names) {
    for (const extension of [".js.map", ".d.ts", ".d.ts.map"]) rmSync(join(dist, name + extension));
    const file = join(dist, `${name}.js`);
    writeFileSync(file, readFileSync(file, "utf8").replace(/\n\/\/# sourceMappingURL=.*\n?$/, "\n"));
  }
}

/** Digest of all that a build is made of, in hex. */
export function sourcesDigest(root: string): string {
  const below = (folder: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  const files = [
    ...["main.ts", "tsconfig.json", "tsconfig.build.json"],
    ...[...below("lib"), ...below("scripts")].filter((name) => name.endsWith(".ts")),
    ...filesReadAtRunTime(root),
  ];
  const digest = createHash("sha256");
  for (const file of files.sort())
    digest
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  return digest.digest("hex");
}

/** Paths of the files that are copied into `dist`, from the package's root. */
export function filesReadAtRunTime(root: string): string[] {
  return READ_AT_RUN_TIME.flatMap(([folder, names]) =>
    readdirSync(join(root, folder))
      .filter((name) => names.test(name))
      .map((name) => join(folder, name)),
  ).sort();
}
