import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../../lib/simulator/clock.js";
import type { OvhProject } from "../../../lib/simulator/ovh-api/api.js";
import { type ServedApi, serveApi } from "../../../lib/simulator/ovh-api/http.js";
import {
  nullProvider,
  ovhProvider,
  reattach,
  type ServedProvider,
  serveProvider,
} from "../../../lib/simulator/provider/server.js";
import { seededRandom } from "../../../lib/simulator/random.js";
import { type Json, PROJECT, simulatedProject } from "../ovh-api/simulated.js";
import { OVH_SCHEMA } from "./ovh-schema.js";

/** Whether there is a Terraform to test with. */
export const hasTerraform = spawnSync("terraform", ["version"], { env: environment({}) }).status === 0;

/** The name of tests that need Terraform, which says so where there is none. */
export const withTerraform = (what: string) =>
  hasTerraform ? what : `${what} (skipped: there is no terraform on this machine's PATH)`;

/** Terraform takes its time, more of it on a busy machine. */
export const PATIENCE = { timeout: 60_000 };

/** How a run of Terraform ended. */
export interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a plan would do. */
export interface Plan {
  /** 0 where there is nothing to do, 2 where there is. */
  readonly status: number;
  /** By address, what is done with it; what stays as it is does not show. */
  readonly actions: Readonly<Record<string, string>>;
  /** By address, the attributes that only the apply will tell, of what is there already. */
  readonly unknown: Readonly<Record<string, readonly string[]>>;
}

/** Terraform in a folder of its own, on a simulated project. */
export class Terraform {
  readonly clock = new ManualClock();
  readonly project: OvhProject;
  api!: ServedApi;
  private readonly folder = mkdtempSync(join(tmpdir(), "tf-"));
  private readonly providers: Record<string, ServedProvider> = {};
  private owner: ChildProcess | undefined;

  private constructor() {
    // Tasks that take no time are over at the next look, so the clock need not move.
    const durations = { create: 0, update: 0, delete: 0 };
    this.project = simulatedProject({ clock: this.clock, durations, failover: { moveDuration: 0 } });
  }

  static async start(): Promise<Terraform> {
    const terraform = new Terraform();
    await terraform.open();
    return terraform;
  }

  /** Has Terraform work with this configuration from now on. */
  configure(config: Json): void {
    const ovh = {
      application_key: "ak",
      application_secret: "as",
      consumer_key: "ck",
      ...config.provider?.ovh,
    };
    this.write("main.tf.json", {
      terraform: { required_providers: { ovh: { source: "ovh/ovh" }, null: { source: "hashicorp/null" } } },
      ...config,
      provider: { ovh: { endpoint: this.api.endpoint, ...ovh } },
    });
  }

  run(...args: string[]): Promise<Run> {
    const env = environment({
      TF_CLI_CONFIG_FILE: join(this.folder, "terraformrc"),
      TF_REATTACH_PROVIDERS: reattach(this.providers, this.owner?.pid as number),
      TF_DATA_DIR: join(this.folder, "data"),
    });
    return new Promise((resolve) =>
      execFile("terraform", args, { cwd: this.folder, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
        resolve({ status: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
      ),
    );
  }

  /** @throws Error when Terraform does not succeed */
  async must(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...args);
    if (status !== 0) throw new Error(`terraform ${args.join(" ")} ended with ${status}\n${stderr}`);
    return stdout;
  }

  /** Configures and applies. @throws Error when the apply fails */
  async apply(config: Json): Promise<void> {
    this.configure(config);
    await this.must("apply", "-auto-approve", "-no-color");
  }

  /** Configures and plans. @throws Error when the plan fails */
  async plan(config: Json): Promise<Plan> {
    this.configure(config);
    const { status, stderr } = await this.run("plan", "-no-color", "-detailed-exitcode", "-out=plan");
    if (status === 1) throw new Error(stderr);
    const { resource_changes = [] } = JSON.parse(await this.must("show", "-json", "plan"));
    const actions: Record<string, string> = {};
    const unknown: Record<string, string[]> = {};
    for (const { address, change } of resource_changes as Json[]) {
      const done = change.importing ? ["import", ...change.actions] : change.actions;
      const named = done.filter((action: string) => action !== "no-op").join(" ");
      if (named !== "") actions[address] = named;
      if (change.before !== null && change.after !== null) {
        const open = Object.keys(change.after_unknown).filter((name) => change.after_unknown[name] === true);
        if (open.length > 0) unknown[address] = open.sort();
      }
    }
    return { status, actions, unknown };
  }

  /** The messages of the errors that a command ends in. */
  async errors(command: "plan" | "apply" | "destroy", config: Json): Promise<string[]> {
    this.configure(config);
    const { stdout } = await this.run(command, "-json", ...(command === "plan" ? [] : ["-auto-approve"]));
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line))
      .filter(({ diagnostic }) => diagnostic?.severity === "error")
      .map(({ diagnostic }) => diagnostic.summary);
  }

  /** The attributes of a resource in the state, or undefined where it is not in it. */
  async state(address: string): Promise<Json> {
    const { values } = JSON.parse(await this.must("show", "-json"));
    return values?.root_module.resources?.find((one: Json) => one.address === address)?.values;
  }

  async outputs(): Promise<Record<string, Json>> {
    const outputs = JSON.parse(await this.must("output", "-json"));
    return Object.fromEntries(Object.entries<Json>(outputs).map(([name, { value }]) => [name, value]));
  }

  async stop(): Promise<void> {
    for (const provider of Object.values(this.providers)) provider.close();
    this.owner?.kill();
    await this.api?.close();
    rmSync(this.folder, { recursive: true });
  }

  private async open(): Promise<void> {
    this.api = await serveApi({ project: this.project, clock: this.clock, random: seededRandom(2) });
    // Terraform kills the owner of a provider that is gone; that must not be this process.
    this.owner = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
    const definitions = { "ovh/ovh": ovhProvider(OVH_SCHEMA, 0, {}), "hashicorp/null": nullProvider() };
    for (const [source, definition] of Object.entries(definitions)) {
      this.providers[source] = await serveProvider(definition, this.folder, source.replace("/", "-"));
    }
    this.write("terraformrc", {});
    this.configure({});
    await this.must("init", "-no-color");
  }

  private write(file: string, content: object): void {
    const text = Object.keys(content).length === 0 ? "" : JSON.stringify(content);
    writeFileSync(join(this.folder, file), text);
  }
}

/** The environment of Terraform: nothing of what this machine says about it. */
function environment(own: Readonly<Record<string, string>>): Record<string, string> {
  const { PATH = "", HOME = "", TMPDIR = tmpdir() } = process.env;
  return {
    PATH,
    HOME,
    TMPDIR,
    TF_CLI_CONFIG_FILE: "/dev/null",
    CHECKPOINT_DISABLE: "1",
    TF_IN_AUTOMATION: "1",
    ...own,
  };
}

const service_name = PROJECT;
const region = "SBG5";

/** The configuration of one edge with all that it needs; each test changes of it what it is about. */
export function edgeConfig(): Json {
  return {
    data: {
      ovh_cloud_instance_flavors: { here: { service_name, region } },
      ovh_cloud_instance_images: { here: { service_name, region } },
    },
    resource: {
      ovh_cloud_ssh_key: { ops: { service_name, name: "ops", public_key: "ssh-ed25519 AAAA ops" } },
      ovh_cloud_network_private_vrack: {
        internal: { service_name, region, name: "internal" },
        carp: { service_name, region, name: "carp", vlan_id: 25 },
      },
      ovh_cloud_network_private_vrack_subnet: {
        internal: {
          service_name,
          region,
          name: "internal",
          network_id: "${ovh_cloud_network_private_vrack.internal.id}",
          cidr: "10.10.0.0/16",
          gateway_ip: "10.10.0.1",
          dns_nameservers: ["213.186.33.99"],
        },
        carp: {
          service_name,
          region,
          name: "carp",
          network_id: "${ovh_cloud_network_private_vrack.carp.id}",
          cidr: "10.25.0.0/16",
          dhcp_enabled: false,
        },
      },
      ovh_cloud_instance_group: { edges: { service_name, region, name: "edges", policy: "ANTI_AFFINITY" } },
      ovh_cloud_instance: {
        edge: {
          service_name,
          region,
          name: "edge-1",
          flavor_id: idByName("flavors", "b3-8"),
          image_id: idByName("images", "OpenBSD 7.8"),
          group_id: "${ovh_cloud_instance_group.edges.id}",
          ssh_key_name: "${ovh_cloud_ssh_key.ops.name}",
          networks: [
            { auto_assign_public_ip: true },
            connection("internal", "10.10.0.11"),
            connection("carp"),
          ],
        },
      },
      ovh_cloud_project_failover_ip_attach: {
        edge: {
          service_name,
          ip: "146.59.143.231",
          routed_to: "${ovh_cloud_instance.edge.id}",
          lifecycle: { ignore_changes: ["routed_to"] },
        },
      },
      null_resource: { delivery: { triggers: { instance: "${ovh_cloud_instance.edge.id}" } } },
    },
  };
}

/** A copy of the configuration with some arguments changed, by path; `undefined` takes one out. */
export function edgeConfigWith(changes: Readonly<Record<string, unknown>>): Json {
  const config = edgeConfig();
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop() as string;
    const node = keys.reduce((inner, key) => inner[key], config.resource);
    if (value === undefined) delete node[last];
    else node[last] = value;
  }
  for (const [type, resources] of Object.entries<Json>(config.resource)) {
    if (Object.keys(resources).length === 0) delete config.resource[type];
  }
  return config;
}

function connection(name: string, ip?: string): object {
  const network = `ovh_cloud_network_private_vrack.${name}`;
  const subnet = `ovh_cloud_network_private_vrack_subnet.${name}`;
  return {
    network_id: `\${${network}.id}`,
    subnet_id: `\${${subnet}.id}`,
    ...(ip === undefined ? {} : { ip }),
  };
}

function idByName(list: "flavors" | "images", name: string): string {
  return `\${one([for x in data.ovh_cloud_instance_${list}.here.${list} : x.id if x.name == "${name}"])}`;
}
