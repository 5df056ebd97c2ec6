// npm's prepack step: the build, and what it reads at run time.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
let loader;
try {
  loader = import.meta.resolve("tsx");
} catch {
  console.error("the development dependencies are missing, the package cannot be built; run npm ci");
  process.exit(1);
}
const { status } = spawnSync(process.execPath, ["--import", loader, join(root, "scripts", "prepack.ts")], {
  stdio: "inherit",
});
process.exit(status ?? 1);
