import { Command } from "commander";
import { configFile, loadConfig } from "../lib/config/load.js";
import { listing, writeEdge } from "../lib/edge/present.js";
import { renderEdge } from "../lib/edge/render.js";
import { staticFiles } from "../lib/edge/static-files.js";
import { endWith } from "./end-with.js";

const program = new Command("render")
  .description("shows what would be delivered to an edge, secrets masked")
  .requiredOption("--edge <name>", "name of the edge")
  .option("--out <folder>", "write the files below this folder instead of printing them")
  .option("--config <file>", "configuration (default: EDGE_CONFIG, else edge.config.json)")
  .parse();

await endWith(async () => {
  const { edge, out, config } = program.opts();
  const rendered = renderEdge(loadConfig(configFile(process.env, config), process.env), edge, staticFiles());
  if (out === undefined) process.stdout.write(listing(rendered));
  else for (const file of writeEdge(rendered, out)) process.stdout.write(`${file}\n`);
});
