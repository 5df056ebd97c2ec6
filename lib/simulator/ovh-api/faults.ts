/** A way in which the API fails to answer as it should. */
export interface Fault {
  /** HTTP status to answer with in place of the real answer. */
  readonly status?: number;
  /** Body that goes with `status`. @default - `{class, message}` */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How many requests it hits. @default - every one */
  readonly times?: number;
  /** Milliseconds before the answer. */
  readonly delay?: number;
  /** The connection ends without an answer, after the request took effect. */
  readonly dropReply?: boolean;
  /** Bytes of the answer after which the connection ends. */
  readonly truncateAt?: number;
}

interface Armed extends Fault {
  readonly method: string;
  readonly path: string;
  left: number;
}

/** The faults that are armed, by method and path. */
export class Faults {
  private armed: Armed[] = [];

  /**
   * Arms a fault for requests of `method` (`*` for any) whose path ends in or contains `path`. One that
   * hits some requests goes before those that hit every one.
   *
   * @returns how to disarm it
   * @example faults.fail("POST", "/attach", { status: 503, times: 2 })
   */
  fail(method: string, path: string, fault: Fault): () => void {
    const armed = { ...fault, method, path, left: fault.times ?? Number.POSITIVE_INFINITY };
    const endless = this.armed.findIndex(({ left }) => left === Number.POSITIVE_INFINITY);
    if (fault.times === undefined || endless < 0) this.armed.push(armed);
    else this.armed.splice(endless, 0, armed);
    return () => {
      this.armed = this.armed.filter((one) => one !== armed);
    };
  }

  /** Disarms all of them. */
  clear(): void {
    this.armed = [];
  }

  /** The fault that hits this request, if any; it counts as used. */
  take(method: string, path: string): Fault | undefined {
    const fault = this.armed.find(
      (candidate) =>
        candidate.left > 0 &&
        (candidate.method === "*" || candidate.method === method) &&
        path.includes(candidate.path),
    );
    if (fault !== undefined) fault.left -= 1;
    this.armed = this.armed.filter(({ left }) => left > 0);
    return fault;
  }
}
