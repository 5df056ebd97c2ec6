import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findTerraform } from "../../lib/operations/terraform-binary.js";
import { temporaryFolder } from "./synthesized.js";

/** Terraform on a folder that holds nothing but this, with no provider beside its own. */
function apply(folder: string, resources: object): void {
  const terraform = { required_version: ">= 1.9" };
  writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ terraform, ...resources }));
  for (const args of [["init"], ["apply", "-auto-approve"]]) {
    const { status, stdout, stderr } = spawnSync(findTerraform(process.env), [...args, "-no-color"], {
      cwd: folder,
      env: { ...process.env, CHECKPOINT_DISABLE: "1" },
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stdout + stderr);
  }
}

const clean = {
  when: "destroy",
  command: 'echo "$EDGE cleaned" >>log',
  environment: { EDGE: "${self.output.edge}" },
};
const edge = (name: string) => ({ input: { edge: name }, provisioner: [{ "local-exec": clean }] });
const instance = {
  provisioner: [{ "local-exec": { when: "destroy", command: "echo instance gone >>log" } }],
};

/** What an edge was: its removal depends on its instance. */
const both = {
  resource: {
    terraform_data: { instance, removal: { ...edge("edge-c"), depends_on: ["terraform_data.instance"] } },
  },
};
const removed = (name: string) => ({
  from: `terraform_data.${name}`,
  lifecycle: [{ destroy: true }],
  provisioner: [{ "local-exec": name === "removal" ? clean : instance.provisioner[0]?.["local-exec"] }],
});

describe("what Terraform does with an edge that is taken out", { timeout: 60_000 }, () => {
  it("is to run nothing on it where it is merely gone, and nothing later either", () => {
    const folder = temporaryFolder();
    apply(folder, both);
    apply(folder, {});
    expect(existsSync(join(folder, "log"))).toBe(false);
    apply(folder, { removed: [removed("removal")] });
    expect(existsSync(join(folder, "log"))).toBe(false);
  });

  it("is to clean it by a removed block, before its instance goes", () => {
    const folder = temporaryFolder();
    apply(folder, both);
    apply(folder, { removed: [removed("removal"), removed("instance")] });
    const log = join(folder, "log");
    expect(readFileSync(log, "utf8")).toBe("edge-c cleaned\ninstance gone\n");
    // A name may stay in the list.
    rmSync(log);
    apply(folder, { removed: [removed("removal")] });
    expect(existsSync(log)).toBe(false);
  });
});
