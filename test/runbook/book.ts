import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import type { Playground } from "../../lib/playground/playground.js";
import { type Ended, start } from "../e2e/process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The runbook's cases by their titles: in each the blocks that the simulator can run, as they stand there. */
export function runbook(): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(join(root, "docs", "runbook.md"), "utf8");
  let blocks: string[] = [];
  const cases = new Map([["", blocks]]);
  for (const [, title, fence, block = ""] of text.matchAll(/^## (.+)$|^```(.*)\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) {
      blocks = [];
      cases.set(title, blocks);
    } else if (fence === "sh") blocks.push(block);
  }
  return cases;
}

/** A folder from which somebody deploys: the checkout, a configuration of their own in git, and what they set. */
export class Desk {
  readonly folder: string;
  private readonly playground: Playground;

  constructor(playground: Playground) {
    this.playground = playground;
    this.folder = join(playground.folder, "desk");
    mkdirSync(this.folder);
    for (const name of [
      "package.json",
      "node_modules",
      "scripts",
      "lib",
      "main.ts",
      "cdktf.json",
      "provider-ovh",
    ]) {
      symlinkSync(join(root, name), join(this.folder, name));
    }
    this.git("init", "--quiet");
    this.write(playground.readConfig(), "First");
  }

  /** Commits a configuration. */
  write(config: EdgeConfigInput, why: string): void {
    writeFileSync(join(this.folder, "edge.config.json"), `${JSON.stringify(config, null, 2)}\n`);
    this.git("add", "edge.config.json");
    this.git("commit", "--quiet", "--message", why);
  }

  read(): EdgeConfigInput {
    return JSON.parse(readFileSync(join(this.folder, "edge.config.json"), "utf8"));
  }

  /** Runs a block of the runbook as somebody at a prompt would; `input` is what they type. */
  async run(block: string, names: Readonly<Record<string, string>> = {}, input = ""): Promise<Ended> {
    const { EDGE_CONFIG: _, EDGE_STACK: __, ...environment } = this.playground.environment();
    const { child, ended } = start("bash", ["-euc", block], {
      cwd: this.folder,
      env: { ...process.env, ...environment, CI: "true", FORCE_COLOR: "0", ...names },
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
    return ended;
  }

  private git(...args: string[]): void {
    execFileSync("git", ["-c", "user.name=Operator", "-c", "user.email=operator@example.org", ...args], {
      cwd: this.folder,
    });
  }
}
