// npm's prepack step: the build, and what it ships byte for byte.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
if (!existsSync(join(root, "provider-ovh", "lib", "schema.sha256"))) {
  console.error("the provider's bindings are missing, the package would lack them; run npm run bindings");
  process.exit(1);
}
rmSync(join(root, "dist"), { recursive: true, force: true });
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], {
  stdio: "inherit",
});
cpSync(join(root, "lib", "edge", "static"), join(root, "dist", "edge", "static"), { recursive: true });
process.exit(status ?? 1);
