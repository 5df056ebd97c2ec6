import { writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import { configFile, loadConfig } from "../lib/config/load.js";
import { readDeployment } from "../lib/operations/deployment.js";
import { mermaidChart } from "../lib/operations/diagram/mermaid.js";
import { sceneOf } from "../lib/operations/diagram/scene.js";
import { sceneSvg } from "../lib/operations/diagram/svg.js";
import { terminalDrawing } from "../lib/operations/diagram/terminal.js";
import { openOperations, stackFolder } from "../lib/operations/operations.js";
import { gatherStatus } from "../lib/operations/status/status.js";
import { endWith } from "./end-with.js";

const program = new Command("diagram")
  .description("draws the edge: as it is wished for, as it is deployed, or as it is right now")
  .addOption(
    new Option(
      "--from <what>",
      "the configuration alone, the deployed state, or the edges and OVH themselves",
    )
      .choices(["config", "state", "live"])
      .default("config"),
  )
  .addOption(new Option("--format <which>", "how").choices(["text", "svg", "mermaid"]).default("text"))
  .option("--out <file>", "write it there (default: print it)")
  .option("--config <file>", "configuration (default: EDGE_CONFIG, else edge.config.json)")
  .option(
    "--stack <folder>",
    "folder of the deployed stack (default: EDGE_STACK, else cdktf.out/stacks/edge)",
  )
  .parse();

const options = program.opts();

await endWith(async () => {
  const config = loadConfig(configFile(process.env, options.config), process.env);
  const scene =
    options.from === "config" ? sceneOf(config) : options.from === "state" ? stateScene() : await liveScene();
  const drawn =
    options.format === "svg"
      ? sceneSvg(scene)
      : options.format === "mermaid"
        ? mermaidChart(scene)
        : terminalDrawing(scene, process.stdout.columns ?? 80);
  if (options.out === undefined) process.stdout.write(drawn);
  else writeFileSync(options.out, drawn);

  function stateScene() {
    const deployment = readDeployment(config, options.stack ?? stackFolder(process.env), process.env);
    return sceneOf(config, { deployment });
  }

  async function liveScene() {
    const operations = openOperations(options, process.env);
    const deployment = { edges: operations.edges.map(({ address }) => address) };
    try {
      return sceneOf(config, { deployment, status: await gatherStatus(operations) });
    } finally {
      await Promise.all(operations.edges.map((edge) => edge.close()));
    }
  }
}, 2);
process.exit();
