import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cdktfCommand, terraformToRun } from "../lib/operations/terraform-binary.js";

// cdktf with a umask that hides its plan file, which is deleted afterwards: it holds the variables in clear.
const root = fileURLToPath(new URL("../", import.meta.url));
process.umask(0o077);
// Providers that run already are in no registry, where a lock would look for them.
const unlocked = process.env.TF_REATTACH_PROVIDERS === undefined ? [] : ["--skip-provider-lock"];
const command = cdktfCommand(join(root, "node_modules", ".bin"));
const child = spawn(command, [...process.argv.slice(2), ...unlocked], {
  stdio: "inherit",
  env: terraformToRun(process.env),
});
// A terminal tells both at once; whatever ends cdktf, its plan is deleted after it.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.once("error", (error) => process.stderr.write(`${error.message}\n`));
child.once("close", (status) => {
  rmSync(join("cdktf.out", "stacks", "edge", "plan"), { force: true });
  process.exit(status === null || status < 0 ? 1 : status);
});
