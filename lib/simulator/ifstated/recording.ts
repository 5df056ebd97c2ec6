import { type Effect, type ExternalTest, Ifstated, type RawLink, type Steps } from "./machine.js";
import { parseIfstated } from "./parser.js";

/** One entry of a recording's trace. */
export type TraceEntry = { readonly at?: number } & Readonly<Record<string, unknown>>;

type Outcome = number | readonly [status: number, ms: number];

/** A recording of the real daemon. */
export interface Recording {
  readonly name: string;
  readonly config: string;
  readonly initialLinks: Readonly<Record<string, RawLink>>;
  readonly testResults: Readonly<Record<string, Outcome>>;
  readonly actions?: Readonly<Record<string, Outcome>>;
  readonly args?: readonly string[] | null;
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly end?: number;
  readonly maxTrace?: number;
  readonly runEnds?: boolean;
  readonly trace: readonly TraceEntry[];
  readonly agree?: string;
  readonly check?: { readonly ok: boolean; readonly exit: number; readonly output: readonly string[] };
}

/** Plays a recording on the model. @returns what differs, or undefined */
export function playRecording(recording: Recording): string | undefined {
  return recording.check === undefined ? playTrace(recording) : playCheck(recording);
}

function options({ args }: Recording) {
  const definitions = new Map<string, string>();
  (args ?? []).forEach((arg, index) => {
    if (arg !== "-D") return;
    const definition = args?.[index + 1] ?? "";
    const at = definition.lastIndexOf("=");
    definitions.set(definition.slice(0, at), definition.slice(at + 1));
  });
  return { definitions, ignoreLinks: (args ?? []).includes("-i"), file: "CONF" };
}

function playCheck(recording: Recording): string | undefined {
  const { check, config, initialLinks } = recording;
  const result = parseIfstated(config, "CONF", (name) => name in initialLinks, {
    definitions: options(recording).definitions,
  });
  const output =
    result.invalidStart === undefined
      ? [...result.messages, ...(result.config === undefined ? [] : ["configuration OK"])]
      : [...result.messages, `ifstated: invalid start state ${result.invalidStart}`];
  const expected = JSON.stringify(check?.output);
  return JSON.stringify(output) === expected
    ? undefined
    : `-n printed ${JSON.stringify(output)}, recorded was ${expected}`;
}

function playTrace(recording: Recording): string | undefined {
  const trace = new Player(recording).play();
  const expected = recording.trace.filter((entry) => !("stderr" in entry));
  return compare(
    expected,
    trace.slice(0, recording.maxTrace === undefined ? undefined : expected.length),
    recording.agree,
  );
}

/** The first difference. Within one second the order is free where the recordings themselves did not agree. */
export function compare(
  expected: readonly TraceEntry[],
  got: readonly TraceEntry[],
  agree = "1/1",
): string | undefined {
  const [same, all] = agree.split("/");
  const order = (entries: readonly TraceEntry[]) => {
    const texts = entries.map((entry) => JSON.stringify(sorted(entry)));
    if (same === all) return texts;
    return entries
      .map((entry, index) => ({ at: entry.at ?? 0, text: texts[index] as string }))
      .sort((a, b) => a.at - b.at || (a.text < b.text ? -1 : 1))
      .map(({ text }) => text);
  };
  const [left, right] = [order(expected), order(got)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    if (left[i] !== right[i])
      return `entry ${i}: recorded ${left[i] ?? "nothing"}, got ${right[i] ?? "nothing"}`;
  }
  return undefined;
}

function sorted(entry: TraceEntry): unknown {
  return Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Drives the machine in virtual time with a recording's scripted world. */
class Player {
  private readonly trace: TraceEntry[] = [];
  private readonly links: Map<string, RawLink>;
  private readonly results: Map<string, Outcome>;
  private readonly actions: Map<string, Outcome>;
  private readonly machine: Ifstated;
  private readonly limit: number;
  private running: { test: ExternalTest; endsAt: number; status: number; name: string; killed: boolean }[] =
    [];
  private time = 0;
  private loop = 0;
  private wallOffset = 0;
  private config: string;

  constructor(private readonly recording: Recording) {
    this.links = new Map(Object.entries(recording.initialLinks));
    this.results = new Map(Object.entries(recording.testResults));
    this.actions = new Map(Object.entries(recording.actions ?? {}));
    this.config = recording.config;
    this.limit = recording.maxTrace ?? Number.POSITIVE_INFINITY;
    this.machine = new Ifstated(
      {
        // A far start, so that second 0 is not "never".
        wallSeconds: () => 1_000_000 + Math.floor(this.time / 1000) + this.wallOffset,
        loopTime: () => this.loop,
        links: () => this.links,
      },
      options(recording),
    );
  }

  play(): TraceEntry[] {
    const queue = [...this.recording.events] as { at: number }[];
    const end = this.recording.end ?? 0;
    this.drive(this.machine.start(this.config));
    while (this.trace.length < this.limit) {
      if (this.machine.ended !== undefined) break;
      const due = this.machine.nextDue()?.due ?? Number.POSITIVE_INFINITY;
      const ending = Math.min(...this.running.map(({ endsAt }) => endsAt), Number.POSITIVE_INFINITY);
      const event = queue[0]?.at ?? Number.POSITIVE_INFINITY;
      const at = Math.max(this.time, Math.min(due, ending, event));
      if (at >= end) break;
      this.time = at;
      this.loop = at;
      if (event <= at) {
        this.happen(queue.shift() as { at: number } & Record<string, unknown>);
      } else if (ending <= at) {
        this.finish(ending);
      } else {
        this.drive(this.machine.tick(this.machine.nextDue() as ExternalTest));
      }
    }
    return this.trace;
  }

  private happen(event: Readonly<Record<string, unknown>>): void {
    const outcome: Outcome = [Number(event.result ?? 0), Number(event.takes ?? 0)];
    if (event.link !== undefined) {
      this.links.set(event.link as string, event.state as RawLink);
      this.drive(this.machine.linkChanged(event.link as string, event.state as RawLink));
    } else if (event.test !== undefined) this.results.set(event.test as string, outcome);
    else if (event.action !== undefined) this.actions.set(event.action as string, outcome);
    else if (event.clock !== undefined) this.wallOffset += event.clock as number;
    else if (event.depart !== undefined) {
      this.links.delete(event.depart as string);
      this.drive(this.machine.departed(event.depart as string));
    } else if (event.arrive !== undefined) {
      this.links.set(event.arrive as string, event.state as RawLink);
      this.drive(this.machine.arrived(event.arrive as string));
    } else if (event.reload !== undefined) {
      if (typeof event.reload === "string") this.config = event.reload;
      this.drive(this.machine.reload(this.config));
    }
  }

  private finish(at: number): void {
    const index = this.running.findIndex(({ endsAt }) => endsAt === at);
    const [ended] = this.running.splice(index, 1);
    if (ended === undefined) return;
    this.note({ testEnd: ended.name, result: ended.status });
    if (!ended.killed)
      this.drive(this.machine.testEnded(ended.test, verdict(ended.test.command, ended.status)));
  }

  private drive(steps: Steps): void {
    let step = steps.next();
    while (!step.done && this.trace.length < this.limit) step = steps.next(this.perform(step.value));
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
        const [status, ms] = this.outcome(this.actions, effect.command);
        this.note({ run: effect.command });
        this.time += ms;
        if (this.recording.runEnds) this.note({ runEnd: effect.command, result: status });
        return undefined;
      }
      case "test": {
        const [status, ms] = this.outcome(this.results, effect.command);
        this.note({ testStart: effect.command });
        this.time += ms;
        this.note({ testEnd: stub(effect.command), result: status });
        return verdict(effect.command, status);
      }
      case "start": {
        const { test } = effect;
        const [status, ms] = this.outcome(this.results, test.command);
        this.note({ testStart: test.command });
        this.running.push({ test, endsAt: this.time + ms, status, name: stub(test.command), killed: false });
        return undefined;
      }
      case "kill": {
        if (effect.overdue) this.note({ killed: effect.test.command });
        for (const one of this.running) if (one.test === effect.test) one.killed = true;
        return undefined;
      }
    }
  }

  private outcome(of: Map<string, Outcome>, command: string): readonly [number, number] {
    const found = of.get(command) ?? of.get(command.split(" ")[0] as string) ?? 0;
    return typeof found === "number" ? [found, 0] : found;
  }

  private note(entry: TraceEntry): void {
    this.trace.push({ at: Math.floor(this.time / 1000) * 1000, ...entry });
  }
}

/** The scripted command within a test's shell text, as it sees its own arguments. */
function stub(command: string): string {
  return (command.split(/ *(?:>|\|\||&&|;)/)[0] as string).replace(/["']/g, "");
}

/** The shell's exit status; undefined where the text kills its shell. */
function verdict(command: string, status: number): number | undefined {
  return status !== 0 && command.includes("kill -9 $$") ? undefined : status;
}
