import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { answersOf, type OvhAnswers, type SpinEnvironment, type Start, variablesOf } from "./environment.js";
import { timeline } from "./timeline.js";
import { INVARIANTS, MODEL_FILE } from "./vocabulary.js";

const run = promisify(execFile);

/** How far one search went. */
export interface SpinSearch {
  readonly states: number;
  readonly transitions: number;
  /** Steps of the longest path. */
  readonly depth: number;
  /** Time on the clock. */
  readonly seconds: number;
  /** False when memory or depth ran out: then what was not found may still be there. */
  readonly complete: boolean;
}

/** Whether one invariant holds in one environment. */
export interface SpinVerdict extends SpinSearch {
  readonly edges: number;
  readonly faults: readonly string[];
  readonly ovh: OvhAnswers;
  readonly start: Start;
  readonly mutation?: string;
  readonly invariant: string;
  /** No state violates it, as far as the search went. */
  readonly holds: boolean;
}

/** Limits of one search. */
export interface SpinLimits {
  /**
   * Memory of one search, in MB.
   * @default - 4000
   */
  readonly megabytes?: number;
}

/** What a verifier is made for: all verdicts, the shortest path to a violation, rounds that never end. */
type Purpose = "verdicts" | "shortest" | "progress";

const FLAGS: Readonly<Record<Purpose, readonly string[]>> = {
  verdicts: ["-O2", "-DSAFETY", "-DNOREDUCE"],
  shortest: ["-O1", "-DSAFETY", "-DNOREDUCE", "-DBFS"],
  progress: ["-O1", "-DNP", "-DNOREDUCE"],
};

interface SearchOptions {
  /** Stop at its first violation. */
  readonly invariant?: string;
  /** Where a trail goes. */
  readonly folder?: string;
  readonly depth?: number;
}

/** Verifiers of the Promela model, made by Spin and gcc in a temporary folder. */
export class Spin {
  private readonly folder = mkdtempSync(join(tmpdir(), "edge-spin-"));
  private readonly verifiers = new Map<string, Promise<string>>();

  constructor(private readonly limits: SpinLimits = {}) {}

  /**
   * The verdict on each invariant, from one search.
   *
   * @param depth the most steps of a path
   * @throws Error when a state of the model has no next step: the model would be at fault
   */
  async verdicts(environment: SpinEnvironment, depth?: number): Promise<readonly SpinVerdict[]> {
    const output = await this.search("verdicts", environment, { depth });
    const violated = /violated invariants: (\d+)/.exec(output);
    if (violated === null || !/errors: 0$/m.test(output)) {
      throw new Error(`the verifier of the Promela model stopped:\n${output}`);
    }
    const { edges, faults, mutation, start = "in service" } = environment;
    const found = searchOf(output);
    return INVARIANTS.map(({ name, number }) => ({
      edges,
      faults,
      ovh: answersOf(environment),
      start,
      ...(mutation === undefined ? {} : { mutation }),
      invariant: name,
      holds: ((Number(violated[1]) >> number) & 1) === 0,
      ...found,
    }));
  }

  /** The shortest way to a violation, a line a step; empty where the invariant holds. */
  async shortest(environment: SpinEnvironment, invariant: string): Promise<readonly string[]> {
    const folder = mkdtempSync(join(this.folder, "trail-"));
    const output = await this.search("shortest", environment, { invariant, folder });
    if (!/assertion violated/.test(output)) return [];
    const verifier = await this.verifier("shortest", environment.edges);
    // It replays its own trail: Spin itself knows nothing of the variables that the model reads.
    const { stdout } = await run(verifier, ["-r", "edge.pml.trail"], {
      cwd: folder,
      env: variablesOf(environment, invariant),
      maxBuffer: 2 ** 26,
    });
    return timeline(stdout);
  }

  /** Whether each round comes to its end, however its steps are ordered. */
  async everyRoundEnds(environment: SpinEnvironment): Promise<boolean> {
    const output = await this.search("progress", environment);
    if (!searchOf(output).complete && !/non-progress cycle/.test(output)) {
      throw new Error(`the search for a round that never ends was cut short:\n${output}`);
    }
    return /errors: 0$/m.test(output);
  }

  /** Removes the verifiers. */
  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async search(
    purpose: Purpose,
    environment: SpinEnvironment,
    { invariant, folder = this.folder, depth = 1_000_000 }: SearchOptions = {},
  ): Promise<string> {
    const verifier = await this.verifier(purpose, environment.edges);
    const hash = environment.edges > 2 ? 24 : 20;
    const deepest = purpose === "shortest" ? [] : [`-m${depth}`];
    const options = [...deepest, `-w${hash}`, ...(purpose === "progress" ? ["-l"] : [])];
    // A verifier that runs out of memory says so, and exits with another status.
    const { stdout } = await run(verifier, options, {
      cwd: folder,
      env: variablesOf(environment, invariant),
      maxBuffer: 2 ** 26,
    }).catch((error: Error & { stdout: string }) => error);
    return stdout;
  }

  private verifier(purpose: Purpose, edges: number): Promise<string> {
    if (![2, 3, 4].includes(edges)) throw new Error(`the Promela model has 2 to 4 edges, got ${edges}`);
    const name = `${purpose}-${edges}`;
    const known = this.verifiers.get(name);
    if (known !== undefined) return known;
    const made = this.make(purpose, edges, join(this.folder, name));
    this.verifiers.set(name, made);
    return made;
  }

  private async make(purpose: Purpose, edges: number, cwd: string): Promise<string> {
    mkdirSync(cwd);
    const defines = [`-DN=${edges}`, ...(purpose === "progress" ? ["-DPROGRESS"] : [])];
    await run("spin", [...defines, "-a", MODEL_FILE], { cwd }).catch(fail("spin"));
    const memory = `-DMEMLIM=${this.limits.megabytes ?? 4000}`;
    await run("gcc", [...FLAGS[purpose], memory, "-o", "pan", "pan.c"], { cwd }).catch(fail("gcc"));
    return join(cwd, "pan");
  }
}

function fail(command: string) {
  return (error: Error & { stdout?: string; stderr?: string }): never => {
    throw new Error(`${command} does not make a verifier of ${MODEL_FILE}:\n${error.stdout}${error.stderr}`);
  };
}

function searchOf(output: string): SpinSearch {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  return {
    states: number(/^\s*([\d.e+]+) states, stored/m),
    transitions: number(/^\s*([\d.e+]+) transitions/m),
    depth: number(/depth reached (\d+)/),
    seconds: number(/elapsed time ([\d.e+-]+) seconds/),
    complete: !/max search depth too small|Search not completed|memory limit|out of memory/.test(output),
  };
}

/** The verdicts on each invariant in each environment, one search after the other. */
export async function spinVerdicts(
  environments: readonly SpinEnvironment[],
  limits: SpinLimits = {},
): Promise<readonly SpinVerdict[]> {
  const spin = new Spin(limits);
  try {
    const all: SpinVerdict[] = [];
    for (const environment of environments) all.push(...(await spin.verdicts(environment)));
    return all;
  } finally {
    spin.close();
  }
}
