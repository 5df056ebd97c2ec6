import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { start } from "../e2e/process.js";

let folder: string;
const plan = () => join(folder, "cdktf.out", "stacks", "edge", "plan");
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plan-"));
  for (const name of ["scripts", "node_modules/.bin"]) mkdirSync(join(folder, name), { recursive: true });
  const root = new URL("../../", import.meta.url);
  copyFileSync(fileURLToPath(new URL("scripts/cdktf.ts", root)), join(folder, "scripts/cdktf.mts"));
  symlinkSync(fileURLToPath(new URL("lib", root)), join(folder, "lib"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The script with a cdktf of the test's own in its place. */
function run(cdktf: string) {
  const path = join(folder, "node_modules/.bin/cdktf");
  writeFileSync(
    path,
    `#!/bin/sh\nmkdir -p cdktf.out/stacks/edge\necho secret >cdktf.out/stacks/edge/plan\n${cdktf}\n`,
  );
  chmodSync(path, 0o755);
  const args = ["--import", import.meta.resolve("tsx"), join(folder, "scripts/cdktf.mts"), "deploy", "edge"];
  return start(process.execPath, args, { cwd: folder, detached: true });
}

/** Waits until the test's own cdktf is there. */
async function ready({ child, printed, ended }: ReturnType<typeof run>): Promise<void> {
  const early = ended.then(({ stdout, stderr }) => {
    throw new Error(`it ended before it was ready: ${stdout}${stderr}`);
  });
  early.catch(() => {});
  const there = new Promise<void>((resolve) =>
    child.stdout?.on("data", () => printed.stdout.includes("ready") && resolve()),
  );
  await Promise.race([there, early]);
}

describe("the plan file that cdktf writes", () => {
  it("is for the deployer alone, and gone when cdktf ends, whose status stays", async () => {
    const { ended } = run('ls -l cdktf.out/stacks/edge/plan; echo "$*"; exit 3');
    const { status, stdout } = await ended;
    expect(stdout).toMatch(/^-rw------- /);
    expect(stdout).toContain("deploy edge\n");
    expect([status, existsSync(plan())]).toEqual([3, false]);
  });

  it.each([
    "SIGINT",
    "SIGHUP",
  ] as const)("is gone after %s at the terminal, which cdktf takes its time over", async (signal) => {
    const { child, printed, ended } = run(
      `trap 'sleep 0.3; echo ended; exit 130' ${signal.slice(3)}\necho ready\nwhile :; do sleep 0.05; done`,
    );
    await ready({ child, printed, ended });
    expect(statSync(plan()).mode & 0o777).toBe(0o600);
    // All that runs in the foreground gets it.
    process.kill(-(child.pid as number), signal);
    const { status, stdout } = await ended;
    expect([status, stdout, existsSync(plan())]).toEqual([130, "ready\nended\n", false]);
  });

  it("is gone after a SIGTERM to the command, which cdktf gets as well", async () => {
    const { child, printed, ended } = run("trap 'exit 143' TERM\necho ready\nwhile :; do sleep 0.05; done");
    await ready({ child, printed, ended });
    child.kill("SIGTERM");
    expect((await ended).status).toBe(143);
    expect(existsSync(plan())).toBe(false);
  });

  it("is not waited for where there is no cdktf", async () => {
    const { ended } = run("");
    await ended;
    rmSync(join(folder, "node_modules"), { recursive: true });
    const again = start(
      process.execPath,
      ["--import", import.meta.resolve("tsx"), join(folder, "scripts/cdktf.mts")],
      { cwd: folder },
    );
    const { status, stderr } = await again.ended;
    expect(status).toBe(1);
    expect(stderr).toContain("ENOENT");
  });
});
