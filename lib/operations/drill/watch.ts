import { CARP_INTERFACE } from "../../edge/hostname-if.js";
import type { RemoteEdge } from "../remote-edge.js";
import type { DrillCluster } from "./cluster.js";
import { LogTail } from "./log-tail.js";

/** Milliseconds after the fault at which each phase was reached. */
export interface Phases {
  /** Another edge is carp's master. */
  master?: number;
  /** It has the alias. */
  alias?: number;
  /** OVH accepted its claim. */
  accepted?: number;
  /** OVH says that the IP is routed to it. */
  confirmed?: number;
  /** A packet to the FailOver IP was answered again, after the last one that was not. */
  packet?: number;
}

/** What was seen of one drill. */
export interface Sighting {
  readonly phases: Phases;
  /** Name of the edge that took over. */
  readonly by?: string;
  /** Probes of the address that were not answered; undefined where it answered none before the fault. */
  readonly lost?: number;
  /** Requests that the claims took. */
  readonly requests: number;
  /** What the edges logged. */
  readonly log: readonly Logged[];
}

/** A line that an edge logged. */
export interface Logged {
  /** Milliseconds after the fault at which it was read. */
  readonly ms: number;
  readonly edge: string;
  readonly text: string;
  /** Whether it was written earlier, while the edge was cut off. */
  readonly late?: true;
}

/** Where syslogd(8) puts what the programs and the kernel say, and how to say something there. */
const LOGS = [
  { file: "/var/log/daemon", priority: "daemon.notice" },
  { file: "/var/log/messages", priority: "user.notice" },
] as const;

/** Watches the edges' logs and the FailOver IP from a fault on. */
export class Watch {
  private readonly phases: Phases = {};
  private readonly log: Logged[] = [];
  private readonly stops: (() => void)[] = [];
  private by: string | undefined;
  private lost: number | undefined;
  private requests = 0;
  private started = 0;
  private probing = true;
  /** Whether the last packet was not answered. */
  private silent = false;

  constructor(
    private readonly cluster: DrillCluster,
    private readonly holder: RemoteEdge,
  ) {}

  /** Begins to follow the logs, and returns once it is known that they are followed. */
  async open(): Promise<void> {
    await Promise.all(this.cluster.edges.flatMap((edge) => LOGS.map((log) => this.follow(edge, log))));
    // An address that does not answer from here cannot tell what a fault does to it.
    for (let attempt = 0; attempt < 3 && this.lost === undefined; attempt++) {
      if (await this.cluster.probe().catch(() => false)) this.lost = 0;
    }
  }

  private async follow(edge: RemoteEdge, { file, priority }: (typeof LOGS)[number]): Promise<void> {
    const mark = `drill ${Math.random().toString(36).slice(2)} begins`;
    let followed = false;
    const tail = new LogTail(edge, file, (line, late) => {
      if (line.includes(mark)) followed = true;
      else this.read(edge, line, late);
    });
    this.stops.push(() => tail.close());
    await tail.open();
    for (let attempt = 0; !followed && attempt < 50; attempt++) {
      await edge.run(`logger -p ${priority} -t edge-drill '${mark}'`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    if (!followed) throw new Error(`${file} of ${edge.name} shows nothing of what is logged at ${priority}`);
  }

  /** The fault happens now. */
  begin(): void {
    this.started = Date.now();
    if (this.lost !== undefined) void this.probe();
  }

  /** Whether all phases of a takeover are there. */
  get complete(): boolean {
    const { master, alias, accepted, confirmed } = this.phases;
    return [master, alias, accepted, confirmed].every((ms) => ms !== undefined) && !this.silent;
  }

  /** Whether anything moved at all. */
  get moved(): boolean {
    return this.phases.accepted !== undefined;
  }

  /** Milliseconds since the fault. */
  get elapsed(): number {
    return Date.now() - this.started;
  }

  /** Ends it and tells what was seen. */
  close(): Sighting {
    this.probing = false;
    for (const stop of this.stops) stop();
    const { phases, by, lost, requests, log } = this;
    return { phases, by, requests, log, ...(lost === undefined ? {} : { lost }) };
  }

  private read(edge: RemoteEdge, line: string, late: boolean): void {
    if (this.started === 0) return;
    const text = line.replace(/^\S+ \S+ /, "");
    const ms = this.elapsed;
    this.log.push({ ms, edge: edge.name, text, ...(late ? { late } : {}) });
    const requests = /requests=(\d+)/.exec(text)?.[1];
    if (requests !== undefined) this.requests += Number(requests);
    const { failoverIp, carp } = this.cluster;
    // Of several FailOver IPs each line about one names it.
    const named = carp === undefined ? undefined : /\bip=(\S+)/.exec(text)?.[1];
    if (edge === this.holder || (named !== undefined && !named.split(",").includes(failoverIp))) return;
    if (text.includes(`${carp ?? CARP_INTERFACE}: state transition: `) && text.includes(" -> MASTER"))
      this.reach("master", ms, edge);
    if (/alias=on/.test(text)) this.reach("alias", ms, edge);
    if (/claim phase=accepted/.test(text)) this.reach("accepted", ms, edge);
    if (/claim phase=here/.test(text)) {
      this.by ??= edge.name;
      this.reach("confirmed", ms, edge);
    }
  }

  private reach(phase: keyof Phases, ms: number, edge: RemoteEdge): void {
    if (this.phases[phase] !== undefined) return;
    this.phases[phase] = ms;
    if (phase === "accepted") this.by = edge.name;
  }

  private async probe(): Promise<void> {
    while (this.probing) {
      const answered = await this.cluster.probe().catch(() => false);
      if (!answered) this.lost = (this.lost ?? 0) + 1;
      else if (this.silent) this.phases.packet = this.elapsed;
      this.silent = !answered;
      await new Promise((resolve) => setTimeout(resolve, this.cluster.probeInterval));
    }
  }
}
