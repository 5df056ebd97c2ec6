import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Playground } from "../../lib/playground/playground.js";
import { isThere } from "../../lib/playground/prerequisites.js";
import { Terraform } from "../../lib/playground/terraform.js";
import { exampleWithEdges } from "../config/example.js";
import { synthesize } from "../constructs/synthesized.js";
import { run } from "./process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const hasTofu = isThere({ command: "tofu", probe: ["version"] });

describe("OpenTofu", () => {
  it("finds each provider in a registry of its own, as the stack names none", () => {
    const { required_providers, required_version } = synthesize(exampleWithEdges(2)).json.terraform;
    expect(required_version).toBe(">= 1.9");
    for (const { source } of Object.values<{ source: string }>(required_providers))
      expect(source).toMatch(/^[a-z]+(\/[a-z]+)?$/);
  });

  // Without tofu on PATH the tests below are not registered: they would be skipped, and none may be.
  if (!hasTofu) return;

  describe("with a stack that Terraform deployed", () => {
    let playground: Playground;
    let tofu: Terraform;

    beforeAll(async () => {
      playground = await Playground.create({
        config: JSON.parse(readFileSync(join(root, "edge.config.example.json"), "utf8")),
        region: { speed: 2 },
      });
      await playground.synth();
      await playground.terraform.init();
      await playground.terraform.apply(() => {});
      tofu = new Terraform(
        "tofu",
        playground.stackFolder,
        playground.environment(),
        join(playground.folder, "tofu.log"),
      );
    });
    afterAll(() => playground?.stop());

    it("plans no changes on its state", async () => {
      await tofu.init();
      expect(await tofu.plan()).toBe("no changes");
    });

    it("delivers a change, and plans no changes after it", async () => {
      const config = playground.readConfig();
      playground.writeConfig({ ...config, probe: { ...config.probe, targets: ["9.9.9.9"] } });
      await playground.synth();
      const lines: string[] = [];
      await tofu.apply(({ text }) => lines.push(text));
      expect(lines).toContain("edge-install: done");
      expect(await tofu.plan()).toBe("no changes");
    });

    it("tells status what is deployed where there is no terraform", async () => {
      const bin = join(playground.folder, "bin");
      mkdirSync(bin);
      const { stdout } = await run("sh", ["-c", "command -v tofu"]);
      symlinkSync(stdout.trim(), join(bin, "tofu"));
      const { stdout: screen, stderr } = await run(
        process.execPath,
        ["--import", import.meta.resolve("tsx"), join(root, "scripts/status.ts")],
        {
          cwd: playground.folder,
          env: { HOME: playground.folder, ...playground.environment(), PATH: bin },
        },
      );
      expect(stderr).toBe("");
      expect(screen).toMatch(/^reached +yes +yes$/m);
    });

    it("destroys it, and leaves nothing but the adopted FailOver IP", async () => {
      await tofu.destroy(() => {});
      expect(playground.region.project.leftovers()).toEqual([]);
      expect(playground.region.project.failoverIps.list()).toHaveLength(1);
    });
  });
});
