import { addressesOf, ORDERED_ADDRESS, vhidsOf } from "../config/failover-ips.js";
import { parseConfig } from "../config/load.js";
import type { EdgeConfigInput } from "../config/schema.js";
import type { DrillResult } from "../operations/drill/run.js";
import type { Scenario } from "../operations/drill/scenarios.js";
import { viewOf } from "../playground/chaos/view.js";
import { FAULTS, machineNamed } from "../playground/control.js";
import type { FaultArguments, FaultName } from "../playground/faults.js";
import type { Playground, PlaygroundOptions } from "../playground/playground.js";
import { checkPrerequisites } from "../playground/prerequisites.js";
import type { PlanVerdict } from "../playground/terraform.js";
import type { ClusterView, EdgeView } from "../simulator/explore/invariants.js";
import type { Region } from "../simulator/region.js";
import { type Door, type EdgeService, openDoor } from "./door.js";
import { eventually, type Pace, throughout, until } from "./patience.js";
import { type StackMaker, Synthesis } from "./synthesis.js";
import type { Deadline, EdgeWorld, IpView, LoggedLine, Operation, WorldView } from "./world.js";

/** How a live world is made. */
export type LiveWorldOptions = PlaygroundOptions;

/** Milliseconds between two looks. */
const LOOK_EACH = 50;

/**
 * A simulated OVH region on which stacks are deployed with the real Terraform: its nodes are sandboxes that run the
 * files which real edges get. It needs Linux, Terraform or OpenTofu, Perl and an OpenSSH client; its time is real.
 */
export class LiveWorld implements EdgeWorld {
  readonly edgeNames: readonly string[];
  private readonly began = Date.now();
  private readonly doors: Door[] = [];
  /** The FailOver IPs and the carp interfaces that elect for them; what is ordered has no address yet. */
  private readonly ips: readonly { readonly carp: string; readonly address: string | undefined }[];
  private readonly pace: Pace = {
    now: () => (Date.now() - this.began) / 1000,
    pass: () => new Promise((resolve) => setTimeout(resolve, LOOK_EACH)),
  };

  private constructor(private readonly playground: Playground) {
    const config = parseConfig(playground.readConfig());
    this.edgeNames = config.edges.map(({ name }) => name);
    this.ips = vhidsOf(config).flatMap(({ interface: carp, failoverIps }) =>
      failoverIps.map(({ address }) => ({
        carp,
        address: address === ORDERED_ADDRESS ? undefined : address,
      })),
    );
  }

  /**
   * Starts a region that has the project, the images and the FailOver IP of a configuration.
   *
   * @throws Error that names what is missing on this machine
   */
  static async start(options: LiveWorldOptions): Promise<LiveWorld> {
    checkPrerequisites();
    // Half a second of servers, which a virtual world does not need.
    const { Playground } = await import("../playground/playground.js");
    return new LiveWorld(await Playground.create(options));
  }

  /** The region itself: its API, its machines, its vRack. */
  get region(): Region {
    return this.playground.region;
  }

  /** The configuration as it is deployed here: with the region's SSH port, key and host keys. */
  get config(): EdgeConfigInput {
    return this.playground.readConfig();
  }

  set config(config: EdgeConfigInput) {
    this.playground.writeConfig(config);
  }

  /** Environment in which `terraform`, `npm run status` and their like work on this world. */
  get environment(): Readonly<Record<string, string>> {
    return this.playground.environment();
  }

  /** Folder that Terraform runs in. */
  get stackFolder(): string {
    return this.playground.stackFolder;
  }

  /**
   * Deploys a stack; a second time, what has changed of it.
   *
   * @param make makes the stack in the app that it is given. @default - an `EdgeStack` from `config`
   * @throws Error with Terraform's own messages
   */
  async deploy(make?: StackMaker): Promise<void> {
    await this.apply(await this.synthesis.byMaker(make ?? this.config, this.environment));
  }

  /**
   * Deploys what a program synthesizes, as in `deployProgram(() => import("../main.js"))`: a main.ts with an app of its
   * own, which finds its configuration by `EDGE_CONFIG` and its folder by `CDKTF_OUTDIR`.
   *
   * @param stack name of the stack. @default - the only one
   */
  async deployProgram(run: () => unknown, stack?: string): Promise<void> {
    await this.apply(await this.synthesis.byProgram(run, this.environment, stack));
  }

  /** Deploys a folder that was synthesized already, such as cdktf.out/stacks/edge. The folder itself is left as it is. */
  async deployFolder(folder: string): Promise<void> {
    await this.apply(this.synthesis.byFolder(folder));
  }

  /** Whether a deploy of the same again would change anything. */
  plan(): Promise<PlanVerdict> {
    return this.playground.terraform.plan();
  }

  /** Asks Terraform whether what was synthesized is valid. @throws Error with its messages */
  validate(): Promise<void> {
    return this.playground.terraform.validate();
  }

  /** An output of the stack. */
  output<T>(name: string): Promise<T> {
    return this.playground.terraform.output<T>(name);
  }

  /** Destroys what was deployed. @returns what that left in the project, which should be nothing */
  async destroy(): Promise<readonly string[]> {
    await this.playground.terraform.destroy(() => {});
    return this.region.project.leftovers();
  }

  /**
   * Runs a drill of `npm run drill` on the deployed edges, and leaves them sound.
   *
   * @param name such as `carp-down`, `power-off` or `external-lost`
   * @returns when each phase was reached, and whether the drill passed
   * @throws Error when there is no such drill, or the edges are not sound before or after it
   */
  async drill(name: string): Promise<DrillResult> {
    const [{ simulatedCluster }, { runDrill }, { scenariosNamed }] = await Promise.all([
      import("../playground/simulated-cluster.js"),
      import("../operations/drill/run.js"),
      import("../operations/drill/scenarios.js"),
    ]);
    const [scenario] = scenariosNamed([name]);
    const cluster = simulatedCluster(this.playground);
    try {
      return await runDrill(scenario as Scenario, { cluster, config: parseConfig(this.config) });
    } finally {
      await Promise.all(cluster.edges.map((edge) => edge.close()));
    }
  }

  /**
   * Opens the FailOver IP for services of one's own: a port of this machine whose connections go to the service of the
   * edge that answers for the address.
   */
  async openDoor(serviceOf: (edge: string) => EdgeService): Promise<Door> {
    const door = await openDoor(() => this.region.answering()?.name, serviceOf);
    this.doors.push(door);
    return door;
  }

  view(): WorldView {
    const { region } = this;
    const all = viewOf(region, { partitioned: region.vrack.partitioned });
    const ips = this.ips.map(({ address, carp }) =>
      this.ipView(all, address ?? region.failoverAddress, carp),
    );
    return { ...(ips[0] as IpView), ips, log: this.log() };
  }

  async fault<Name extends FaultName>(name: Name, ...args: FaultArguments[Name]): Promise<void> {
    await FAULTS[name].make(this.region, args.map(String));
  }

  async operate(edge: string, operation: Operation): Promise<void> {
    const machine = machineNamed(this.region, edge);
    const reason = ["drain", "hold"].includes(operation) ? " --reason 'a test'" : "";
    const { status, stderr } = await machine.sandbox.run(`/usr/local/sbin/edge-sync ${operation}${reason}`);
    if (status !== 0) throw new Error(`edge-sync ${operation} failed on ${edge}: ${stderr.trim()}`);
  }

  async pass(seconds: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }

  eventually(assertion: () => void | Promise<void>, deadline?: Deadline): Promise<void> {
    return eventually(this.pace, assertion, deadline);
  }

  until(condition: (view: WorldView) => boolean, what: string, deadline?: Deadline): Promise<void> {
    return until(this.pace, this, condition, what, deadline);
  }

  throughout(assertion: () => void, seconds: number): Promise<void> {
    return throughout(this.pace, assertion, seconds);
  }

  /** Ends the region and everything in it. A run of Terraform that is under way is interrupted first. */
  async close(): Promise<void> {
    await this.playground.terraform?.interrupt();
    await Promise.all(this.doors.splice(0).map((door) => door.close()));
    await this.playground.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What is seen of the edges, for one IP and the carp interface that elects for it. */
  private ipView(all: ClusterView, failoverIp: string, carp: string): IpView {
    const { region } = this;
    const edges = this.edgeNames.flatMap((name) => {
      const [edge, machine] = [all.edges.find((one) => one.name === name), region.machine(name)];
      if (edge === undefined || machine === undefined) return [];
      const { kernel } = machine;
      const role: EdgeView["role"] = kernel.carpState(carp) ?? "NONE";
      const alias = addressesOf(failoverIp).every((one) => machine.hasAddress(one));
      const kernelShare = kernel.find(carp)?.carp?.demotion ?? 0;
      return [{ ...edge, role, alias, kernelShare }];
    });
    const [routedTo, moving] = [region.holder(failoverIp), this.isMoving(failoverIp)];
    const cluster = { ...all, edges, routedTo: routedTo ?? null, pending: moving };
    const answering = region.answering(failoverIp)?.name;
    return { failoverIp, routedTo, moving, answering, edges, cluster };
  }

  private isMoving(failoverIp: string): boolean {
    const known = this.region.project.failoverIps.list();
    return known.find(({ ip }) => ip === failoverIp.split("/")[0])?.status !== "ok";
  }

  private log(): LoggedLine[] {
    const lines = this.edgeNames.flatMap((edge) =>
      (this.region.machine(edge)?.syslog ?? []).map(({ at, tag, text }) => ({
        seconds: (at - this.began) / 1000,
        edge,
        text: `${tag}: ${text.trimEnd()}`,
      })),
    );
    return lines.sort((a, b) => a.seconds - b.seconds);
  }

  private get synthesis(): Synthesis {
    return new Synthesis(this.playground.folder);
  }

  private async apply(stackFolder: string): Promise<void> {
    this.playground.useStack(stackFolder);
    await this.playground.terraform.init();
    await this.playground.terraform.apply(() => {});
    const [failure] = this.region.failures;
    if (failure !== undefined) throw failure;
  }
}

/** Starts a region on which stacks are deployed with the real Terraform. @see LiveWorld */
export function startRegion(options: LiveWorldOptions): Promise<LiveWorld> {
  return LiveWorld.start(options);
}
