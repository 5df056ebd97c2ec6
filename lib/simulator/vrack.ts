import type { SignedAdvertisement } from "./node/kernel.js";
import type { Machine } from "./node/machine.js";
import { type Random, seededRandom } from "./random.js";

interface Plug {
  readonly machine: Machine;
  readonly interface: string;
  readonly network: string;
}

/** The private networks between machines: they carry CARP's advertisements, or lose them. */
export class VRack {
  /** Share of advertisements that are lost, 0 to 1. */
  loss = 0;
  /** Milliseconds that an advertisement takes. */
  delay = 0.5;
  private readonly plugs: Plug[] = [];
  private readonly random: Random;
  /** Names of machines, by the side of a partition that they are on. */
  private sides = new Map<string, number>();

  constructor(
    seed: number,
    /** Whether what filters the receiver's traffic lets in what the other one sends from an interface. */
    private readonly letsIn: (from: Machine, name: string, to: Machine) => boolean = () => true,
  ) {
    this.random = seededRandom(seed);
  }

  /** Connects an interface to a network. */
  plug(machine: Machine, name: string, network: string): void {
    this.plugs.push({ machine, interface: name, network });
  }

  /** Takes a machine off all networks. */
  unplug(machine: Machine): void {
    for (let i = this.plugs.length - 1; i >= 0; i--)
      if (this.plugs[i]?.machine === machine) this.plugs.splice(i, 1);
  }

  /** Splits the networks: machines hear only those of their own group. Those not named share a group. */
  partition(groups: readonly (readonly string[])[]): void {
    this.sides = new Map(groups.flatMap((group, side) => group.map((name) => [name, side + 1] as const)));
  }

  /** Puts the networks together again. */
  heal(): void {
    this.sides.clear();
  }

  /** Whether some machines hear only some of the others. */
  get partitioned(): boolean {
    return new Set(this.plugs.map(({ machine }) => this.side(machine))).size > 1;
  }

  /** Hands an advertisement to all others on the network of an interface, or to the one it is meant for. */
  carry(machine: Machine, name: string, advertisement: SignedAdvertisement): void {
    const from = this.plugs.find((plug) => plug.machine === machine && plug.interface === name);
    if (from === undefined) return;
    const { to } = advertisement;
    for (const plug of this.plugs) {
      if (plug.machine === machine || plug.network !== from.network) continue;
      // What goes to one address arrives where that address is, as ARP finds it on this network.
      if (to !== undefined && !plug.machine.owns(plug.interface, to)) continue;
      if (!this.letsIn(machine, name, plug.machine)) continue;
      if (this.side(plug.machine) !== this.side(machine) || this.random.next() < this.loss) continue;
      setTimeout(() => {
        if (plug.machine.running) plug.machine.receive(plug.interface, advertisement);
      }, this.delay);
    }
  }

  private side(machine: Machine): number {
    return this.sides.get(machine.name) ?? 0;
  }
}
