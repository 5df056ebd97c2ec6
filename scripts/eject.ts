import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { App } from "cdktf";
import { Command } from "commander";
import { configFile, loadConfig } from "../lib/config/load.js";
import { EdgeStack } from "../lib/constructs/edge-stack.js";
import { eject } from "../lib/operations/eject.js";
import { endWith } from "./end-with.js";

const program = new Command("eject")
  .description("writes the stack as a folder that plain Terraform runs, without Node")
  .requiredOption("--out <folder>", "folder that is made, or an empty one")
  .option("--config <file>", "configuration (default: EDGE_CONFIG, else edge.config.json)")
  .option("--json", "print what was written as JSON", false)
  .parse();

await endWith(async () => {
  const { out, config, json } = program.opts();
  const settings = loadConfig(configFile(process.env, config), process.env);
  const outdir = mkdtempSync(join(tmpdir(), "eject-"));
  try {
    const app = new App({ outdir });
    new EdgeStack(app, "edge", { config: settings });
    app.synth();
    const root = fileURLToPath(new URL("../", import.meta.url));
    const ejected = eject(join(outdir, "stacks", "edge"), out, root);
    process.stdout.write(
      json
        ? `${JSON.stringify(ejected, null, 2)}\n`
        : `${ejected.files.map((file) => join(out, file)).join("\n")}\n${out}/README.md says how to go on${ejected.stateFile === undefined ? "" : "; the state is not among it"}\n`,
    );
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
});
