import { rmSync } from "node:fs";
import type { CreatedEdge } from "../../config/edge.js";
import type { EdgeConfigInput } from "../../config/schema.js";
import { L1, L2, L3 } from "../../simulator/explore/invariants.js";
import type { Schedule } from "../../simulator/explore/schedule.js";
import type { Machine } from "../../simulator/node/machine.js";
import type { Region } from "../../simulator/region.js";
import { Playground } from "../playground.js";
import { until } from "../until.js";
import { mendAll } from "./region-faults.js";
import { viewOf } from "./view.js";

/** What an arena is made for. */
export interface ArenaOptions {
  /** Edges, named edge-1, edge-2 and so on. */
  readonly edges: number;
  /** Everything else about them; its shortest waits are set here. */
  readonly config: EdgeConfigInput;
  /** Programs that the nodes get in place of the delivered ones, by their paths. @default - none */
  readonly programs?: Readonly<Record<string, string>>;
}

/** How much faster than real time boots, cron and a ping's patience are; carp, polls and claims keep theirs. */
const SPEED = 5;
/** Milliseconds that OVH takes for a move. */
export const MOVE = 500;
/** Milliseconds until what cannot be reached is given up, as where a router says so. */
const UNREACHABLE = 300;
/** Milliseconds of a boot after ifstated has started: enough for a first pass on a busy machine. */
const BOOT_REST = 1500;
/** Milliseconds within which an arena must be sound again. */
const SOUND_WITHIN = 30_000;
/** How often edges are booted anew that do not become sound: on a busy machine a boot may elect anybody. */
const BOOTS = 3;

const FORGET = "rm -f /var/run/edge-sync/memory.json; /usr/local/sbin/edge-sync pass";
/** Milliseconds until edges that remember are told to forget again. */
const FORGET_EACH = 4000;

/** A configuration with so many edges, and with the shortest waits that it may have. */
export function arenaConfig({ edges, config }: Pick<ArenaOptions, "edges" | "config">): EdgeConfigInput {
  const [{ flavor, image }] = config.edges as [CreatedEdge];
  return {
    ...config,
    edges: Array.from({ length: edges }, (_, index) => ({ name: `edge-${index + 1}`, flavor, image })),
    probe: { ...config.probe, interval: 5, attempts: 1 },
    claim: { ...config.claim, checkInterval: 10, healthyFor: 2, deadline: 30 },
  };
}

/** A deployed region on which one schedule after the other is played. */
export class Arena {
  private constructor(
    readonly edges: number,
    private readonly playground: Playground,
    private readonly programs: Readonly<Record<string, string>>,
  ) {}

  /** Deploys the edges once. @throws Error when something that it needs is missing */
  static async create(options: ArenaOptions): Promise<Arena> {
    const playground = await Playground.create({
      config: arenaConfig(options),
      region: { speed: SPEED, moveDuration: MOVE, connectTimeout: UNREACHABLE, bootRest: BOOT_REST },
    });
    try {
      await playground.synth();
      await playground.terraform.init();
      await playground.terraform.apply(() => {});
      const { region } = playground;
      await until(() => region.answering() !== undefined, "no edge answers for the FailOver IP");
      return new Arena(options.edges, playground, options.programs ?? {});
    } catch (error) {
      await playground.stop();
      throw error;
    }
  }

  get region(): Region {
    return this.playground.region;
  }

  /** The edges' machines, the preferred one first. */
  get machines(): Machine[] {
    return [...this.region.machines.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /**
   * Boots all edges anew, with the IP at the preferred one, nothing broken and nothing remembered.
   *
   * @throws Error when they do not become sound
   */
  async reset(schedule: Schedule): Promise<void> {
    if (schedule.edges !== this.edges)
      throw new Error(`the schedule is for ${schedule.edges} edges, here are ${this.edges}`);
    for (let boot = 1; ; boot++) {
      try {
        return await this.bootAll(schedule);
      } catch (error) {
        if (boot === BOOTS) throw error;
      }
    }
  }

  private async bootAll({ ovh }: Schedule): Promise<void> {
    const { region, machines } = this;
    for (const machine of machines) machine.powerOff();
    mendAll(region);
    const { failoverIps } = region.project;
    Object.assign(failoverIps.behaviour, ovh);
    failoverIps.place(failoverIps.list()[0]?.id as string, region.instanceId("edge-1"));
    for (const machine of machines) this.clean(machine);
    await Promise.all(machines.map((machine) => machine.boot()));
    await this.comes(() => this.elect(), "edge-1 is not the one master after a boot");
    // What a boot leaves to wait for is not what a schedule begins with.
    let forgotten = 0;
    await this.comes(() => {
      // A pass that is at work meanwhile writes down what it remembers.
      if (this.elected && performance.now() - forgotten > FORGET_EACH) {
        forgotten = performance.now();
        for (const machine of machines.filter((one) => !knows(one))) void machine.sandbox.run(FORGET);
      }
      return this.sound;
    }, "the edges are not sound after a boot");
  }

  /** Waits for something, and says what there is in its place where it does not come. */
  private async comes(condition: () => boolean, what: string): Promise<void> {
    await until(condition, what, SOUND_WITHIN).catch((error: Error) => {
      const view = JSON.stringify(viewOf(this.region));
      const logs = this.machines.map(({ name, syslog }) =>
        [name, ...syslog.slice(-15).map(({ tag, text }) => `  ${tag}: ${text}`)].join("\n"),
      );
      throw new Error([error.message, view, ...logs].join("\n"));
    });
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await this.playground.stop();
  }

  private clean({ sandbox }: Machine): void {
    for (const mark of ["hold", "drain"]) rmSync(sandbox.path(`/var/db/edge/${mark}`), { force: true });
    for (const [path, text] of Object.entries(this.programs)) {
      rmSync(sandbox.path(path), { force: true });
      sandbox.write(path, text, 0o555);
    }
  }

  /** Whoever was up first may be master: it bows out once edge-1 is sound. */
  private elect(): boolean {
    const [preferred, ...others] = this.machines;
    const ready = (machine: Machine | undefined) => machine?.kernel.groups.get("edgefault") === 0;
    if (this.elected || !ready(preferred)) return this.elected;
    for (const { kernel } of others) {
      if (kernel.carpState("carp0") !== "MASTER") continue;
      kernel.setUp("carp0", false);
      kernel.setUp("carp0", true);
    }
    return false;
  }

  private get elected(): boolean {
    return this.machines.every(
      ({ kernel }, index) => kernel.carpState("carp0") === (index === 0 ? "MASTER" : "BACKUP"),
    );
  }

  private get sound(): boolean {
    const view = viewOf(this.region);
    const calm = view.edges.every(
      ({ name, edgefault, edgedrain, alias, claims }) =>
        edgefault === 0 && edgedrain === 0 && claims === 0 && alias === (name === "edge-1"),
    );
    return calm && this.elected && [L1, L2, L3].every((holds) => holds(view)) && this.machines.every(knows);
  }
}

/** Whether an edge has heard from OVH since it was told to forget. */
function knows({ sandbox }: Machine): boolean {
  try {
    const { known, booted, tokens } = JSON.parse(sandbox.read("/var/run/edge-sync/memory.json") ?? "{}");
    return (known === "here" || known === "elsewhere") && booted === undefined && tokens === 3;
  } catch {
    return false;
  }
}
