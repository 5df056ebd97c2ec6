import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { App } from "cdktf";
import type { EdgeConfigInput } from "../config/schema.js";

/** Makes a stack in an app. */
export type StackMaker = (app: App) => unknown;

type Environment = Readonly<Record<string, string>>;

/** Makes the folder that Terraform runs in, each stack's below one folder. */
export class Synthesis {
  private static turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly folder: string) {}

  /** A stack that a function makes, or the product's own from a configuration. */
  async byMaker(make: StackMaker | EdgeConfigInput, environment: Environment): Promise<string> {
    return this.byProgram(async () => {
      const { App } = await import("cdktf");
      const app = new App({ outdir: this.out });
      if (typeof make === "function") await make(app);
      else {
        const [{ EdgeStack }, { parseConfig }] = await Promise.all([
          import("../constructs/edge-stack.js"),
          import("../config/load.js"),
        ]);
        new EdgeStack(app, "edge", { config: parseConfig(make) });
      }
      app.synth();
    }, environment);
  }

  /** What a program synthesizes that has an app of its own. */
  async byProgram(run: () => unknown, environment: Environment, stack?: string): Promise<string> {
    // The environment is the process's: one at a time.
    const turn = Synthesis.turn.then(() =>
      within({ ...environment, CDKTF_OUTDIR: this.out }, async () => {
        await run();
      }),
    );
    Synthesis.turn = turn.catch(() => {});
    await turn;
    return this.byFolder(join(this.out, "stacks", stack ?? this.onlyStack()));
  }

  /**
   * A folder that is synthesized already. It is copied, and its state is kept here: a test must not write to the state
   * of what is deployed for real.
   */
  byFolder(folder: string): string {
    if (!existsSync(join(folder, "cdk.tf.json"))) {
      throw new Error(`${folder} must be a synthesized stack, it has no cdk.tf.json; run cdktf synth first`);
    }
    const copy = join(this.folder, "stacks", basename(resolve(folder)));
    mkdirSync(copy, { recursive: true });
    const state = { backend: { local: { path: join(copy, "terraform.tfstate") } } };
    cpSync(folder, copy, {
      recursive: true,
      filter: (path) => !/\.terraform(\/|$)|\.tfstate/.test(path.slice(folder.length)),
    });
    writeFileSync(join(copy, "world_override.tf.json"), JSON.stringify({ terraform: state }));
    return copy;
  }

  private get out(): string {
    return join(this.folder, "cdktf.out");
  }

  private onlyStack(): string {
    const { stacks } = JSON.parse(readFileSync(join(this.out, "manifest.json"), "utf8")) as {
      stacks: Record<string, unknown>;
    };
    const names = Object.keys(stacks);
    if (names.length === 1) return names[0] as string;
    throw new Error(
      names.length === 0
        ? "the program must synthesize a stack, it made none"
        : `the program must synthesize one stack, or one of them must be named; it made ${names.join(", ")}`,
    );
  }
}

/** Runs something with more in the environment, and puts that back. */
async function within(environment: Environment, run: () => Promise<void>): Promise<void> {
  const before = Object.keys(environment).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, environment);
  try {
    await run();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
