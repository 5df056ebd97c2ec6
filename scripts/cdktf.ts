import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// cdktf with a umask that hides its plan file, which is deleted afterwards: it holds the variables in clear.
const root = fileURLToPath(new URL("../", import.meta.url));
process.umask(0o077);
const { status, error } = spawnSync(join(root, "node_modules", ".bin", "cdktf"), process.argv.slice(2), {
  stdio: "inherit",
});
rmSync(join("cdktf.out", "stacks", "edge", "plan"), { force: true });
if (error !== undefined) process.stderr.write(`${error.message}\n`);
process.exit(status ?? 1);
