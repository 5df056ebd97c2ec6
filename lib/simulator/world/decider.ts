import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** What a pass sees; edge-sync(8) names the fields. */
export type Observation = Readonly<Record<string, unknown>>;
/** What edge-sync remembers from one pass to the next. */
export type Memory = Readonly<Record<string, unknown>>;
/** One thing to do: its name and what it needs. */
export type Decision = readonly [what: string, ...how: (string | number)[]];

/** What a pass decides. */
export interface Decided {
  readonly do: readonly Decision[];
  readonly memory: Memory;
}

/** Settings that a decision depends on, in seconds. */
export interface DecisionSettings {
  readonly poll: number;
  readonly check_interval: number;
  readonly healthy_for: number;
  readonly probe_stale: number;
}

/** Decides as the deployed program does. */
export interface Decider {
  decide(observe: Observation, memory: Memory, config: DecisionSettings): Promise<Decided>;
}

/** The deployed edge-sync itself, asked through `--decide`; it touches nothing. */
export class EdgeSyncDecider implements Decider {
  /** How many questions it was asked. */
  asked = 0;
  private readonly child: ChildProcess;
  private over: Error | undefined;
  private readonly waiting: { resolve: (decided: Decided) => void; reject: (error: Error) => void }[] = [];

  constructor(program: string) {
    this.child = spawn("perl", [program, "--decide"], { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on("line", (line) =>
      this.waiting.shift()?.resolve(JSON.parse(line)),
    );
    this.child.once("error", (error) => this.giveUp(`perl cannot be run: ${error.message}; install it`));
    this.child.once("close", (code) => this.giveUp(`edge-sync --decide ended with ${code}`));
    this.child.stdin?.on("error", () => {});
  }

  decide(observe: Observation, memory: Memory, config: DecisionSettings): Promise<Decided> {
    this.asked++;
    return new Promise((resolve, reject) => {
      if (this.over !== undefined) return reject(this.over);
      this.waiting.push({ resolve, reject });
      this.child.stdin?.write(`${JSON.stringify({ observe, memory, config })}\n`);
    });
  }

  /** Ends the program. */
  async close(): Promise<void> {
    const { child } = this;
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.stdin?.end();
    if (child.exitCode === null && child.signalCode === null) await ended;
  }

  /** Nobody answers any more. */
  private giveUp(why: string): void {
    this.over ??= new Error(why);
    for (const { reject } of this.waiting.splice(0)) reject(this.over);
  }
}
