import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const EDGE_SYNC = fileURLToPath(new URL("../../lib/edge/static/edge-sync", import.meta.url));

/** What edge-sync sees of its node at one moment. */
export interface Observation {
  readonly now: number;
  readonly boot: boolean;
  readonly carp: "MASTER" | "BACKUP" | "INIT" | "NONE";
  readonly external: "up" | "down";
  readonly internal: "up" | "down";
  readonly probe: { readonly ok: boolean; readonly age: number } | null;
  readonly check: { readonly result: Answer; readonly started: number } | null;
  readonly checking: boolean;
  readonly claim: Claim | null;
  readonly alias: boolean;
  readonly edgefault: number | null;
  readonly edgedrain: number | null;
  readonly hold: { readonly reason: string; readonly until?: number } | null;
  readonly drain: boolean;
}

/** What a check found; `none` where nobody answered. */
export type Answer = "here" | "elsewhere" | "pending" | "none";

/** How far a claim is. */
export interface Claim {
  readonly running: boolean;
  readonly posted: boolean;
  readonly refused?: boolean;
  readonly accepted?: boolean;
  readonly status?: number;
  readonly retry?: number;
  readonly result?: Answer;
}

/** What edge-sync remembers, as far as the rules speak of it; the rest is its own affair. */
export interface Memory {
  readonly known?: "here" | "elsewhere" | "?";
  readonly tokens?: number;
  readonly healthy?: number | boolean;
  readonly blind?: number;
  readonly [name: string]: unknown;
}

export type Action =
  | readonly ["demote" | "promote", group: string, weight: number, reason: string]
  | readonly ["alias", "on" | "off", reason: string]
  | readonly ["log", level: string, text: string]
  | readonly ["check"]
  | readonly ["claim"];

export interface Settings {
  readonly check_interval: number;
  readonly healthy_for: number;
  readonly probe_stale: number;
  readonly poll: number;
}

/** C, H and the poll as the design gives them. */
export const SETTINGS: Settings = { check_interval: 30, healthy_for: 10, probe_stale: 30, poll: 10 };

export interface Decision {
  readonly do: readonly Action[];
  readonly memory: Memory;
}

/** `edge-sync --decide`: one process for as many questions as there are. */
export class Decider {
  private readonly child: ChildProcess;
  private readonly waiting: { resolve: (decision: Decision) => void; reject: (error: Error) => void }[] = [];
  private errors = "";

  constructor() {
    const child = spawn("perl", [EDGE_SYNC, "--decide"], { stdio: ["pipe", "pipe", "pipe"] });
    child.stderr.on("data", (chunk) => {
      this.errors += chunk;
    });
    createInterface({ input: child.stdout }).on("line", (line) =>
      this.waiting.shift()?.resolve(JSON.parse(line)),
    );
    child.once("close", () => {
      for (const { reject } of this.waiting)
        reject(new Error(`edge-sync --decide has ended: ${this.errors}`));
    });
    this.child = child;
  }

  ask(observe: Partial<Observation>, memory: Memory = {}, config: Settings = SETTINGS): Promise<Decision> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin?.write(`${JSON.stringify({ observe, memory, config })}\n`);
    });
  }

  /** Ends the process. @returns what it said on standard error, and its exit status */
  close(): Promise<{ errors: string; status: number | null }> {
    return new Promise((resolve) => {
      this.child.once("close", (status) => resolve({ errors: this.errors, status }));
      this.child.stdin?.end();
    });
  }
}
