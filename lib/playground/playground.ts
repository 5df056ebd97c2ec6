import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseConfig } from "../config/load.js";
import type { EdgeConfigInput } from "../config/schema.js";
import { findTerraform } from "../operations/terraform-binary.js";
import { Region, type RegionOptions, readProviderSchema } from "../simulator/region.js";
import { adopt } from "./adopted.js";
import { serveControl } from "./control.js";
import { Terraform } from "./terraform.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
// The built package has JavaScript; the sources need a loader.
const MAIN = import.meta.url.endsWith(".ts")
  ? ["--import", import.meta.resolve("tsx"), join(ROOT, "main.ts")]
  : [join(ROOT, "main.js")];
const SCHEMA = createRequire(import.meta.url).resolve("@cdktf/provider-ovh/schema.json");

/** How a playground is made. */
export interface PlaygroundOptions {
  /** Configuration that is deployed; SSH settings and host keys are replaced by the region's. */
  readonly config: EdgeConfigInput;
  /** Providers: the embedded ones, or whatever Terraform's own configuration finds. @default - embedded */
  readonly provider?: "embedded" | "installed";
  /** File that takes everything Terraform prints. @default - terraform.log in the playground's folder */
  readonly logFile?: string;
  /** More of the environment in which stacks are synthesized and deployed. @default - none */
  readonly environment?: Readonly<Record<string, string>>;
  readonly region?: Partial<Omit<RegionOptions, "folder" | "config" | "schema">>;
}

/** A simulated region with everything that is needed to deploy an edge onto it, in a folder of its own. */
export class Playground {
  readonly folder: string;
  /** What the next deploy gives to carp. */
  carpPassword = "carp-password_1";
  readonly configFile: string;
  /** Folder of the synthesized stack; `useStack` names another. */
  stackFolder: string;
  region!: Region;
  terraform!: Terraform;
  private control: Server | undefined;
  private stopped = false;

  private constructor(private readonly options: PlaygroundOptions) {
    // Socket paths may have 107 characters at most.
    this.folder = mkdtempSync(join(tmpdir(), "edge-"));
    this.configFile = join(this.folder, "edge.config.json");
    this.stackFolder = join(this.folder, "cdktf.out", "stacks", "edge");
  }

  /** Makes a playground. @throws Error when something that it needs is missing */
  static async create(options: PlaygroundOptions): Promise<Playground> {
    const playground = new Playground(options);
    try {
      await playground.open();
    } catch (error) {
      await playground.stop();
      throw error;
    }
    return playground;
  }

  /** Environment in which cdktf and Terraform work on this playground. */
  environment(): Record<string, string> {
    return {
      ...this.region.environment(this.options.provider),
      TF_VAR_carp_password: this.carpPassword,
      EDGE_CONFIG: this.configFile,
      EDGE_STACK: this.stackFolder,
      EDGE_PLAYGROUND: this.controlSocket,
      ...this.options.environment,
    };
  }

  /** Where faults are asked for. */
  get controlSocket(): string {
    return join(this.folder, "control");
  }

  /** Changes the configuration that the next deploy uses. */
  writeConfig(config: EdgeConfigInput): void {
    writeFileSync(this.configFile, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  }

  /** The configuration that the next deploy uses. */
  readConfig(): EdgeConfigInput {
    return JSON.parse(readFileSync(this.configFile, "utf8"));
  }

  /** Synthesizes the stack as `cdktf synth` does, from main.ts in a process of its own. */
  async synth(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const child = spawn(process.execPath, MAIN, {
        cwd: this.folder,
        env: { ...process.env, ...this.environment(), CDKTF_OUTDIR: join(this.folder, "cdktf.out") },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let errors = "";
      child.stderr.on("data", (chunk: Buffer) => {
        errors += chunk;
      });
      child.once("error", reject);
      child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(errors.trim()))));
    });
    this.useStack(this.stackFolder);
  }

  /** Runs Terraform in a folder from here on. */
  useStack(folder: string): void {
    this.stackFolder = folder;
    this.terraform = new Terraform(
      findTerraform(process.env),
      folder,
      this.environment(),
      this.options.logFile ?? join(this.folder, "terraform.log"),
    );
  }

  /** Ends everything and removes the folder. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    this.control?.close();
    await this.region?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async open(): Promise<void> {
    const { config, logFile, region } = this.options;
    findTerraform(process.env);
    if (logFile !== undefined) {
      mkdirSync(dirname(logFile), { recursive: true });
      writeFileSync(logFile, "", { mode: 0o600 });
    }
    const parsed = parseConfig(config);
    this.region = await Region.start({
      ...region,
      folder: this.folder,
      config: parsed,
      schema: readProviderSchema(SCHEMA),
    });
    this.control = await serveControl(this.region, this.controlSocket);
    const keyFile = join(this.folder, "id_ed25519");
    writeFileSync(keyFile, this.region.deployKey.private, { mode: 0o600 });
    writeFileSync(`${keyFile}.pub`, `${this.region.deployKey.public}\n`);
    const { internalNetwork, carpNetwork, edges } = await adopt(this.region, parsed, config);
    const { become, bastion: _, ...ssh } = config.ssh ?? {};
    const { access } = this.region;
    this.writeConfig({
      ...config,
      // SSH has the region's port here, and is let in on that.
      ...(config.securityGroups === undefined
        ? {}
        : { securityGroups: withPort(config.securityGroups, parsed.ssh.port, access.port) }),
      internalNetwork,
      carpNetwork,
      edges: edges.map((edge) => ({ ...edge, sshHostKey: this.region.hostKey(edge.name) })),
      ssh: {
        ...ssh,
        ...(become === undefined ? { user: "root" } : { become }),
        port: access.port,
        privateKeyPath: keyFile,
        ...(access.bastion === undefined ? {} : { bastion: access.bastion.settings }),
      },
    });
  }
}

/** Security groups whose rules for one port are those for another. */
function withPort(
  groups: NonNullable<EdgeConfigInput["securityGroups"]>,
  from: number,
  to: number,
): typeof groups {
  return groups.map(({ rules, ...group }) => ({
    ...group,
    ...(rules === undefined
      ? {}
      : { rules: rules.map((rule) => (rule.port === from ? { ...rule, port: to } : rule)) }),
  }));
}
