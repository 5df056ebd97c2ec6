import { EventLoop } from "../ifstated/loop.js";
import {
  type Effect,
  type ExternalTest,
  Ifstated,
  type IfstatedEnvironment,
  type RawLink,
  type Steps,
} from "../ifstated/machine.js";

/** A command that was started; it resolves to its exit status, or undefined where a signal ended it. */
export interface StartedCommand {
  readonly ended: Promise<number | undefined>;
  kill(): void;
}

/** What the live daemon works with. */
export interface LiveIfstatedOptions {
  readonly environment: IfstatedEnvironment;
  readonly start: (command: string) => StartedCommand;
  readonly log: (text: string) => void;
  /** Called once when the daemon ends by itself. */
  readonly died: (why: string) => void;
}

/** ifstated(8) in real time: the machine, with real commands. One thing happens after the other. */
export class LiveIfstated {
  private readonly machine: Ifstated;
  private readonly events: EventLoop;
  private readonly running = new Map<ExternalTest, StartedCommand>();
  private queue: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private loop = Date.now();

  constructor(private readonly options: LiveIfstatedOptions) {
    this.machine = new Ifstated({ ...options.environment, loopTime: () => this.loop });
    this.events = new EventLoop(this.machine);
  }

  start(text: string): Promise<void> {
    return this.enqueue(() => this.machine.start(text));
  }

  reload(text: string): Promise<void> {
    this.events.reload(() => text);
    return this.pass();
  }

  linkChanged(name: string, raw: RawLink): void {
    this.events.message(() => this.machine.linkChanged(name, raw));
    void this.pass();
  }

  arrived(name: string): void {
    this.events.message(() => this.machine.arrived(name));
    void this.pass();
  }

  departed(name: string): void {
    this.events.message(() => this.machine.departed(name));
    void this.pass();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    for (const command of this.running.values()) command.kill();
  }

  private pass(): Promise<void> {
    return this.enqueue(() => this.events.pass(this.loop));
  }

  private enqueue(steps: () => Steps): Promise<void> {
    this.queue = this.queue.then(async () => {
      if (this.stopped || this.machine.ended !== undefined) return;
      this.loop = Date.now();
      await this.drive(steps());
      if (this.machine.ended !== undefined) this.options.died(this.machine.ended);
      this.arm();
    });
    return this.queue;
  }

  private arm(): void {
    clearTimeout(this.timer);
    const test = this.stopped ? undefined : this.machine.nextDue();
    if (test?.due === undefined) return;
    this.timer = setTimeout(() => void this.pass(), Math.max(0, test.due - Date.now()));
  }

  private async drive(steps: Steps): Promise<void> {
    let step = steps.next();
    while (!step.done) {
      const answer = await this.perform(step.value);
      if (this.stopped) return;
      step = steps.next(answer);
    }
  }

  private async perform(effect: Effect): Promise<number | undefined> {
    const { options } = this;
    switch (effect.effect) {
      case "log":
        options.log(effect.text);
        return undefined;
      case "state":
        options.log(`changing state to ${effect.name}`);
        return undefined;
      case "run":
      case "test":
        return options.start(effect.command).ended;
      case "kill":
        this.running.get(effect.test)?.kill();
        this.running.delete(effect.test);
        return undefined;
      case "start": {
        const { test } = effect;
        const command = options.start(test.command);
        this.running.set(test, command);
        void command.ended.then((status) => {
          if (this.running.get(test) !== command) return;
          this.running.delete(test);
          this.events.testEnded(test, status);
          void this.pass();
        });
        return undefined;
      }
    }
  }
}
