import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { lackingBindings } from "../bindings/bindings.js";

/** Files that the code reads at run time: they lie in `dist` where they lie in the sources. */
const READ_AT_RUN_TIME: readonly (readonly [folder: string, names: RegExp])[] = [
  ["lib/edge/static", /./],
  ["lib/simulator/node", /\.(pl|pm|sh)$/],
  ["lib/simulator/promela", /\.pml$/],
  [".", /^edge\.config\.example\.json$/],
];

/**
 * Refuses bindings that are missing, not whole, or of another schema.
 *
 * @throws Error with what they lack and the command that makes them
 */
export function requireBindings(root: string): void {
  const folder = join(root, "provider-ovh");
  const schema = readFileSync(join(folder, "schema.json"), "utf8");
  const lacking = lackingBindings(
    JSON.parse(schema),
    createHash("sha256").update(schema).digest("hex"),
    (path) => {
      const file = join(folder, "lib", path);
      return existsSync(file) ? readFileSync(file, "utf8") : undefined;
    },
  );
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
  chmodSync(join(root, "dist", "scripts", "bin.js"), 0o755);
}

/** Paths of the files that are copied into `dist`, from the package's root. */
export function filesReadAtRunTime(root: string): string[] {
  return READ_AT_RUN_TIME.flatMap(([folder, names]) =>
    readdirSync(join(root, folder))
      .filter((name) => names.test(name))
      .map((name) => join(folder, name)),
  ).sort();
}
