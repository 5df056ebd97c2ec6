import type { CarpState } from "../../simulator/carp.js";
import type { Machine } from "../../simulator/node/machine.js";
import type { ShimCall } from "../../simulator/node/shim.js";
import type { Witness } from "../../simulator/node/witness.js";
import type { Happening } from "../../simulator/story.js";
import type { Audit } from "./audit.js";
import { answerOf, type Exchange, readAlong } from "./exchange.js";
import { claimsOn, isClaim, isPass, kill, processOf } from "./programs.js";

/** What a witness knows of the edge that it watches. */
export interface WatchedEdge {
  readonly name: string;
  readonly instanceId: string;
  readonly failoverIp: string;
  readonly external: string;
  /** Seconds that its claims settle. */
  readonly settle: number;
  readonly held: () => boolean;
  /** Milliseconds, from whenever. */
  readonly now: () => number;
  readonly tell: (what: Happening) => void;
}

type Role = CarpState | "NONE";

interface Claim {
  /** What it saw of carp0 last, and whether it had settled by then. */
  look?: { readonly role: Role; readonly settled: boolean; readonly healthy: boolean };
  posts: number;
}

interface Answer {
  readonly sentAt: number;
  readonly gotAt: number;
  readonly result: "here" | "elsewhere" | "pending";
}

/** What a pass has seen of carp0, and when it looked. */
interface Look {
  readonly role: Role;
  readonly at: number;
}

const CARP = "carp0";
/** Milliseconds that an answer may take from the wire to the file that a pass reads. */
const SLACK = 2000;
/** Seconds by which the age of a process may be off. */
const TICK = 0.02;

/** Sees what an edge's programs do, from outside, and tells it to the audit. */
export class EdgeWitness implements Witness {
  /** POSTs that have left and are not answered. */
  readonly inFlight = new Set<Exchange>();
  private claims = new Map<number, Claim>();
  private answers: Answer[] = [];
  private accepted: number[] = [];
  private postedAt = Number.NEGATIVE_INFINITY;
  /** What each program saw when it listed the interfaces. */
  private looks = new Map<number, Look>();
  private condemned = false;
  private claimBegins: (() => void) | undefined;
  private kernel: unknown;
  private bootedAt = 0;

  constructor(
    readonly machine: Machine,
    private readonly edge: WatchedEdge,
    private readonly audit: Audit,
  ) {
    this.kernel = machine.kernel;
  }

  get role(): Role {
    return this.machine.kernel.carpState(CARP) ?? "NONE";
  }

  /** The next pass that would change something is killed before it does. */
  killNextPass(): void {
    this.condemned = true;
  }

  /** Calls a listener once, when the next claim begins. */
  onClaim(listener: () => void): void {
    this.claimBegins = listener;
  }

  /** An attach of this edge was accepted. */
  acceptedOne(): void {
    const { name, now, tell } = this.edge;
    this.accepted.push((now() - this.bootedAt) / 1000 + this.machine.uptimeOffset);
    tell({ kind: "accepted" });
    this.audit.event({ did: "accepted", edge: name, times: [...this.accepted] });
  }

  /** Forgets what ended with the last boot. */
  tick(): void {
    if (this.kernel === this.machine.kernel) return;
    this.kernel = this.machine.kernel;
    this.bootedAt = this.edge.now();
    this.claims = new Map();
    this.answers = [];
    this.accepted = [];
    this.postedAt = Number.NEGATIVE_INFINITY;
    this.looks = new Map();
    this.inFlight.clear();
  }

  begins(call: ShimCall): ShimCall | undefined {
    this.tick();
    if (this.killsPass(call)) return undefined;
    if (call.name === "nc") {
      this.meet(call.caller);
      return readAlong(
        call,
        this.edge.now,
        (exchange) => this.sends(exchange),
        (exchange) => this.hears(exchange),
      );
    }
    return call;
  }

  ended(call: ShimCall, status: number): void {
    if (call.name === "nc") {
      for (const exchange of this.inFlight)
        if (exchange.caller === call.caller) this.inFlight.delete(exchange);
    }
    if (call.name !== "ifconfig" || status !== 0) return;
    const { args, caller } = call;
    const [first, second, third, fourth] = args;
    if (first === "-A") this.looks.set(caller, { role: this.role, at: this.edge.now() });
    else if (first === CARP && args.length === 1) this.claimLooks(caller);
    else if (first === "-g" && args.length === 4)
      this.demotes(second as string, third === "carpdemote", fourth);
    else if (first === this.edge.external && args.includes(this.edge.failoverIp)) {
      this.changesAlias(args.includes("alias"), this.looks.get(caller));
    }
  }

  logged(tag: string, text: string): void {
    this.tick();
    const role = /^carp0: state transition: \w+ -> (\w+)$/.exec(text)?.[1];
    if (tag === "kernel" && role !== undefined) this.edge.tell({ kind: "role", role: role as CarpState });
    else if (tag !== "kernel" && tag !== "ifstated") this.edge.tell({ kind: "log", text: `${tag}: ${text}` });
  }

  /** What the last check that counts had said when a pass looked; see S3. */
  private answerAt(look: number): "here" | "elsewhere" | null {
    // A pending move says nothing of where the IP is.
    const said = this.answers.filter(({ sentAt, result }) => sentAt > this.postedAt && result !== "pending");
    if (said.length === 0) return null;
    // What was overtaken since may be what the pass went by.
    const valid = said.filter((_, index) => (said[index + 1]?.gotAt ?? Infinity) >= look - SLACK);
    return valid.some(({ result }) => result === "elsewhere") ? "elsewhere" : "here";
  }

  private killsPass({ name, caller, args }: ShimCall): boolean {
    if (!this.condemned || name !== "ifconfig" || args.length < 4) return false;
    const pass = processOf(this.machine, caller);
    if (pass === undefined || !isPass(pass)) return false;
    this.condemned = false;
    this.edge.tell({ kind: "fault", text: `a pass is killed before ifconfig ${args.join(" ")}` });
    kill(pass);
    return true;
  }

  /** Sees a program that may be a claim. */
  private meet(caller: number): Claim | undefined {
    const known = this.claims.get(caller);
    if (known !== undefined) return known;
    const found = processOf(this.machine, caller);
    if (found === undefined || !isClaim(found)) return undefined;
    const claim: Claim = { posts: 0 };
    this.claims.set(caller, claim);
    const running = claimsOn(this.machine).length;
    this.edge.tell({ kind: "claim" });
    this.audit.event({ did: "claim", edge: this.edge.name, running });
    this.claimBegins?.();
    this.claimBegins = undefined;
    return claim;
  }

  private claimLooks(caller: number): void {
    const claim = this.meet(caller);
    const found = claim === undefined ? undefined : processOf(this.machine, caller);
    if (claim === undefined || found === undefined) return;
    const settled = found.age >= this.edge.settle - TICK;
    claim.look = { role: this.role, settled, healthy: this.foundHealthy };
  }

  /** What the last pass found. */
  private get foundHealthy(): boolean {
    return this.machine.sandbox.read("/var/run/edge-sync/health") === "healthy\n";
  }

  private sends(exchange: Exchange): void {
    if (exchange.method !== "POST" || !exchange.path.endsWith("/attach")) return;
    const claim = this.meet(exchange.caller) ?? { posts: 0 };
    claim.posts++;
    this.postedAt = exchange.sentAt;
    this.inFlight.add(exchange);
    this.edge.tell({ kind: "post" });
    this.audit.event({
      did: "post",
      edge: this.edge.name,
      looked: claim.look?.role ?? null,
      settled: claim.look?.settled ?? false,
      // The claim asks right after its look; a pass may come in between.
      healthy: claim.look?.healthy || this.foundHealthy,
      held: this.edge.held(),
      ofClaim: claim.posts,
    });
  }

  private hears(exchange: Exchange): void {
    if (exchange.method !== "GET" || this.answers.some(({ sentAt }) => sentAt === exchange.sentAt)) return;
    const result = answerOf(exchange, this.edge.instanceId);
    if (result === undefined) return;
    this.answers.push({ sentAt: exchange.sentAt, gotAt: this.edge.now(), result });
  }

  private demotes(group: string, more: boolean, by: string | undefined): void {
    const { name, held, tell } = this.edge;
    tell({ kind: "demotion", group, by: more ? Number(by) : -Number(by) });
    this.audit.event({
      did: more ? "demote" : "promote",
      edge: name,
      group,
      by: Number(by),
      held: held(),
    });
  }

  private changesAlias(on: boolean, look: Look | undefined): void {
    const { name, held, now, tell } = this.edge;
    tell({ kind: "alias", on });
    if (on) return;
    const { role, at } = look ?? { role: this.role, at: now() };
    this.audit.event({ did: "alias off", edge: name, role, answer: this.answerAt(at), held: held() });
  }
}
