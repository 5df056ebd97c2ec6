import type { Socket } from "node:net";

/** One call of a command that the simulated kernel answers. */
export interface ShimCall {
  /** Id of the process that called it, as the machine counts; 0 where that is none of its own. */
  readonly caller: number;
  /** Id of the user who called it; 0 is root. */
  readonly user: number;
  readonly name: string;
  readonly args: readonly string[];
  readonly stdout: (text: string | Uint8Array) => void;
  readonly stderr: (text: string) => void;
  /** What the command is given on standard input, as it comes. */
  readonly stdin: () => AsyncIterable<Buffer>;
  /** Called when the command is gone, ended or killed. */
  readonly onGone: (listener: () => void) => void;
}

/** Answers a shim; resolves to its exit status. */
export type ShimHandler = (call: ShimCall) => Promise<number>;

/** Answers what a shim asks over its connection. */
export function serveShim(socket: Socket, handler: ShimHandler): void {
  const input = new ShimInput(socket);
  const gone: (() => void)[] = [];
  let reads = false;
  // The end of what it sends is the end of its input, or of itself where it reads none.
  socket.on("end", () => {
    if (!reads) socket.destroy();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    for (const listener of gone) listener();
  });
  const send = (kind: string, payload: Uint8Array) => {
    const head = Buffer.alloc(5);
    head.write(kind, 0, "latin1");
    head.writeUInt32BE(payload.length, 1);
    if (!socket.destroyed) socket.write(Buffer.concat([head, payload]));
  };
  void input.words().then(async ([who = "", name = "", ...args]) => {
    const [caller, user = 0] = who.split(" ").map(Number) as [number, number?];
    const status = await handler({
      caller,
      user,
      name,
      args,
      stdout: (text) => send("1", Buffer.from(text as string)),
      stderr: (text) => send("2", Buffer.from(text)),
      stdin: () => {
        reads = true;
        send("i", Buffer.alloc(0));
        return input.rest();
      },
      onGone: (listener) => gone.push(listener),
    }).catch((error) => {
      send("2", Buffer.from(`${name}: ${(error as Error).message}\n`));
      return 1;
    });
    send("x", Buffer.from([status]));
    socket.end();
  });
}

/** What a shim sends: its words, then what it is given to read. */
class ShimInput {
  private readonly chunks: Buffer[] = [];
  private ended = false;
  private wake: () => void = () => {};

  constructor(socket: Socket) {
    socket.on("data", (chunk) => {
      this.chunks.push(chunk);
      this.wake();
    });
    const end = () => {
      this.ended = true;
      this.wake();
    };
    socket.on("end", end);
    socket.on("close", end);
  }

  async words(): Promise<string[]> {
    const words: string[] = [];
    const count = (await this.take(4)).readUInt32BE(0);
    for (let i = 0; i < count; i++) {
      const length = (await this.take(4)).readUInt32BE(0);
      words.push((await this.take(length)).toString());
    }
    return words;
  }

  async *rest(): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.chunks.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.ended) return;
      else await this.more();
    }
  }

  private more(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private async take(length: number): Promise<Buffer> {
    for (;;) {
      const all = Buffer.concat(this.chunks);
      if (all.length >= length) {
        this.chunks.splice(0, this.chunks.length, all.subarray(length));
        return all.subarray(0, length);
      }
      if (this.ended) return Buffer.alloc(Math.max(4, length));
      await this.more();
    }
  }
}
