import type { RawLink } from "../../ifstated/machine.js";
import { BACKUP, CLAIM, INIT, type Local, leadsOut, MASTER, POWER } from "../local.js";
import { BROKEN, type Move, pack } from "../move.js";
import { attach, type Ovh, reaches } from "../ovh.js";
import type { EdgeSetting } from "../setting.js";
import type { Subject } from "../subject.js";
import type { DaemonState, GuideDaemon, Surroundings } from "./daemon.js";

const BOOT_DEMOTION = 128;

/**
 * An edge as the source guide has it: ifstated's own states decide, the demotion goes to the group carp, and the tool
 * that moves the IP looks once and has no deadline. `fault` counts what the edge itself has demoted by.
 */
export class GuideEdge implements Subject {
  private readonly states: DaemonState[] = [];
  private readonly numbers = new Map<string, number>();

  constructor(
    private readonly daemon: GuideDaemon,
    private readonly setting: EdgeSetting,
  ) {}

  /** What the daemon of an edge is at; undefined where it does not run. */
  stateOf({ memory }: Local): DaemonState | undefined {
    return this.states[memory];
  }

  moves(edge: Local, ovh: Ovh, index: number): Move[] {
    const state = this.stateOf(edge);
    if (edge.power < POWER.booting || state === undefined) return [];
    const moves: Move[] = [];
    const add = (code: number, next: Local, after: Ovh = ovh) => {
      const { edge: done, broken } = this.work(next);
      moves.push({ code, edge: done, ovh: after, broken });
    };
    if (edge.power === POWER.booting) {
      add(pack("booted", index), {
        ...edge,
        power: POWER.running,
        group: Math.max(0, edge.group - BOOT_DEMOTION),
      });
    }
    if (edge.claim === CLAIM.sent) {
      // Without an answer the tool waits, and the daemon with it.
      if (!reaches(ovh, edge)) return moves;
      const { ovh: after, outcome } = attach(ovh, index, this.setting.variant);
      add(pack("arrives", index, outcome === "refused" ? 0 : 2), { ...edge, claim: 0 }, after);
      return moves;
    }
    if (this.daemon.isDue(state)) {
      add(pack("poll", index), this.with(edge, this.daemon.ticked(state, around(edge))));
    }
    if (this.daemon.tests(state)) {
      add(
        pack("probe", index, truth(edge) === 0 ? 2 : 1),
        this.with(edge, this.daemon.ended(state, around(edge))),
      );
    }
    return moves;
  }

  isUrgent(edge: Local, ovh: Ovh): boolean {
    if (edge.power === POWER.resetting) return edge.countdown === 0;
    const state = this.stateOf(edge);
    if (edge.power < POWER.booting) return false;
    if (edge.power === POWER.booting) return true;
    if (edge.claim === CLAIM.sent) return reaches(ovh, edge);
    return state !== undefined && (this.daemon.isDue(state) || this.daemon.tests(state));
  }

  nextRound(edge: Local): Local {
    const countdown = Math.max(0, edge.countdown - 1);
    const state = this.stateOf(edge);
    if (state === undefined) return { ...edge, countdown };
    return this.with({ ...edge, countdown }, this.daemon.later(state));
  }

  atOnce(edge: Local): { edge: Local; broken: number } {
    return { edge, broken: 0 };
  }

  changed(before: Local, after: Local): Local {
    const state = this.stateOf(after);
    if (!after.daemon || state === undefined || after.power < POWER.booting) return after;
    const [was, is] = [linksOf(before), linksOf(after)];
    const messages = [...is].filter(([name, raw]) => was.get(name) !== raw);
    return this.work(this.with(after, { ...state, messages: [...state.messages, ...messages] })).edge;
  }

  withRole(edge: Local, role: number): Local {
    return edge.role === role ? edge : this.changed(edge, { ...edge, role });
  }

  daemonStarted(edge: Local): Local {
    const next = { ...edge, daemon: 1, countdown: 0 };
    return this.work(this.with(next, this.daemon.started(around(next)))).edge;
  }

  boot(edge: Local): Local {
    const role = edge.carp ? BACKUP : INIT;
    const listening = { ...edge, power: POWER.booting, role, group: BOOT_DEMOTION, countdown: 0 };
    return this.daemonStarted(this.withShare(listening, edge.carp ? 0 : 1));
  }

  withShare(edge: Local, by: number): Local {
    return { ...edge, group: Math.max(0, edge.group + by) };
  }

  isCalm(): boolean {
    return true;
  }

  isDry(): boolean {
    return false;
  }

  withToken(edge: Local): Local {
    return edge;
  }

  isAtRest(edge: Local, serves: boolean): boolean {
    const state = this.stateOf(edge);
    if (state === undefined || edge.claim || this.daemon.isDue(state) || this.daemon.tests(state))
      return false;
    return this.daemon.stateName(state) === (serves ? "promoted" : "demoted");
  }

  counters({ fault }: Local): { edgefault: number; kernelShare: number } {
    return { edgefault: fault > 0 ? 64 : 0, kernelShare: 0 };
  }

  /** Runs commands and takes messages in, until a claim has to be waited for. */
  private work(before: Local): { edge: Local; broken: number } {
    let [edge, broken] = [before, 0];
    for (;;) {
      const state = this.stateOf(edge);
      if (state === undefined || edge.claim === CLAIM.sent) return { edge, broken };
      const [command, ...commands] = state.commands;
      const [message, ...messages] = state.messages;
      if (command !== undefined) {
        const done = run(this.with(edge, { ...state, commands }), command);
        edge = done.edge;
        broken |= done.broken;
      } else if (message !== undefined) {
        edge = this.with(edge, this.daemon.changed({ ...state, messages }, ...message, around(edge)));
      } else return { edge, broken };
    }
  }

  private with(edge: Local, state: DaemonState): Local {
    const key = JSON.stringify(state);
    let memory = this.numbers.get(key);
    if (memory === undefined) {
      memory = this.states.push(state) - 1;
      this.numbers.set(key, memory);
    }
    return { ...edge, memory };
  }
}

/** One command of the file. */
function run(edge: Local, command: string): { edge: Local; broken: number } {
  if (/\bclaim$/.test(command)) return { edge: { ...edge, claim: CLAIM.sent }, broken: 0 };
  if (command.includes("add-alias")) return { edge: { ...edge, alias: 1 }, broken: 0 };
  if (command.includes("del-alias")) return { edge: { ...edge, alias: 0 }, broken: 0 };
  if (command.includes("-carpdemote")) {
    // Nothing of its own to take back: it takes somebody else's, or fails.
    if (edge.fault > 0) return { edge: { ...edge, fault: edge.fault - 1 }, broken: 0 };
    return { edge: { ...edge, group: Math.max(0, edge.group - 1) }, broken: BROKEN.S2 as number };
  }
  if (command.includes("carpdemote"))
    return { edge: { ...edge, fault: Math.min(3, edge.fault + 1) }, broken: 0 };
  return { edge, broken: 0 };
}

function truth(edge: Local): number {
  return leadsOut(edge) && edge.targets ? 0 : 1;
}

function around(edge: Local): Surroundings {
  return { links: linksOf(edge), ping: truth(edge) };
}

function linksOf({ external, internal, role }: Local): Map<string, RawLink> {
  return new Map<string, RawLink>([
    ["vio0", external ? "up" : "down"],
    ["vio1", internal ? "up" : "down"],
    ["carp0", role === MASTER ? "up" : role === BACKUP ? "down" : "invalid"],
  ]);
}
