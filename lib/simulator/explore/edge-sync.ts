import type { RawLink } from "../ifstated/machine.js";
import { Claims, DEADLINE } from "./claims.js";
import type { Decisions } from "./decisions.js";
import {
  ANSWER,
  ANSWERS,
  type Answer,
  BACKUP,
  CLAIM,
  INIT,
  type Local,
  leadsOut,
  MASTER,
  POWER,
} from "./local.js";
import { isCalm, later } from "./memory.js";
import { type AddMove, type Move, pack } from "./move.js";
import { answers, type Ovh, withAnswers } from "./ovh.js";
import { BOOT_DEMOTION, Passes } from "./passes.js";
import type { EdgeSetting } from "./setting.js";
import type { Subject } from "./subject.js";
import type { Started, Trigger, WatchedLinks } from "./trigger.js";

/** What an edge does by itself: ifstated's trigger, the passes of edge-sync, its checks, and ip-move's claims. */
export class EdgeSync implements Subject {
  private readonly passes: Passes;
  private readonly claims: Claims;

  constructor(
    private readonly decisions: Decisions,
    private readonly trigger: Trigger,
    private readonly setting: EdgeSetting,
  ) {
    this.passes = new Passes(decisions);
    this.claims = new Claims(({ memory }) => decisions.recalledBy(memory)?.healthy === 1, setting);
  }

  /** Everything that may happen to edge number `index` by itself. */
  moves(edge: Local, ovh: Ovh, index: number): Move[] {
    if (edge.power < POWER.booting) return [];
    const moves: Move[] = [];
    const add = (code: number, next: Local, broken = 0, state = ovh) =>
      moves.push({ code, edge: withAnswers(state, next, index), ovh: state, broken });
    if (edge.wake) this.passMoves(edge, ovh, index, add);
    if (isPollDue(edge)) {
      const { edge: next, broken } = this.passes.pass(this.polled(edge), ovh, index);
      add(pack("poll", index), next, broken);
      if (this.setting.coarse) this.passMoves(this.polled(edge), ovh, index, add, true);
    }
    if (edge.probing) {
      const probe = truth(edge);
      const next = { ...edge, probe, probeAge: 0, probing: 0 };
      if (probe === edge.probe) add(pack("probe", index, probe), next);
      else {
        const passed = this.passes.pass(next, ovh, index);
        add(pack("probe", index, probe), passed.edge, passed.broken);
      }
    }
    for (const name of ANSWERS) {
      if ((edge.check & ANSWER[name]) === 0) continue;
      const { edge: next, broken } = this.checked(edge, ovh, index, name);
      add(pack("check", index, ANSWER[name]), next, broken);
    }
    this.claims.moves(edge, ovh, index, add, (code, over, broken, state) => {
      const passed = this.passes.pass(over, state, index);
      add(code, passed.edge, passed.broken | broken, state);
    });
    if (edge.power === POWER.booting) {
      add(pack("booted", index), { ...edge, power: POWER.running, group: edge.group - BOOT_DEMOTION });
    }
    return moves;
  }

  /** Whether the round cannot end before this edge has done something. */
  isUrgent(edge: Local, ovh: Ovh): boolean {
    return isUrgent(edge, ovh);
  }

  /** What comes of an edge when its passes, probes and checks are not overtaken by anything. */
  atOnce(before: Local, ovh: Ovh, index: number): { edge: Local; broken: number } {
    let [edge, broken] = [before, 0];
    for (let passes = 0; edge.power >= POWER.booting; passes++) {
      if (passes > 20) throw new Error("passes that never end: each one starts another");
      let passed: { edge: Local; broken: number };
      if (edge.wake) passed = this.passes.pass(edge, ovh, index);
      else if (edge.probing) {
        const probe = truth(edge);
        const next = { ...edge, probe, probeAge: 0, probing: 0 };
        passed = probe === edge.probe ? { edge: next, broken: 0 } : this.passes.pass(next, ovh, index);
      } else if (edge.check > 0 && !ovh.slow) {
        passed = this.checked(edge, ovh, index, nameOf(answers(ovh, edge, index)));
      } else break;
      edge = passed.edge;
      broken |= passed.broken;
    }
    return { edge: withAnswers(ovh, edge, index), broken };
  }

  /** One round later. */
  nextRound(edge: Local): Local {
    if (edge.power === 0) return edge;
    const countdown = Math.max(0, edge.countdown - 1);
    if (edge.power === POWER.resetting) return { ...edge, countdown };
    const recalled = this.decisions.recalledBy(edge.memory);
    return {
      ...edge,
      countdown: edge.daemon ? 0 : countdown,
      memory: recalled === undefined ? -1 : this.decisions.number(later(recalled)),
      polled: 0,
      probeAge: edge.probe === 0 ? 0 : Math.min(4, edge.probeAge + 1),
      checkAge: edge.check > 0 ? 1 : 0,
      claimAge: claimAgeLater(edge),
    };
  }

  /** A link of it has changed: ifstated starts what its file says. */
  changed(before: Local, after: Local): Local {
    if (!after.daemon || after.power < POWER.booting) return after;
    return this.start(after, this.trigger.changed(linksOf(before), linksOf(after)));
  }

  /** carp0 has another role. */
  withRole(edge: Local, role: number): Local {
    return edge.role === role ? edge : this.changed(edge, { ...edge, role });
  }

  /** ifstated starts, or takes its file anew. */
  daemonStarted(edge: Local): Local {
    const next = { ...edge, daemon: 1, countdown: 0 };
    return this.start(next, this.trigger.started(linksOf(next)));
  }

  /** It has power again: rc(8) holds its demotion, carp listens, ifstated starts. */
  boot(edge: Local): Local {
    const listening = {
      ...edge,
      power: POWER.booting,
      role: edge.carp ? BACKUP : INIT,
      fault: 0,
      drained: 0,
      group: BOOT_DEMOTION,
      polled: 1,
      countdown: 0,
    };
    return this.daemonStarted(this.withShare(listening, edge.carp ? 0 : 1));
  }

  withShare(edge: Local, by: number): Local {
    return { ...edge, fault: edge.fault + by, drained: edge.drained + by, group: edge.group + by };
  }

  isCalm({ claim, check, ended, memory }: Local): boolean {
    const recalled = this.decisions.recalledBy(memory);
    return claim === 0 && check === 0 && ended === 0 && (recalled === undefined || isCalm(recalled));
  }

  isDry({ power, memory }: Local): boolean {
    return power >= POWER.booting && this.decisions.recalledBy(memory)?.tokens === 0;
  }

  withToken(edge: Local): Local {
    const recalled = this.decisions.recalledBy(edge.memory);
    if (recalled === undefined || recalled.tokens >= 3) return edge;
    const memory = this.decisions.number({ ...recalled, tokens: recalled.tokens + 1 });
    return { ...edge, memory, posts: Math.max(0, edge.posts - 1) };
  }

  isAtRest(edge: Local, serves: boolean, informed: boolean): boolean {
    const recalled = this.decisions.recalledBy(edge.memory);
    if (recalled === undefined || edge.polled || edge.wake || edge.probing || !this.isCalm(edge))
      return false;
    const knows = !informed || recalled.known === (serves ? "here" : "elsewhere");
    return (
      knows &&
      edge.posts === 0 &&
      recalled.tokens === 3 &&
      recalled.refused === 0 &&
      recalled.healthyFor === 1
    );
  }

  counters({ power, carp, fault }: Local): { edgefault: number; kernelShare: number } {
    return { edgefault: fault, kernelShare: power >= POWER.booting && carp === 0 ? 1 : 0 };
  }

  /** A check ends with an answer, and a pass takes it in. */
  private checked(edge: Local, ovh: Ovh, index: number, name: Answer): { edge: Local; broken: number } {
    const tells = !edge.checkOld && (name === "here" || name === "elsewhere");
    const seen = tells ? ANSWER[name] : edge.seen;
    const done = { ...edge, check: 0, checkAge: 0, checkOld: 0, seen };
    return this.passes.pass(done, ovh, index, { result: name, old: edge.checkOld === 1 });
  }

  private passMoves(edge: Local, ovh: Ovh, index: number, add: AddMove, onlyKilled = false): void {
    const { edge: next, broken, actions } = this.passes.pass(edge, ovh, index);
    if (!onlyKilled) add(pack("pass", index), next, broken);
    if (ovh.budget === 0 || !this.setting.kinds(ovh.budget, index).has("pass-killed")) return;
    const spent = { ...ovh, budget: ovh.budget - 1 };
    add(pack("pass-killed", index, actions + 1), { ...edge, wake: 0 }, 0, spent);
    for (let kept = 0; kept < actions; kept++) {
      const cut = this.passes.pass(edge, ovh, index, undefined, kept);
      add(pack("pass-killed", index, kept), cut.edge, cut.broken, spent);
    }
  }

  private polled(edge: Local): Local {
    const { poll } = edge.daemon ? this.trigger.ticked(linksOf(edge)) : { poll: true };
    // The next poll by cron is six of ifstated's away.
    const next = { ...edge, polled: 1, countdown: edge.daemon ? 0 : 6 };
    return poll ? probed(next) : next;
  }

  private start(edge: Local, { pass, poll }: Started): Local {
    const next = poll ? probed(edge) : edge;
    return pass || poll ? { ...next, wake: 1 } : next;
  }
}

/** Whether a round cannot end before an edge with edge-sync has done something. */
export function isUrgent(edge: Local, ovh: Pick<Ovh, "slow">): boolean {
  if (edge.power === POWER.resetting) return edge.countdown === 0;
  if (edge.power === 0) return false;
  if (edge.wake || edge.probing || edge.power === POWER.booting || isPollDue(edge)) return true;
  if (edge.check > 0 && (!ovh.slow || edge.checkAge > 0)) return true;
  if (edge.claim === CLAIM.settling || edge.claim === CLAIM.looked) return true;
  if (edge.claim === CLAIM.sent) return !ovh.slow || edge.claimAge > 0;
  if (edge.claim !== CLAIM.verifying) return false;
  if (edge.claimAge >= DEADLINE) return true;
  return !ovh.slow && (edge.looks & (ANSWER.here | ANSWER.elsewhere)) > 0;
}

/** Whether it has not polled in this round, and something is there that does. */
export function isPollDue({ daemon, polled, countdown }: Pick<Local, "daemon" | "polled" | "countdown">) {
  return polled === 0 && (daemon === 1 || countdown === 0);
}

/** Rounds of a claim, one round later. */
export function claimAgeLater({ claim, claimAge }: Pick<Local, "claim" | "claimAge">): number {
  return claim === CLAIM.sent || claim === CLAIM.verifying ? Math.min(DEADLINE, claimAge + 1) : 0;
}

export function nameOf(bits: number): Answer {
  return ANSWERS.find((name) => bits & ANSWER[name]) as Answer;
}

/** What the probe targets answer. */
export function truth(edge: Probed): number {
  return leadsOut(edge) && edge.targets ? 2 : 1;
}

/** A probe that finds what the last one found says so at once; another one takes its time. */
export function probed<E extends Probed>(edge: E): E {
  return truth(edge) === edge.probe ? { ...edge, probeAge: 0, probing: 0 } : { ...edge, probing: 1 };
}

/** What a probe depends on. */
type Probed = Pick<Local, "power" | "external" | "targets" | "probe" | "probeAge" | "probing">;

/** What ifstated sees of an edge's links. */
function linksOf({ external, internal, role }: Local): WatchedLinks {
  return {
    external: external === 1,
    internal: internal === 1,
    carp: linkOf(role),
  };
}

/** Link state of a carp interface with a role. */
export function linkOf(role: number): RawLink {
  return role === MASTER ? "up" : role === BACKUP ? "down" : "invalid";
}
