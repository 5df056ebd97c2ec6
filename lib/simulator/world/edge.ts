import { type Effect, Ifstated, type Steps } from "../ifstated/machine.js";
import { Kernel, type SignedAdvertisement } from "../node/kernel.js";
import type { Claim } from "./claim.js";
import type { Decided, Memory } from "./decider.js";
import { Line, type LineEnd } from "./line.js";
import { observedOf } from "./observation.js";
import { WorldVhid } from "./vhid.js";
import type { World } from "./world.js";

const BOOT_DEMOTION = 128;
const GROUPS = ["edgefault", "edgedrain"];

/** What hostname.carp0 says. */
export interface CarpFile {
  vhid: number;
  pass: string;
  advskew: number;
}

/** One edge of the world: its kernel, its ifstated with the generated file, and edge-sync's work. */
export class WorldEdge implements LineEnd {
  readonly kernel: Kernel;
  readonly aliases = new Set<string>();
  readonly line: Line;
  readonly carpFile: CarpFile;
  /** Its part in each election, the first IP's first. */
  readonly vhids: readonly WorldVhid[];
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
  private blocked = false;
  private daemon: Ifstated | undefined;
  private memory: Memory = {};
  private probe: { ok: boolean; at: number } | undefined;
  private check: { results: readonly string[]; started: number } | undefined;
  private checking = false;
  private boots = 0;
  private queued = false;
  private timers: (() => void)[] = [];
  private kernelTimer: () => void = () => {};
  private daemonTimer: () => void = () => {};

  constructor(
    readonly name: string,
    readonly instanceId: string,
    index: number,
    private readonly world: World,
  ) {
    const advskew = world.ips[0].advskews[index] as number;
    this.carpFile = { vhid: 1, pass: "secret", advskew };
    this.vhids = world.ips.map((ip) => new WorldVhid(ip, ip.advskews[index] as number, this, world));
    this.kernel = this.newKernel();
    this.line = new Line(world, this);
  }

  /** Its part in the election for the first FailOver IP, or for the one with this address. */
  vhid(address = this.world.failoverIp): WorldVhid {
    return this.vhids.find(({ ip }) => ip.address === address) as WorldVhid;
  }

  get now(): number {
    return this.world.now;
  }

  /** Its role in the election for the first FailOver IP. */
  get role(): string {
    return this.vhid().role;
  }

  get hasAlias(): boolean {
    return this.vhid().hasAlias;
  }

  /** POSTs that left this edge. */
  get posts(): number {
    return this.vhids.reduce((sum, { posts }) => sum + posts, 0);
  }

  /** Its claim of the first FailOver IP that is under way or ended last, since the boot. */
  get claim(): Claim | undefined {
    return this.vhid().claim;
  }

  /** What its last pass found. */
  get isHealthy(): boolean {
    return Boolean(this.memory.healthy);
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
    for (const vhid of this.vhids) vhid.claim = undefined;
    this.queued = false;
    this.blocked = !this.rulesLoad;
    const { kernel } = this;
    kernel.preempt = this.world.preempt;
    kernel.demote("carp", BOOT_DEMOTION);
    for (const name of ["vio0", "vio1", "vio2"]) kernel.setUp(name, true);
    for (const [index, vhid] of this.vhids.entries()) this.setUpCarp(vhid, index);
    this.startDaemon();
    this.after(2000, () => kernel.demote("carp", -BOOT_DEMOTION));
    const minute = () => {
      this.poll();
      this.after(60_000, minute);
    };
    this.after(60_000, minute);
  }

  private setUpCarp({ ip, advskew }: WorldVhid, index: number): void {
    const { kernel, carpFile, world } = this;
    // What is set anew while the world goes on is what its first file says.
    const { vhid, pass, advskew: skew } = index === 0 ? carpFile : { ...carpFile, vhid: ip.vhid, advskew };
    kernel.create(ip.carp);
    for (const group of GROUPS) kernel.join(ip.carp, group);
    kernel.setCarp(ip.carp, { carpdev: "vio2", vhid, pass });
    kernel.setInterval(ip.carp, { advbase: world.advbase, advskew: skew });
    kernel.addAddress(ip.carp, { address: `10.25.0.${10 + index}`, prefix: 16 });
    kernel.setUp(ip.carp, true);
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

  /** One line of what happened on it. */
  note(what: string): void {
    this.world.note(this, what);
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
        if (/^carp\d/.test(name)) this.note(`${name} is ${kernel.carpState(name)}`);
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
      external: link("vio0"),
      internal: link("vio1"),
      edgefault: kernel.groups.get("edgefault"),
      edgedrain: kernel.groups.get("edgedrain"),
      hold: this.hold,
      drain: this.drained ? 1 : 0,
      probe: this.probe === undefined ? null : { ok: this.probe.ok ? 1 : 0, age: seconds - this.probe.at },
      checking: this.checking ? 1 : 0,
      ...observedOf(this.vhids, this.memory, this.check),
    };
  }

  private act({ do: decisions }: Decided): void {
    for (const [what, ...how] of decisions) {
      if (what === "demote" || what === "promote") {
        const [group, weight, why] = how as [string, number, string];
        this.kernel.demote(group, what === "demote" ? weight : -weight);
        this.world.note(this, `${what} group=${group} by=${weight} reason="${why}"`);
      } else if (what === "alias") {
        const [state, why, address = this.world.failoverIp] = how as [string, string, string?];
        if (state === "on") this.aliases.add(address);
        else this.aliases.delete(address);
        this.note(`alias=${state} ip=${address} reason="${why}"`);
      } else if (what === "check") this.startCheck();
      else if (what === "claim") {
        this.vhid(how[1] as string | undefined).startClaim();
      } else if (what === "log") this.world.note(this, String(how[1]));
    }
  }

  private startCheck(): void {
    // Later than the pass that starts it, as it is a process of its own.
    const started = this.seconds + 0.001;
    this.checking = true;
    this.line.ask(
      "GET",
      () => this.vhids.map((vhid) => vhid.look()).join(" "),
      ({ result }) => {
        this.checking = false;
        const isAnswer = result !== "refused" && result !== "none";
        const results = isAnswer ? result.split(" ") : this.vhids.map(() => "none");
        this.check = { results, started };
        this.pass();
      },
    );
  }
}
