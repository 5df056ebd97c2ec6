import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EdgeConfigInput } from "../../../lib/config/schema.js";
import { findTerraform } from "../../../lib/operations/terraform-binary.js";
import type { Playground } from "../../../lib/playground/playground.js";
import { type Ended, run } from "../../e2e/process.js";
import { cleaned, PLANS, trimmed } from "./recorded.js";

/** Writes plans of a playground's stack to test/fixtures/plans. */
export class Recorder {
  private readonly deployed: EdgeConfigInput;

  constructor(private readonly playground: Playground) {
    this.deployed = playground.readConfig();
  }

  /** Runs Terraform on the stack. */
  terraform(...args: string[]): Promise<Ended> {
    const { stackFolder } = this.playground;
    return run(findTerraform(process.env), args, {
      cwd: stackFolder,
      env: { ...process.env, ...this.playground.environment() },
    });
  }

  /** Records what a deploy of a changed configuration would do. */
  async record(
    name: string,
    changes: (config: EdgeConfigInput) => EdgeConfigInput = (one) => one,
    args: string[] = [],
  ): Promise<void> {
    const { playground } = this;
    playground.writeConfig(changes(this.deployed));
    await playground.synth();
    await playground.terraform.init();
    const file = join(playground.folder, "plan");
    const options = ["-input=false", "-json", "-detailed-exitcode", `-out=${file}`];
    const planned = await this.terraform("plan", ...options, ...args);
    if (planned.status === 1) {
      const errors = planned.stdout.split("\n").filter((line) => line.includes('"type":"diagnostic"'));
      writeFileSync(join(PLANS, `${name}.messages`), `${cleaned(errors.join("\n"))}\n`, { mode: 0o644 });
    } else {
      const shown = await this.terraform("show", "-json", file);
      const text = JSON.stringify(trimmed(JSON.parse(shown.stdout)), null, 1);
      writeFileSync(join(PLANS, `${name}.json`), `${cleaned(text)}\n`, { mode: 0o644 });
    }
    rmSync(file, { force: true });
    process.stdout.write(`${name}: ${planned.status}\n`);
  }
}
