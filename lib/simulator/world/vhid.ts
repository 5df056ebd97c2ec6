import { Claim, type Claimant, type ClaimSeen } from "./claim.js";
import type { WorldEdge } from "./edge.js";
import type { Line } from "./line.js";
import type { World } from "./world.js";

/** A FailOver IP with the election that decides where it is. */
export interface WorldIp {
  /** OVH's id of it. */
  readonly id: string;
  readonly address: string;
  /** Name of the carp interface on every edge. */
  readonly carp: string;
  readonly vhid: number;
  /** Skew of each edge in its election. */
  readonly advskews: readonly number[];
}

/** An edge's part in the election for one FailOver IP, its alias for that IP, and its claims of it. */
export class WorldVhid implements Claimant {
  /** The claim that is under way or ended last, since the boot. */
  claim: Claim | undefined;
  /** POSTs for this IP that left the edge. */
  posts = 0;

  constructor(
    readonly ip: WorldIp,
    readonly advskew: number,
    private readonly edge: WorldEdge,
    private readonly world: World,
  ) {}

  get now(): number {
    return this.world.now;
  }

  get line(): Line {
    return this.edge.line;
  }

  get reachesOutside(): boolean {
    return this.edge.reachesOutside;
  }

  get role(): string {
    return this.edge.kernel.carpState(this.ip.carp) ?? "NONE";
  }

  get hasAlias(): boolean {
    return this.edge.running && this.edge.aliases.has(this.ip.address);
  }

  get objection(): string | undefined {
    if (this.role !== "MASTER") return `${this.ip.carp} is ${this.role}`;
    return this.edge.isHealthy ? undefined : "this edge is not healthy";
  }

  /** What the files and the lock of its last claim say; null where there was none. */
  get seen(): ClaimSeen | null {
    return this.claim?.seen ?? null;
  }

  startClaim(): void {
    this.edge.note(`claim start ip=${this.ip.address}`);
    const { deadlineMs: deadline } = this.world;
    this.claim = new Claim(this, { settle: this.world.settleMs(this), deadline });
  }

  attach(): string {
    this.world.project.failoverIps.attach(this.ip.id, { instanceId: this.edge.instanceId });
    return "accepted";
  }

  look(): string {
    const { status, routedTo } = this.world.project.failoverIps.get(this.ip.id);
    if (status !== "ok") return "pending";
    return routedTo === this.edge.instanceId ? "here" : "elsewhere";
  }

  claimEnded(why: string): void {
    this.edge.note(this.world.ips.length > 1 ? `${this.ip.carp}: ${why}` : why);
    this.edge.pass();
  }

  after(ms: number, happen: () => void): void {
    this.edge.after(ms, happen);
  }
}
