import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterView, InvariantName } from "../../simulator/explore/invariants.js";
import {
  FAULTS,
  type FaultKind,
  type Schedule,
  type ScheduledStep,
} from "../../simulator/explore/schedule.js";
import { type Happening, type Moment, type Outline, outlineOf } from "../../simulator/story.js";
import type { Arena } from "./arena.js";
import { Audit, type Broken } from "./audit.js";
import { EdgeWitness } from "./edge-witness.js";
import { RegionFaults } from "./region-faults.js";
import { viewOf } from "./view.js";

/** What came of one schedule on the live region. */
export interface RunResult {
  readonly schedule: Schedule;
  readonly broken: readonly Broken[];
  readonly moments: readonly Moment[];
  readonly outline: Outline;
  /** What was done, and so held against the invariants. */
  readonly counts: Audit["counts"];
  /** Milliseconds from the last step until it came to rest; undefined where it did not. */
  readonly rest?: number;
  /** Whether the edges were given a quarter of an hour to get a token back. */
  readonly waited: boolean;
}

/** How long a run waits, in milliseconds. */
export interface RunTimes {
  /** @default - 75 s */
  readonly restWithin?: number;
  /** How long it must stay at rest: a poll and some. @default - 5.5 s */
  readonly stay?: number;
  /** Ends it early, with an AbortError. */
  readonly signal?: AbortSignal;
}

const GLANCE = 50;
/** Milliseconds without rest until it is asked whether an edge waits for a token. */
const TOKEN_PATIENCE = 15_000;
const TOKEN_SECONDS = 900;

/** Plays a schedule on an arena and holds all that happens against the invariants. */
export async function runSchedule(
  arena: Arena,
  schedule: Schedule,
  times: RunTimes = {},
): Promise<RunResult> {
  const run = new Run(arena, schedule, times);
  try {
    // What the edges learn before the schedule begins counts for what they do in it.
    await arena.reset(schedule);
    return await run.play();
  } finally {
    run.end();
  }
}

class Run {
  private readonly moments: Moment[] = [];
  private readonly witnesses = new Map<string, EdgeWitness>();
  private readonly faults: RegionFaults;
  private readonly audit: Audit;
  /** When the schedule began; nothing is told before. */
  private began: number | undefined;
  private seenAttaches = 0;
  private seenHolder: string | undefined;
  private waited = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly arena: Arena,
    private readonly schedule: Schedule,
    private readonly times: RunTimes,
  ) {
    const { region } = arena;
    this.audit = new Audit(
      () => this.now,
      ({ invariant, evidence }) =>
        this.tell({ kind: "broken", text: `${invariant} does not hold: ${JSON.stringify(evidence)}` }),
    );
    for (const machine of arena.machines) {
      const { name } = machine;
      const witness = new EdgeWitness(
        machine,
        {
          name,
          instanceId: region.instanceId(name) as string,
          failoverIp: region.failoverAddress,
          external: "vio0",
          settle: Number(/^settle=(.+)$/m.exec(machine.sandbox.read("/etc/edge.conf") ?? "")?.[1]),
          held: () => this.faults.held.has(name),
          now: () => performance.now(),
          tell: (what) => this.tell(what, name),
        },
        this.audit,
      );
      machine.witness = witness;
      this.witnesses.set(name, witness);
    }
    this.faults = new RegionFaults(region, this.witnesses);
  }

  async play(): Promise<RunResult> {
    const { schedule, moments, audit } = this;
    const { region } = this.arena;
    this.began = performance.now();
    audit.restart();
    this.seenAttaches = region.project.failoverIps.attaches.length;
    this.seenHolder = region.holder();
    this.timer = setInterval(() => this.glance(), GLANCE);
    for (const step of schedule.steps) {
      await this.pause(Math.max(0, step.at * 1000 - this.now));
      this.tell({ kind: "fault", text: textOf(step) }, step.edge);
      this.faults.play(step);
      audit.view(this.view);
    }
    const last = this.now;
    const rest = await this.rest(last);
    this.glance();
    const names = this.arena.machines.map(({ name }) => name);
    return {
      schedule,
      broken: audit.broken,
      moments,
      outline: outlineOf(moments, names, this.arena.region.holder() ?? null),
      counts: audit.counts,
      ...(rest === undefined ? {} : { rest }),
      waited: this.waited,
    };
  }

  end(): void {
    clearInterval(this.timer);
    this.faults.end();
    for (const machine of this.arena.machines) machine.witness = undefined;
  }

  private pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.times.signal });
  }

  private get now(): number {
    return performance.now() - (this.began ?? performance.now());
  }

  private get view(): ClusterView {
    const { faults, witnesses } = this;
    return viewOf(this.arena.region, {
      refusing: faults.refusing,
      partitioned: faults.alone.size > 0,
      postsInFlight: [...witnesses.values()].reduce((sum, { inFlight }) => sum + inFlight.size, 0),
    });
  }

  private tell(what: Happening, edge?: string): void {
    if (this.began === undefined) return;
    this.moments.push({ ms: this.now, ...(edge === undefined ? {} : { edge }), ...what });
  }

  /** Takes in what happened at OVH since the last look. */
  private glance(): void {
    const { region } = this.arena;
    const { attaches } = region.project.failoverIps;
    for (const { instanceId } of attaches.slice(this.seenAttaches)) {
      const name = [...this.witnesses.keys()].find((one) => region.instanceId(one) === instanceId);
      this.witnesses.get(name ?? "")?.acceptedOne();
    }
    this.seenAttaches = attaches.length;
    const holder = region.holder();
    if (holder !== this.seenHolder) this.tell({ kind: "route", to: holder ?? null });
    this.seenHolder = holder;
    for (const witness of this.witnesses.values()) witness.tick();
  }

  /** Waits until what rest promises holds, and stays so for a while. */
  private async rest(last: number): Promise<number | undefined> {
    const { restWithin = 75_000, stay = 5500 } = this.times;
    let since: number | undefined;
    for (;;) {
      const { view } = this;
      this.audit.view(view);
      const wrong = this.audit.atRest(view);
      if (wrong.length > 0) since = undefined;
      else since ??= this.now;
      if (since !== undefined && this.now - since >= stay) return since - last;
      if (since === undefined && this.now - last > restWithin) {
        this.audit.restless(view, wrong);
        return undefined;
      }
      if (since === undefined && this.now - last > TOKEN_PATIENCE) this.giveTokens(wrong);
      await this.pause(4 * GLANCE);
    }
  }

  /** Lets a quarter of an hour pass, once, where a master has no token left. */
  private giveTokens(wrong: readonly InvariantName[]): void {
    if (this.waited || wrong.length === 0) return;
    const waiting = this.arena.machines.some(({ sandbox }) =>
      /"no_token":1/.test(sandbox.read("/var/run/edge-sync/memory.json") ?? ""),
    );
    if (!waiting) return;
    this.waited = true;
    this.tell({ kind: "fault", text: "a quarter of an hour goes by" });
    for (const machine of this.arena.machines) machine.passTime(TOKEN_SECONDS);
  }
}

function textOf({ step }: ScheduledStep): string {
  const fault = FAULTS[step as FaultKind];
  return fault === undefined ? step : `${step}: ${fault.what}`;
}
