import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Playground } from "../../lib/playground/playground.js";
import { type Ended, run } from "./process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const major = Number(process.versions.node.split(".")[0]);
let playground: Playground;

function cdktf(...args: string[]): Promise<Ended> {
  return run(join(root, "node_modules", ".bin", "cdktf"), args, {
    cwd: playground.folder,
    env: { ...process.env, ...playground.environment(), CI: "true", FORCE_COLOR: "0" },
  });
}

describe.skipIf(major >= 24)(
  "the cdktf command (its 0.21 starts on Node 20 and 22; use nvm install 22)",
  () => {
    beforeAll(async () => {
      playground = await Playground.create({
        config: JSON.parse(readFileSync(join(root, "edge.config.example.json"), "utf8")),
      });
      writeFileSync(
        join(playground.folder, "cdktf.json"),
        JSON.stringify({
          language: "typescript",
          app: `${process.execPath} --import ${import.meta.resolve("tsx")} ${join(root, "main.ts")}`,
          projectId: "test",
          sendCrashReports: "false",
        }),
      );
    });
    afterAll(() => playground?.stop());

    it("synthesizes the stack", async () => {
      const { status, stdout } = await cdktf("synth");
      expect(stdout).toContain("Generated Terraform code for the stacks: edge");
      expect(status).toBe(0);
    });

    it("deploys it", async () => {
      const { status, stdout, stderr } = await cdktf(
        "deploy",
        "edge",
        "--auto-approve",
        "--skip-provider-lock",
      );
      expect(stdout + stderr).toContain("Apply complete! Resources: 15 added, 0 changed, 0 destroyed.");
      expect(status).toBe(0);
      expect(playground.region.holder()).toBe("bi-edge-sbg-1");
      expect(stdout + stderr).not.toContain(playground.carpPassword);
    });

    it("shows no difference after the deploy", async () => {
      const { status, stdout } = await cdktf("diff", "edge", "--skip-provider-lock");
      expect(stdout).toContain("No changes. Your infrastructure matches the configuration.");
      expect(status).toBe(0);
      // The command leaves its plan file readable by all; it holds the variables in clear.
      const plan = join(playground.stackFolder, "plan");
      if (existsSync(plan)) rmSync(plan);
    });

    it("destroys it and leaves nothing in the region but the adopted FailOver IP", async () => {
      const { status } = await cdktf("destroy", "edge", "--auto-approve", "--skip-provider-lock");
      expect(status).toBe(0);
      expect(playground.region.project.leftovers()).toEqual([]);
      expect(playground.region.project.failoverIps.list()).toHaveLength(1);
    });

    it("ends synth with all errors of a broken configuration and without a stack trace", async () => {
      const config = playground.readConfig();
      playground.writeConfig({ ...config, carp: { ...config.carp, vhid: 0 } });
      const { status, stdout, stderr } = await cdktf("synth");
      expect(status).toBe(1);
      expect(stdout + stderr).toContain("carp.vhid must be an integer from 1 to 255, got 0");
    });
  },
);
