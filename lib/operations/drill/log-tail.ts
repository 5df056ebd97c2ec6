import type { RemoteEdge } from "../remote-edge.js";

/** Milliseconds between two tries to follow a log again. */
const AGAIN = 1000;

/** Follows a log of an edge line by line; a lost connection loses none of them. */
export class LogTail {
  /** Bytes of the file that were read, or passed over because they were there before. */
  private offset = 0;
  private ended = false;
  private stop: () => void = () => {};

  /** @param onLine told each line, and whether it was written while nobody could read it */
  constructor(
    private readonly edge: RemoteEdge,
    private readonly file: string,
    private readonly onLine: (line: string, late: boolean) => void,
  ) {}

  /** Begins with what is written from now on. @throws Error when the edge cannot be reached */
  async open(): Promise<void> {
    const { stdout } = await this.edge.run(`wc -c <${this.file}`);
    this.offset = Number(stdout);
    await this.follow(false);
  }

  close(): void {
    this.ended = true;
    this.stop();
  }

  private async follow(again: boolean): Promise<void> {
    const { file, offset } = this;
    let there: number | undefined;
    // A file that has become shorter is a new one.
    const command = `s=$(wc -c <${file}); o=${offset}; [ $s -ge $o ] || o=0; echo $s $o; exec tail -c +$((o + 1)) -f ${file}`;
    this.stop = await this.edge.follow(
      command,
      (line) => {
        if (there === undefined) {
          const [size, begins] = line.trim().split(" ").map(Number) as [number, number];
          there = size;
          this.offset = begins;
          return;
        }
        const late = again && this.offset < there;
        this.offset += Buffer.byteLength(line) + 1;
        this.onLine(line, late);
      },
      () => void this.again(),
    );
    if (this.ended) this.stop();
  }

  private async again(): Promise<void> {
    while (!this.ended) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
      if (this.ended) return;
      try {
        return await this.follow(true);
      } catch {
        // The edge may well be away; that is what a drill is about.
      }
    }
  }
}
