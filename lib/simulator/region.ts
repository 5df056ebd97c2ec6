import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addressesOf, blockOf } from "../config/failover-ips.js";
import type { EdgeConfig } from "../config/schema.js";
import { API_ADDRESSES } from "./api-addresses.js";
import { type Authority, makeAuthority } from "./certificates.js";
import { systemClock } from "./clock.js";
import { type FailoverDoor, serveFailoverDoor } from "./failover-door.js";
import { freePort } from "./free-port.js";
import { Machine, type Surroundings } from "./node/machine.js";
import { generateKeyPair, type KeyPair } from "./node/ssh-server.js";
import { OvhProject } from "./ovh-api/api.js";
import type { FailoverBehaviour } from "./ovh-api/failover.js";
import { type ServedApi, serveApi } from "./ovh-api/http.js";
import type { Address } from "./ovh-api/instances.js";
import { type Account, edgeAccess, FULL_ACCESS } from "./ovh-api/seed.js";
import type { ProviderSchema } from "./provider/schema.js";
import {
  nullProvider,
  ovhProvider,
  reattach,
  type ServedProvider,
  serveProvider,
} from "./provider/server.js";
import { type Random, seededRandom } from "./random.js";
import { RegionAccess } from "./region-access.js";
import { accountFor, RegionFilter } from "./region-filter.js";
import { VRack } from "./vrack.js";

/** How a region is simulated. */
export interface RegionOptions {
  /** Folder for the nodes' disks and the sockets; must be empty, and its path short. */
  readonly folder: string;
  /** The wish that the region is made for: its project, region, images and FailOver IP exist. */
  readonly config: EdgeConfig;
  /** Schema of provider ovh/ovh. */
  readonly schema: ProviderSchema;
  /** @default - 1 */
  readonly seed?: number;
  /** How much faster than real time the tasks of OVH and the machines' own waits pass. @default - 1 */
  readonly speed?: number;
  /** Milliseconds that a move of the FailOver IP takes. @default - 1500 */
  readonly moveDuration?: number;
  /** Port for the API. @default - a free one */
  readonly apiPort?: number;
  readonly failover?: Partial<FailoverBehaviour>;
  /** What the account has beside the project, such as DNS zones. @default - DEFAULT_ACCOUNT */
  readonly account?: Partial<Account>;
  /** Milliseconds until a node gives up connecting to what it cannot reach. @default - 75 s, by `speed` */
  readonly connectTimeout?: number;
  /** Milliseconds that a boot goes on after ifstated has started. @default - 500, by `speed` */
  readonly bootRest?: number;
}

/** A simulated OVH region: its API, its instances as machines, its vRack, and a Terraform provider for it. */
export class Region {
  static readonly DEPLOYER = {
    applicationKey: "deployer-key",
    applicationSecret: "deployer-secret",
    consumerKey: "deployer-consumer",
  };
  readonly edgeKey;
  readonly deployKey: KeyPair = generateKeyPair();
  readonly machines = new Map<string, Machine>();
  readonly project: OvhProject;
  readonly vrack: VRack;
  api!: ServedApi;
  door!: FailoverDoor;
  /** What went wrong while machines were switched on. */
  readonly failures: Error[] = [];
  /** How its machines are reached over SSH. */
  readonly access: RegionAccess;
  private readonly filter = new RegionFilter(
    () => this.project,
    (name) => this.instanceId(name),
  );
  private readonly random: Random;
  private readonly hostKeys = new Map<string, KeyPair>();
  private readonly served = new Set<KeyPair>();
  private readonly names = new Map<string, string>();
  private readonly providers = new Map<string, ServedProvider>();
  private readonly silent = new Set<string>();
  private readonly booting = new Set<Promise<void>>();
  private readonly listeners = new Set<() => void>();
  private authority!: Authority;
  private disks = 1;
  private ticker: NodeJS.Timeout | undefined;
  private owner: ChildProcess | undefined;

  private constructor(private readonly options: RegionOptions) {
    const { config, seed = 1, speed = 1 } = options;
    this.random = seededRandom(seed);
    const failoverId = this.random.uuid();
    this.edgeKey = {
      applicationKey: "edge-key",
      applicationSecret: `edge-secret-${this.random.uuid()}`,
      consumerKey: `edge-consumer-${this.random.uuid()}`,
    };
    const others = config.failoverIps.slice(1).map(({ address }) => ({ id: this.random.uuid(), address }));
    const [{ address, order }] = config.failoverIps;
    // What is ordered is not there before.
    const failoverIps = order === undefined ? [{ id: failoverId, address }, ...others] : [];
    const ids = order === undefined ? failoverIps.map(({ id }) => id) : ["*"];
    this.vrack = new VRack(seed, this.filter.carp);
    this.access = new RegionAccess(config);
    this.project = new OvhProject(
      {
        project: config.project,
        description: "t18s",
        regions: [config.region],
        failoverIps,
        imageNames: [...new Set([...config.edges.flatMap(({ image }) => image ?? []), "Debian 12"])],
        keys: [
          { ...Region.DEPLOYER, rules: FULL_ACCESS },
          { ...this.edgeKey, rules: edgeAccess(config.project, ...ids) },
        ],
        publicPrefix: "127.77.0",
        account: { ...accountFor(config), ...options.account },
      },
      {
        clock: systemClock,
        random: this.random,
        durations: { create: 600 / speed, update: 300 / speed, delete: 300 / speed },
        failover: {
          moveDuration: options.moveDuration ?? 1500 / speed,
          whilePending: "refuse",
          toHolder: "no-op",
          ...options.failover,
        },
        started: (id, { name, sshKeyName }, interfaces) => this.switchOn(id, name, sshKeyName, interfaces),
        stopped: (id) => this.switchOff(id),
      },
    );
    for (const { name } of config.edges) this.hostKeys.set(name, generateKeyPair());
  }

  /** Starts a region. @throws Error when the port is taken or a folder cannot be made */
  static async start(options: RegionOptions): Promise<Region> {
    const region = new Region(options);
    await region.open();
    return region;
  }

  /** Public host key of the machine that an edge has now, or will have first. */
  hostKey(name: string): string {
    return (this.hostKeys.get(name) as KeyPair).public;
  }

  /** The machine of this name, or undefined before it is created. */
  machine(name: string): Machine | undefined {
    return this.machines.get(name);
  }

  /** Environment in which Terraform deploys onto this region. */
  environment(provider: "embedded" | "installed" = "embedded"): Record<string, string> {
    const environment: Record<string, string> = {
      ...this.credentials(),
      TF_VAR_ovh_endpoint: this.api.endpoint,
      TF_VAR_edge_application_key: this.edgeKey.applicationKey,
      TF_VAR_edge_application_secret: this.edgeKey.applicationSecret,
      TF_VAR_edge_consumer_key: this.edgeKey.consumerKey,
      CHECKPOINT_DISABLE: "1",
    };
    if (provider === "embedded") {
      environment.TF_REATTACH_PROVIDERS = reattach(
        Object.fromEntries(this.providers),
        this.owner?.pid as number,
      );
      // Whatever this machine's own configuration says of providers does not matter here.
      environment.TF_CLI_CONFIG_FILE = join(this.options.folder, "terraformrc");
    }
    return environment;
  }

  private credentials(): Record<string, string> {
    const { applicationKey, applicationSecret, consumerKey } = Region.DEPLOYER;
    return {
      OVH_APPLICATION_KEY: applicationKey,
      OVH_APPLICATION_SECRET: applicationSecret,
      OVH_CONSUMER_KEY: consumerKey,
    };
  }

  /** SSH connections that all machines have taken so far. */
  sshSessions(): number {
    return this.access.total("sessions");
  }

  /** Bytes that came to all machines over SSH so far. */
  sshBytes(): number {
    return this.access.total("received");
  }

  /** Port on which every machine serves SSH. */
  get sshPort(): number {
    return this.access.port;
  }

  /**
   * Where packets for a FailOver IP arrive: the machine it is routed to, if that answers for it.
   *
   * @param address one of the configuration's, a block as a whole. @default - the first
   */
  answering(address: string = this.failoverAddress): Machine | undefined {
    const machine = this.machines.get(this.holder(address) ?? "");
    if (machine === undefined) return undefined;
    const answers = addressesOf(address).every((one) => machine.hasAddress(one));
    return machine.reachable && answers ? machine : undefined;
  }

  /** The address that moves. */
  get failoverAddress(): string {
    const [{ address, order }] = this.options.config.failoverIps;
    return order === undefined ? address : (this.project.failoverIps.list()[0]?.ip ?? "");
  }

  /** Name of the edge that OVH routes a FailOver IP to, the first one unless another is named, or undefined. */
  holder(address?: string): string | undefined {
    const list = this.project.failoverIps.list();
    const found = list.find(({ block }) => address !== undefined && block === blockOf(address)) ?? list[0];
    return this.names.get(found?.routedTo ?? "");
  }

  /** Calls a listener whenever something on a machine changes. @returns how to stop that */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Lets a ping target answer or not, or the API (`api`) be reached or not. */
  setReachable(host: string, reachable: boolean): void {
    if (reachable) this.silent.delete(host);
    else this.silent.add(host);
  }

  /** Lets every probe target answer one machine, or none. */
  silence(name: string, silent: boolean): void {
    this.setReachable(`for ${name}`, !silent);
  }

  /** Takes one machine's way to the API, or gives it back. */
  cutApi(name: string, cut: boolean): void {
    this.setReachable(`api for ${name}`, !cut);
  }

  /** Whether anything outside that a probe asks answers this machine. */
  answersProbe(machine: Machine): boolean {
    return (
      machine.reachable &&
      !this.silent.has(`for ${machine.name}`) &&
      this.options.config.probe.targets.some((target) => !this.silent.has(target))
    );
  }

  /** Whether the API can be reached from this machine. */
  reachesApi(machine: Machine): boolean {
    return machine.reachable && !this.silent.has("api") && !this.silent.has(`api for ${machine.name}`);
  }

  /** Id of the instance of this name. */
  instanceId(name: string): string | undefined {
    return [...this.names].find(([, other]) => other === name)?.[0];
  }

  /** Ends everything: machines, servers, sockets. */
  async stop(): Promise<void> {
    clearInterval(this.ticker);
    await Promise.allSettled(this.booting);
    for (const machine of this.machines.values()) machine.powerOff();
    for (const provider of this.providers.values()) provider.close();
    this.owner?.kill();
    await this.access.close();
    await this.api?.close();
    this.door?.close();
    rmSync(join(this.options.folder, "nodes"), { recursive: true, force: true });
  }

  private async open(): Promise<void> {
    const { folder, schema, apiPort, speed = 1 } = this.options;
    mkdirSync(join(folder, "nodes"), { recursive: true });
    writeFileSync(join(folder, "terraformrc"), "disable_checkpoint = true\n");
    this.authority = await makeAuthority();
    const tls = await this.authority.issue(Object.keys(API_ADDRESSES));
    this.api = await serveApi({
      project: this.project,
      clock: systemClock,
      random: this.random,
      port: apiPort,
      tls,
    });
    this.door = await serveFailoverDoor(() => this.answering() !== undefined);
    await this.access.open(folder, this.deployKey.public, freePort);
    // Terraform kills the owner of a provider that is gone; that must not be this process.
    this.owner = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
    // A provider that runs already does not see the environment of Terraform, and never asks OVH itself.
    const definitions = {
      "ovh/ovh": ovhProvider(schema, 100 / speed, this.credentials(), this.api.endpoint),
      "hashicorp/null": nullProvider(),
    };
    for (const [source, definition] of Object.entries(definitions)) {
      this.providers.set(source, await serveProvider(definition, folder, source.replace("/", "-")));
    }
    this.ticker = setInterval(() => this.project.settle(), 100 / speed);
  }

  private switchOn(
    id: string,
    name: string,
    sshKeyName: string | null,
    interfaces: readonly Address[],
  ): void {
    const ports = interfaces.map(({ mac, ip }, index) => ({
      name: `vio${index}`,
      mac,
      // The CARP network gives out no addresses.
      ...(index < 2 ? { address: ip } : {}),
    }));
    const machine = new Machine(
      name,
      join(this.options.folder, "nodes", `n${this.disks++}`),
      ports,
      this.surroundings(),
    );
    const instance = this.project.instances.instances.get(id);
    instance.targetSpec.networks?.forEach((entry, index) => {
      if (entry.id !== undefined) this.vrack.plug(machine, `vio${index}`, entry.id);
    });
    const key = sshKeyName === null ? [] : [this.project.getSshKey(sshKeyName).publicKey];
    machine.provision(key, this.authority.ca);
    this.access.prepare(machine, key);
    this.machines.set(name, machine);
    this.names.set(id, name);
    const started = (async () => {
      const hostKey = this.hostKeyOf(name);
      machine.sandbox.write("/etc/ssh/ssh_host_ed25519_key.pub", `${hostKey.public}\n`);
      await machine.boot();
      const address = interfaces.find(({ type }) => type === "public")?.ip;
      // Nothing from outside reaches what has only a private one.
      if (address === undefined) return;
      const letsIn = (from: string) => this.filter.tcp(name, this.access.port, from);
      await this.access.serve(id, machine, hostKey, address, letsIn);
    })();
    this.booting.add(started);
    void started
      .catch((error) => this.failures.push(error as Error))
      .finally(() => this.booting.delete(started));
  }

  /** The key that was told beforehand serves once: an instance that replaces another makes its own. */
  private hostKeyOf(name: string): KeyPair {
    const told = this.hostKeys.get(name);
    const key = told === undefined || this.served.has(told) ? generateKeyPair() : told;
    this.hostKeys.set(name, key);
    this.served.add(key);
    return key;
  }

  private switchOff(id: string): void {
    const name = this.names.get(id);
    if (name === undefined) return;
    this.vrack.unplug(this.machines.get(name) as Machine);
    this.machines.get(name)?.powerOff();
    this.machines.delete(name);
    this.names.delete(id);
    this.access.end(id);
  }

  private surroundings(): Surroundings {
    const { speed = 1, connectTimeout, bootRest } = this.options;
    return {
      speed,
      ...(bootRest === undefined ? {} : { bootRest }),
      ...(connectTimeout === undefined ? {} : { connectTimeout }),
      answersPing: (machine, host) =>
        machine.reachable &&
        // Class E is nobody's.
        !/^2[45]\d\./.test(host) &&
        !this.silent.has(host) &&
        !this.silent.has(`for ${machine.name}`),
      addresses: (host) => API_ADDRESSES[host] ?? [],
      resolve: (machine, host, port) => {
        if (API_ADDRESSES[host] === undefined) return "no such name";
        if (!this.reachesApi(machine) || port !== 443) return "unreachable";
        return { address: "127.0.0.1", port: this.api.httpsPort as number };
      },
      advertise: (machine, carpdev, advertisement) => this.vrack.carry(machine, carpdev, advertisement),
      changed: () => {
        for (const listener of this.listeners) listener();
      },
    };
  }
}

/** The schema of provider ovh/ovh from the file that the bindings are generated from. */
export function readProviderSchema(file: string): ProviderSchema {
  return JSON.parse(readFileSync(file, "utf8")).provider_schemas["registry.terraform.io/ovh/ovh"];
}
