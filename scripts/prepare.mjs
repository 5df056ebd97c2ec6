// npm's prepare step, and npm run bindings: makes the provider's bindings; with --from-terraform their schema first.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
// The generator asks for Terraform's version and reports what fails, unless it is told not to.
const env = { ...process.env, CHECKPOINT_DISABLE: "1", TERRAFORM_BINARY_NAME: "true" };
const args = process.argv.slice(2);
if (args.includes("--from-terraform")) {
  const { status } = spawnSync(
    process.execPath,
    ["--import", "tsx", join(root, "scripts", "schema.ts"), ...args],
    {
      cwd: root,
      stdio: "inherit",
    },
  );
  if (status !== 0) process.exit(status ?? 1);
}
const { status } = spawnSync(process.execPath, ["--import", "tsx", join(root, "scripts", "bindings.ts")], {
  cwd: root,
  env,
  stdio: "inherit",
});
process.exit(status ?? 1);
