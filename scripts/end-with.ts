import { ConfigError } from "../lib/config/errors.js";

/**
 * Runs a command, which may return an exit status; an error becomes a message without a stack
 * trace and exit status 1, or another one.
 */
export async function endWith(command: () => Promise<unknown>, otherwise = 1): Promise<void> {
  try {
    const status = await command();
    process.exitCode = typeof status === "number" ? status : 0;
  } catch (error) {
    const known = error instanceof ConfigError || process.env.DEBUG === undefined;
    process.stderr.write(`${known ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
    process.exitCode = otherwise;
  }
}
