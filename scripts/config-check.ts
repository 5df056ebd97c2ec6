import { Command } from "commander";
import { configFile, loadConfig } from "../lib/config/load.js";
import { endWith } from "./end-with.js";

const program = new Command("config:check")
  .description("checks a configuration without Terraform")
  .option("--config <file>", "file to check (default: EDGE_CONFIG, else edge.config.json)")
  .parse();

await endWith(async () => {
  const file = configFile(process.env, program.opts().config);
  const { edges, failoverIps, region } = loadConfig(file, process.env);
  const names = edges.map(({ name, advskew }) => `${name} (advskew ${advskew})`).join(", ");
  process.stdout.write(
    `${file} is in order: ${failoverIps.map(({ address }) => address).join(", ")} in ${region} on ${names}\n`,
  );
  if (process.env.TF_VAR_carp_password === undefined) {
    process.stdout.write("TF_VAR_carp_password is not set, so the CARP password was not checked\n");
  }
});
