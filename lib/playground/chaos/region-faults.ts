import type { FaultKind, MendKind, ScheduledStep } from "../../simulator/explore/schedule.js";
import type { Machine } from "../../simulator/node/machine.js";
import type { Region } from "../../simulator/region.js";
import type { EdgeWitness } from "./edge-witness.js";
import { claimsOn, kill } from "./programs.js";

/** Milliseconds that a slow API takes for each answer. */
export const SLOW = 1500;
/** Milliseconds that an attach is on its way which is applied late. */
export const LATE = 4000;
/** Milliseconds from a shutdown until the machine begins to boot again. */
export const REBOOT = 2000;
/** Milliseconds between the operator's tries to reach an edge that is off. */
const RETRY = 100;

const PORTS = ["vio0", "vio1", "vio2"];

/** Plays the steps of a schedule on a live region. */
export class RegionFaults {
  /** Names of the edges that are alone on their side of a partition. */
  readonly alone = new Set<string>();
  /** Names of the edges whose hold has begun and not been taken back. */
  readonly held = new Set<string>();
  /** Names of the edges that the operator wants to be on hold. */
  private readonly toHold = new Set<string>();
  /** Whether OVH refuses to attach. */
  refusing = false;
  private readonly reboots = new Map<string, NodeJS.Timeout>();
  private slow: (() => void) | undefined;
  private refusal: (() => void) | undefined;
  /** What the operator does on each edge, one after the other. */
  private readonly commands = new Map<string, Promise<void>>();
  private over = false;

  private readonly steps: Readonly<Record<FaultKind | MendKind, (edge: string, at: number) => unknown>> = {
    "power-off": (edge) => {
      clearTimeout(this.reboots.get(edge));
      this.machine(edge).powerOff();
    },
    "power-on": (edge) => this.boot(edge),
    reboot: (edge) => {
      const machine = this.machine(edge);
      if (!machine.running) return;
      // An orderly shutdown takes carp0 down, so that the others hear of it; early in a boot there is none.
      if (machine.kernel.find("carp0") !== undefined) machine.kernel.setUp("carp0", false);
      machine.powerOff();
      this.reboots.set(
        edge,
        setTimeout(() => this.boot(edge), REBOOT),
      );
    },
    "cut-external": (edge) => this.cable(edge, "vio0", false),
    "mend-external": (edge) => this.cable(edge, "vio0", true),
    "cut-internal": (edge) => this.cable(edge, "vio1", false),
    "mend-internal": (edge) => this.cable(edge, "vio1", true),
    "cut-carp": (edge) => this.cable(edge, "vio2", false),
    "mend-carp": (edge) => this.cable(edge, "vio2", true),
    "probe-lost": (edge) => this.region.silence(edge, true),
    "probe-back": (edge) => this.region.silence(edge, false),
    "api-unreachable": (edge) => this.region.cutApi(edge, true),
    "api-reachable": (edge) => this.region.cutApi(edge, false),
    "daemon-killed": (edge) => this.machine(edge).stopIfstated(),
    "daemon-started": (edge) => {
      const machine = this.machine(edge);
      if (machine.running && !machine.ifstatedRuns) void machine.startIfstated();
    },
    reload: (edge) => this.machine(edge).reloadIfstated(),
    "claim-killed": (edge, at) => this.killClaim(edge, at),
    "pass-killed": (edge) => this.witness(edge).killNextPass(),
    drain: (edge) => this.command(edge, "drain"),
    undrain: (edge) => this.command(edge, "undrain"),
    hold: (edge) => {
      this.toHold.add(edge);
      this.command(edge, "hold --reason chaos", () => this.toHold.has(edge) && this.held.add(edge));
    },
    release: (edge) => {
      this.toHold.delete(edge);
      this.held.delete(edge);
      this.command(edge, "release");
    },
    partition: (edge) => this.part(() => this.alone.add(edge)),
    heal: (edge) => this.part(() => this.alone.delete(edge)),
    "api-down": () => this.region.setReachable("api", false),
    "api-up": () => this.region.setReachable("api", true),
    "api-slow": () => {
      this.slow = this.region.project.faults.fail("*", "", { delay: SLOW });
    },
    "api-fast": () => this.slow?.(),
    "api-refuses": () => {
      this.refusal = this.region.project.faults.fail("POST", "/attach", { status: 409 });
      this.refusing = true;
    },
    "api-accepts": () => {
      this.refusal?.();
      this.refusing = false;
    },
    "reply-lost": () => this.region.project.faults.fail("POST", "/attach", { dropReply: true, times: 1 }),
    "applies-late": () => this.region.project.faults.fail("POST", "/attach", { delay: LATE, times: 1 }),
    "move-fails": () => this.region.project.failoverIps.nextMoves("fails"),
    "route-lost": () => {
      const { failoverIps } = this.region.project;
      failoverIps.place(failoverIps.list()[0]?.id as string);
    },
  };

  constructor(
    private readonly region: Region,
    private readonly witnesses: ReadonlyMap<string, EdgeWitness>,
  ) {}

  /** Makes or mends a fault; what takes its time goes on after this. */
  play({ at, step, edge = "" }: ScheduledStep): void {
    this.steps[step](edge, at);
  }

  /** The operator gives up what is still to be done. */
  end(): void {
    this.over = true;
    for (const timer of this.reboots.values()) clearTimeout(timer);
  }

  private machine(edge: string): Machine {
    return this.witness(edge).machine;
  }

  private witness(edge: string): EdgeWitness {
    const found = this.witnesses.get(edge);
    if (found === undefined) {
      throw new Error(`there is no edge ${edge}; there are ${[...this.witnesses.keys()].join(", ")}`);
    }
    return found;
  }

  private boot(edge: string): void {
    clearTimeout(this.reboots.get(edge));
    const machine = this.machine(edge);
    if (!machine.running) void machine.boot();
  }

  private cable(edge: string, port: string, there: boolean): void {
    this.machine(edge).kernel.setCable(port, there);
  }

  private part(change: () => void): void {
    change();
    this.region.vrack.partition([...this.alone].map((name) => [name]));
  }

  /** The claim that runs is killed, or the next one some moment after it began. */
  private killClaim(edge: string, at: number): void {
    const witness = this.witness(edge);
    const strike = () => {
      for (const claim of claimsOn(witness.machine)) kill(claim);
    };
    if (claimsOn(witness.machine).length > 0) strike();
    // Which moment, the time of the step tells, so that a schedule says it all.
    else witness.onClaim(() => setTimeout(strike, 150 * (Math.round(10 * at) % 6)));
  }

  /** The operator's command, as soon as the edge can be reached. */
  private command(edge: string, words: string, done: () => unknown = () => {}): void {
    const machine = this.machine(edge);
    const work = async () => {
      for (;;) {
        while (!machine.running && !this.over) await new Promise((resolve) => setTimeout(resolve, RETRY));
        if (this.over) return;
        try {
          const { status } = await machine.sandbox.run(`/usr/local/sbin/edge-sync ${words}`);
          if (status === 0) {
            done();
            return;
          }
        } catch {
          // It lost its power in between.
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    };
    this.commands.set(edge, (this.commands.get(edge) ?? Promise.resolve()).then(work));
  }
}

/** Mends everything that a region can have of faults; edges that are off stay so. */
export function mendAll(region: Region): void {
  region.project.faults.clear();
  region.setReachable("api", true);
  region.vrack.heal();
  for (const [name, { kernel }] of region.machines) {
    region.silence(name, false);
    region.cutApi(name, false);
    for (const port of PORTS) kernel.setCable(port, true);
  }
}
