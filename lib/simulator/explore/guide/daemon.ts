import {
  type Effect,
  Ifstated,
  type IfstatedSnapshot,
  type RawLink,
  type Steps,
  steady,
} from "../../ifstated/machine.js";
import { ROUND } from "../memory.js";

/** What the daemon does and still has to do: its machine, messages that wait, and commands of an evaluation. */
export interface DaemonState {
  readonly machine: Omit<IfstatedSnapshot, "config">;
  /** Link messages that came while a command ran. */
  readonly messages: readonly (readonly [name: string, raw: RawLink])[];
  /** Commands that come after the one that runs. */
  readonly commands: readonly string[];
}

/** What the daemon sees while it works. */
export interface Surroundings {
  readonly links: ReadonlyMap<string, RawLink>;
  /** Exit status of its ping. */
  readonly ping: number;
}

const WALL = 100_000;
const LOOP = 1_000_000;

/** The daemon with one file, put into any of its states. */
export class GuideDaemon {
  private readonly machine: Ifstated;
  private readonly config: IfstatedSnapshot["config"];
  private surroundings: Surroundings = { links: new Map(), ping: 0 };
  private rounds = 0;

  constructor(private readonly text: string) {
    this.machine = new Ifstated({
      wallSeconds: () => WALL + this.rounds * ROUND,
      loopTime: () => LOOP + this.rounds * ROUND * 1000,
      links: () => this.surroundings.links,
    });
    this.surroundings = {
      links: new Map<string, RawLink>(["vio0", "vio1", "carp0"].map((name) => [name, "up"])),
      ping: 0,
    };
    this.run(this.machine.start(text));
    this.config = this.machine.snapshot().config;
    if (this.machine.ended !== undefined) throw new Error(`ifstated.conf: ${this.machine.ended}`);
  }

  /** A daemon that starts. */
  started(surroundings: Surroundings): DaemonState {
    this.surroundings = surroundings;
    const fresh = new Ifstated({
      wallSeconds: () => WALL,
      loopTime: () => LOOP,
      links: () => surroundings.links,
    });
    const commands = this.run(fresh.start(this.text));
    const { config: _, ...machine } = steady(fresh.snapshot());
    return { machine, messages: [], commands };
  }

  /** A link message. */
  changed(before: DaemonState, name: string, raw: RawLink, surroundings: Surroundings): DaemonState {
    return this.step(before, surroundings, () => this.machine.linkChanged(name, raw));
  }

  /** Whether a test's timer has run out. */
  isDue({ machine }: DaemonState): boolean {
    return machine.scopes.some(({ tests }) => tests.some(({ due }) => due !== null && due <= 0));
  }

  /** The timers that have run out start their tests. */
  ticked(before: DaemonState, surroundings: Surroundings): DaemonState {
    return this.step(before, surroundings, () =>
      all(this.machine.expired(LOOP).map((test) => this.machine.tick(test))),
    );
  }

  /** Whether a test runs. */
  tests({ machine }: DaemonState): boolean {
    return machine.scopes.some(({ tests }) => tests.some(({ running }) => running));
  }

  /** The tests that run end. */
  ended(before: DaemonState, surroundings: Surroundings): DaemonState {
    const ids = before.machine.scopes.flatMap(({ tests }) =>
      tests.flatMap(({ id, running }) => (running ? [id] : [])),
    );
    return this.step(before, surroundings, () =>
      all(
        ids.map((id) => {
          const test = this.machine.test(id);
          return test === undefined ? none() : this.machine.testEnded(test, surroundings.ping);
        }),
      ),
    );
  }

  /** The same daemon one round later. */
  later({ machine, ...rest }: DaemonState): DaemonState {
    this.machine.restore({ ...machine, config: this.config });
    this.rounds = 1;
    const { config: _, ...after } = steady(this.machine.snapshot());
    this.rounds = 0;
    // However long a timer of a daemon that is blocked is overdue, it fires once.
    const scopes = after.scopes.map((scope) => ({
      ...scope,
      tests: scope.tests.map((test) => ({ ...test, due: test.due === null ? null : Math.max(0, test.due) })),
    }));
    return { ...rest, machine: { ...after, scopes } };
  }

  /** Name of the state that it is in. */
  stateName({ machine }: DaemonState): "promoted" | "demoted" {
    return machine.current === 0 ? "promoted" : "demoted";
  }

  private step(
    { machine, ...rest }: DaemonState,
    surroundings: Surroundings,
    work: () => Steps,
  ): DaemonState {
    this.surroundings = surroundings;
    this.machine.restore({ ...machine, config: this.config });
    const commands = this.run(work());
    const { config: _, ...after } = steady(this.machine.snapshot());
    return { ...rest, machine: after, commands: [...rest.commands, ...commands] };
  }

  /** Runs steps to their end. @returns the commands, whose exit status the daemon ignores */
  private run(steps: Steps): string[] {
    const commands: string[] = [];
    let answer: number | undefined;
    for (let step = steps.next(); !step.done; step = steps.next(answer)) {
      const effect: Effect = step.value;
      answer = effect.effect === "test" ? this.surroundings.ping : 0;
      if (effect.effect === "run") commands.push(effect.command);
    }
    return commands;
  }
}

function* all(steps: readonly Steps[]): Steps {
  for (const step of steps) yield* step;
}

function* none(): Steps {}
