import {
  type Action,
  type Block,
  type IfstatedConfig,
  newBlock,
  type ParserMemory,
  parseIfstated,
} from "./parser.js";
import { type ExternalTest, isTrue, newScope, type RawLink, type Scope } from "./scope.js";
import { type IfstatedSnapshot, restoreScope, snapshotScope } from "./snapshot.js";
import { Timers } from "./timers.js";

export type { ExternalTest, RawLink } from "./scope.js";
export { type IfstatedSnapshot, steady } from "./snapshot.js";

/** What the daemon asks of the world; a driver answers it, at once or later. */
export type Effect =
  /** A command of `run`: the daemon waits for its end. */
  | { readonly effect: "run"; readonly command: string }
  /** A test's first run: the daemon waits for its exit status, `undefined` where a signal ended it. */
  | { readonly effect: "test"; readonly command: string }
  /** A test in the background; the driver calls `testEnded`. */
  | { readonly effect: "start"; readonly test: ExternalTest }
  | { readonly effect: "kill"; readonly test: ExternalTest; readonly overdue: boolean }
  | { readonly effect: "state"; readonly name: string }
  | { readonly effect: "log"; readonly text: string };

/** Steps of the daemon: what a driver runs to its end before anything else happens. */
export type Steps = Generator<Effect, void, number | undefined>;

/** What the daemon can look at without waiting. */
export interface IfstatedEnvironment {
  /** Wall clock, in seconds. */
  readonly wallSeconds: () => number;
  /** Time at which this pass of the event loop began, in milliseconds. */
  readonly loopTime: () => number;
  /** All interfaces and their link states now. */
  readonly links: () => ReadonlyMap<string, RawLink>;
}

/** Options of the command line. */
export interface IfstatedOptions {
  /** -D: definitions that win over the file's. */
  readonly definitions?: ReadonlyMap<string, string>;
  /** -i: what has no value yet gets none by an event, so links never do. */
  readonly ignoreLinks?: boolean;
  /** Name of the file in messages. */
  readonly file?: string;
}

/** ifstated(8): reads its file and acts on link changes and tests, as a pure machine. */
export class Ifstated {
  /** The daemon has ended, with this message. */
  ended: string | undefined;
  private config: IfstatedConfig | undefined;
  private global: Scope | undefined;
  private scopes = new Map<string, Scope>();
  private current: Scope | undefined;
  private next: Scope | undefined;
  private readonly timers = new Timers();
  private readonly memory: ParserMemory;

  constructor(
    private readonly environment: IfstatedEnvironment,
    private readonly options: IfstatedOptions = {},
  ) {
    this.memory = { definitions: options.definitions ?? new Map() };
  }

  /** Name of the state it is in. */
  get state(): string | undefined {
    return this.current?.block.name;
  }

  /** Starts the daemon. */
  *start(text: string): Steps {
    if (yield* this.load(text)) yield { effect: "log", text: "started" };
    else this.ended ??= "unable to load config";
  }

  /** SIGHUP. */
  *reload(text: string): Steps {
    yield { effect: "log", text: "reloading config" };
    if (!(yield* this.load(text)) && this.ended === undefined) {
      yield { effect: "log", text: "unable to reload config" };
    }
  }

  /** A link message arrived; one of an interface that is gone by now says nothing. */
  *linkChanged(name: string, raw: RawLink): Steps {
    if (this.environment.links().has(name)) yield* this.scan(name, raw);
  }

  /** An interface went away: whatever some state names and is not there is down. */
  *departed(name: string): Steps {
    yield { effect: "log", text: `interface ${name} departed` };
    yield* this.missDeparted();
  }

  /** An interface came: all of them are looked at again. */
  *arrived(name: string): Steps {
    yield { effect: "log", text: `interface ${name} arrived` };
    yield* this.scanAll();
  }

  /** The kernel could not keep all of its messages for the daemon. */
  *desynced(): Steps {
    yield* this.missDeparted();
    yield* this.scanAll();
  }

  /** The next test that is due, with its time. */
  nextDue(): ExternalTest | undefined {
    return this.timers.first;
  }

  /** Takes the timers that have run out by this time of the loop, in the daemon's order; `tick` is for each. */
  expired(now: number): ExternalTest[] {
    const expired: ExternalTest[] = [];
    for (;;) {
      const { first } = this.timers;
      if (first?.due === undefined || first.due > now) return expired;
      this.timers.remove(first);
      expired.push(first);
    }
  }

  /** A test's timer ran out. */
  *tick(test: ExternalTest): Steps {
    this.arm(test);
    if (test.running) yield { effect: "kill", test, overdue: true };
    test.running = true;
    yield { effect: "start", test };
  }

  /** A test in the background ended; `status` is undefined where a signal ended it. */
  testEnded(test: ExternalTest, status: number | undefined): Steps {
    return this.testsEnded(new Map([[test, status]]));
  }

  /**
   * The daemon learns that tests in the background ended: of all that have by the time at which
   * it comes to their block. However many of a block changed, it acts once.
   */
  *testsEnded(ended: ReadonlyMap<ExternalTest, number | undefined>): Steps {
    if (this.global !== undefined) yield* this.reap(this.global, ended);
    if (this.current !== undefined) yield* this.reap(this.current, ended);
  }

  private *reap(scope: Scope, ended: ReadonlyMap<ExternalTest, number | undefined>): Steps {
    let changed = false;
    for (const test of [...scope.tests]) {
      if (!test.running || !ended.has(test)) continue;
      const status = ended.get(test);
      test.running = false;
      if (status === undefined) {
        yield { effect: "log", text: `${test.command} exited abnormally` };
        continue;
      }
      test.lastExec = this.environment.wallSeconds();
      scope.tests = [...scope.tests.filter((other) => other !== test), test];
      if (test.status === status || (test.status === undefined && this.options.ignoreLinks)) continue;
      test.status = status;
      changed = true;
    }
    if (!changed) return;
    yield* this.evaluate(scope);
    yield* this.changeStates();
  }

  /**
   * All that its future depends on; only between steps, never while a driver is in the midst of
   * some. The driver's own part, which background tests are still to end, is not in it: those
   * are the tests with `running`.
   */
  snapshot(): IfstatedSnapshot {
    const moment = this.moment();
    const states = [...this.scopes.values()];
    return {
      config: this.config ?? null,
      scopes: (this.global === undefined ? [] : [this.global, ...states]).map((scope) =>
        snapshotScope(scope, scope === this.global || scope === this.current, moment),
      ),
      current: this.current === undefined ? null : states.indexOf(this.current),
      timers: this.timers.all.map(({ id }) => id),
      openState: this.memory.openState !== undefined,
      initState: this.memory.initState ?? null,
      ended: this.ended ?? null,
    };
  }

  /**
   * Puts the daemon into an earlier state, as if all had happened at the present moment of its
   * environment. Tests are the same objects as before where the file is (by reference), else
   * new ones; `test` finds them.
   */
  restore(snapshot: IfstatedSnapshot): void {
    const { config, scopes, current, timers, openState, initState, ended } = snapshot;
    if (config === null) {
      this.config = undefined;
      this.global = undefined;
      this.scopes = new Map();
    } else if (config !== this.config) {
      this.adopt(config, new Map());
    }
    const moment = this.moment();
    const states = [...this.scopes.values()];
    [this.global, ...states].forEach((scope, index) => {
      if (scope !== undefined) restoreScope(scope, scopes[index] as IfstatedSnapshot["scopes"][0], moment);
    });
    this.current = current === null ? undefined : states[current];
    this.next = undefined;
    this.timers.all = timers.map((id) => this.test(id)).filter((test) => test !== undefined);
    this.memory.openState = openState ? newBlock("") : undefined;
    this.memory.initState = initState ?? undefined;
    this.ended = ended ?? undefined;
  }

  /** The test of this number in the file in force. */
  test(id: number): ExternalTest | undefined {
    return [this.global, ...this.scopes.values()]
      .flatMap((scope) => scope?.tests ?? [])
      .find((test) => test.id === id);
  }

  private moment() {
    return { wall: this.environment.wallSeconds(), loop: this.environment.loopTime() };
  }

  /** Makes the scopes of a file. */
  private adopt(config: IfstatedConfig, links: ReadonlyMap<string, RawLink>): Scope {
    let tests = 0;
    const scope = (block: Block) => {
      const made = newScope(block, tests, (name) => (this.options.ignoreLinks ? undefined : links.get(name)));
      tests += made.tests.length;
      return made;
    };
    this.config = config;
    this.global = scope(config.global);
    this.scopes = new Map(config.states.map((block) => [block.name, scope(block)]));
    return this.global;
  }

  private live(): Scope[] {
    return [this.global, this.current].filter((scope) => scope !== undefined);
  }

  private *load(text: string): Generator<Effect, boolean, number | undefined> {
    const { options, environment } = this;
    const links = environment.links();
    const { config, messages, fatal } = parseIfstated(
      text,
      options.file ?? "/etc/ifstated.conf",
      (name) => links.has(name),
      this.memory,
    );
    for (const message of messages) {
      // Without file and line it goes to standard error, which the daemon has closed.
      if (!message.startsWith("error: ")) yield { effect: "log", text: message };
    }
    if (fatal !== undefined) {
      this.ended = fatal;
      return false;
    }
    if (config === undefined) {
      // The file is refused, but the tests of the one that stays are stopped all the same.
      for (const scope of this.live()) yield* this.stopTests(scope);
      return false;
    }
    for (const scope of this.live()) yield* this.stopTests(scope);
    this.current = undefined;
    this.next = undefined;
    const global = this.adopt(config, links);
    global.entered = environment.wallSeconds();
    yield* this.startTests(global);
    yield* this.evaluate(global);
    const first = config.initState ?? config.states[0]?.name;
    if (first !== undefined) {
      yield { effect: "log", text: `initial state: ${first}` };
      this.next = this.scopes.get(first);
      yield* this.changeStates();
    }
    return true;
  }

  /** The first run of each test, one after the other; the timers count from the loop's pass. */
  private *startTests(scope: Scope): Steps {
    for (const test of scope.tests) {
      const status = yield { effect: "test", command: test.command };
      if (status !== undefined) test.status = status;
      this.arm(test);
    }
  }

  private *stopTests(scope: Scope): Steps {
    for (const test of scope.tests) {
      this.timers.remove(test);
      test.due = undefined;
      if (test.running) {
        test.running = false;
        yield { effect: "kill", test, overdue: false };
      }
    }
  }

  private arm(test: ExternalTest): void {
    this.timers.remove(test);
    test.due = this.environment.loopTime() + test.interval * 1000;
    this.timers.add(test);
  }

  private *missDeparted(): Steps {
    for (const { links } of this.scopes.values()) {
      for (const name of links.keys()) {
        if (!this.environment.links().has(name)) yield* this.scan(name, "down");
      }
    }
  }

  private *scanAll(): Steps {
    for (const [name, raw] of [...this.environment.links()]) yield* this.scan(name, raw);
  }

  /** Takes a link's state over, and acts on it in the global block first and then in the current state. */
  private *scan(name: string, raw: RawLink): Steps {
    if (this.options.ignoreLinks) return;
    const change = (scope: Scope | undefined): boolean => {
      if (scope === undefined || !scope.links.has(name) || scope.links.get(name) === raw) return false;
      scope.links.set(name, raw);
      return true;
    };
    if (change(this.global)) yield* this.evaluate(this.global as Scope);
    const changed = [...this.scopes.values()].filter(change);
    if (this.current !== undefined && changed.includes(this.current)) yield* this.evaluate(this.current);
    yield* this.changeStates();
  }

  /**
   * Acts on a scope's body, unless it is blind: in a state that was entered anew nothing is
   * done until its oldest test has ended in the background once more.
   */
  private *evaluate(scope: Scope): Steps {
    const [oldest] = scope.tests;
    if (oldest?.lastExec !== undefined && oldest.lastExec < scope.entered) return;
    yield* this.act(scope, scope.block.body);
  }

  private *changeStates(): Steps {
    while (this.next !== undefined && this.next !== this.current) {
      const entered = this.next;
      if (this.current !== undefined) yield* this.stopTests(this.current);
      this.current = entered;
      entered.entered = this.environment.wallSeconds();
      yield { effect: "state", name: entered.block.name };
      yield* this.startTests(entered);
      yield* this.act(entered, entered.block.init);
      yield* this.act(entered, entered.block.body);
    }
    this.next = undefined;
  }

  private *act(scope: Scope, actions: readonly Action[]): Steps {
    for (const action of actions) {
      if (action.do === "run") yield { effect: "run", command: action.command };
      else if (action.do === "set-state") this.next = this.scopes.get(action.state);
      else if (isTrue(action.condition, scope)) yield* this.act(scope, action.actions);
    }
  }
}
