import type { ExternalTest, Ifstated, Steps } from "./machine.js";

/**
 * The daemon's event loop, in the order in which it works: of the messages that wait one a pass,
 * then each timer that had run out when the pass began, then the signals. So a test that ended
 * while the daemon was busy, and is due again, is lost and started anew.
 */
export class EventLoop {
  private readonly messages: (() => Steps)[] = [];
  private readonly ended = new Map<ExternalTest, number | undefined>();
  private readonly files: (() => string)[] = [];
  private childEnded = false;

  constructor(private readonly machine: Ifstated) {}

  /** Whether something waits that is not a timer. */
  get busy(): boolean {
    return this.messages.length > 0 || this.signalled;
  }

  /** A message on the routing socket. */
  message(steps: () => Steps): void {
    this.messages.push(steps);
  }

  /** SIGHUP; the daemon reads its file once for each. */
  reload(file: () => string): void {
    this.files.push(file);
  }

  /** SIGCHLD for a command that the daemon waited for: it wakes for nothing. */
  commandEnded(): void {
    this.childEnded = true;
  }

  /** SIGCHLD; `status` is undefined where a signal ended the test. */
  testEnded(test: ExternalTest, status: number | undefined): void {
    this.ended.set(test, status);
    this.childEnded = true;
  }

  /** One pass, at this time of the loop in milliseconds. */
  *pass(now: number): Steps {
    const due = this.machine.expired(now).map((test) => [test, test.due] as const);
    const { signalled } = this;
    yield* this.messages.shift()?.() ?? [];
    const { childEnded } = this;
    const files = signalled ? this.files.splice(0) : [];
    if (signalled) this.childEnded = false;
    for (const [test, at] of due) if (test.due === at) yield* this.tick(test);
    if (!signalled) return;
    for (const file of files) {
      yield* this.machine.reload(file());
      if (this.machine.ended !== undefined) return;
    }
    if (!childEnded) return;
    yield* this.machine.testsEnded(this.ended);
    for (const test of this.ended.keys()) if (!test.running) this.ended.delete(test);
  }

  private get signalled(): boolean {
    return this.childEnded || this.files.length > 0;
  }

  private *tick(test: ExternalTest): Steps {
    this.ended.delete(test);
    yield* this.machine.tick(test);
  }
}
