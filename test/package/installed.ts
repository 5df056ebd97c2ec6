import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Ended, run } from "../e2e/process.js";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const projects = fileURLToPath(new URL("projects/", import.meta.url));

// The newest of each line that is tested, at exact versions.
const OTHER_NODES = { "22": "22.23.3", "24": "24.21.0" } as const;

/** Version line of a Node that runs the package. */
export type NodeLine = "20" | keyof typeof OTHER_NODES;

/** Everything that the tests of the package share, as packing and installing take long. */
export class Installed {
  readonly folder = mkdtempSync(join(tmpdir(), "edge-package-"));
  tarball!: string;
  /** What npm printed while it installed. */
  installation!: Ended;

  /** Packs the checkout and installs that in a folder with two empty projects, CommonJS and ESM. */
  static async make(): Promise<Installed> {
    const installed = new Installed();
    await installed.npm(root, "pack", "--pack-destination", installed.folder);
    const [name = ""] = readdirSync(installed.folder).filter((file) => file.endsWith(".tgz"));
    installed.tarball = join(installed.folder, name);
    writeFileSync(join(installed.folder, "package.json"), "{}");
    installed.installation = await installed.npm(installed.folder, "install", installed.tarball);
    for (const type of ["commonjs", "module"] as const) {
      const folder = installed.project(type);
      mkdirSync(folder);
      writeFileSync(join(folder, "package.json"), JSON.stringify({ type }));
      cpSync(projects, folder, { recursive: true });
    }
    return installed;
  }

  /** Folder of one of the two projects. */
  project(type: "commonjs" | "module"): string {
    return join(this.folder, type);
  }

  /** Folder that the package was installed to. */
  get package(): string {
    return join(this.folder, "node_modules", "cdktf-ovh-edge");
  }

  /** Gets the other Nodes from their npm packages, for this system. */
  async installNodes(): Promise<void> {
    const folder = join(this.folder, "nodes");
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), "{}");
    const name = `node-${process.platform}-${process.arch}`;
    const wanted = Object.entries(OTHER_NODES).map(([line, version]) => `node${line}@npm:${name}@${version}`);
    await this.npm(folder, "install", ...wanted);
  }

  /** A Node; 20 stands for the one that runs the tests. */
  node(line: NodeLine): string {
    return line === "20"
      ? process.execPath
      : join(this.folder, "nodes", "node_modules", `node${line}`, "bin", "node");
  }

  /** Compiles files of a project with the checkout's TypeScript, and nothing but these options. */
  async compile(type: "commonjs" | "module", options: string, ...files: string[]): Promise<string[]> {
    const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
    const args = [
      "--ignoreConfig",
      "--strict",
      "--target",
      "es2022",
      "--pretty",
      "false",
      ...options.split(" "),
      ...files,
    ];
    const { stdout, stderr } = await run(process.execPath, [tsc, ...args], { cwd: this.project(type) });
    return `${stdout}${stderr}`.split("\n").filter(Boolean);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs npm with its own cache, which it asks before the registry. @throws Error with what it printed */
  private async npm(cwd: string, ...args: string[]): Promise<Ended> {
    const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--no-update-notifier"];
    const ended = await run("npm", [...args, ...flags], { cwd });
    if (ended.status !== 0) throw new Error(`npm ${args[0]} failed:\n${ended.stdout}${ended.stderr}`);
    return ended;
  }
}
