import { type Effect, Ifstated, type Steps } from "../ifstated/machine.js";
import { Kernel, type SignedAdvertisement } from "../node/kernel.js";
import { Claim, type Claimant } from "./claim.js";
import type { Decided, Memory } from "./decider.js";
import { Line } from "./line.js";
import type { World } from "./world.js";

const CARP = "carp0";
const BOOT_DEMOTION = 128;
const GROUPS = ["edgefault", "edgedrain"];

/** What hostname.carp0 says. */
export interface CarpFile {
  vhid: number;
  pass: string;
  advskew: number;
}

/** One edge of the world: its kernel, its ifstated with the generated file, and edge-sync's work. */
export class WorldEdge implements Claimant {
  readonly kernel: Kernel;
  readonly aliases = new Set<string>();
  readonly line: Line;
  readonly carpFile: CarpFile;
  running = false;
  hold: { reason: string } | null = null;
  drained = false;
  /** Whether probe targets answer. */
  probesAnswer = true;
  /** Whether its pf lets CARP through. */
  passesCarp = true;
  /** Whether pf.conf loads at boot; where it does not, rc's rules stay, which let nothing but carp pass. */
  rulesLoad = true;
  /** Seconds by which the wall clock is off. */
  clockOffset = 0;
  /** POSTs that left this edge. */
  posts = 0;
  /** The claim that is under way or ended last, since the boot. */
  claim: Claim | undefined;
  private blocked = false;
  private daemon: Ifstated | undefined;
  private memory: Memory = {};
  private probe: { ok: boolean; at: number } | undefined;
  private check: { result: string; started: number } | undefined;
  private checking = false;
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
    this.carpFile = { vhid: 1, pass: "secret", advskew };
    this.kernel = this.newKernel();
    this.line = new Line(world, this);
  }

  get now(): number {
    return this.world.now;
  }

  get role(): string {
    return this.kernel.carpState(CARP) ?? "NONE";
  }

  get hasAlias(): boolean {
    return this.running && this.aliases.has(this.world.failoverIp);
  }

  /** Whether OVH's API can be reached. */
  get apiReachable(): boolean {
    return this.line.reachable;
  }

  set apiReachable(reachable: boolean) {
    this.line.reachable = reachable;
  }

  /** Whether packets can leave it and reach it from outside: link and rules. */
  get reachesOutside(): boolean {
    const external = this.kernel.find("vio0");
    return this.running && !this.blocked && external?.cable === true && external.up;
  }

  /** Whether everything that an edge needs is in order. */
  get sound(): boolean {
    const links = ["vio1", "vio2"].every((name) => this.kernel.find(name)?.cable);
    return this.reachesOutside && links && this.passesCarp && this.probesAnswer && this.apiReachable;
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
    this.queued = false;
    this.blocked = !this.rulesLoad;
    const { kernel, carpFile } = this;
    kernel.preempt = this.world.preempt;
    kernel.demote("carp", BOOT_DEMOTION);
    for (const name of ["vio0", "vio1", "vio2"]) kernel.setUp(name, true);
    kernel.create(CARP);
    for (const group of GROUPS) kernel.join(CARP, group);
    kernel.setCarp(CARP, { carpdev: "vio2", vhid: carpFile.vhid, pass: carpFile.pass });
    kernel.setInterval(CARP, { advbase: this.world.advbase, advskew: carpFile.advskew });
    kernel.addAddress(CARP, { address: "10.25.0.10", prefix: 16 });
    kernel.setUp(CARP, true);
    this.startDaemon();
    this.after(2000, () => kernel.demote("carp", -BOOT_DEMOTION));
    const minute = () => {
      this.poll();
      this.after(60_000, minute);
    };
    this.after(60_000, minute);
  }

  /** Pulls the plug: nothing of what it was doing goes on. */
  powerOff(): void {
    this.running = false;
    this.boots++;
    this.stopDaemon();
    for (const stop of this.timers.splice(0)) stop();
    this.kernelTimer();
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

  /** ifstated starts. */
  startDaemon(): void {
    this.daemon = new Ifstated({
      wallSeconds: () => Math.floor(this.now / 1000) + this.clockOffset,
      loopTime: () => this.now,
      links: () =>
        new Map([...this.kernel.interfaces.keys()].map((name) => [name, this.kernel.linkState(name)])),
    });
    this.drive(this.daemon.start(this.world.ifstatedConf));
  }

  /** ifstated dies; cron still starts a pass each minute. */
  stopDaemon(): void {
    this.daemon = undefined;
    this.daemonTimer();
  }

  /** ifstated reads its file again. */
  reloadDaemon(): void {
    if (this.daemon !== undefined) this.drive(this.daemon.reload(this.world.ifstatedConf));
  }

  receive(advertisement: SignedAdvertisement): void {
    if (this.running) this.kernel.receive("vio2", advertisement);
  }

  get objection(): string | undefined {
    if (this.role !== "MASTER") return `carp0 is ${this.role}`;
    return this.memory.healthy ? undefined : "this edge is not healthy";
  }

  attach(): string {
    this.world.project.failoverIps.attach(this.world.failoverId, { instanceId: this.instanceId });
    return "accepted";
  }

  look(): string {
    const { status, routedTo } = this.world.project.failoverIps.get(this.world.failoverId);
    if (status !== "ok") return "pending";
    return routedTo === this.instanceId ? "here" : "elsewhere";
  }

  claimEnded(why: string): void {
    this.world.note(this, why);
    this.pass();
  }

  /** Does something later, unless the edge loses its power meanwhile. */
  after(ms: number, happen: () => void | Promise<void>): void {
    const { boots } = this;
    this.timers.push(this.world.at(this.now + ms, () => (boots === this.boots ? happen() : undefined)));
    if (this.timers.length > 64) this.timers.splice(0, 32);
  }

  private newKernel(): Kernel {
    const kernel: Kernel = new Kernel({
      now: () => this.now,
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

  private drive(steps: Steps): void {
    let step = steps.next();
    while (!step.done) step = steps.next(this.perform(step.value));
    this.daemonTimer();
    const test = this.daemon?.nextDue();
    if (test?.due === undefined) return;
    this.daemonTimer = this.world.at(Math.max(this.now, test.due), () => {
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
      const { test } = effect;
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
    return this.now / 1000;
  }

  /** One pass runs, one more may wait. */
  pass(): void {
    if (this.queued || !this.running) return;
    this.queued = true;
    this.after(this.world.passMs, async () => {
      this.queued = false;
      const decided = await this.world.decider.decide(this.observe(), this.memory, this.world.settings);
      this.memory = decided.memory;
      this.act(decided);
    });
  }

  private observe() {
    const { kernel, seconds } = this;
    const link = (name: string) => (kernel.find(name)?.up && kernel.linkState(name) === "up" ? "up" : "down");
    const booting = (kernel.groups.get("carp") ?? 0) >= BOOT_DEMOTION;
    return {
      now: seconds,
      boot: Object.keys(this.memory).length === 0 && booting ? 1 : 0,
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
      claim: this.memory.claim === undefined ? null : (this.claim?.seen ?? null),
    };
  }

  private act({ do: decisions }: Decided): void {
    for (const [what, ...how] of decisions) {
      if (what === "demote" || what === "promote") {
        const [group, weight, why] = how as [string, number, string];
        this.kernel.demote(group, what === "demote" ? weight : -weight);
        this.world.note(this, `${what} group=${group} by=${weight} reason="${why}"`);
      } else if (what === "alias") {
        if (how[0] === "on") this.aliases.add(this.world.failoverIp);
        else this.aliases.delete(this.world.failoverIp);
        this.world.note(this, `alias=${how[0]} ip=${this.world.failoverIp} reason="${how[1]}"`);
      } else if (what === "check") this.startCheck();
      else if (what === "claim") {
        this.world.note(this, `claim start ip=${this.world.failoverIp}`);
        const { deadlineMs: deadline } = this.world;
        this.claim = new Claim(this, { settle: this.world.settleMs(this), deadline });
      } else if (what === "log") this.world.note(this, String(how[1]));
    }
  }

  private startCheck(): void {
    // Later than the pass that starts it, as it is a process of its own.
    const started = this.seconds + 0.001;
    this.checking = true;
    this.line.ask(
      "GET",
      () => this.look(),
      ({ result }) => {
        this.checking = false;
        this.check = { result: result === "refused" ? "none" : result, started };
        this.pass();
      },
    );
  }
}
