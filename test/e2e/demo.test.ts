import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run, start } from "./process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const demo = ["--import", "tsx", join(root, "scripts", "demo.ts")];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "demo-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** tsx is looked up from the repository, whatever the working folder is. */
const args = (...more: string[]) => ["--import", import.meta.resolve("tsx"), ...demo.slice(2), ...more];

/** First processes of simulated nodes, and their folders, that are still there. */
function leftBehind(): string[] {
  const holders = readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return text.includes("holder.pl") && text.includes(marker);
    } catch {
      return false;
    }
  });
  return [...holders, ...readdirSync(folder).filter((name) => name.startsWith("edge-"))];
}

// Other tests run beside this one; its own temporary folder tells its processes apart.
let marker: string;
const options = () => {
  marker = folder;
  return { cwd: folder, env: { ...process.env, TMPDIR: folder } };
};

describe("npm run demo", () => {
  it("deploys, fails over, deploys a change, destroys, and leaves nothing behind", async () => {
    const { status, stdout, stderr } = await run(process.execPath, args(), options());
    expect(stderr).toBe("");
    for (const line of [
      "Diff after the deploy: No changes",
      "The guide's check: ifconfig carp0 down on the master, then up again: the FailOver IP is at bi-edge-sbg-2",
      "bi-edge-sbg-2 is MASTER",
      "bi-edge-sbg-2 has the alias",
      "OVH accepts the claim of bi-edge-sbg-2",
      "bi-edge-sbg-2 has seen that OVH routes the address to it",
      "Diff after the failover: a deploy does not take the address back: No changes",
      "Change a probe target and deploy again: /etc/edge.conf on each of 2 edges",
      "The master loses its power, and boots again: the FailOver IP is at bi-edge-sbg-1",
      "packets are answered again",
      "What just happened:",
      "Destroy: nothing is left in the region but the adopted FailOver IP",
    ]) {
      expect(stdout).toContain(line);
    }
    expect(stdout).toMatch(/bi-edge-sbg-1 +127\.77\.0\.\d+ +MASTER +1 +on +146\.59\.143\.231/);
    expect(status).toBe(0);
    expect(leftBehind()).toEqual([]);
  });

  it("fails with all errors of a broken configuration", async () => {
    const config = JSON.parse(readFileSync(join(root, "edge.config.example.json"), "utf8"));
    config.carp.vhid = 300;
    config.edges[1].name = "a;b";
    writeFileSync(join(folder, "broken.json"), JSON.stringify(config));
    const { status, stdout, stderr } = await run(
      process.execPath,
      args("--config", "broken.json"),
      options(),
    );
    expect(status).toBe(1);
    const text = stdout + stderr;
    expect(text).toContain(
      "carp.vhid must be an integer from 1 to 255, got 300; pick one that nothing else uses on this vRack",
    );
    expect(text).toContain("edges[1].name must be");
    expect(text).not.toMatch(/\n\s+at /);
    expect(leftBehind()).toEqual([]);
  });

  it("fails when its port is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const { status, stdout, stderr } = await run(process.execPath, args("--port", String(port)), options());
    server.close();
    expect(status).toBe(1);
    expect(stdout + stderr).toContain(`port ${port} of 127.0.0.1 is taken; choose another with --port`);
    expect(leftBehind()).toEqual([]);
  });

  it("names both binaries and where they come from when there is neither", async () => {
    const { env, cwd } = options();
    const { status, stderr, stdout } = await run(process.execPath, args(), {
      cwd,
      env: { ...env, TERRAFORM_BINARY_NAME: "no-such-terraform" },
    });
    expect(status).toBe(1);
    expect(stdout + stderr).toContain(
      "neither terraform nor tofu is on PATH as no-such-terraform; install Terraform",
    );
  });

  it("ends in one message when Terraform fails", async () => {
    const config = JSON.parse(readFileSync(join(root, "edge.config.example.json"), "utf8"));
    config.edges[0].flavor = "b9-999";
    writeFileSync(join(folder, "flavor.json"), JSON.stringify(config));
    const { status, stdout, stderr } = await run(
      process.execPath,
      args("--config", "flavor.json"),
      options(),
    );
    expect(status).toBe(1);
    expect(stdout + stderr).toContain(
      "edges[].flavor must be the name of a flavor of region SBG5, got b9-999; it has b3-16, b3-8, c3-4, c3-8, d2-2, d2-4",
    );
    expect(leftBehind()).toEqual([]);
  });

  it("cleans up after Ctrl-C in the middle of the deploy", async () => {
    const { child, printed, ended } = start(process.execPath, args(), options());
    await new Promise<void>((resolve) => {
      child.stdout?.on("data", () => {
        if (printed.stdout.includes("edge-install: /usr/local/sbin/edge-sync: written")) resolve();
      });
    });
    child.kill("SIGINT");
    const { status } = await ended;
    expect(status).toBe(130);
    expect(leftBehind()).toEqual([]);
  });
});
