import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  nullProvider,
  ovhProvider,
  reattach,
  type ServedProvider,
  serveProvider,
} from "../../lib/simulator/provider/server.js";
import { OVH_SCHEMA } from "../simulator/provider/ovh-schema.js";
import { type Json, temporaryFolder } from "./synthesized.js";

/** Whether Terraform is on this machine. */
export const terraformRuns = spawnSync("terraform", ["version"]).status === 0;

/** What came of a run of Terraform. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts Terraform in a folder, with an environment that reaches no registry. */
export function startTerraform(
  folder: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
  input = "",
): { readonly child: ChildProcessWithoutNullStreams; readonly ran: Promise<Ran> } {
  const child = spawn("terraform", args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, CHECKPOINT_DISABLE: "1", ...environment },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  child.stdin.end(input);
  const ran = new Promise<Ran>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
  return { child, ran };
}

/** Runs Terraform to its end. */
export function terraform(...call: Parameters<typeof startTerraform>): Promise<Ran> {
  return startTerraform(...call).ran;
}

/** The diagnostics among the lines that `-json` prints. */
export function diagnostics({ stdout }: Ran): { severity: string; summary: string; detail: string }[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .flatMap((line) => {
      const { diagnostic }: Json = JSON.parse(line);
      if (diagnostic === undefined) return [];
      const { severity, summary, detail } = diagnostic;
      return [{ severity, summary, detail }];
    });
}

/** The providers of a stack, served from here; nothing behind them answers. */
export class Providers {
  private readonly served = new Map<string, ServedProvider>();
  private owner: ChildProcess | undefined;
  private folder = "";

  static async start(): Promise<Providers> {
    const made = new Providers();
    made.folder = temporaryFolder();
    writeFileSync(join(made.folder, "terraformrc"), "disable_checkpoint = true\n");
    // Terraform kills the owner of a provider that is gone; that must not be the test.
    made.owner = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
    const definitions = { "ovh/ovh": ovhProvider(OVH_SCHEMA, 0, {}), "hashicorp/null": nullProvider() };
    for (const [source, definition] of Object.entries(definitions)) {
      made.served.set(source, await serveProvider(definition, made.folder, source.replace("/", "-")));
    }
    return made;
  }

  environment(): Record<string, string> {
    return {
      TF_REATTACH_PROVIDERS: reattach(Object.fromEntries(this.served), this.owner?.pid as number),
      TF_CLI_CONFIG_FILE: join(this.folder, "terraformrc"),
    };
  }

  stop(): void {
    for (const provider of this.served.values()) provider.close();
    this.owner?.kill();
  }
}
