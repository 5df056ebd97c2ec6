/** State of a carp interface. carp(4) */
export type CarpState = "INIT" | "BACKUP" | "MASTER";

/** How often an interface advertises. */
export interface Interval {
  /** Whole seconds, 0 to 255. */
  readonly advbase: number;
  /** 256ths of a second on top, 0 to 254. */
  readonly advskew: number;
}

/** What one advertisement says. A bow-out has 255 and 255. */
export interface Advertisement extends Interval {
  readonly vhid: number;
  readonly demotion: number;
}

/** When a backup takes over: current kernels wait three intervals, older ones 3 × advbase + advskew/256 s. */
export type MasterDownRule = "three intervals" | "three advbase";

/** What a carp interface works with. */
export interface CarpEnvironment {
  /** Sum of the demotion counters of its groups. */
  readonly demotion: () => number;
  /** net.inet.carp.preempt */
  readonly preempt: () => boolean;
  readonly send: (advertisement: Advertisement) => void;
  readonly changed: (state: CarpState, before: CarpState) => void;
}

/** Milliseconds between two advertisements; the kernel makes 1/256 s of none at all. */
export function intervalMs({ advbase, advskew }: Interval): number {
  return advbase === 0 && advskew === 0 ? 1000 / 256 : toMs(advbase, advskew);
}

function toMs(advbase: number, advskew: number): number {
  return advbase * 1000 + (advskew * 1000) / 256;
}

/** Milliseconds without an advertisement until a backup becomes master. */
export function masterDownMs(interval: Interval, rule: MasterDownRule = "three intervals"): number {
  const { advbase, advskew } = interval;
  // Without whole seconds older kernels count the skew three times as well.
  if (rule === "three intervals" || advbase === 0) return 3 * intervalMs(interval);
  return toMs(3 * advbase, advskew);
}

/**
 * One carp interface as the kernel runs it. It has no clock: whoever holds it calls
 * `expire` when `deadline` has come.
 */
export class Carp {
  state: CarpState = "INIT";
  /** When its timer runs out, in milliseconds; undefined while it has none. */
  deadline: number | undefined;

  constructor(
    readonly vhid: number,
    public interval: Interval,
    private readonly environment: CarpEnvironment,
    private readonly rule: MasterDownRule = "three intervals",
  ) {}

  /** The interface is up and its carpdev has a link: INIT ends. */
  start(now: number): void {
    if (this.state !== "INIT") return;
    this.become("BACKUP");
    this.arm(now);
  }

  /** `ifconfig carp0 down`: a master says so, which makes the others take over at once. */
  shutDown(): void {
    if (this.state === "MASTER") {
      const demotion = this.environment.demotion();
      this.environment.send({ vhid: this.vhid, advbase: 255, advskew: 255, demotion });
    }
    this.stop();
  }

  /** The carpdev's link is lost: INIT, and nobody is told. */
  stop(): void {
    this.deadline = undefined;
    this.become("INIT");
  }

  /** advbase and advskew change without a change of state. */
  reconfigure(interval: Interval, now: number): void {
    this.interval = interval;
    if (this.state !== "INIT") this.arm(now);
  }

  /** A demotion counter went up: the others hear of it at once, and the next advertisement is an interval away. */
  demoted(now: number): void {
    if (this.state !== "MASTER") return;
    this.advertise();
    this.arm(now);
  }

  /** The timer ran out: a master advertises, a backup takes over. */
  expire(now: number): void {
    if (this.deadline === undefined || now < this.deadline) return;
    if (this.state === "BACKUP") this.takeOver(now);
    else {
      this.advertise();
      this.arm(now);
    }
  }

  /** An advertisement of another one arrived. */
  receive(heard: Advertisement, now: number): void {
    if (heard.vhid !== this.vhid) return;
    const demotion = this.environment.demotion();
    const { advbase, advskew } = this.interval;
    const [mine, theirs] = [toMs(advbase, advskew), toMs(heard.advbase, heard.advskew)];
    if (this.state === "MASTER") {
      if (heard.demotion < demotion || (theirs <= mine && heard.demotion <= demotion)) {
        this.become("BACKUP");
        this.arm(now);
      }
    } else if (this.state === "BACKUP") {
      const preempts = this.environment.preempt() && mine < theirs && heard.demotion >= demotion;
      // So slow that its advertisements could not be told from none: a bow-out, above all. Without whole
      // seconds the kernel does not look at that, and a bow-out is only the last advertisement.
      const tooSlow = advbase > 0 && toMs(3 * advbase, advskew) < theirs;
      if (preempts || heard.demotion > demotion || tooSlow) this.takeOver(now);
      else this.arm(now);
    }
  }

  private takeOver(now: number): void {
    this.become("MASTER");
    this.advertise();
    this.arm(now);
  }

  private arm(now: number): void {
    this.deadline =
      now + (this.state === "MASTER" ? intervalMs(this.interval) : masterDownMs(this.interval, this.rule));
  }

  private advertise(): void {
    this.environment.send({ vhid: this.vhid, ...this.interval, demotion: this.environment.demotion() });
  }

  private become(state: CarpState): void {
    const before = this.state;
    if (before === state) return;
    this.state = state;
    this.environment.changed(state, before);
  }
}
