import { type Effect, type ExternalTest, Ifstated, type Steps } from "../ifstated/machine.js";
import { Kernel, type SignedAdvertisement } from "../node/kernel.js";
import { ApiError } from "../ovh-api/errors.js";
import type { Decided, Memory } from "./decider.js";
import type { World } from "./world.js";

const CARP = "carp0";
const BOOT_DEMOTION = 128;
const WEIGHTS: Readonly<Record<string, number>> = { edgefault: 64, edgedrain: 16 };

/** Seconds between a claim's looks at OVH, as ip-move has them. */
const PAUSES = [1, 3, 6.5, 6, 7, 8, 9, 10, 11];

interface Claim {
  running: boolean;
  posted: boolean;
  refused?: number;
  accepted?: number;
  status?: number;
  result?: string;
}

/** One edge of the world: its kernel, its ifstated with the generated file, and edge-sync's work. */
export class WorldEdge {
  readonly kernel: Kernel;
  readonly aliases = new Set<string>();
  running = false;
  hold: { reason: string } | null = null;
  drained = false;
  /** Whether probe targets answer. */
  probesAnswer = true;
  /** Whether OVH's API can be reached. */
  apiReachable = true;
  /** Whether its pf lets CARP through. */
  passesCarp = true;
  /** POSTs that left this edge. */
  posts = 0;
  private daemon: Ifstated | undefined;
  private memory: Memory = {};
  private probe: { ok: boolean; at: number } | undefined;
  private check: { result: string; started: number } | undefined;
  private checking = false;
  private claim: Claim | undefined;
  private boots = 0;
  private queued = false;
  private timers: (() => void)[] = [];
  private kernelTimer: () => void = () => {};
  private daemonTimer: () => void = () => {};

  constructor(
    readonly name: string,
    readonly instanceId: string,
    readonly advskew: number,
    private readonly world: World,
  ) {
    this.kernel = this.newKernel();
  }

  get role(): string {
    return this.kernel.carpState(CARP) ?? "NONE";
  }

  get hasAlias(): boolean {
    return this.running && this.aliases.has(this.world.failoverIp);
  }

  /** Whether everything that an edge needs is in order. */
  get sound(): boolean {
    const links = ["vio0", "vio1", "vio2"].every((name) => this.kernel.find(name)?.cable);
    return this.running && links && this.passesCarp && this.probesAnswer && this.apiReachable;
  }

  /** Powers it on, in rc(8)'s order. */
  boot(): void {
    this.running = true;
    this.boots++;
    this.memory = {};
    this.aliases.clear();
    this.probe = undefined;
    this.check = undefined;
    this.checking = false;
    this.claim = undefined;
    const { kernel } = this;
    kernel.demote("carp", BOOT_DEMOTION);
    for (const name of ["vio0", "vio1", "vio2"]) kernel.setUp(name, true);
    kernel.create(CARP);
    for (const group of Object.keys(WEIGHTS)) kernel.join(CARP, group);
    kernel.setCarp(CARP, { carpdev: "vio2", vhid: 1, pass: "secret" });
    kernel.setInterval(CARP, { advbase: this.world.advbase, advskew: this.advskew });
    kernel.addAddress(CARP, { address: "10.25.0.10", prefix: 16 });
    kernel.setUp(CARP, true);
    this.daemon = new Ifstated({
      wallSeconds: () => Math.floor(this.world.now / 1000),
      loopTime: () => this.world.now,
      links: () => new Map([...kernel.interfaces.keys()].map((name) => [name, kernel.linkState(name)])),
    });
    this.drive(this.daemon.start(this.world.ifstatedConf));
    this.after(2000, () => kernel.demote("carp", -BOOT_DEMOTION));
  }

  /** Pulls the plug: nothing of what it was doing goes on. */
  powerOff(): void {
    this.running = false;
    this.boots++;
    this.daemon = undefined;
    for (const stop of this.timers.splice(0)) stop();
    this.kernelTimer();
    this.daemonTimer();
    for (const { name } of [...this.kernel.interfaces.values()]) {
      const found = this.kernel.find(name);
      if (found?.carp !== undefined) {
        found.carp.engine?.stop();
        this.kernel.interfaces.delete(name);
      } else if (found !== undefined) found.up = false;
    }
    for (const group of this.kernel.groups.keys()) this.kernel.groups.set(group, 0);
    this.world.note(this, "power off");
  }

  /** ifstated dies; cron still starts a pass each minute. */
  killDaemon(): void {
    this.daemon = undefined;
    this.daemonTimer();
    const minute = () => {
      this.poll();
      this.after(60_000, minute);
    };
    this.after(60_000, minute);
  }

  receive(advertisement: SignedAdvertisement): void {
    if (this.running) this.kernel.receive("vio2", advertisement);
  }

  private newKernel(): Kernel {
    const kernel: Kernel = new Kernel({
      now: () => this.world.now,
      send: (_, advertisement) => this.world.carry(this, advertisement),
      linkChanged: (name, state) => {
        if (name === CARP) this.world.note(this, `carp0 is ${kernel.carpState(CARP)}`);
        if (this.daemon !== undefined) this.drive(this.daemon.linkChanged(name, state));
      },
      schedule: (at) => {
        this.kernelTimer();
        if (at !== undefined) this.kernelTimer = this.world.at(at, () => kernel.expire());
      },
      log: () => {},
      passesCarp: () => this.passesCarp,
    });
    for (const name of ["vio0", "vio1", "vio2"]) kernel.attach(name, `fa:16:3e:00:00:0${name.at(-1)}`);
    return kernel;
  }

  /** Does something later, unless the edge loses its power meanwhile. */
  private after(ms: number, happen: () => void | Promise<void>): void {
    const { boots } = this;
    this.timers.push(this.world.at(this.world.now + ms, () => (boots === this.boots ? happen() : undefined)));
    if (this.timers.length > 64) this.timers.splice(0, 32);
  }

  private drive(steps: Steps): void {
    let step = steps.next();
    while (!step.done) step = steps.next(this.perform(step.value));
    this.daemonTimer();
    const test = this.daemon?.nextDue();
    if (test?.due === undefined) return;
    this.daemonTimer = this.world.at(Math.max(this.world.now, test.due), () => {
      if (this.daemon !== undefined) this.drive(this.daemon.tick(test));
    });
  }

  private perform(effect: Effect): number | undefined {
    if (effect.effect === "run" && effect.command.includes("edge-sync pass")) this.pass();
    if (effect.effect === "test") {
      this.poll();
      return 0;
    }
    if (effect.effect === "start") {
      const test: ExternalTest = effect.test;
      this.poll();
      this.after(10, () => {
        if (this.daemon !== undefined) this.drive(this.daemon.testEnded(test, 0));
      });
    }
    return undefined;
  }

  private poll(): void {
    const { attempts } = this.world;
    const answered = this.reachesOutside && this.probesAnswer;
    // A target that answers answers the last ping as well as the first.
    this.after(answered ? (attempts - 1) * 1000 + 50 : attempts * 1000, () => {
      const before = this.probe?.ok;
      this.probe = { ok: answered && this.reachesOutside && this.probesAnswer, at: this.seconds };
      if (before !== this.probe.ok) this.pass();
    });
    this.pass();
  }

  private get seconds(): number {
    return this.world.now / 1000;
  }

  private get reachesOutside(): boolean {
    const external = this.kernel.find("vio0");
    return external?.cable === true && external.up;
  }

  /** One pass runs, one more may wait. */
  private pass(): void {
    if (this.queued || !this.running) return;
    this.queued = true;
    this.after(this.world.passMs, async () => {
      this.queued = false;
      const decided = await this.world.decider.decide(this.observe(), this.memory, this.world.settings);
      this.memory = decided.memory;
      this.act(decided);
    });
    const { boots } = this;
    this.world.at(this.world.now + this.world.passMs, () => {
      if (boots !== this.boots) this.queued = false;
    });
  }

  private observe() {
    const { kernel, seconds } = this;
    const link = (name: string) => (kernel.linkState(name) === "up" ? "up" : "down");
    return {
      now: seconds,
      boot:
        Object.keys(this.memory).length === 0 && (kernel.groups.get("carp") ?? 0) >= BOOT_DEMOTION ? 1 : 0,
      carp: this.role,
      external: link("vio0"),
      internal: link("vio1"),
      alias: this.hasAlias ? 1 : 0,
      edgefault: kernel.groups.get("edgefault"),
      edgedrain: kernel.groups.get("edgedrain"),
      hold: this.hold,
      drain: this.drained ? 1 : 0,
      probe: this.probe === undefined ? null : { ok: this.probe.ok ? 1 : 0, age: seconds - this.probe.at },
      checking: this.checking ? 1 : 0,
      check: this.check ?? null,
      claim: this.memory.claim === undefined ? null : (this.claim ?? null),
    };
  }

  private act({ do: decisions, memory }: Decided): void {
    for (const [what, ...how] of decisions) {
      if (what === "demote" || what === "promote") {
        const [group, weight] = how as [string, number];
        this.kernel.demote(group, what === "demote" ? weight : -weight);
        this.world.note(this, `${what} ${group}`);
      } else if (what === "alias") {
        if (how[0] === "on") this.aliases.add(this.world.failoverIp);
        else this.aliases.delete(this.world.failoverIp);
        this.world.note(this, `alias ${how[0]}`);
      } else if (what === "check") this.startCheck();
      else if (what === "claim") this.startClaim(memory.healthy === 1 || memory.healthy === true);
    }
  }

  private startCheck(): void {
    const started = this.seconds;
    this.checking = true;
    this.ask(
      () => this.look(),
      (result) => {
        this.checking = false;
        this.check = { result, started };
        this.pass();
      },
    );
  }

  private startClaim(healthy: boolean): void {
    const claim: Claim = { running: true, posted: false };
    this.claim = claim;
    this.world.note(this, "claim");
    this.after(this.world.settleMs(this), () => {
      if (this.role !== "MASTER" || !healthy) {
        this.endClaim(claim, { status: 2 });
        return;
      }
      claim.posted = true;
      this.posts++;
      this.ask(
        () => {
          this.world.project.failoverIps.attach(this.world.failoverId, { instanceId: this.instanceId });
          return "accepted";
        },
        (result) => {
          if (result === "accepted" || result === "none") {
            if (result === "accepted") claim.accepted = 1;
            this.verify(claim, 0, this.world.now + this.world.deadlineMs);
          } else this.endClaim(claim, { refused: 1, status: 7 });
        },
      );
    });
  }

  private verify(claim: Claim, index: number, deadline: number): void {
    const pause = 1000 * (PAUSES[index] ?? 12);
    if (this.world.now + pause > deadline) {
      this.endClaim(claim, { status: 5, result: "none" });
      return;
    }
    this.after(pause, () =>
      this.ask(
        () => this.look(),
        (result) => {
          if (result === "here" || result === "elsewhere")
            this.endClaim(claim, { status: result === "here" ? 0 : 6, result });
          else this.verify(claim, index + 1, deadline);
        },
      ),
    );
  }

  private endClaim(claim: Claim, fields: Partial<Claim>): void {
    Object.assign(claim, fields, { running: false });
    this.pass();
  }

  private look(): string {
    const { status, routedTo } = this.world.project.failoverIps.get(this.world.failoverId);
    if (status !== "ok") return "pending";
    return routedTo === this.instanceId ? "here" : "elsewhere";
  }

  /** A request to OVH and back; `none` where no answer comes. */
  private ask(request: () => string, answered: (result: string) => void): void {
    const { rttMs } = this.world;
    const way = () => this.reachesOutside && this.apiReachable && this.world.apiAnswers;
    if (!way()) {
      this.after(rttMs * 4, () => answered("none"));
      return;
    }
    this.after(rttMs / 2, () => {
      let result: string;
      try {
        result = request();
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        result = "refused";
      }
      this.after(rttMs / 2, () => answered(way() ? result : "none"));
    });
  }
}
