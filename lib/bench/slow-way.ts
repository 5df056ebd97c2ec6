import { connect, createServer, type Server, type Socket } from "node:net";

/** The most bytes of one segment; a fuller one is not held back by Nagle's algorithm. */
const SEGMENT = 1448;

/** How long a way is, and who sends on it. */
export interface WaySettings {
  /** Milliseconds from one end to the other and back. */
  readonly rtt: number;
  /** Whether the client leaves Nagle's algorithm on, as nc(1) of OpenBSD does. */
  readonly nagle: boolean;
}

/**
 * A TCP proxy on loopback that makes a way long. Each byte takes half a round trip in each
 * direction. As the connection to the proxy is there at once, the client's first bytes wait for
 * the round trip that SYN and its answer take. TCP's acknowledgements end at the proxy, so it
 * plays Nagle's algorithm as well: a segment that is not full leaves only once all that the client
 * has sent before is acknowledged, a round trip after it left.
 */
export class SlowWay {
  /** What connections that come from now on have. */
  settings: WaySettings = { rtt: 0, nagle: false };
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** Opens a way to a port of this machine. */
  static async open(to: number): Promise<SlowWay> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    const way = new SlowWay(server, (server.address() as { port: number }).port);
    server.on("connection", (near) => way.carry(near, to));
    return way;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private carry(near: Socket, to: number): void {
    const { rtt, nagle } = this.settings;
    const opened = performance.now();
    const far = connect({ port: to, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    for (const socket of [near, far]) {
      this.sockets.add(socket);
      socket.on("error", () => {
        near.destroy();
        far.destroy();
      });
      socket.on("close", () => this.sockets.delete(socket));
    }
    const departure = new Departures(opened, rtt, nagle);
    const [out, back] = [new Pipe(far), new Pipe(near)];
    near.on("data", (chunk) => out.send(chunk, departure.of(performance.now(), chunk.length) + rtt / 2));
    near.on("end", () => out.end(departure.of(performance.now(), SEGMENT) + rtt / 2));
    far.on("data", (chunk) => back.send(chunk, performance.now() + rtt / 2));
    far.on("end", () => back.end(performance.now() + rtt / 2));
    near.on("close", () => far.destroy());
    far.on("close", () => out.close());
  }
}

/** When what a client writes leaves it. */
export class Departures {
  private last: number | undefined;

  /** @param opened when its SYN left, in milliseconds of any clock */
  constructor(
    private readonly opened: number,
    private readonly rtt: number,
    private readonly nagle: boolean,
  ) {}

  /** When `bytes` leave that were written at `now`. */
  of(now: number, bytes: number): number {
    let leaves = Math.max(now, this.opened + this.rtt, this.last ?? 0);
    // What waits already takes along what is written meanwhile.
    const waits = this.last !== undefined && now < this.last;
    if (this.nagle && this.last !== undefined && !waits && bytes < SEGMENT) {
      leaves = Math.max(leaves, this.last + this.rtt);
    }
    this.last = leaves;
    return leaves;
  }
}

/** Hands bytes on when they are due, in their order. */
class Pipe {
  private readonly queue: { readonly due: number; readonly chunk: Buffer | undefined }[] = [];
  private waiting = false;

  constructor(private readonly to: Socket) {}

  send(chunk: Buffer, due: number): void {
    this.add(chunk, due);
  }

  end(due: number): void {
    this.add(undefined, due);
  }

  close(): void {
    this.queue.length = 0;
  }

  private add(chunk: Buffer | undefined, due: number): void {
    this.queue.push({ due, chunk });
    if (!this.waiting) this.work();
  }

  private work(): void {
    this.waiting = false;
    for (let head = this.queue[0]; head !== undefined; head = this.queue[0]) {
      const left = head.due - performance.now();
      if (left > 0) {
        this.waiting = true;
        // A timer is up to a millisecond late: the last bit is waited for by looking.
        if (left > 1.5) setTimeout(() => this.work(), left - 1.5);
        else setImmediate(() => this.work());
        return;
      }
      this.queue.shift();
      if (this.to.destroyed) continue;
      if (head.chunk === undefined) this.to.end();
      else this.to.write(head.chunk);
    }
  }
}
