import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** What a run of Terraform tells while it goes on. */
export interface Progress {
  /** Address of the resource, without the stack's name and the hash. */
  readonly what: string;
  /** `creating`, `created`, a provisioner's line, … */
  readonly text: string;
  /** Whether `text` is a line that a node printed. */
  readonly fromNode: boolean;
}

/** A run that failed, with Terraform's own messages. */
export class TerraformError extends Error {}

/** What a plan found. */
export type PlanVerdict = "no changes" | "changes";

interface JsonLine {
  readonly type: string;
  readonly "@message": string;
  readonly hook?: {
    readonly resource?: { readonly addr: string };
    readonly action?: string;
    readonly output?: string;
  };
  readonly diagnostic?: { readonly severity: string; readonly summary: string; readonly detail: string };
}

/** Runs Terraform or OpenTofu in one folder; everything that it prints goes to a log file. */
export class Terraform {
  private running: ChildProcess | undefined;

  constructor(
    private readonly binary: string,
    private readonly folder: string,
    private readonly environment: Readonly<Record<string, string | undefined>>,
    private readonly logFile: string,
  ) {}

  async init(): Promise<void> {
    await this.run(["init", "-input=false", "-no-color"], () => {});
  }

  /** Applies without a plan file, which would hold the variables in clear. */
  async apply(onProgress: (progress: Progress) => void): Promise<void> {
    await this.run(["apply", "-auto-approve", "-input=false", "-json"], onProgress);
  }

  async destroy(onProgress: (progress: Progress) => void): Promise<void> {
    await this.run(["destroy", "-auto-approve", "-input=false", "-json"], onProgress);
  }

  async validate(): Promise<void> {
    await this.run(["validate", "-no-color"], () => {});
  }

  /** Whether a deploy would change anything. */
  async plan(): Promise<PlanVerdict> {
    const status = await this.run(["plan", "-detailed-exitcode", "-input=false", "-json"], () => {}, [0, 2]);
    return status === 0 ? "no changes" : "changes";
  }

  /** Outputs as Terraform has them now. */
  async output<T>(name: string): Promise<T> {
    let text = "";
    await this.run(
      ["output", "-json", name],
      () => {},
      [0],
      (line) => {
        text += line;
      },
    );
    return JSON.parse(text) as T;
  }

  /** Ends a run that is under way, as Ctrl-C does; one that does not end by itself is killed. */
  async interrupt(): Promise<void> {
    const child = this.running;
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.kill("SIGINT");
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(timer);
  }

  private run(
    args: readonly string[],
    onProgress: (progress: Progress) => void,
    accepted: readonly number[] = [0],
    onLine: (line: string) => void = () => {},
  ): Promise<number> {
    const errors: string[] = [];
    const log = (line: string) => appendFileSync(this.logFile, `${line}\n`);
    log(`\n$ ${this.binary} ${args.join(" ")}`);
    return new Promise((resolve, reject) => {
      const child = spawn(this.binary, [...args], {
        cwd: this.folder,
        env: { ...process.env, ...this.environment, TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      this.running = child;
      createInterface({ input: child.stdout }).on("line", (line) => {
        log(line);
        onLine(line);
        const told = args.includes("-json") ? understand(line) : undefined;
        if (told?.error !== undefined) errors.push(told.error);
        if (told?.progress !== undefined) onProgress(told.progress);
      });
      createInterface({ input: child.stderr }).on("line", (line) => {
        log(line);
        errors.push(line);
      });
      child.once("error", reject);
      child.once("close", (code) => {
        this.running = undefined;
        if (code !== null && accepted.includes(code)) return resolve(code);
        const text = errors.filter((line) => line.trim() !== "").join("\n");
        reject(
          new TerraformError(
            `${this.binary} ${args[0]} failed${text === "" ? "" : `:\n${text}`}\nAll of it is in ${this.logFile}`,
          ),
        );
      });
    });
  }
}

function understand(line: string): { progress?: Progress; error?: string } {
  let parsed: JsonLine;
  try {
    parsed = JSON.parse(line);
  } catch {
    return {};
  }
  const { type, hook, diagnostic } = parsed;
  if (diagnostic?.severity === "error") {
    return { error: [diagnostic.summary, diagnostic.detail].filter(Boolean).join(": ") };
  }
  const addr = hook?.resource?.addr;
  if (addr === undefined) return {};
  const what = shortName(addr);
  if (type === "apply_start") return { progress: { what, text: `${hook?.action}…`, fromNode: false } };
  if (type === "apply_complete") return { progress: { what, text: "done", fromNode: false } };
  if (type === "provision_progress" && hook?.output !== undefined) {
    const text = hook.output.trim();
    // How Terraform connects is in the log; here it would hide what the node says.
    return text.startsWith("edge-install:") ? { progress: { what, text, fromNode: true } } : {};
  }
  return {};
}

/** `null_resource.edge_files-edge-a_deliver_659844B3` is `files-edge-a deliver`. */
function shortName(addr: string): string {
  const name = addr.split(".").at(-1) ?? addr;
  return name
    .replace(/^edge_/, "")
    .replace(/_[0-9A-F]{8}$/, "")
    .replaceAll("_", " ");
}
