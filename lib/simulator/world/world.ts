import { ManualClock } from "../clock.js";
import type { SignedAdvertisement } from "../node/kernel.js";
import { OvhProject } from "../ovh-api/api.js";
import type { FailoverBehaviour } from "../ovh-api/failover.js";
import { type Random, seededRandom } from "../random.js";
import type { Decider, DecisionSettings } from "./decider.js";
import { WorldEdge } from "./edge.js";
import { WorldFaults } from "./faults.js";
import { EventQueue } from "./queue.js";
import type { WorldIp } from "./vhid.js";

/** How a world is made. */
export interface WorldOptions {
  /** Skews of the edges. */
  readonly advskews: readonly number[];
  /** Names of the edges. @default - edge-1, edge-2 and so on */
  readonly names?: readonly string[];
  /** The address that moves. @default - 146.59.143.231 */
  readonly failoverIp?: string;
  /** Further FailOver IPs, each on a vhid of its own, with the edges' skews in its election. @default - none */
  readonly more?: readonly Pick<WorldIp, "address" | "advskews">[];
  readonly decider: Decider;
  /** The generated ifstated.conf. */
  readonly ifstatedConf: string;
  readonly seed?: number;
  /** @default - 1 */
  readonly advbase?: number;
  readonly failover?: Partial<FailoverBehaviour>;
  /** Milliseconds of a request to OVH and back. @default - 50 */
  readonly rttMs?: number;
  /** net.inet.carp.preempt on every edge. @default - false */
  readonly preempt?: boolean;
  /** @default - the configuration's: poll 10, check_interval 30, healthy_for 10, probe_stale 30 */
  readonly settings?: DecisionSettings;
  /** Pings in one probe. @default - 3 */
  readonly attempts?: number;
  /** Milliseconds that a claim may take. @default - 120 s */
  readonly deadlineMs?: number;
}

/** One line of what happened. */
export interface WorldMoment {
  /** Milliseconds since the world began. */
  readonly ms: number;
  readonly edge: string;
  readonly what: string;
}

const FAILOVER_IP = "146.59.143.231";

/** Edges, their networks and OVH in virtual time: one clock, one queue, one seed. */
export class World {
  readonly edges: readonly WorldEdge[];
  readonly project: OvhProject;
  /** The FailOver IPs, each on a vhid of its own; the first one's skews are the edges'. */
  readonly ips: readonly [WorldIp, ...WorldIp[]];
  readonly timeline: WorldMoment[] = [];
  readonly settings: DecisionSettings;
  readonly advbase: number;
  readonly rttMs: number;
  readonly preempt: boolean;
  readonly faults = new WorldFaults(this);
  readonly passMs = 20;
  readonly attempts: number;
  readonly deadlineMs: number;
  readonly decider: Decider;
  readonly ifstatedConf: string;
  /** Whether OVH's API answers anybody. */
  apiAnswers = true;
  /** Milliseconds more that a request to OVH takes before it has its effect. */
  apiSlowMs = 0;
  /** Share of advertisements that are lost, 0 to 1. */
  loss = 0;
  private readonly clock = new ManualClock(0);
  private readonly queue = new EventQueue();
  private readonly random: Random;
  private sides = new Map<string, number>();

  constructor(options: WorldOptions) {
    const { advskews, decider, ifstatedConf, seed = 1, failover } = options;
    this.decider = decider;
    this.ifstatedConf = ifstatedConf;
    this.ips = [{ address: options.failoverIp ?? FAILOVER_IP, advskews }, ...(options.more ?? [])].map(
      (ip, index): WorldIp => ({ ...ip, id: `failover-${index + 1}`, carp: `carp${index}`, vhid: index + 1 }),
    ) as [WorldIp, ...WorldIp[]];
    this.advbase = options.advbase ?? 1;
    this.rttMs = options.rttMs ?? 50;
    this.preempt = options.preempt ?? false;
    this.settings = options.settings ?? { poll: 10, check_interval: 30, healthy_for: 10, probe_stale: 30 };
    this.attempts = options.attempts ?? 3;
    this.deadlineMs = options.deadlineMs ?? 120_000;
    this.random = seededRandom(seed);
    const ids = advskews.map((_, index) => `instance-${index + 1}`);
    this.project = new OvhProject(
      {
        project: "p",
        description: "world",
        regions: ["SBG5"],
        failoverIps: this.ips.map(({ id, address, advskews: skews }, index) => ({
          id,
          address,
          routedTo: ids[index === 0 ? 0 : skews.indexOf(Math.min(...skews))],
        })),
        imageNames: [],
        keys: [],
        publicPrefix: "127.77.0",
      },
      {
        clock: this.clock,
        random: this.random,
        durations: { create: 0, update: 0, delete: 0 },
        failover: { moveDuration: 10_000, whilePending: "refuse", toHolder: "no-op", ...failover },
        isReady: (id) => ids.includes(id),
      },
    );
    this.edges = advskews.map(
      (_, index) =>
        new WorldEdge(options.names?.[index] ?? `edge-${index + 1}`, ids[index] as string, index, this),
    );
    for (const edge of this.edges) edge.boot();
  }

  get now(): number {
    return this.clock.now();
  }

  /** The edge of this name. */
  edge(name: string): WorldEdge {
    return this.edges.find((edge) => edge.name === name) as WorldEdge;
  }

  /** Address of the first FailOver IP, and OVH's id of it. */
  get failoverIp(): string {
    return this.ips[0].address;
  }

  get failoverId(): string {
    return this.ips[0].id;
  }

  /** The edge that OVH routes the first IP to. */
  get holder(): WorldEdge | undefined {
    return this.holderOf(this.failoverIp);
  }

  /** The edge that OVH routes an IP to. */
  holderOf(address: string): WorldEdge | undefined {
    const { id } = this.ips.find((ip) => ip.address === address) as WorldIp;
    const { routedTo } = this.project.failoverIps.get(id);
    return this.edges.find(({ instanceId }) => instanceId === routedTo);
  }

  /** The edge at which packets for the first IP are answered. */
  get answering(): WorldEdge | undefined {
    return this.answeringFor(this.failoverIp);
  }

  /** The edge at which packets for an IP are answered. */
  answeringFor(address: string): WorldEdge | undefined {
    const holder = this.holderOf(address);
    return holder?.vhid(address).hasAlias && holder.reachesOutside ? holder : undefined;
  }

  /** Lets something happen at a time. @returns how to call it off */
  at(ms: number, happen: () => void | Promise<void>): () => void {
    return this.queue.add(ms, happen);
  }

  /** Lets time pass, event by event. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      const next = this.queue.next();
      if (next === undefined || next > end) break;
      const event = this.queue.take();
      this.clock.advance(Math.max(0, next - this.now));
      // Only a decision has to be waited for; waiting for the rest would cost more than it.
      const happened = event?.happen();
      if (happened !== undefined) await happened;
    }
    this.clock.advance(end - this.now);
  }

  /** Lets time pass until a condition holds. @throws Error with the timeline when it never does */
  async until(condition: () => boolean, what: string, ms: number): Promise<void> {
    const end = this.now + ms;
    while (!condition()) {
      if (this.now >= end) throw new Error(`${what}: not within ${ms / 1000} s\n${this.story()}`);
      await this.advance(100);
    }
  }

  /** Splits the CARP network; edges hear only those of their own group. */
  partition(...groups: readonly (readonly string[])[]): void {
    this.sides = new Map(groups.flatMap((group, side) => group.map((name) => [name, side + 1] as const)));
  }

  heal(): void {
    this.sides.clear();
  }

  /** Whether some edges hear only some of the others. */
  get partitioned(): boolean {
    return new Set(this.edges.map(({ name }) => this.sides.get(name))).size > 1;
  }

  /** Hands an advertisement to all other edges that can hear it; one of a stranger is heard by all. */
  carry(from: WorldEdge | undefined, advertisement: SignedAdvertisement): void {
    for (const edge of this.edges) {
      if (edge === from) continue;
      if (from !== undefined && this.sides.get(edge.name) !== this.sides.get(from.name)) continue;
      if (this.loss > 0 && this.random.next() < this.loss) continue;
      this.at(this.now + 0.5 + this.random.next(), () => edge.receive(advertisement));
    }
  }

  /** Milliseconds that a claim waits for the election to settle. */
  settleMs({ advskew }: { readonly advskew: number }): number {
    return this.edges.length === 2 ? 0 : this.advbase * 1000 + (advskew * 1000) / 256;
  }

  note(edge: WorldEdge, what: string): void {
    this.timeline.push({ ms: Math.round(this.now), edge: edge.name, what });
  }

  /** The timeline as text. */
  story(): string {
    return this.timeline
      .map(({ ms, edge, what }) => `${String(ms).padStart(8)} ms  ${edge}  ${what}`)
      .join("\n");
  }
}
