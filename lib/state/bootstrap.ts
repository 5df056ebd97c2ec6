import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { App } from "cdktf";
import { ConfigError } from "../config/errors.js";
import type { EdgeConfig } from "../config/schema.js";
import { StateBucketStack } from "../constructs/state-bucket-stack.js";

/** What `bootstrapState` works with. */
export interface BootstrapOptions {
  readonly config: EdgeConfig;
  /** The file that the configuration is from, for messages. */
  readonly source: string;
  /** Folder for the stack and its state, which holds the key's secret. */
  readonly folder: string;
  /** Terraform or OpenTofu. */
  readonly terraform: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether the secret is printed. */
  readonly showSecret: boolean;
  readonly say: (text: string) => void;
  /** Whether the plan that was shown shall be carried out. */
  readonly agree: (question: string) => Promise<boolean>;
}

const SECRET_FILE = "terraform.tfstate";

/**
 * Makes the bucket that the configuration keeps its state in, and a key for it; done twice, it
 * changes nothing. Says how to get at the key.
 *
 * @throws ConfigError when the state is to be kept elsewhere; Error when Terraform fails
 */
export async function bootstrapState(options: BootstrapOptions): Promise<void> {
  const { config, source, say, agree } = options;
  const { backend } = config;
  if (backend.type !== "s3") {
    throw new ConfigError(source, [
      {
        path: "backend.type",
        message: `must be s3 to make a bucket for the state, got "${backend.type}"; give backend its type s3, a bucket and a region`,
      },
    ]);
  }
  if (backend.endpoint !== undefined) {
    throw new ConfigError(source, [
      {
        path: "backend.endpoint",
        message: "must be left out to make a bucket at OVH, got one; make the bucket where it points to",
      },
    ]);
  }
  const folder = resolve(options.folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const app = new App({ outdir: join(folder, "cdktf.out") });
  new StateBucketStack(app, "state", {
    project: config.project,
    ovhEndpoint: config.ovh.endpoint,
    bucket: backend.bucket,
    region: backend.region,
    stateFile: join(folder, SECRET_FILE),
  });
  app.synth();
  const stack = join(folder, "cdktf.out", "stacks", "state");
  const run = runner(options, stack);
  await run(["init", "-input=false", "-no-color"], "quiet");
  const plan = join(stack, "plan");
  try {
    const status = await run(
      ["plan", "-input=false", "-no-color", "-detailed-exitcode", `-out=${plan}`],
      "shown",
      [0, 2],
    );
    if (status === 2) {
      const bucket = `bucket ${backend.bucket} in ${backend.region} and a key for it`;
      if (!(await agree(`Make ${bucket}?`))) {
        say("Nothing was made.\n");
        return;
      }
      await run(["apply", "-input=false", "-no-color", plan], "shown");
    }
  } finally {
    rmSync(plan, { force: true });
  }
  await tellKey(options, folder, stack);
}

async function tellKey(options: BootstrapOptions, folder: string, stack: string): Promise<void> {
  const { terraform, showSecret, say } = options;
  const value = async (name: string) => {
    if (!showSecret) return `"$(${terraform} -chdir='${stack}' output -raw ${name})"`;
    let text = "";
    await runner(options, stack, (part) => {
      text += part;
    })(["output", "-raw", name], "taken");
    return text;
  };
  say(
    [
      "",
      "For a deploy with this state, in the shell that does it:",
      "",
      `export AWS_ACCESS_KEY_ID=${await value("access_key_id")}`,
      `export AWS_SECRET_ACCESS_KEY=${await value("secret_access_key")}`,
      "",
      `The secret is in ${join(folder, SECRET_FILE)}, in clear: keep that file, and keep it to yourself.`,
      "A state that you have already goes there by terraform init -migrate-state; see docs/state.md.",
      "",
    ].join("\n"),
  );
}

type Printing = "quiet" | "shown" | "taken";

/** Runs Terraform in a folder; Ctrl-C reaches it by itself, and it ends in its own way. */
function runner(
  { terraform, environment, say }: BootstrapOptions,
  cwd: string,
  take: (text: string) => void = () => {},
) {
  return (args: readonly string[], printing: Printing, accepted: readonly number[] = [0]): Promise<number> =>
    new Promise((done, reject) => {
      const child: ChildProcess = spawn(terraform, [...args], {
        cwd,
        env: { ...environment, TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let said = "";
      child.stdout?.on("data", (chunk: Buffer) => {
        if (printing === "shown") say(chunk.toString());
        else if (printing === "taken") take(chunk.toString());
        else said += chunk;
      });
      child.stderr?.on("data", (chunk: Buffer) => {
        said += chunk;
      });
      child.once("error", reject);
      child.once("close", (code) => {
        if (code !== null && accepted.includes(code)) return done(code);
        const hint = /409|already exists/.test(said) ? `\n${TAKEN}` : "";
        reject(new Error(`${terraform} ${args[0]} failed:\n${said.trim()}${hint}`));
      });
    });
}

const TAKEN =
  "The bucket is there already, of yours or of somebody else's: choose another backend.bucket, or import it; see docs/state.md.";
