import { Command } from "commander";
import { configFile, loadConfig } from "../lib/config/load.js";
import { findTerraform } from "../lib/operations/terraform-binary.js";
import { bootstrapState } from "../lib/state/bootstrap.js";
import { confirm } from "./confirm.js";
import { endWith } from "./end-with.js";

const program = new Command("state:bootstrap")
  .description(
    "makes the bucket that backend s3 of a configuration names, and an S3 key for that bucket alone, with Terraform. " +
      "Shows a plan first. Its own state is a local file, and the key's secret lies in it in clear.",
  )
  .option("--config <file>", "configuration (default: EDGE_CONFIG, else edge.config.json)")
  .option("--folder <folder>", "where its stack and its state are kept", ".state-bootstrap")
  .option("--yes", "carry out the plan without asking", false)
  .option("--show-secret", "print the key itself, not the commands that read it", false)
  .parse();

const options = program.opts();
process.umask(0o077);

// Terraform gets Ctrl-C as well; it must end before its plan is deleted.
process.on("SIGINT", () => {});

await endWith(async () => {
  const source = configFile(process.env, options.config);
  await bootstrapState({
    config: loadConfig(source, process.env),
    source,
    folder: options.folder,
    terraform: findTerraform(process.env),
    environment: process.env,
    showSecret: options.showSecret,
    say: (text) => process.stdout.write(text),
    agree: (question) => confirm(question, options.yes),
  });
});
