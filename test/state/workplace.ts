import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { App, DataResource, TerraformOutput, TerraformStack } from "cdktf";
import { parseConfig } from "../../lib/config/load.js";
import { stateBackend } from "../../lib/constructs/state-backend.js";
import { example } from "../config/example.js";
import { temporaryFolder } from "../constructs/synthesized.js";
import { type Ran, startTerraform, terraform } from "../constructs/terraform.js";
import { eventually } from "./eventually.js";

/** One person's checkout: a stack of `terraform_data` alone, whose state is where the backend says. */
export class Workplace {
  readonly folder: string;
  private readonly outdir = temporaryFolder();
  private readonly gate = join(temporaryFolder(), "gate");

  constructor(private readonly environment: Readonly<Record<string, string>> = {}) {
    this.folder = join(this.outdir, "stacks", "edge");
    execFileSync("mkfifo", [this.gate]);
  }

  /** Writes the stack anew: these resources; making one whose name is `held` waits for `release`. */
  synth(backend: unknown, names: readonly string[]): void {
    const app = new App({ outdir: this.outdir });
    const stack = new TerraformStack(app, "edge");
    stateBackend(stack, parseConfig(example({ backend })).backend);
    for (const name of names) {
      const resource = new DataResource(stack, name, { input: { name } });
      resource.overrideLogicalId(name);
      if (name !== "held") continue;
      const command = `touch ${this.gate}.reached && cat ${this.gate}`;
      resource.addOverride("provisioner", [{ "local-exec": { command } }]);
    }
    new TerraformOutput(stack, "names", { value: names.join(" ") });
    app.synth();
  }

  run(...args: string[]): Promise<Ran> {
    return terraform(this.folder, this.environment, [...args, "-no-color"]);
  }

  /** @throws Error when Terraform does not succeed */
  async must(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...args);
    if (status !== 0) throw new Error(`terraform ${args.join(" ")} ended with ${status}\n${stdout}${stderr}`);
    return stdout;
  }

  start(...args: string[]): ReturnType<typeof startTerraform> {
    return startTerraform(this.folder, this.environment, [...args, "-no-color"]);
  }

  /** Waits until an apply holds the lock and is in the middle of its work. */
  async held(): Promise<void> {
    await eventually("the first apply is at work", () => existsSync(`${this.gate}.reached`));
  }

  /** Lets the apply go on. */
  async release(): Promise<void> {
    await eventually("the first apply waits at the gate", () => {
      try {
        const gate = openSync(this.gate, constants.O_WRONLY | constants.O_NONBLOCK);
        writeSync(gate, "go\n");
        closeSync(gate);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENXIO") return false;
        throw error;
      }
    });
  }

  /** Names of the resources in the state. */
  async names(): Promise<string[]> {
    const text = await this.must("state", "list");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.replace("terraform_data.", ""))
      .sort();
  }

  /** Lineage and serial of the state. */
  async state(): Promise<{ lineage: string; serial: number }> {
    return JSON.parse(await this.must("state", "pull"));
  }

  /** Whether a plan finds nothing to do. */
  async isClean(): Promise<boolean> {
    const { status, stderr } = await this.run("plan", "-detailed-exitcode");
    if (status === 1) throw new Error(stderr);
    return status === 0;
  }

  /** Every file below the stack, to be searched. */
  files(): string[] {
    return (readdirSync(this.outdir, { recursive: true }) as string[])
      .map((name) => join(this.outdir, name))
      .filter((file) => statSync(file).isFile());
  }

  /** Files that hold a text. */
  holding(text: string): string[] {
    return this.files().filter((file) => readFileSync(file, "latin1").includes(text));
  }
}
