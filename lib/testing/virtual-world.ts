import { vhidsOf } from "../config/failover-ips.js";
import { parseConfig } from "../config/load.js";
import type { EdgeConfigInput } from "../config/schema.js";
import { staticPath } from "../edge/static-files.js";
import type { FaultArguments, FaultName } from "../playground/faults.js";
import type { EdgeView } from "../simulator/explore/invariants.js";
import { configured } from "../simulator/world/configured.js";
import { EdgeSyncDecider } from "../simulator/world/decider.js";
import type { WorldEdge } from "../simulator/world/edge.js";
import type { WorldIp } from "../simulator/world/vhid.js";
import { World } from "../simulator/world/world.js";
import { eventually, type Pace, throughout, until } from "./patience.js";
import { edgeOf, makeFault } from "./virtual-faults.js";
import type { Deadline, EdgeWorld, IpView, Operation, WorldView } from "./world.js";

/** How a virtual world is made. */
export interface VirtualWorldOptions {
  /** Configuration whose edges are played; it must be complete, but nothing of it is deployed. */
  readonly config: EdgeConfigInput;
  /** Seed of all that is left to chance; the same one tells the same story. @default - 1 */
  readonly seed?: number;
  /** Begins with the edges being switched on, rather than at rest. @default - false */
  readonly cold?: boolean;
  /** Seconds that OVH takes to move the FailOver IP. @default - 10 */
  readonly moveSeconds?: number;
}

const BOOT_DEMOTION = 128;
/** Milliseconds until edges that were switched on together are at rest. */
const WARM = 60_000;
/** Milliseconds between two looks. */
const LOOK_EACH = 100;

/**
 * The same edges in virtual time: a model of CARP, of ifstated with the generated file, and of OVH, while the deployed
 * edge-sync itself decides. A minute takes some milliseconds, and the same seed tells the same story. It needs Perl and
 * nothing else; nothing is deployed and no file is written. What `ip-move` logs is told in fewer words here.
 */
export class VirtualWorld implements EdgeWorld {
  readonly edgeNames: readonly string[];
  private readonly pace: Pace = {
    now: () => this.world.now / 1000,
    pass: () => this.world.advance(LOOK_EACH),
  };

  private constructor(
    /** The model itself, with faults that the simulated region does not have. */
    readonly world: World,
    private readonly decider: EdgeSyncDecider,
  ) {
    this.edgeNames = world.edges.map(({ name }) => name);
  }

  /** Makes a world. @throws Error when the configuration is wrong, or has several FailOver IPs on one vhid */
  static async start(options: VirtualWorldOptions): Promise<VirtualWorld> {
    const { seed = 1, cold = false, moveSeconds = 10 } = options;
    const config = parseConfig(options.config);
    const shared = vhidsOf(config).find(({ failoverIps }) => failoverIps.length > 1);
    if (shared !== undefined) {
      throw new Error(
        `a virtual world has one FailOver IP for each vhid, the configuration has ${shared.failoverIps.length} for vhid ${shared.vhid}; use startRegion`,
      );
    }
    const decider = new EdgeSyncDecider(staticPath("edge-sync"));
    const failover = { moveDuration: moveSeconds * 1000 };
    const made = new VirtualWorld(new World({ ...configured(config), decider, seed, failover }), decider);
    if (!cold) await made.world.advance(WARM);
    return made;
  }

  view(): WorldView {
    const { world } = this;
    const ips = world.ips.map((ip) => this.ipView(ip));
    return {
      ...(ips[0] as IpView),
      ips,
      // Few look at it, and it grows.
      get log() {
        return world.timeline.map(({ ms, edge, what }) => ({ seconds: ms / 1000, edge, text: what }));
      },
    };
  }

  async fault<Name extends FaultName>(name: Name, ...args: FaultArguments[Name]): Promise<void> {
    makeFault(this.world, name, args);
  }

  async operate(edgeName: string, operation: Operation): Promise<void> {
    const edge = edgeOf(this.world, edgeName);
    if (operation === "drain" || operation === "undrain") edge.drained = operation === "drain";
    else edge.hold = operation === "hold" ? { reason: "a test" } : null;
    edge.pass();
  }

  pass(seconds: number): Promise<void> {
    return this.world.advance(seconds * 1000);
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

  /** All that happened, a line for each moment. */
  story(): string {
    return this.world.story();
  }

  /** Ends the program that decides. */
  async close(): Promise<void> {
    await this.decider.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private ipView({ id, address: failoverIp }: WorldIp): IpView {
    const { world } = this;
    const routedTo = world.holderOf(failoverIp)?.name;
    const moving = world.project.failoverIps.get(id).status !== "ok";
    const edges = world.edges.map((edge) => this.edgeView(edge, failoverIp));
    const { partitioned } = world;
    const cluster = { edges, partitioned, routedTo: routedTo ?? null, pending: moving, postsInFlight: 0 };
    return { failoverIp, routedTo, moving, answering: world.answeringFor(failoverIp)?.name, edges, cluster };
  }

  private edgeView(edge: WorldEdge, failoverIp: string): EdgeView {
    const { kernel, name, running } = edge;
    const { ip, role, hasAlias, seen } = edge.vhid(failoverIp);
    const cable = (port: string) => kernel.find(port)?.cable === true;
    const reachesApi = edge.reachesOutside && edge.apiReachable && this.world.apiAnswers;
    return {
      name,
      running: running && (kernel.groups.get("carp") ?? 0) < BOOT_DEMOTION,
      linked: cable("vio0") && cable("vio1"),
      wayOut: (edge.reachesOutside && edge.probesAnswer) || reachesApi,
      reachesApi,
      onCarp: cable("vio2") && edge.passesCarp,
      drained: edge.drained,
      held: edge.hold !== null,
      role: role as EdgeView["role"],
      alias: hasAlias,
      edgefault: kernel.groups.get("edgefault") ?? 0,
      edgedrain: kernel.groups.get("edgedrain") ?? 0,
      kernelShare: kernel.find(ip.carp)?.carp?.demotion ?? 0,
      claims: seen?.running === true ? 1 : 0,
    };
  }
}

/** Makes edges in virtual time, as a configuration wants them. @see VirtualWorld */
export function startVirtualWorld(options: VirtualWorldOptions): Promise<VirtualWorld> {
  return VirtualWorld.start(options);
}
