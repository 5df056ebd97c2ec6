import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { refreshSchema } from "../lib/bindings/from-terraform.js";
import { findTerraform } from "../lib/operations/terraform-binary.js";
import { endWith } from "./end-with.js";

const program = new Command("bindings")
  .description(
    "makes provider-ovh/schema.json anew from the provider that Terraform installs, then the bindings",
  )
  .option("--from-terraform", "what this is about")
  .option(
    "--provider-version <version>",
    "version of the provider (default: the pinned one, else it is refused)",
  )
  .option("--add <types...>", "types to take beside those that are in schema.json, such as ovh_vrack")
  .parse();

await endWith(async () => {
  const { providerVersion, add } = program.opts<{ providerVersion?: string; add?: string[] }>();
  const { version, differences } = refreshSchema({
    folder: fileURLToPath(new URL("../provider-ovh", import.meta.url)),
    terraform: findTerraform(process.env),
    environment: process.env,
    version: providerVersion,
    added: add,
  });
  const said = version === undefined ? "a provider that runs already" : `provider ${version}`;
  const what = differences.length === 0 ? ["the schema is as it was"] : differences;
  process.stdout.write(`${[`read from ${said}:`, ...what].join("\n  ")}\n`);
  if (providerVersion !== undefined) {
    process.stdout.write(
      `now give @cdktf/provider-ovh the same version in package.json, and run npm install\n`,
    );
  }
});
