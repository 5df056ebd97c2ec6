import { EventLoop } from "./loop.js";
import {
  type Effect,
  type ExternalTest,
  Ifstated,
  type IfstatedOptions,
  type RawLink,
  type Steps,
} from "./machine.js";
import type { Outcome, Recording, TraceEntry } from "./recording.js";
import { runShell } from "./shell.js";

type Event = { readonly at: number } & Readonly<Record<string, unknown>>;

/** A shell that runs, or one of the commands in its text. */
interface Running {
  readonly test: ExternalTest | undefined;
  /** What it tells at its end; a shell tells nothing. */
  readonly told: TraceEntry | undefined;
  readonly from: number;
  readonly until: number;
  /** The shell's exit status, undefined where a signal ended it. */
  readonly status: number | undefined;
  /** Its shell is gone: nobody waits for it any more. */
  orphan: boolean;
}

/** Nothing of what comes is in the recording. */
class Over extends Error {}

/**
 * What a command needs beyond what the recording says, and a timer, in milliseconds: little, but
 * no two things happen at once. Binary fractions, so that sums are exact.
 */
const COMMAND_TAKES = 10 / 1024;
const TIMER_IS_LATE = 1 / 1024;
const BACKGROUND = /(?<!&)& *$/;
/** So many entries more than recorded are enough to see that it goes on for ever. */
const BEYOND = 1000;
const LINKS = ["unknown", "invalid", "down", "kalive_down", "up", "half", "full"];

/** Drives the machine in virtual time with a recording's scripted world. */
export class Player {
  private readonly trace: TraceEntry[] = [];
  private readonly links: Map<string, RawLink>;
  private readonly results: Map<string, Outcome>;
  private readonly actions: Map<string, Outcome>;
  private readonly events: Event[];
  private readonly machine: Ifstated;
  private readonly loop: EventLoop;
  private readonly limit: number;
  private readonly end: number;
  private readonly tellsRunEnds: boolean;
  private running: Running[] = [];
  private started = false;
  /** Milliseconds since the start, and at the beginning of the event loop's pass. */
  private time = 0;
  private passTime = 0;
  private wallOffset = 0;
  private config: string;

  constructor(recording: Recording, options: IfstatedOptions) {
    this.links = new Map(Object.entries(recording.initialLinks ?? {}));
    this.results = new Map(Object.entries(recording.testResults ?? {}));
    this.actions = new Map(Object.entries(recording.actions ?? {}));
    this.events = [...((recording.events ?? []) as Event[])].sort((a, b) => a.at - b.at);
    this.config = recording.config;
    const trace = recording.trace ?? [];
    this.limit = recording.maxTrace ?? trace.length + BEYOND;
    const last = Math.max(0, ...[...trace, ...this.events].map(({ at }) => at ?? 0));
    this.end = recording.end ?? last + 1000;
    this.tellsRunEnds = recording.runEnds ?? trace.some((entry) => "runEnd" in entry);
    this.machine = new Ifstated(
      {
        // A far start, so that second 0 is not "never".
        wallSeconds: () => 1_000_000 + Math.floor(this.time / 1000) + this.wallOffset,
        loopTime: () => this.passTime,
        links: () => new Map(this.links),
      },
      options,
    );
    this.loop = new EventLoop(this.machine);
  }

  /** The trace. @throws Error at an event that it does not know */
  play(): TraceEntry[] {
    try {
      this.drive(this.machine.start(this.config));
      this.started = true;
      while (this.machine.ended === undefined) {
        this.advance(this.loop.busy ? this.time : this.nextTime());
        this.passTime = this.time;
        this.drive(this.loop.pass(this.passTime));
      }
      // Only this end is logged, the others go to standard error.
      if (this.machine.ended === "unable to load config") this.note({ log: this.machine.ended });
      this.trace.push({ daemonExit: 1 });
    } catch (error) {
      if (!(error instanceof Over)) throw error;
    }
    return this.trace;
  }

  private nextTime(): number {
    const due = this.machine.nextDue()?.due;
    const times = [
      due === undefined ? this.end : due + TIMER_IS_LATE,
      this.events[0]?.at ?? this.end,
      ...this.running.map(({ until }) => until),
    ];
    return Math.max(this.time, Math.min(...times));
  }

  /** Lets the world go on until a time, whatever the daemon does meanwhile. */
  private advance(to: number): void {
    for (;;) {
      const event = this.events[0];
      const next = this.running.reduce<Running | undefined>(
        (first, one) => (first === undefined || one.until < first.until ? one : first),
        undefined,
      );
      if (event !== undefined && event.at <= Math.min(to, next?.until ?? to)) {
        this.at(event.at);
        this.events.shift();
        this.happen(event);
      } else if (next !== undefined && next.until <= to) {
        this.at(next.until);
        this.finish(next);
      } else break;
    }
    this.at(to);
  }

  private at(time: number): void {
    this.time = Math.max(this.time, time);
    if (this.time >= this.end) throw new Over();
  }

  private happen(event: Event): void {
    const outcome: Outcome = [Number(event.result ?? 0), Number(event.takes ?? 0)];
    const { link, state, depart, arrive } = event as Record<string, string | undefined>;
    if (event.desync !== undefined) {
      if (link !== undefined) this.setLink(link, state);
      this.loop.message(() => this.machine.desynced());
    } else if (link !== undefined) {
      const raw = this.setLink(link, state);
      this.loop.message(() => this.machine.linkChanged(link, raw));
    } else if (depart !== undefined) {
      this.links.delete(depart);
      this.loop.message(() => this.machine.departed(depart));
    } else if (arrive !== undefined) {
      this.setLink(arrive, state);
      this.loop.message(() => this.machine.arrived(arrive));
    } else if (event.test !== undefined) this.results.set(event.test as string, outcome);
    else if (event.action !== undefined) this.actions.set(event.action as string, outcome);
    else if (event.clock !== undefined) this.wallOffset += Number(event.clock);
    else if (event.reload !== undefined) this.hangUp(event.reload);
    else throw new Error(`unknown event ${JSON.stringify(event)}`);
  }

  private setLink(name: string, state: string | undefined): RawLink {
    if (state === undefined || !LINKS.includes(state)) throw new Error(`unknown link state ${state}`);
    this.links.set(name, state as RawLink);
    return state as RawLink;
  }

  private hangUp(file: unknown): void {
    if (typeof file === "string") this.config = file;
    if (!this.started) {
      // Nobody catches the signal yet.
      this.trace.push({ daemonExit: -1 });
      throw new Over();
    }
    this.loop.reload(() => this.config);
  }

  private finish(one: Running): void {
    this.running = this.running.filter((other) => other !== one);
    if (one.told !== undefined) this.note(one.told);
    else if (one.test === undefined) this.loop.commandEnded();
    else if (!one.orphan) this.loop.testEnded(one.test, one.status);
  }

  private drive(steps: Steps): void {
    let step = steps.next();
    while (!step.done) step = steps.next(this.perform(step.value));
  }

  private perform(effect: Effect): number | undefined {
    switch (effect.effect) {
      case "log":
        this.note({ log: effect.text });
        return undefined;
      case "state":
        this.note({ state: effect.name });
        return undefined;
      case "run": {
        const { command } = effect;
        this.note({ run: command });
        const { until } = this.begin(this.actions, command, undefined, this.tellsRunEnds ? "runEnd" : "");
        if (!BACKGROUND.test(command)) this.advance(until);
        return undefined;
      }
      case "test": {
        this.note({ testStart: effect.command });
        const { until, status } = this.begin(this.results, effect.command, undefined, "testEnd");
        this.advance(until);
        return status;
      }
      case "start":
        this.note({ testStart: effect.test.command });
        this.begin(this.results, effect.test.command, effect.test, "testEnd");
        return undefined;
      case "kill": {
        if (effect.overdue) this.note({ killed: effect.test.command });
        // What its shell had not come to never runs; what runs goes on.
        const ends = ({ test, from }: Running) => test === effect.test && from > this.time;
        this.running = this.running.filter((one) => !ends(one));
        for (const one of this.running) if (one.test === effect.test) one.orphan = true;
        return undefined;
      }
    }
  }

  /** Starts a shell. */
  private begin(
    of: Map<string, Outcome>,
    text: string,
    test: ExternalTest | undefined,
    tells: "testEnd" | "runEnd" | "",
  ): Running {
    const script = (command: string) => {
      const found = of.get(command);
      if (found === undefined) return undefined;
      return typeof found === "number" ? ([found, 0] as const) : ([found[0], found[1] ?? 0] as const);
    };
    const { ran, status, ms } = runShell(text.replace(BACKGROUND, ""), script);
    const { time } = this;
    for (const { words, status: result, from, until } of ran) {
      if (tells === "") break;
      this.running.push({
        test,
        told: { [tells]: words, result },
        from: time + from,
        until: time + until + COMMAND_TAKES,
        status: undefined,
        orphan: false,
      });
    }
    const until = time + ms + COMMAND_TAKES;
    const shell = { test, told: undefined, from: time, until, status, orphan: false };
    this.running.push(shell);
    return shell;
  }

  private note(entry: TraceEntry): void {
    if (this.trace.length >= this.limit) throw new Over();
    this.trace.push({ at: Math.floor(this.time / 1000) * 1000, ...entry });
  }
}
