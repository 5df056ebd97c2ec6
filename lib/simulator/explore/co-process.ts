import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Decided, DecisionSettings, Memory, Observation } from "../world/decider.js";

/**
 * `edge-sync --decide` as a co-process that is asked and waited for, in a thread that has nothing
 * else to do meanwhile. It talks through two named pipes, since a child's own can only be read later.
 */
export class CoProcess {
  /** How many questions it was asked. */
  asked = 0;
  private readonly folder = mkdtempSync(join(tmpdir(), "edge-explore-"));
  private readonly child: ChildProcess;
  private readonly input: number;
  private readonly output: number;
  private readonly buffer = Buffer.alloc(65_536);
  private text = "";

  /** @throws Error when the program cannot be started */
  constructor(program: string) {
    const [questions, answers] = ["questions", "answers"].map((name) => join(this.folder, name)) as [
      string,
      string,
    ];
    execFileSync("mkfifo", ["-m", "600", questions, answers]);
    this.child = spawn("sh", ["-c", 'exec perl "$0" --decide <"$1" >"$2"', program, questions, answers], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    this.input = openSync(questions, "w");
    this.output = openSync(answers, "r");
  }

  decide(observe: Observation, memory: Memory, config: DecisionSettings): Decided {
    this.asked++;
    writeSync(this.input, `${JSON.stringify({ observe, memory, config })}\n`);
    for (;;) {
      const end = this.text.indexOf("\n");
      if (end >= 0) {
        const line = this.text.slice(0, end);
        this.text = this.text.slice(end + 1);
        return JSON.parse(line);
      }
      const count = readSync(this.output, this.buffer);
      if (count === 0) throw new Error("edge-sync --decide ended; its message is above");
      this.text += this.buffer.toString("utf8", 0, count);
    }
  }

  close(): void {
    closeSync(this.input);
    closeSync(this.output);
    rmSync(this.folder, { recursive: true, force: true });
    this.child.unref();
  }
}
