import { appendFileSync, existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RawLink } from "../ifstated/machine.js";
import { doas } from "./commands/doas.js";
import { getent } from "./commands/getent.js";
import { ifconfig } from "./commands/ifconfig.js";
import { nc } from "./commands/nc.js";
import { netstat, ping } from "./commands/network.js";
import { loadPf, passesCarp, pfctl, type Ruleset } from "./commands/pfctl.js";
import { route } from "./commands/route.js";
import { ifstated, rcctl } from "./commands/services.js";
import { crontab, hostname, logger, reboot, sysctl, uname } from "./commands/system.js";
import { fillImage } from "./image.js";
import { Kernel, type SignedAdvertisement } from "./kernel.js";
import { LiveIfstated } from "./live-ifstated.js";
import { openToAll } from "./privileges.js";
import { killShell, PowerLostError, Sandbox } from "./sandbox.js";
import type { ShimCall } from "./shim.js";
import type { Surroundings } from "./surroundings.js";
import type { Witness } from "./witness.js";

export type { Surroundings };

/** A command that the simulated machine answers. */
export type Command = (call: ShimCall, machine: Machine) => Promise<number>;

/** One line of a machine's syslog. */
export interface LogLine {
  readonly at: number;
  readonly tag: string;
  readonly text: string;
}

/** One interface of a machine, in the order of attachment. */
export interface Port {
  readonly name: string;
  readonly mac: string;
  readonly address?: string;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  crontab,
  doas,
  getent,
  hostname,
  ifconfig,
  ifstated,
  logger,
  nc,
  netstat,
  pfctl,
  ping,
  rcctl,
  reboot,
  route,
  sysctl,
  uname,
};

/** What rc(8) loads before pf.conf: it blocks, but lets carp pass. */
const BOOT_RULES: Ruleset = { rules: ["block all", "pass proto carp"] };
const NO_RULES: Ruleset = { rules: [] };
const BOOT_DEMOTION = 128;
const KILLED = 137;

/** A simulated OpenBSD machine: a sandbox for its files and programs, a kernel for its network. */
export class Machine {
  readonly sandbox: Sandbox;
  readonly syslog: LogLine[] = [];
  readonly counters = { received: 0, badAuthentication: 0, unknownVhid: 0, sent: 0, transitions: 0 };
  kernel: Kernel;
  pf: Ruleset = NO_RULES;
  /** Who sees what happens here. @default - nobody */
  witness: Witness | undefined;
  /** When it was switched on last, by its own clock, in seconds since 1970. */
  bootTime = 0;
  /** Seconds by which the wall clock is off. */
  private clockOffset = 0;
  /** Seconds by which the monotonic clock is ahead. */
  uptimeOffset = 0;
  private daemon: LiveIfstated | undefined;
  private timer: NodeJS.Timeout | undefined;
  private cron: NodeJS.Timeout | undefined;

  constructor(
    readonly name: string,
    root: string,
    private readonly ports: readonly Port[],
    readonly world: Surroundings,
  ) {
    this.sandbox = new Sandbox(
      root,
      (call) => this.answer(call),
      (line) => this.receiveLog(line),
    );
    this.kernel = this.newKernel();
  }

  /** Milliseconds of real time for a delay of the simulated one. */
  scaled(ms: number): number {
    return ms / this.world.speed;
  }

  get running(): boolean {
    return this.sandbox.running;
  }

  /** Steps the wall clock by some seconds, forward or back; the monotonic clock is not touched. */
  stepClock(seconds: number): void {
    this.clockOffset += seconds;
    this.sandbox.write("/simulator/clock", `${this.clockOffset}\n`);
  }

  /** Lets some seconds go by on the monotonic clock in which nothing happens. */
  passTime(seconds: number): void {
    this.uptimeOffset += seconds;
    this.sandbox.write("/simulator/monotonic", `${this.uptimeOffset}\n`);
  }

  get ifstatedRuns(): boolean {
    return this.daemon !== undefined;
  }

  /** Whether ifstated starts at boot. */
  get enabled(): boolean {
    return /^ifstated_flags=(?!NO)/m.test(this.sandbox.read("/etc/rc.conf.local") ?? "");
  }

  setEnabled(enabled: boolean): void {
    const others = (this.sandbox.read("/etc/rc.conf.local") ?? "")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("ifstated_flags="));
    const lines = [...others, ...(enabled ? ["ifstated_flags="] : [])].sort();
    this.sandbox.write("/etc/rc.conf.local", lines.map((line) => `${line}\n`).join(""));
  }

  /** Fills an empty disk as an image does, with the key that may log in and the CA it trusts. */
  provision(authorizedKeys: readonly string[], ca: string): void {
    fillImage(this.sandbox, { name: this.name, authorizedKeys, ca });
  }

  /** Powers it on: rc(8)'s order, with its demotion held until the daemons run. */
  async boot(): Promise<void> {
    const kernel = this.newKernel();
    this.kernel = kernel;
    this.bootTime = Math.floor(Date.now() / 1000) + this.clockOffset;
    await this.sandbox.ended();
    if (kernel !== this.kernel) return;
    for (const folder of ["/tmp", "/var/run"]) emptyFolder(this.sandbox.path(folder));
    try {
      await this.sandbox.start();
    } catch (error) {
      if (error instanceof PowerLostError) return;
      throw error;
    }
    // Whatever comes after a wait here belongs to this boot, or not to be done at all.
    const lost = () => kernel !== this.kernel || !this.running;
    if (lost()) return;
    kernel.demote("carp", BOOT_DEMOTION);
    this.pf = BOOT_RULES;
    this.configurePorts();
    this.kernel.preempt = /^net\.inet\.carp\.preempt=1\b/m.test(this.sandbox.read("/etc/sysctl.conf") ?? "");
    const carps = this.hostnames().filter((name) => name.startsWith("carp"));
    const others = this.hostnames().filter((name) => !carps.includes(name) && !this.hasLease(name));
    if (others.length + carps.length > 0) {
      await this.sandbox.run(`sh /etc/netstart ${[...others, ...carps].join(" ")}`);
    }
    if (lost()) return;
    const errors: string[] = [];
    const ruleset = loadPf(this, "/etc/pf.conf", errors);
    if (errors.length === 0) this.pf = ruleset;
    else this.log("daemon.err", "rc", errors.join("; "));
    if (this.enabled) await this.startIfstated();
    // Other daemons and rc.local take their time too.
    await new Promise((resolve) => setTimeout(resolve, this.world.bootRest ?? this.scaled(500)));
    if (lost()) return;
    kernel.demote("carp", -BOOT_DEMOTION);
    this.cron = setInterval(() => void this.runCron(), this.scaled(60_000));
    this.world.changed(this);
  }

  /** Pulls the plug. */
  powerOff(): void {
    clearInterval(this.cron);
    clearTimeout(this.timer);
    this.stopIfstated();
    this.kernel = this.newKernel();
    this.sandbox.stop();
    this.world.changed(this);
  }

  /** A restart; an orderly one takes carp interfaces down first, so that the others hear of it. */
  reboot(quick = false): void {
    setImmediate(() => {
      for (const { name, carp } of this.kernel.interfaces.values())
        if (carp !== undefined && !quick) this.kernel.setUp(name, false);
      this.powerOff();
      void this.boot();
    });
  }

  /** Starts ifstated, where none runs. */
  async startIfstated(file = "/etc/ifstated.conf"): Promise<void> {
    if (this.daemon !== undefined) return;
    const daemon = new LiveIfstated({
      environment: {
        wallSeconds: () => Math.floor(Date.now() / 1000) + this.clockOffset,
        loopTime: () => Date.now(),
        links: () =>
          new Map([...this.kernel.interfaces.keys()].map((name) => [name, this.kernel.linkState(name)])),
      },
      start: (command) => {
        const child = this.sandbox.spawn(command);
        child.stdout?.resume();
        child.stderr?.resume();
        child.stdin?.end();
        return {
          // The daemon waits for its shell, not for what that left in the background.
          ended: new Promise((resolve) => child.once("exit", (code) => resolve(code ?? undefined))),
          kill: () => killShell(child),
        };
      },
      log: (text) => this.log("daemon.info", "ifstated", text),
      died: (why) => {
        this.log("daemon.err", "ifstated", why);
        this.daemon = undefined;
      },
    });
    this.daemon = daemon;
    await daemon.start(this.sandbox.read(file) ?? "");
  }

  stopIfstated(): void {
    this.daemon?.stop();
    this.daemon = undefined;
  }

  reloadIfstated(): void {
    void this.daemon?.reload(this.sandbox.read("/etc/ifstated.conf") ?? "");
  }

  arrived(name: string): void {
    this.daemon?.arrived(name);
  }

  departed(name: string): void {
    this.daemon?.departed(name);
  }

  addressesChanged(): void {
    this.world.changed(this);
  }

  /** Whether an address is on one of its interfaces. */
  hasAddress(address: string): boolean {
    return (
      this.running &&
      [...this.kernel.interfaces.values()].some(({ addresses }) =>
        addresses.some((one) => one.address === address),
      )
    );
  }

  /** Whether an interface has an address of its own. */
  owns(name: string, address: string): boolean {
    return this.kernel.find(name)?.addresses.some((one) => one.address === address) ?? false;
  }

  /** Whether traffic can leave and reach it from outside: link and rules. */
  get reachable(): boolean {
    const external = this.kernel.find(this.ports[0]?.name ?? "");
    return this.running && external?.cable === true && external.up && this.pf !== BOOT_RULES;
  }

  /** An advertisement arrived. */
  receive(carpdev: string, advertisement: SignedAdvertisement): void {
    this.counters.received++;
    const meant = [...this.kernel.interfaces.values()].filter(
      ({ carp }) => carp?.carpdev === carpdev && carp.vhid === advertisement.vhid,
    );
    // The vhid is looked up first: without one there is no password to hold it to.
    if (meant.length === 0) this.counters.unknownVhid++;
    else if (!meant.some(({ carp }) => carp?.pass === advertisement.pass)) this.counters.badAuthentication++;
    this.kernel.receive(carpdev, advertisement);
  }

  log(priority: string, tag: string, text: string): void {
    this.syslog.push({ at: Date.now(), tag, text });
    this.witness?.logged(tag, text);
    const file = this.sandbox.path(/^daemon\./.test(priority) ? "/var/log/daemon" : "/var/log/messages");
    if (existsSync(dirname(file))) {
      appendFileSync(file, `${new Date().toISOString()} ${this.name} ${tag}: ${text}\n`, { mode: 0o640 });
    }
  }

  private newKernel(): Kernel {
    clearTimeout(this.timer);
    const kernel: Kernel = new Kernel({
      now: () => Date.now(),
      send: (carpdev, advertisement) => {
        this.counters.sent++;
        this.world.advertise(this, carpdev, advertisement);
      },
      linkChanged: (name, state) => {
        if (kernel !== this.kernel) return;
        this.daemon?.linkChanged(name, state satisfies RawLink);
        if (kernel.carpState(name) === "MASTER") this.counters.transitions++;
        this.world.changed(this);
      },
      schedule: (at) => {
        if (kernel !== this.kernel) return;
        clearTimeout(this.timer);
        if (at !== undefined) this.timer = setTimeout(() => kernel.expire(), Math.max(0, at - Date.now()));
      },
      log: (text) => this.log("kern.info", "kernel", text),
      passesCarp: (carpdev) => passesCarp(this.pf, carpdev),
    });
    for (const { name, mac } of this.ports) {
      kernel.attach(name, mac);
      // A cable that is out stays out over a boot.
      if (this.kernel?.find(name)?.cable === false) kernel.setCable(name, false);
    }
    return kernel;
  }

  /** What the image's own hostname.if(5) files do by DHCP. */
  private configurePorts(): void {
    for (const { name, address } of this.ports) {
      if (!this.hasLease(name) || address === undefined) continue;
      this.kernel.setUp(name, true);
      this.kernel.addAddress(name, { address, prefix: 24 });
    }
  }

  private hasLease(name: string): boolean {
    return /^inet autoconf$/m.test(this.sandbox.read(`/etc/hostname.${name}`) ?? "");
  }

  private hostnames(): string[] {
    return readdirSync(this.sandbox.path("/etc"))
      .filter((file) => /^hostname\.[a-z]+\d+$/.test(file))
      .map((file) => file.slice("hostname.".length))
      .sort();
  }

  private async runCron(): Promise<void> {
    for (const line of (this.sandbox.read("/var/cron/tabs/root") ?? "").split("\n")) {
      const every = /^(?:\*\s+){5}(.+)$/.exec(line)?.[1];
      if (every !== undefined && this.running) await this.sandbox.run(every);
    }
  }

  private async answer(call: ShimCall): Promise<number> {
    const command = COMMANDS[call.name];
    if (command === undefined) {
      call.stderr(`${call.name}: not on this machine\n`);
      return 127;
    }
    if (call.user !== 0 && !openToAll(call)) {
      call.stderr(`${call.name}: Operation not permitted\n`);
      return 1;
    }
    const seen = this.witness === undefined ? call : this.witness.begins(call);
    if (seen === undefined) return KILLED;
    const status = await command(seen, this);
    this.witness?.ended(seen, status);
    return status;
  }

  /** `<PRI>Mon dd hh:mm:ss tag[pid]: text` */
  private receiveLog(line: string): void {
    const parts = /^<(\d+)>(?:\w{3} [ \d]\d \d\d:\d\d:\d\d )?([^\s:[]+)(?:\[\d+\])?: (.*)$/.exec(line);
    if (parts === null) this.log("user.notice", "?", line);
    else
      this.log(
        Number(parts[1]) >> 3 === 3 ? "daemon.info" : "user.info",
        parts[2] as string,
        parts[3] as string,
      );
  }
}

function emptyFolder(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder))
    rmSync(join(folder, entry), { recursive: true, force: true, maxRetries: 5 });
}
