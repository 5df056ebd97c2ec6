import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Where the runner itself is. */
export const RUNNER = fileURLToPath(new URL("runner.pl", import.meta.url));

/** One run of a program. */
export interface Run {
  /** Milliseconds of the monotonic clock, as `process.hrtime` has them. */
  readonly started: number;
  readonly ended: number;
  /** How it ended, as wait(2) says it: 0 is success. */
  readonly status: number;
  /** Milliseconds of a processor that it took itself; undefined where the kernel does not tell. */
  readonly cpu: number | undefined;
  /** Milliseconds of a processor, those of the programs included that it started and waited for. */
  readonly cpuOfAll: number | undefined;
  /** The most memory that it or one of those had, in KB. */
  readonly memory: number | undefined;
}

/** How it ended, in words: an exit status, or a signal. */
export function exitStatus({ status }: Run): string {
  return (status & 127) === 0 ? String(status >> 8) : `signal ${status & 127}`;
}

/** Starts programs from a process that is there already, so that what starts it is not measured. */
export class Runner {
  private readonly lines: AsyncIterator<string>;
  private readonly reader: Interface;

  /** @param child a running runner.pl @param watched its process on this host, where that is another one */
  constructor(
    private readonly child: ChildProcess,
    private readonly watched: () => number | undefined = () => child.pid,
  ) {
    this.reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    this.lines = this.reader[Symbol.asyncIterator]();
  }

  /** A runner on this machine. */
  static here(environment: Readonly<Record<string, string>> = {}): Runner {
    return new Runner(
      spawn("perl", [RUNNER], {
        env: { ...process.env, ...environment },
        stdio: ["pipe", "pipe", "inherit"],
      }),
    );
  }

  /** Runs a program to its end. @throws Error when the runner is gone */
  async run(...words: readonly [string, ...string[]]): Promise<Run> {
    this.child.stdin?.write(`${words.join("\t")}\n`);
    const [started, ended] = await this.next("ended", 2);
    const cpu = this.ownTime();
    this.child.stdin?.write("\n");
    const [status, all, memory] = await this.next("used", 3);
    const known = (value: number | undefined) => (value === undefined || value < 0 ? undefined : value);
    return {
      started: 1000 * (started as number),
      ended: 1000 * (ended as number),
      status: status as number,
      cpu,
      cpuOfAll: all === undefined || all < 0 ? undefined : 1000 * all,
      memory: known(memory),
    };
  }

  /** Its process on this host. */
  get process(): number | undefined {
    return this.watched();
  }

  close(): void {
    this.reader.close();
    this.child.stdin?.end();
  }

  private async next(word: string, count: number): Promise<number[]> {
    const { value, done } = await this.lines.next();
    const [first, ...numbers] = done === true ? [] : value.split(" ");
    if (first !== word || numbers.length !== count)
      throw new Error(`the runner ended: ${value ?? "no line"}`);
    return numbers.map(Number);
  }

  /** The time of a processor that the program which has ended and was not waited for took itself. */
  private ownTime(): number | undefined {
    try {
      const runner = this.process;
      const id = readFileSync(`/proc/${runner}/task/${runner}/children`, "utf8").trim().split(" ")[0];
      return Number(readFileSync(`/proc/${id}/schedstat`, "utf8").split(" ")[0]) / 1e6;
    } catch {
      return undefined;
    }
  }
}
