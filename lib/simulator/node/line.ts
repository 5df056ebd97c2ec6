import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** Milliseconds between two looks at a line that lets nothing through. */
const LOOK = 20;

/**
 * A TCP connection over a line that can be cut. While it is, nothing comes through in either
 * direction, not even the end; afterwards what was sent meanwhile arrives, as TCP sends it again.
 */
export class Line extends Duplex {
  private readonly waiting: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly carries: () => boolean,
  ) {
    super();
    socket.on("data", (chunk) =>
      this.through(() => {
        if (!this.push(chunk)) socket.pause();
      }),
    );
    socket.on("end", () => this.through(() => this.push(null)));
    socket.on("error", () => {});
    socket.on("close", () => this.through(() => this.destroy()));
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.through(() => this.socket.write(chunk, () => done()));
  }

  override _final(done: () => void): void {
    this.through(() => {
      this.socket.end();
      done();
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.timer);
    this.socket.destroy();
    done(error);
  }

  /** Does something as soon as the line carries it, in the order in which it was asked for. */
  private through(action: () => void): void {
    this.waiting.push(action);
    if (this.timer !== undefined) return;
    this.timer = setInterval(() => this.look(), LOOK);
    this.look();
  }

  private look(): void {
    while (this.waiting.length > 0 && this.carries()) this.waiting.shift()?.();
    if (this.waiting.length > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
