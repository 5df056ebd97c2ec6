import { Kernel, type LinkState, type SignedAdvertisement } from "../../../lib/simulator/node/kernel.js";

/** A kernel with one interface for CARP, vio2, and what it told the world around it. */
export interface SimulatedKernel {
  readonly kernel: Kernel;
  readonly sent: SignedAdvertisement[];
  readonly links: string[];
  readonly log: string[];
  /** Whether its pf lets CARP through. */
  passesCarp: boolean;
}

export interface CarpSetup {
  readonly vhid?: number;
  readonly pass?: string;
  readonly advskew?: number;
  readonly groups?: readonly string[];
}

/** Kernels whose vio2 are on one network, in virtual time. */
export class Kernels {
  now = 0;
  readonly all: SimulatedKernel[] = [];
  private readonly due = new Map<SimulatedKernel, number>();
  private readonly flights: { readonly at: number; readonly arrive: () => void }[] = [];

  /** Adds a kernel; vio2 is up unless that is left to the test. */
  add(up = true): SimulatedKernel {
    const made: SimulatedKernel = {
      kernel: new Kernel({
        now: () => this.now,
        send: (carpdev, advertisement) => {
          made.sent.push(advertisement);
          for (const other of this.all) {
            if (other === made) continue;
            const { to } = advertisement;
            const mine = other.kernel.find(carpdev)?.addresses.some(({ address }) => address === to);
            if (to !== undefined && !mine) continue;
            const arrive = () => other.kernel.receive(carpdev, advertisement);
            this.flights.push({ at: this.now + 1, arrive });
          }
        },
        linkChanged: (name: string, state: LinkState) => made.links.push(`${name} ${state}`),
        schedule: (at) => {
          if (at === undefined) this.due.delete(made);
          else this.due.set(made, at);
        },
        log: (text) => made.log.push(text),
        passesCarp: () => made.passesCarp,
      }),
      sent: [],
      links: [],
      log: [],
      passesCarp: true,
    };
    made.kernel.attach("vio2", "fa:16:3e:00:00:03");
    if (up) made.kernel.setUp("vio2", true);
    this.all.push(made);
    return made;
  }

  advance(ms: number): this {
    const end = this.now + ms;
    for (;;) {
      this.flights.sort((a, b) => a.at - b.at);
      const flight = this.flights[0];
      const [next, at] = [...this.due].sort((a, b) => a[1] - b[1])[0] ?? [undefined, Infinity];
      const first = Math.min(at, flight?.at ?? Infinity);
      if (first > end) break;
      this.now = Math.max(this.now, first);
      if (flight !== undefined && flight.at <= at) {
        this.flights.shift();
        flight.arrive();
      } else next?.kernel.expire();
    }
    this.now = end;
    return this;
  }
}

/** Sets carp0 up on vio2 as an edge's hostname.carp0 does: groups first, the address last. */
export function startCarp(
  { kernel }: SimulatedKernel,
  { vhid = 1, pass = "secret", advskew = 1, groups = [] }: CarpSetup = {},
): void {
  kernel.create("carp0");
  for (const group of groups) kernel.join("carp0", group);
  kernel.setCarp("carp0", { vhid });
  kernel.setCarp("carp0", { carpdev: "vio2" });
  kernel.setCarp("carp0", { pass });
  kernel.setInterval("carp0", { advbase: 1 });
  kernel.setInterval("carp0", { advskew });
  kernel.addAddress("carp0", { address: "10.25.0.10", prefix: 16 });
}
