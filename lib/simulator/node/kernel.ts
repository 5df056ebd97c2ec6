import ipaddr from "ipaddr.js";
import { type Advertisement, Carp, type CarpState } from "../carp.js";
import type {
  CarpSettings,
  InterfaceAddress,
  LinkState,
  NetworkInterface,
  SignedAdvertisement,
} from "./network-interface.js";
import { Routes } from "./routes.js";

export type {
  CarpSettings,
  InterfaceAddress,
  LinkState,
  NetworkInterface,
  SignedAdvertisement,
} from "./network-interface.js";

/** What the kernel needs of the world around it. */
export interface KernelEnvironment {
  readonly now: () => number;
  /** Hands an advertisement to the network of `carpdev`. */
  readonly send: (carpdev: string, advertisement: SignedAdvertisement) => void;
  readonly linkChanged: (name: string, state: LinkState) => void;
  /** Lets `expire` be called at or after a time; called again whenever that time changes. */
  readonly schedule: (at: number | undefined) => void;
  readonly log: (text: string) => void;
  /** Whether pf lets CARP through on an interface. */
  readonly passesCarp: (carpdev: string) => boolean;
}

/** Sends in a row that fail before the kernel demotes, and that succeed before it takes that back. */
const SENDS_IN_A_ROW = 3;

/** An error of a system call, with the words of its errno. */
export class KernelError extends Error {}

/** A node's interfaces, interface groups and carp. */
export class Kernel {
  readonly interfaces = new Map<string, NetworkInterface>();
  /** Demotion counters of the groups that exist; `carp` does from the start. */
  readonly groups = new Map<string, number>([["carp", 0]]);
  readonly routes = new Routes();
  preempt = false;
  private announcing = false;

  constructor(private readonly environment: KernelEnvironment) {}

  /** Puts a virtio interface into the machine. */
  attach(name: string, lladdr: string): void {
    this.interfaces.set(name, { name, lladdr, up: false, cable: true, addresses: [], groups: [] });
  }

  /** The interface, or undefined. */
  find(name: string): NetworkInterface | undefined {
    return this.interfaces.get(name);
  }

  /** Creates carp interfaces; nothing else can be created here. @throws KernelError */
  create(name: string): NetworkInterface {
    const found = this.find(name);
    if (found !== undefined) return found;
    if (!/^carp\d+$/.test(name)) throw new KernelError("Invalid argument");
    const made: NetworkInterface = {
      name,
      lladdr: "00:00:00:00:00:00",
      up: false,
      cable: true,
      addresses: [],
      groups: [],
      carp: {
        pass: "",
        advbase: 1,
        advskew: 0,
        suppressed: false,
        demotion: 0,
        failedSends: 0,
        goodSends: 0,
      },
    };
    this.interfaces.set(name, made);
    this.join(name, "carp");
    return made;
  }

  /** Takes a carp interface away, and its membership in its groups with it. */
  destroy(name: string): void {
    const found = this.find(name);
    if (found?.carp === undefined) throw new KernelError("Invalid argument");
    found.carp.engine?.shutDown();
    this.detach(found);
    for (const group of [...found.groups]) this.leave(name, group);
    this.interfaces.delete(name);
    this.reschedule();
  }

  join(name: string, group: string): void {
    const found = this.require(name);
    if (found.groups.includes(group)) return;
    found.groups.push(group);
    if (!this.groups.has(group)) this.groups.set(group, 0);
    // A group joined late takes over what the kernel itself demotes by.
    this.adjustOwn(group, found.carp?.demotion ?? 0);
  }

  leave(name: string, group: string): void {
    const found = this.require(name);
    const index = found.groups.indexOf(group);
    if (index < 0) throw new KernelError("No such file or directory");
    this.adjustOwn(group, -(found.carp?.demotion ?? 0));
    found.groups.splice(index, 1);
    const used = [...this.interfaces.values()].some(({ groups }) => groups.includes(group));
    if (!used && group !== "carp") this.groups.delete(group);
  }

  /** `ifconfig -g GROUP carpdemote`. @throws KernelError when the counter would leave 0 to 255 */
  demote(group: string, by: number): void {
    if (!this.groups.has(group)) throw new KernelError("No such file or directory");
    const next = (this.groups.get(group) ?? 0) + by;
    if (next < 0 || next > 255) throw new KernelError("Invalid argument");
    this.groups.set(group, next);
    if (by <= 0) return;
    for (const { groups, carp } of this.interfaces.values()) {
      if (groups.includes(group)) carp?.engine?.demoted(this.environment.now());
    }
    this.reschedule();
  }

  setUp(name: string, up: boolean): void {
    const found = this.require(name);
    if (found.up === up) return;
    found.up = up;
    if (found.carp !== undefined) {
      if (!up) found.carp.engine?.shutDown();
      this.run(found);
    } else {
      // The driver's link stays what it is: nobody who waits for link changes hears of this.
      this.carpdevChanged(name);
    }
    this.reschedule();
  }

  /** A cable is pulled or put back. */
  setCable(name: string, cable: boolean): void {
    const found = this.require(name);
    if (found.cable === cable) return;
    found.cable = cable;
    this.environment.linkChanged(name, this.linkState(name));
    this.carpdevChanged(name);
    this.reschedule();
  }

  /** Whom a carp interface advertises to: one address, or the multicast group. @throws KernelError */
  setPeer(name: string, peer: string | undefined): void {
    const { carp } = this.require(name);
    if (carp === undefined) throw new KernelError("Inappropriate ioctl for device");
    if (peer === undefined) delete carp.peer;
    else carp.peer = peer;
  }

  /** carpdev, vhid and password, which begin carp anew. @throws KernelError */
  setCarp(name: string, changes: Partial<Pick<CarpSettings, "carpdev" | "vhid" | "pass">>): void {
    const found = this.require(name);
    const settings = found.carp;
    if (settings === undefined) throw new KernelError("Inappropriate ioctl for device");
    if (changes.carpdev !== undefined && !this.interfaces.has(changes.carpdev)) {
      throw new KernelError("Invalid argument");
    }
    const restart = changes.vhid !== undefined && changes.vhid !== settings.vhid;
    const taken = [...this.interfaces.values()].some(
      ({ name: other, carp }) =>
        other !== name &&
        carp?.vhid !== undefined &&
        carp.vhid === (changes.vhid ?? settings.vhid) &&
        carp.carpdev !== undefined &&
        carp.carpdev === (changes.carpdev ?? settings.carpdev),
    );
    if (taken) throw new KernelError("Invalid argument");
    const before = settings.carpdev;
    Object.assign(settings, changes);
    if (changes.carpdev !== undefined) {
      if (changes.carpdev !== before) this.detach(found);
      const device = this.require(changes.carpdev);
      this.suppress(found, !(device.cable && device.up));
    }
    if (settings.vhid !== undefined) {
      found.lladdr = `00:00:5e:00:01:${settings.vhid.toString(16).padStart(2, "0")}`;
    }
    if (restart) {
      settings.engine?.stop();
      settings.engine = undefined;
    }
    this.run(found);
    this.reschedule();
  }

  /** advbase and advskew, which a running carp takes without a change of state. */
  setInterval(name: string, changes: Partial<Pick<CarpSettings, "advbase" | "advskew">>): void {
    const { carp } = this.require(name);
    if (carp === undefined) throw new KernelError("Inappropriate ioctl for device");
    Object.assign(carp, changes);
    carp.engine?.reconfigure({ advbase: carp.advbase, advskew: carp.advskew }, this.environment.now());
    this.reschedule();
  }

  addAddress(name: string, { address, prefix }: InterfaceAddress): void {
    const found = this.require(name);
    if (found.carp !== undefined && found.carp.carpdev === undefined)
      throw new KernelError("Invalid argument");
    const known = found.addresses.findIndex((other) => other.address === address);
    if (known >= 0) found.addresses.splice(known, 1);
    found.addresses.push({ address, prefix });
    if (found.carp !== undefined) {
      found.up = true;
      // The kernel begins anew with each address, as a backup; a master does not bow out before.
      found.carp.engine?.stop();
      this.run(found);
      this.reschedule();
    }
  }

  /** @throws KernelError where the interface does not have it */
  removeAddress(name: string, address: string | undefined): void {
    const found = this.require(name);
    const index = address === undefined ? 0 : found.addresses.findIndex((other) => other.address === address);
    if (index < 0 || found.addresses.length === 0) throw new KernelError("Can't assign requested address");
    found.addresses.splice(index, 1);
    // Without an address carp goes down, and nobody is told.
    if (found.carp !== undefined && found.addresses.length === 0) {
      found.up = false;
      found.carp.engine?.stop();
    }
    this.reschedule();
  }

  carpState(name: string): CarpState | undefined {
    const carp = this.find(name)?.carp;
    return carp?.vhid === undefined ? undefined : (carp.engine?.state ?? "INIT");
  }

  linkState(name: string): LinkState {
    const found = this.find(name);
    if (found === undefined) return "down";
    if (found.carp === undefined) return found.cable ? "up" : "down";
    const state = found.carp.engine?.state ?? "INIT";
    if (state === "INIT") return "invalid";
    return state === "MASTER" ? "up" : "down";
  }

  /** An advertisement arrived on an interface. */
  receive(carpdev: string, { pass, to, ...advertisement }: SignedAdvertisement): void {
    const device = this.find(carpdev);
    if (device === undefined || !device.up || !device.cable || !this.environment.passesCarp(carpdev)) return;
    for (const { carp } of this.interfaces.values()) {
      // Who has a peer hears nothing that was sent to the group, and the other way round.
      if ((carp?.peer === undefined) !== (to === undefined)) continue;
      // A wrong password makes a wrong HMAC: nobody hears it.
      if (carp?.carpdev === carpdev && carp.pass === pass) {
        carp.engine?.receive(advertisement, this.environment.now());
      }
    }
    this.reschedule();
  }

  /** Lets the timers run out that are due. */
  expire(): void {
    for (const { carp } of this.interfaces.values()) carp?.engine?.expire(this.environment.now());
    this.reschedule();
  }

  /** Sum of the counters of an interface's groups; the kernel's own part counts even if others took it from the groups. */
  demotionOf({ groups, carp }: NetworkInterface): number {
    const sum = groups.reduce((total, group) => total + (this.groups.get(group) ?? 0), 0);
    return Math.min(255, sum === 0 ? (carp?.demotion ?? 0) : sum);
  }

  /** Changes a counter as the kernel does for itself: never below 0, and nobody is told of it. */
  private adjustOwn(group: string, by: number): void {
    if (by !== 0) this.groups.set(group, Math.max(0, (this.groups.get(group) ?? 0) + by));
  }

  /** The kernel's own demotion goes to every group of the interface, and is taken back from every one. */
  private demoteItself({ carp, groups }: NetworkInterface, by: number): void {
    if (carp === undefined || by === 0) return;
    carp.demotion = Math.max(0, carp.demotion + by);
    for (const group of groups) this.adjustOwn(group, by);
    // A group that was not demoted before is worth an advertisement of every master.
    if (by < 0 || this.announcing || !groups.some((group) => this.groups.get(group) === 1)) return;
    this.announcing = true;
    for (const one of this.interfaces.values()) one.carp?.engine?.demoted(this.environment.now());
    this.announcing = false;
  }

  private suppress(found: NetworkInterface, suppressed: boolean): void {
    const { carp } = found;
    if (carp === undefined || carp.suppressed === suppressed) return;
    carp.suppressed = suppressed;
    this.demoteItself(found, suppressed ? 1 : -1);
  }

  /** Leaves a carpdev: whatever the kernel held against the interface there is over. */
  private detach(found: NetworkInterface): void {
    const { carp } = found;
    if (carp === undefined) return;
    this.demoteItself(found, -carp.demotion);
    Object.assign(carp, { suppressed: false, failedSends: 0 });
  }

  private carpdevChanged(name: string): void {
    const device = this.require(name);
    const usable = device.cable && device.up;
    for (const one of this.interfaces.values()) {
      if (one.carp?.carpdev !== name) continue;
      this.suppress(one, !usable);
      if (usable) this.run(one);
      else one.carp.engine?.stop();
    }
  }

  /** Begins carp where everything it needs is there. */
  private run(found: NetworkInterface): void {
    const { carp } = found;
    if (carp?.vhid === undefined || carp.carpdev === undefined || !found.up || found.addresses.length === 0)
      return;
    carp.engine ??= new Carp(
      carp.vhid,
      { advbase: carp.advbase, advskew: carp.advskew },
      {
        demotion: () => this.demotionOf(found),
        preempt: () => this.preempt,
        send: (advertisement) => this.transmit(found, advertisement),
        changed: (state, before) => {
          this.environment.log(`${found.name}: state transition: ${before} -> ${state}`);
          this.environment.linkChanged(found.name, this.linkState(found.name));
        },
      },
    );
    const device = this.find(carp.carpdev);
    if (device?.cable && device.up) carp.engine.start(this.environment.now());
  }

  private transmit(found: NetworkInterface, advertisement: Advertisement): void {
    const { carp } = found;
    const device = carp?.carpdev === undefined ? undefined : this.find(carp.carpdev);
    if (carp === undefined || device === undefined || !device.up || !device.cable) return;
    // What pf blocks on its way out fails for its sender: EACCES. So does what has no way: EHOSTUNREACH.
    const sent = this.environment.passesCarp(device.name) && this.reaches(device, carp.peer);
    const to = carp.peer === undefined ? {} : { to: carp.peer };
    if (sent) this.environment.send(device.name, { ...advertisement, pass: carp.pass, ...to });
    this.countSend(found, carp, sent);
  }

  /** The group is reached from anywhere; a peer from an address of the carpdev in its network. */
  private reaches(device: NetworkInterface, peer: string | undefined): boolean {
    return (
      peer === undefined ||
      device.addresses.some(({ address, prefix }) =>
        ipaddr.IPv4.parse(peer).match(ipaddr.IPv4.parseCIDR(`${address}/${prefix}`)),
      )
    );
  }

  /** Three failures in a row demote; three sends in a row take that back, and one is enough before it came to that. */
  private countSend(found: NetworkInterface, carp: CarpSettings, sent: boolean): void {
    if (!sent) {
      carp.failedSends++;
      carp.goodSends = 0;
      if (carp.failedSends === SENDS_IN_A_ROW) this.demoteItself(found, 1);
    } else if (carp.failedSends < SENDS_IN_A_ROW) carp.failedSends = 0;
    else if (++carp.goodSends >= SENDS_IN_A_ROW) {
      carp.failedSends = 0;
      this.demoteItself(found, -1);
    }
  }

  private reschedule(): void {
    const deadlines = [...this.interfaces.values()].flatMap(({ carp }) => carp?.engine?.deadline ?? []);
    this.environment.schedule(deadlines.length === 0 ? undefined : Math.min(...deadlines));
  }

  private require(name: string): NetworkInterface {
    const found = this.find(name);
    if (found === undefined) throw new KernelError("Device not configured");
    return found;
  }
}
