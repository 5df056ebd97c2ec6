import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where Terraform and OpenTofu come from. */
export const TERRAFORM_PAGES = "developer.hashicorp.com/terraform/install or opentofu.org/docs/intro/install";

/** Names under which Terraform is looked for: `TERRAFORM_BINARY_NAME` alone, else terraform before tofu. */
export function terraformNames({ TERRAFORM_BINARY_NAME }: Environment): readonly string[] {
  return TERRAFORM_BINARY_NAME ? [TERRAFORM_BINARY_NAME] : ["terraform", "tofu"];
}

/** Whether a name can be run. */
const isThere = (command: string, environment: Environment) =>
  spawnSync(command, ["version"], { env: environment, stdio: "ignore" }).error === undefined;

/** The command line of cdktf in a folder of commands, or that of its fork where only that one is installed. */
export function cdktfCommand(folder: string): string {
  const [cdktf, cdktn] = ["cdktf", "cdktn"].map((name) => join(folder, name)) as [string, string];
  return !existsSync(cdktf) && existsSync(cdktn) ? cdktn : cdktf;
}

/** An environment in which cdktf, which knows of terraform alone, takes OpenTofu where there is no other. */
export function terraformToRun(environment: Environment): Environment {
  const found = terraformNames(environment).find((command) => isThere(command, environment));
  return found === undefined ? environment : { ...environment, TERRAFORM_BINARY_NAME: found };
}

/**
 * Terraform or OpenTofu: what `TERRAFORM_BINARY_NAME` names, else terraform, else tofu.
 *
 * @throws Error with both names and where they come from
 */
export function findTerraform(environment: Environment): string {
  const found = terraformNames(environment).find((command) => isThere(command, environment));
  if (found !== undefined) return found;
  const named = environment.TERRAFORM_BINARY_NAME;
  throw new Error(
    `neither terraform nor tofu is on PATH${named ? ` as ${named}` : ""}; install Terraform 1.9 or newer from ` +
      "developer.hashicorp.com/terraform/install or OpenTofu 1.9 or newer from opentofu.org/docs/intro/install",
  );
}
