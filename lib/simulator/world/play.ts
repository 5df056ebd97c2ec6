import type { FaultKind, MendKind, Schedule } from "../explore/schedule.js";
import { type Happening, type Moment, type Outline, outlineOf } from "../story.js";
import type { World } from "./world.js";

/** What a schedule comes to in virtual time. */
export interface PlayedStory {
  readonly moments: readonly Moment[];
  readonly outline: Outline;
}

/** How long things take that a schedule does not say, in milliseconds. */
export interface PlayTimes {
  /** From the last step until the story is over. */
  readonly rest: number;
  /** What a slow API takes for each answer. */
  readonly slow: number;
  /** How long an attach is on its way which is applied late. */
  readonly late: number;
  /** From a shutdown until a machine begins to boot again. */
  readonly reboot: number;
}

/** Steps that the world cannot tell from nothing: a pass there happens in one moment. */
export const NOT_IN_WORLD: readonly FaultKind[] = ["pass-killed"];

type Steps = Readonly<Record<FaultKind | MendKind, (edge: string) => void>>;

/** Plays a schedule on a world that has been sound for a while. */
export async function playOnWorld(world: World, schedule: Schedule, times: PlayTimes): Promise<PlayedStory> {
  const began = world.now;
  const noted = world.timeline.length;
  const accepted = world.project.failoverIps.attaches.length;
  const steps = stepsOf(world, times);
  const faults: Moment[] = [];
  for (const { at, step, edge } of schedule.steps) {
    await world.advance(Math.max(0, began + at * 1000 - world.now));
    faults.push({ ms: world.now - began, edge, kind: "fault", text: step });
    steps[step](edge ?? "all");
  }
  await world.advance(times.rest);
  const names = new Map(world.edges.map(({ instanceId, name }) => [instanceId, name]));
  const moments = [
    ...faults,
    ...world.timeline
      .slice(noted)
      .map(({ ms, edge, what }): Moment => ({ ms: ms - began, edge, ...happeningOf(what) })),
    ...world.project.failoverIps.attaches
      .slice(accepted)
      .map(
        ({ at, instanceId }): Moment => ({ ms: at - began, edge: names.get(instanceId), kind: "accepted" }),
      ),
  ].sort((a, b) => a.ms - b.ms);
  const edges = world.edges.map(({ name }) => name);
  return { moments, outline: outlineOf(moments, edges, world.holder?.name ?? null) };
}

/** What a line of the world's timeline tells. */
function happeningOf(text: string): Happening {
  const role = /^carp0 is (INIT|BACKUP|MASTER)$/.exec(text)?.[1];
  if (role !== undefined) return { kind: "role", role: role as "INIT" | "BACKUP" | "MASTER" };
  const alias = /^alias=(on|off) /.exec(text)?.[1];
  if (alias !== undefined) return { kind: "alias", on: alias === "on" };
  const demotion = /^(demote|promote) group=(\w+) by=(\d+) /.exec(text);
  if (demotion !== null) {
    const [, what, group, by] = demotion as unknown as [string, string, string, string];
    return { kind: "demotion", group, by: what === "demote" ? Number(by) : -Number(by) };
  }
  if (text.startsWith("claim start ")) return { kind: "claim" };
  return { kind: "log", text };
}

function stepsOf(world: World, times: PlayTimes): Steps {
  const { faults, project } = world;
  const alone = new Set<string>();
  const part = (change: () => void) => {
    change();
    world.heal();
    world.partition(...[...alone].map((name) => [name]));
  };
  /** The operator's command, which ends with a pass. */
  const command = (name: string, change: (edge: ReturnType<World["edge"]>) => void) => {
    const edge = world.edge(name);
    change(edge);
    edge.pass();
  };
  return {
    "power-off": (edge) => faults.powerOff(edge),
    "power-on": (edge) => world.edge(edge).running || faults.powerOn(edge),
    reboot: (edge) => world.edge(edge).running && faults.reboot(edge, times.reboot),
    "cut-external": (edge) => faults.cut(edge, "external"),
    "mend-external": (edge) => faults.mend(edge, "external"),
    "cut-internal": (edge) => faults.cut(edge, "internal"),
    "mend-internal": (edge) => faults.mend(edge, "internal"),
    "cut-carp": (edge) => faults.cut(edge, "carp"),
    "mend-carp": (edge) => faults.mend(edge, "carp"),
    "probe-lost": (edge) => {
      world.edge(edge).probesAnswer = false;
    },
    "probe-back": (edge) => {
      world.edge(edge).probesAnswer = true;
    },
    "api-unreachable": (edge) => {
      world.edge(edge).apiReachable = false;
    },
    "api-reachable": (edge) => {
      world.edge(edge).apiReachable = true;
    },
    "daemon-killed": (edge) => faults.killDaemon(edge),
    "daemon-started": (edge) => world.edge(edge).running && faults.startDaemon(edge),
    "claim-killed": (edge) => faults.killClaim(edge),
    "pass-killed": () => {},
    reload: (edge) => faults.reloadDaemon(edge),
    drain: (edge) =>
      command(edge, (one) => {
        one.drained = true;
      }),
    undrain: (edge) =>
      command(edge, (one) => {
        one.drained = false;
      }),
    hold: (edge) =>
      command(edge, (one) => {
        one.hold = { reason: "chaos" };
      }),
    release: (edge) =>
      command(edge, (one) => {
        one.hold = null;
      }),
    partition: (edge) => part(() => alone.add(edge)),
    heal: (edge) => part(() => alone.delete(edge)),
    "api-down": () => {
      world.apiAnswers = false;
    },
    "api-up": () => {
      world.apiAnswers = true;
    },
    "api-slow": () => {
      world.apiSlowMs = times.slow;
    },
    "api-fast": () => {
      world.apiSlowMs = 0;
    },
    "api-refuses": () => faults.refuse(409),
    "api-accepts": () => faults.refuse(undefined),
    "reply-lost": () => faults.failNext("POST", { lostReply: true }),
    "applies-late": () => faults.failNext("POST", { late: times.late }),
    "move-fails": () => project.failoverIps.nextMoves("fails"),
    "route-lost": () => project.failoverIps.place(world.failoverId),
  };
}
