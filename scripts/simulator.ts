import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { parseConfig } from "../lib/config/load.js";
import { checkPrerequisites } from "../lib/playground/prerequisites.js";
import { Region, readProviderSchema } from "../lib/simulator/region.js";
import { endWith } from "./end-with.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const program = new Command("simulator")
  .description(
    "runs the simulated OVH region alone, for Terraform, the real provider or any client of the API",
  )
  .option("--port <n>", "port for the API (default: a free one)", Number)
  .option(
    "--config <file>",
    "configuration whose project, region, images and FailOver IP exist",
    join(root, "edge.config.example.json"),
  )
  .parse();

await endWith(async () => {
  checkPrerequisites();
  const { port, config } = program.opts();
  const folder = mkdtempSync(join(tmpdir(), "edge-"));
  try {
    const region = await Region.start({
      folder,
      config: parseConfig(JSON.parse(readFileSync(config, "utf8"))),
      schema: readProviderSchema(createRequire(import.meta.url).resolve("@cdktf/provider-ovh/schema.json")),
      apiPort: port,
    });
    const lines = Object.entries(region.environment()).map(([name, value]) => `export ${name}='${value}'`);
    process.stdout.write(
      `${lines.join("\n")}\n\nThe API is at ${region.api.endpoint}; press Ctrl-C to end it.\n`,
    );
    await new Promise<void>((resolve) => {
      for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => resolve());
    });
    await region.stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
process.exit();
