import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { fromHome } from "../lib/operations/deployment.js";
import { openOperations } from "../lib/operations/operations.js";
import { knownHosts, sshArguments } from "../lib/operations/ssh-command.js";
import { endWith } from "./end-with.js";

const program = new Command("ssh")
  .description("logs in to an edge by its name, or runs a command there, as the deploy would reach it")
  .argument("<edge>", "name of the edge")
  .argument("[command...]", "command with its arguments (default: a shell)")
  .option("--config <file>", "configuration (default: EDGE_CONFIG, else edge.config.json)")
  .option(
    "--stack <folder>",
    "folder of the deployed stack (default: EDGE_STACK, else cdktf.out/stacks/edge)",
  )
  .passThroughOptions()
  .addHelpText(
    "after",
    "\nExit status: the command's; 255 when the edge cannot be reached; 2 for a wrong name.",
  )
  .parse();

await endWith(async () => {
  const [name, ...command] = program.args as [string, ...string[]];
  const { config, edges } = openOperations(program.opts(), process.env);
  const address = edges.find((edge) => edge.name === name)?.address;
  if (address === undefined) {
    throw new Error(`there is no edge ${name}; there are ${edges.map((edge) => edge.name).join(", ")}`);
  }
  const folder = mkdtempSync(join(tmpdir(), "edge-ssh-"));
  try {
    const file = join(folder, "known_hosts");
    writeFileSync(file, knownHosts(address));
    const path = config.ssh.privateKeyPath;
    const privateKeyPath = path === undefined ? undefined : fromHome(path);
    const { status, error } = spawnSync(
      "ssh",
      sshArguments(address, { privateKeyPath, knownHosts: file }, command),
      {
        stdio: "inherit",
      },
    );
    if (error !== undefined)
      throw new Error(`ssh cannot be run: ${error.message}; apt-get install openssh-client`);
    return status ?? 255;
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 2);
