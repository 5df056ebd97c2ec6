import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readOutputs } from "../../lib/operations/deployment.js";
import { cdktfCommand, findTerraform, terraformToRun } from "../../lib/operations/terraform-binary.js";

let folder: string;
const path = (name: string) => ({ PATH: join(folder, name) });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "binary-"));
  for (const [name, binaries] of Object.entries({ both: ["terraform", "tofu"], tofu: ["tofu"], none: [] })) {
    mkdirSync(join(folder, name));
    for (const binary of binaries) {
      const file = join(folder, name, binary);
      writeFileSync(file, `#!/bin/sh\n[ "$1" = version ] || echo '{"by":{"value":"${binary}"}}'\n`);
      chmodSync(file, 0o755);
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("Terraform", () => {
  it.each([
    ["is taken before tofu where there are both", "both", undefined, "terraform"],
    ["is tofu where there is no other", "tofu", undefined, "tofu"],
    ["is what TERRAFORM_BINARY_NAME names", "both", "tofu", "tofu"],
    ["is not named by a variable that is empty", "both", "", "terraform"],
  ])("%s", (_, name, named, found) => {
    expect(findTerraform({ ...path(name), TERRAFORM_BINARY_NAME: named })).toBe(found);
  });

  const pages =
    "install Terraform 1.9 or newer from developer.hashicorp.com/terraform/install or OpenTofu 1.9 or newer from opentofu.org/docs/intro/install";

  it.each([
    ["none", undefined, `neither terraform nor tofu is on PATH; ${pages}`],
    ["tofu", "terraform", `neither terraform nor tofu is on PATH as terraform; ${pages}`],
  ])("is not found: %s, %s", (name, named, message) => {
    expect(() => findTerraform({ ...path(name), TERRAFORM_BINARY_NAME: named })).toThrow(new Error(message));
  });

  it.each([
    ["tofu", "tofu"],
    ["both", "terraform"],
    ["none", undefined],
  ])("is named to cdktf, which knows of terraform alone: %s", (name, found) => {
    expect(terraformToRun(path(name)).TERRAFORM_BINARY_NAME).toBe(found);
  });

  it.each([
    [["cdktf"], "cdktf"],
    [["cdktn"], "cdktn"],
    [["cdktf", "cdktn"], "cdktf"],
    [[], "cdktf"],
  ])("is run by cdktf, or by its fork where that is all there is: %j", (installed, found) => {
    const bin = mkdtempSync(join(folder, "bin-"));
    for (const name of installed) writeFileSync(join(bin, name), "");
    expect(cdktfCommand(bin)).toBe(join(bin, found));
  });

  it("is asked for what is deployed, whichever of the two it is", () => {
    expect(readOutputs(folder, path("tofu"))).toEqual({ by: { value: "tofu" } });
    expect(readOutputs(folder, path("both"))).toEqual({ by: { value: "terraform" } });
  });
});
