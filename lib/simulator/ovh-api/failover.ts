import { z } from "zod";
import type { Clock } from "../clock.js";
import { accept } from "./check.js";
import { badRequest, conflict, notFound } from "./errors.js";

/** A FailOver IP as the API shows it. `/cloud/project/{p}/ip/failover` */
export interface FailoverIp {
  readonly id: string;
  readonly ip: string;
  readonly block: string;
  readonly continentCode: string;
  readonly geoLoc: string;
  readonly progress: number;
  readonly routedTo: string;
  readonly status: "ok" | "operationPending";
  readonly subType: "cloud" | "ovh";
}

/** How OVH answers what its documentation leaves open, and how long it takes. */
export interface FailoverBehaviour {
  /** Milliseconds from an accepted attach until the address is routed. */
  moveDuration: number;
  /** An attach while a move is pending: refused with 409, or the last one wins. */
  whilePending: "refuse" | "overwrite";
  /** An attach to the present holder: nothing happens, or it is pending like any other. */
  toHolder: "no-op" | "pending";
}

/** What becomes of one accepted move. */
export type MoveOutcome = "done" | "fails" | "never ends";

interface Move {
  readonly target: string;
  readonly from: number;
  readonly until: number;
  readonly outcome: MoveOutcome;
}

interface Item {
  readonly id: string;
  /** The address, or the first one of a block. */
  readonly ip: string;
  readonly block: string;
  routedTo: string;
  move: Move | undefined;
}

/** One accepted attach, for those who check what was asked of OVH. */
export interface Attach {
  readonly at: number;
  readonly ip: string;
  readonly instanceId: string;
}

/** The FailOver IPs of a project. The last attach wins; there is no compare-and-swap. */
export class FailoverIps {
  /** Every accepted attach, oldest first. */
  readonly attaches: Attach[] = [];
  private readonly items = new Map<string, Item>();
  private readonly outcomes: MoveOutcome[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly isReady: (instanceId: string) => boolean,
    readonly behaviour: FailoverBehaviour,
    /** Lets addresses come and go whose time has come. */
    private readonly settled: () => void = () => {},
  ) {}

  /** Puts an address, or a block in CIDR form, into the project, routed to nothing or to an instance. */
  add(id: string, address: string, routedTo = ""): void {
    const [ip, prefix = "32"] = address.split("/") as [string, string?];
    this.items.set(id, { id, ip, block: `${ip}/${prefix}`, routedTo, move: undefined });
  }

  /** Takes an address out of the project. */
  remove(ip: string): void {
    for (const item of [...this.items.values()]) if (item.ip === ip) this.items.delete(item.id);
  }

  /** Routes an address at once, to nothing or to an instance, whatever was pending; the next moves are done. */
  place(id: string, routedTo = ""): void {
    this.add(id, this.item(id).block, routedTo);
    this.outcomes.length = 0;
  }

  /** What becomes of the next moves; after them, moves are done. */
  nextMoves(...outcomes: readonly MoveOutcome[]): void {
    this.outcomes.push(...outcomes);
  }

  list(): FailoverIp[] {
    this.settled();
    return [...this.items.keys()].map((id) => this.get(id));
  }

  get(id: string): FailoverIp {
    const item = this.item(id);
    const { move } = item;
    const total = move === undefined ? 1 : Math.max(1, move.until - move.from);
    const elapsed = move === undefined ? 1 : this.clock.now() - move.from;
    return {
      id: item.id,
      ip: item.ip,
      block: item.block,
      continentCode: "EU",
      geoLoc: "fr",
      progress: move === undefined ? 0 : Math.max(0, Math.min(99, Math.floor((100 * elapsed) / total))),
      routedTo: item.routedTo,
      status: move === undefined ? "ok" : "operationPending",
      subType: "cloud",
    };
  }

  /** Asks for a move. @throws ApiError */
  attach(id: string, body: unknown): FailoverIp {
    const { instanceId } = accept(z.object({ instanceId: z.string().min(1) }), body);
    const item = this.item(id);
    if (!this.isReady(instanceId)) {
      throw badRequest(`Instance ${instanceId} does not exist or has no address yet`);
    }
    if (item.move !== undefined && this.behaviour.whilePending === "refuse") {
      throw conflict(`An operation is pending on ${item.ip}`);
    }
    const now = this.clock.now();
    this.attaches.push({ at: now, ip: item.ip, instanceId });
    const held = item.move === undefined && item.routedTo === instanceId;
    if (!(held && this.behaviour.toHolder === "no-op")) {
      const outcome = this.outcomes.shift() ?? "done";
      item.move = { target: instanceId, from: now, until: now + this.behaviour.moveDuration, outcome };
    }
    return this.get(id);
  }

  /** Ends every pending move at once, as done. */
  finishMoves(): void {
    for (const item of this.items.values()) {
      if (item.move === undefined) continue;
      item.routedTo = item.move.target;
      item.move = undefined;
    }
  }

  private item(id: string): Item {
    const item = this.items.get(id);
    if (item === undefined) throw notFound(`This service does not exist: failover IP ${id}`);
    const { move } = item;
    if (move !== undefined && move.outcome !== "never ends" && move.until <= this.clock.now()) {
      if (move.outcome === "done") item.routedTo = move.target;
      item.move = undefined;
    }
    return item;
  }
}
