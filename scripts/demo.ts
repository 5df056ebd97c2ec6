import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError, Option } from "commander";
import { Demo } from "../lib/playground/demo.js";
import { endWith } from "./end-with.js";

const root = fileURLToPath(new URL("../", import.meta.url));

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65535) {
    throw new InvalidArgumentError("must be a port from 1 to 65535.");
  }
  return value;
}

const program = new Command("demo")
  .description("deploys the example edge on a simulated OVH region and shows a failover")
  .option("--keep", "leave everything running, and say how to reach it", false)
  .addOption(
    new Option("--provider <which>", "Terraform providers to use")
      .choices(["embedded", "installed"])
      .default("embedded"),
  )
  .option("--port <n>", "port for the simulated API (default: a free one)", port)
  .option("--config <file>", "configuration to deploy", join(root, "edge.config.example.json"))
  .parse();

const options = program.opts();
process.umask(0o077);

await endWith(async () => {
  const demo = new Demo({
    config: JSON.parse(readFileSync(options.config, "utf8")),
    provider: options.provider,
    keep: options.keep,
    port: options.port,
    logFile: join(process.cwd(), ".demo", "terraform.log"),
    write: (text) => process.stdout.write(text),
    interactive: process.stdout.isTTY === true,
  });
  let interrupted: () => void = () => {};
  const signal = new Promise<void>((resolve) => {
    interrupted = resolve;
  });
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, interrupted);
  const done = demo.run().then(() => "done" as const);
  done.catch(() => {});
  try {
    const end = await Promise.race([done, signal.then(() => "interrupted" as const)]);
    if (end === "done" && options.keep) await signal;
    return end === "done" ? 0 : 130;
  } finally {
    await demo.stop();
  }
});
// Whatever still has a timer must not keep the terminal.
process.exit();
