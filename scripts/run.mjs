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

/** Runs a command of npm's; what it prints is no output of the script. */
function npm(what, ...args) {
  console.error(`${what} with npm ${args[0]} …`);
  const { status } = spawnSync("npm", [...args, "--loglevel=error"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  console.error(`npm ${args[0]} failed; see its messages above`);
  process.exit(1);
}

if (!existsSync(join(root, "node_modules/.package-lock.json"))) {
  npm("Installing dependencies", "ci", "--no-audit", "--no-fund");
} else if (!existsSync(join(root, "provider-ovh/lib/schema.sha256"))) {
  // Another command may be using what is installed: npm ci would take it away.
  npm("Making the provider's bindings", "run", "prepare");
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
