import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { type Ended, run } from "./process.js";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** One step of a job. */
export interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly run?: string;
  readonly if?: string;
}

/** One job of a workflow. */
export interface Job {
  readonly name: string;
  readonly if?: string;
  readonly needs?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

/** A workflow of GitHub's. */
export interface Workflow {
  readonly on: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly defaults: { readonly run: { readonly shell: string } };
  readonly concurrency: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly jobs: Readonly<Record<string, Job>>;
}

/** Reads one of the workflows. */
export function workflow(name: string): Workflow {
  return parse(readFileSync(join(root, ".github", "workflows", name), "utf8"));
}

/** A runner of GitHub's, as far as the steps of our workflows need one. */
export class Runner {
  readonly work: string;
  readonly temporary: string;
  readonly home: string;

  /** @param folder an empty folder of its own */
  constructor(
    private readonly folder: string,
    private readonly environment: Readonly<Record<string, string | undefined>>,
  ) {
    [this.work, this.temporary, this.home] = ["work", "temporary", "home"].map((name) => {
      const path = join(folder, name);
      mkdirSync(path, { recursive: true });
      return path;
    }) as [string, string, string];
    for (const name of [".npmrc", "package.json", "main.ts", "scripts", "lib", "node_modules"]) {
      symlinkSync(join(root, name), join(this.work, name));
    }
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "output"), "");
    writeFileSync(join(folder, "summary"), "");
  }

  /** Puts a command of the test's own before the machine's. */
  command(name: string, text: string): void {
    writeFileSync(join(this.folder, "bin", name), text);
    chmodSync(join(this.folder, "bin", name), 0o755);
  }

  /** Runs a step as GitHub does; `values` are those of its expressions. */
  async step({ run: text, env = {}, name }: Step, values: Readonly<Record<string, string>>): Promise<Ended> {
    const script = join(this.folder, "step.sh");
    writeFileSync(script, text as string);
    const filled = Object.entries(env).map(([key, value]) => [
      key,
      value.replace(/\$\{\{ *(.*?) *\}\}/g, (_, expression) => {
        const found = values[expression];
        if (found === undefined) throw new Error(`step ${name} needs a value for ${expression}`);
        return found;
      }),
    ]);
    for (const file of ["output", "summary"]) writeFileSync(join(this.folder, file), "");
    return run("bash", ["--noprofile", "--norc", "-eo", "pipefail", script], {
      cwd: this.work,
      env: {
        ...process.env,
        // A runner has no configuration of Terraform's.
        TF_CLI_CONFIG_FILE: undefined,
        ...this.environment,
        ...Object.fromEntries(filled),
        HOME: this.home,
        PATH: `${join(this.folder, "bin")}:${process.env.PATH}`,
        RUNNER_TEMP: this.temporary,
        GITHUB_OUTPUT: join(this.folder, "output"),
        GITHUB_STEP_SUMMARY: join(this.folder, "summary"),
      },
    });
  }

  /** What the last step wrote to its summary. */
  get summary(): string {
    return readFileSync(join(this.folder, "summary"), "utf8");
  }

  /** The outputs of the last step. */
  get outputs(): Record<string, string> {
    const outputs: Record<string, string> = {};
    const lines = readFileSync(join(this.folder, "output"), "utf8").split("\n");
    for (let line = lines.shift(); line !== undefined && line !== ""; line = lines.shift()) {
      const [, name = "", end] = /^([\w-]+)<<(.+)$/.exec(line) ?? [];
      if (end === undefined) {
        outputs[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
        continue;
      }
      const value = lines.splice(0, lines.indexOf(end));
      lines.shift();
      outputs[name] = value.join("\n");
    }
    return outputs;
  }
}
