// Runs a script of this folder; on a fresh clone it installs the dependencies first.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 20)) {
  console.error(
    `Node 20.20 or newer is needed, this is ${process.versions.node}; install it from nodejs.org`,
  );
  process.exit(1);
}
const installed = ["node_modules/.package-lock.json", "provider-ovh/lib/schema.sha256"];
if (!installed.every((file) => existsSync(join(root, file)))) {
  console.error("Installing dependencies with npm ci …");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) {
    console.error("npm ci failed; see its messages above");
    process.exit(1);
  }
}
const [script, ...args] = process.argv.slice(2);
const child = spawn(
  process.execPath,
  ["--import", import.meta.resolve("tsx"), join(root, "scripts", `${script}.ts`), ...args],
  { stdio: "inherit" },
);
// A terminal tells both at once, and the script may have something to mend: this waits for it.
for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.once("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
child.once("close", (status) => process.exit(status ?? 130));
