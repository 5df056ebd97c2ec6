import { Command } from "commander";
import { type Operations, openOperations } from "../lib/operations/operations.js";
import { endWith } from "./end-with.js";

/** A command for deployed edges, with the options that all of them take. */
export function operateCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option("--config <file>", "configuration (default: EDGE_CONFIG, else edge.config.json)")
    .option(
      "--stack <folder>",
      "folder of the deployed stack (default: EDGE_STACK, else cdktf.out/stacks/edge)",
    )
    .option("--json", "print the result as JSON", false);
}

/** Says on standard error what is under way, to people only. @returns how to end that */
export function working(what: string, quiet: boolean): () => void {
  if (quiet || process.stderr.isTTY !== true) return () => {};
  const timer = setTimeout(() => process.stderr.write(`${what} …`), 300);
  return () => {
    clearTimeout(timer);
    process.stderr.write("\r\x1b[K");
  };
}

/** Runs a command on what is deployed; whatever it could not find out ends it with status 2. */
export function operate(
  options: { config?: string; stack?: string },
  work: (operations: Operations) => Promise<number>,
): Promise<void> {
  return endWith(async () => {
    const operations = openOperations(options, process.env);
    try {
      return await work(operations);
    } finally {
      await Promise.all(operations.edges.map((edge) => edge.close()));
    }
  }, 2);
}
