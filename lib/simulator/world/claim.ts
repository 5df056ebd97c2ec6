import type { Line, LineEnd, Reply } from "./line.js";

/** What edge-sync sees of a claim. */
export interface ClaimSeen {
  readonly running: boolean;
  readonly posted: boolean;
  readonly refused?: number;
  readonly accepted?: number;
  readonly status?: number;
  readonly retry?: number;
  readonly result?: string;
}

/** The edge that claims, as its claim needs it. */
export interface Claimant extends LineEnd {
  /** Milliseconds since the world began. */
  readonly now: number;
  readonly line: Line;
  /** POSTs that left this edge. */
  posts: number;
  /** Why it may not claim now: carp0 is not MASTER, or the last pass did not find the edge healthy. */
  readonly objection: string | undefined;
  /** Sends the POST. @returns `accepted` */
  attach(): string;
  /** @returns here, elsewhere or pending */
  look(): string;
  /** Told when the claim has ended. */
  claimEnded(why: string): void;
}

/** How long the parts of a claim take, in milliseconds. */
export interface ClaimTimes {
  readonly settle: number;
  readonly deadline: number;
}

/** Seconds between a claim's looks at OVH, as ip-move has them. */
const PAUSES = [1, 3, 6.5, 6, 7, 8, 9, 10, 11];
/** Milliseconds after its deadline at which edge-sync ends a claim that hangs. */
const OVERTIME = 60_000;

/** One run of `ip-move claim`, with the edge-sync that watches over it. */
export class Claim {
  private now: ClaimSeen = { running: true, posted: false };
  private hangs = false;
  private readonly deadline: number;

  constructor(
    private readonly edge: Claimant,
    times: ClaimTimes,
  ) {
    this.deadline = edge.now + times.deadline;
    edge.after(times.deadline + OVERTIME, () => this.kill());
    this.later(times.settle, () => this.post());
  }

  /** What the files and the lock that it leaves say. */
  get seen(): ClaimSeen {
    const { running, posted } = this.now;
    return running ? { running, posted } : this.now;
  }

  /** It is killed: what it has sent stays sent. */
  kill(): void {
    this.end({ result: "none" }, "claim killed");
  }

  /** It stops, and does not end. */
  hang(): void {
    this.hangs = true;
  }

  private post(): void {
    const { edge } = this;
    const { objection } = edge;
    if (objection !== undefined) {
      this.end({ status: 2, result: "none" }, `no claim: ${objection}`);
      return;
    }
    this.now = { ...this.now, posted: true };
    edge.posts++;
    this.ask(
      "POST",
      () => edge.attach(),
      (reply) => this.answered(reply),
    );
  }

  private answered({ result, status = 0, retry }: Reply): void {
    if (result === "refused") {
      const exit = status === 401 || status === 403 ? 3 : status === 404 ? 4 : 7;
      this.end({ refused: 1, status: exit, retry, result: "none" }, `claim refused: HTTP ${status}`);
      return;
    }
    this.now = { ...this.now, accepted: result === "accepted" ? 1 : 0 };
    this.verify(0);
  }

  private verify(index: number): void {
    const left = this.deadline - this.edge.now;
    if (left <= 0) {
      this.end({ status: 5, result: "none" }, "claim: not routed here at its deadline");
      return;
    }
    this.later(Math.min(1000 * (PAUSES[index] ?? 12), left), () =>
      this.ask(
        "GET",
        () => this.edge.look(),
        ({ result }) => {
          if (result === "here") this.end({ status: 0, result }, "claim: routed here");
          else if (result === "elsewhere") this.end({ status: 6, result }, "claim: routed elsewhere");
          else this.verify(index + 1);
        },
      ),
    );
  }

  private later(ms: number, happen: () => void): void {
    this.edge.after(ms, () => this.goesOn && happen());
  }

  private ask(method: "GET" | "POST", request: () => string, answered: (reply: Reply) => void): void {
    this.edge.line.ask(method, request, (reply) => this.goesOn && answered(reply));
  }

  private get goesOn(): boolean {
    return this.now.running && !this.hangs;
  }

  private end(fields: Partial<ClaimSeen>, why: string): void {
    if (!this.now.running) return;
    this.now = { ...this.now, ...fields, running: false };
    this.edge.claimEnded(why);
  }
}
