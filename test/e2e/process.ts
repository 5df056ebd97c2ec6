import { type SpawnOptions, spawn } from "node:child_process";

/** What came of a process. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export function run(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  return start(command, args, options).ended;
}

/** Starts a command; what it prints can be looked at while it runs. */
export function start(command: string, args: readonly string[], options: SpawnOptions = {}) {
  const child = spawn(command, [...args], { stdio: ["ignore", "pipe", "pipe"], ...options });
  const printed = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => {
    printed.stdout += chunk;
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    printed.stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, ...printed }));
  });
  return { child, printed, ended };
}
