import { Command } from "commander";
import { runnable } from "../lib/config/command-line.js";
import { askForFault, FAULTS } from "../lib/playground/control.js";
import { endWith } from "./end-with.js";

const list = Object.entries(FAULTS).map(
  ([name, { usage, what }]) => `  ${`${name} ${usage}`.padEnd(40)} ${what}`,
);
const program = new Command("fault")
  .description(runnable("makes a fault in the region that npm run demo -- --keep has left running"))
  .argument("<fault>", "what happens")
  .argument("[arguments...]", "to what")
  .option("--socket <path>", "the region's control socket (default: EDGE_PLAYGROUND)")
  .addHelpText("after", `\nFaults:\n${list.join("\n")}`)
  .parse();

await endWith(async () => {
  const socket = program.opts().socket ?? process.env.EDGE_PLAYGROUND;
  if (socket === undefined)
    throw new Error(runnable("EDGE_PLAYGROUND is not set; npm run demo -- --keep prints it"));
  await askForFault(socket, program.args);
});
