import { ApiError } from "../ovh-api/errors.js";
import type { World } from "./world.js";

/** What goes wrong with one request to OVH. */
export interface RequestFault {
  /** Milliseconds that it is on its way before it takes effect. */
  readonly late?: number;
  /** It takes effect, and its answer is lost. */
  readonly lostReply?: boolean;
  /** HTTP status with which OVH answers in place of doing what it is asked. */
  readonly status?: number;
  /** Seconds of a Retry-After. */
  readonly retry?: number;
}

/** What came of a request: an answer's result, or `refused`, or `none` where nothing is known. */
export interface Reply {
  readonly result: string;
  /** HTTP status of a refusal. */
  readonly status?: number;
  readonly retry?: number;
}

/** The edge at whose end a line is. */
export interface LineEnd {
  readonly reachesOutside: boolean;
  /** Does something later, unless the edge loses its power meanwhile. */
  after(ms: number, happen: () => void): void;
}

export type Method = "GET" | "POST";

const NONE: Reply = { result: "none" };
/** Milliseconds that ip-move waits for a connection that nobody answers, and for an answer. */
const CONNECT = 10_000;
const PATIENCE = 20_000;

/** The way from one edge to OVH's API and back. */
export class Line {
  /** Whether the API can be reached from this edge. */
  reachable = true;
  /** When its requests were sent that reach OVH, in milliseconds since the world began. */
  readonly sent: number[] = [];
  private readonly faults: { readonly method: Method; readonly fault: RequestFault }[] = [];

  constructor(
    private readonly world: World,
    private readonly edge: LineEnd,
  ) {}

  /** Lets the next requests of a kind go wrong, one after the other. */
  fail(method: Method, ...faults: readonly RequestFault[]): void {
    this.faults.push(...faults.map((fault) => ({ method, fault })));
  }

  /** A request and its reply. What is sent takes effect, whatever becomes of the edge. */
  ask(method: Method, request: () => string, answered: (reply: Reply) => void): void {
    const { world, edge } = this;
    if (!this.open) {
      // Without a link nc(1) is told at once; what is swallowed on its way is waited for.
      const swallowed = edge.reachesOutside && !this.reachable;
      edge.after(swallowed ? CONNECT : world.rttMs * 4, () => answered(NONE));
      return;
    }
    this.sent.push(world.now);
    const fault = this.take(method);
    const way = world.rttMs / 2 + world.apiSlowMs + (fault.late ?? 0);
    let reply = NONE;
    world.at(world.now + way, () => {
      reply = this.effect(request, fault);
    });
    const back = way + world.rttMs / 2;
    edge.after(Math.min(back, PATIENCE), () => {
      // Who has a connection hears nothing of a way that is lost meanwhile.
      if (back < PATIENCE && !this.open && world.apiAnswers)
        edge.after(PATIENCE - back, () => answered(NONE));
      else answered(back <= PATIENCE && this.open ? reply : NONE);
    });
  }

  private get open(): boolean {
    return this.edge.reachesOutside && this.reachable && this.world.apiAnswers;
  }

  private take(method: Method): RequestFault {
    const index = this.faults.findIndex((armed) => armed.method === method);
    const [own] = index < 0 ? [] : this.faults.splice(index, 1);
    return own?.fault ?? this.world.faults.take(method);
  }

  private effect(request: () => string, { status, retry, lostReply }: RequestFault): Reply {
    if (status !== undefined) return status < 500 ? { result: "refused", status, retry } : NONE;
    try {
      const result = request();
      return lostReply ? NONE : { result };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { result: "refused", status: error.status };
    }
  }
}
