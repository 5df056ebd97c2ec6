import type { Decisions, Seen } from "./decisions.js";
import type { EdgeEvent } from "./invariants.js";
import * as invariants from "./invariants.js";
import {
  ANSWER,
  ANSWERS,
  type Answer,
  BACKUP,
  CLAIM,
  END,
  ENDED,
  INIT,
  type Local,
  leadsOut,
  MASTER,
  POWER,
  ROLES,
} from "./local.js";
import { isCalm, later } from "./memory.js";
import { BROKEN, type Move, pack } from "./move.js";
import { answers, attach, type Ovh, reaches, withAnswers } from "./ovh.js";
import type { FaultKind, OvhVariant } from "./schedule.js";
import type { Subject } from "./subject.js";
import type { Started, Trigger, WatchedLinks } from "./trigger.js";

/** Rounds of a claim's deadline: the shortest that a configuration may name. */
const DEADLINE = 3;
const BOOT_DEMOTION = 128;

/** Ways to make ip-move worse than it is, to see that it is caught. */
export interface ClaimMutations {
  /** It does not look at carp0 before its POST. */
  readonly noLook?: boolean;
  /** It does not ask whether the last pass found the edge healthy. */
  readonly healthIgnored?: boolean;
  /** It does not look for a hold before its POST. */
  readonly holdIgnored?: boolean;
}

/** What the behaviour of an edge depends on. */
export interface EdgeSetting {
  readonly variant: OvhVariant;
  /** Kinds of faults that may happen while so many of them are left. */
  readonly kinds: (budget: number) => ReadonlySet<FaultKind>;
  readonly mutations: ClaimMutations;
  /** Passes, probes and checks that are not slow follow at once on what starts them, and nothing comes between. */
  readonly coarse: boolean;
}

/** What an edge does by itself: ifstated's trigger, the passes of edge-sync, its checks, and ip-move's claims. */
export class EdgeSync implements Subject {
  constructor(
    private readonly decisions: Decisions,
    private readonly trigger: Trigger,
    private readonly setting: EdgeSetting,
  ) {}

  /** Everything that may happen to edge number `index` by itself. */
  moves(edge: Local, ovh: Ovh, index: number): Move[] {
    if (edge.power < POWER.booting) return [];
    const moves: Move[] = [];
    const add = (code: number, next: Local, broken = 0, state = ovh) =>
      moves.push({ code, edge: withAnswers(state, next, index), ovh: state, broken });
    if (edge.wake) this.passes(edge, ovh, index, add);
    if (this.isPollDue(edge)) {
      const { edge: next, broken } = this.pass(this.polled(edge), ovh, index);
      add(pack("poll", index), next, broken);
      if (this.setting.coarse) this.passes(this.polled(edge), ovh, index, add, true);
    }
    if (edge.probing) {
      const probe = truth(edge);
      const next = { ...edge, probe, probeAge: 0, probing: 0 };
      if (probe === edge.probe) add(pack("probe", index, probe), next);
      else {
        const passed = this.pass(next, ovh, index);
        add(pack("probe", index, probe), passed.edge, passed.broken);
      }
    }
    for (const name of ANSWERS) {
      if ((edge.check & ANSWER[name]) === 0) continue;
      const { edge: next, broken } = this.checked(edge, ovh, index, name);
      add(pack("check", index, ANSWER[name]), next, broken);
    }
    this.claimMoves(edge, ovh, index, add);
    if (edge.power === POWER.booting) {
      add(pack("booted", index), { ...edge, power: POWER.running, group: edge.group - BOOT_DEMOTION });
    }
    return moves;
  }

  /** Whether the round cannot end before this edge has done something. */
  isUrgent(edge: Local, ovh: Ovh): boolean {
    if (edge.power === POWER.resetting) return edge.countdown === 0;
    if (edge.power === 0) return false;
    if (edge.wake || edge.probing || edge.power === POWER.booting || this.isPollDue(edge)) return true;
    if (edge.check > 0 && (!ovh.slow || edge.checkAge > 0)) return true;
    if (edge.claim === CLAIM.settling || edge.claim === CLAIM.looked) return true;
    if (edge.claim === CLAIM.sent) return !ovh.slow || edge.claimAge > 0;
    if (edge.claim !== CLAIM.verifying) return false;
    if (edge.claimAge >= DEADLINE) return true;
    return !ovh.slow && (edge.looks & (ANSWER.here | ANSWER.elsewhere)) > 0;
  }

  /** What comes of an edge when its passes, probes and checks are not overtaken by anything. */
  atOnce(before: Local, ovh: Ovh, index: number): { edge: Local; broken: number } {
    let [edge, broken] = [before, 0];
    for (let passes = 0; edge.power >= POWER.booting; passes++) {
      if (passes > 20) throw new Error("passes that never end: each one starts another");
      let passed: { edge: Local; broken: number };
      if (edge.wake) passed = this.pass(edge, ovh, index);
      else if (edge.probing) {
        const probe = truth(edge);
        const next = { ...edge, probe, probeAge: 0, probing: 0 };
        passed = probe === edge.probe ? { edge: next, broken: 0 } : this.pass(next, ovh, index);
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
      claimAge:
        edge.claim === CLAIM.sent || edge.claim === CLAIM.verifying
          ? Math.min(DEADLINE, edge.claimAge + 1)
          : 0,
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

  /** One pass of edge-sync. With `kept`, it is killed after its memory and that many of its actions. */
  pass(
    before: Local,
    ovh: Ovh,
    index: number,
    check?: { result: string; old: boolean },
    kept = Number.POSITIVE_INFINITY,
  ): { edge: Local; broken: number; actions: number } {
    const recalled = this.decisions.recalledBy(before.memory);
    const answered = this.decisions.ask(
      this.seen(before, recalled?.claim !== undefined, check),
      before.memory,
    );
    let edge: Local = { ...before, wake: 0, ended: 0, memory: answered.memory };
    // A process that is gone without a word makes what was asked before it worthless too.
    if (before.ended === END.gone && edge.check > 0) edge = { ...edge, checkOld: 1 };
    let broken = 0;
    answered.do.slice(0, kept).forEach(([what, ...how]) => {
      const event = eventOf(edge, what, how);
      if (event !== undefined) broken |= brokenBy(event);
      if (what === "demote" || what === "promote") edge = demoted(edge, what, how as [string, number]);
      else if (what === "alias") edge = { ...edge, alias: how[0] === "on" ? 1 : 0 };
      else if (what === "check") {
        edge = { ...edge, check: answers(ovh, edge, index), checkAge: 0, checkOld: 0 };
      } else if (what === "claim" && edge.claim === CLAIM.none) {
        edge = { ...edge, claim: CLAIM.settling, claimAge: 0 };
      }
    });
    return { edge, broken, actions: answered.do.length };
  }

  /** A check ends with an answer, and a pass takes it in. */
  private checked(edge: Local, ovh: Ovh, index: number, name: Answer): { edge: Local; broken: number } {
    const tells = !edge.checkOld && (name === "here" || name === "elsewhere");
    const seen = tells ? ANSWER[name] : edge.seen;
    const done = { ...edge, check: 0, checkAge: 0, checkOld: 0, seen };
    return this.pass(done, ovh, index, { result: name, old: edge.checkOld === 1 });
  }

  private passes(edge: Local, ovh: Ovh, index: number, add: Add, onlyKilled = false): void {
    const { edge: next, broken, actions } = this.pass(edge, ovh, index);
    if (!onlyKilled) add(pack("pass", index), next, broken);
    if (ovh.budget === 0 || !this.setting.kinds(ovh.budget).has("pass-killed")) return;
    const spent = { ...ovh, budget: ovh.budget - 1 };
    add(pack("pass-killed", index, actions + 1), { ...edge, wake: 0 }, 0, spent);
    for (let kept = 0; kept < actions; kept++) {
      const cut = this.pass(edge, ovh, index, undefined, kept);
      add(pack("pass-killed", index, kept), cut.edge, cut.broken, spent);
    }
  }

  private claimMoves(edge: Local, ovh: Ovh, index: number, add: Add): void {
    const end = (
      code: number,
      ended: number,
      seen = edge.seen,
      state = ovh,
      posts = edge.posts,
      broken = 0,
    ) => {
      const over = { ...edge, claim: 0, looks: 0, claimAge: 0, ended, seen, posts };
      const passed = this.pass(over, state, index);
      add(code, passed.edge, passed.broken | broken, state);
    };
    if (edge.claim === CLAIM.settling) this.look(edge, index, add, end);
    if (edge.claim === CLAIM.looked) this.sends(edge, ovh, index, add, end);
    if (edge.claim === CLAIM.sent) this.arrives(edge, ovh, index, add, end);
    if (edge.claim !== CLAIM.verifying) return;
    if (edge.looks & ANSWER.here) end(pack("answer", index, ANSWER.here), END.here, ANSWER.here);
    if (edge.looks & ANSWER.elsewhere) {
      end(pack("answer", index, ANSWER.elsewhere), END.elsewhere, ANSWER.elsewhere);
    }
    const again = { ...edge, looks: answers(ovh, edge, index) };
    const idle = edge.looks & (ANSWER.pending | ANSWER.none);
    if (idle && again.looks !== edge.looks) add(pack("answer", index, idle), again);
    if (edge.claimAge >= DEADLINE) end(pack("deadline", index), END.unknown);
  }

  /** ip-move's last look: what happens between it and the POST goes unseen. */
  private look(edge: Local, index: number, add: Add, end: End): void {
    const { mutations } = this.setting;
    const healthy = this.decisions.recalledBy(edge.memory)?.healthy === 1;
    const master = edge.role === MASTER || mutations.noLook === true;
    if (!master || !(healthy || mutations.healthIgnored) || (edge.hold && !mutations.holdIgnored)) {
      end(pack("look", index, 0), END.notMaster);
      return;
    }
    const event: EdgeEvent = {
      did: "post",
      edge: "",
      looked: mutations.noLook ? null : (ROLES[edge.role] as "MASTER"),
      settled: true,
      healthy,
      held: edge.hold === 1,
      ofClaim: 1,
    };
    add(pack("look", index, 1), { ...edge, claim: CLAIM.looked }, brokenBy(event));
  }

  /** The POST leaves, or finds no connection. */
  private sends(edge: Local, ovh: Ovh, index: number, add: Add, end: End): void {
    const sent = { ...edge, claim: CLAIM.sent, claimAge: 0, seen: 0, checkOld: edge.check > 0 ? 1 : 0 };
    if (!reaches(ovh, edge)) end(pack("sends", index, 1), END.noConnection, 0);
    if (reaches(ovh, edge) || ovh.down) add(pack("sends", index, 0), sent);
  }

  /** The POST arrives at OVH, or is lost. */
  private arrives(edge: Local, ovh: Ovh, index: number, add: Add, end: End): void {
    const { variant } = this.setting;
    const kinds = this.setting.kinds(ovh.budget);
    const verify = (code: number, state: Ovh, posts = edge.posts, broken = 0) => {
      const looks = answers(state, edge, index);
      add(code, { ...edge, claim: CLAIM.verifying, looks, posts }, broken, state);
    };
    const code = (detail: number) => pack("arrives", index, detail);
    const { ovh: after, outcome } = attach(ovh, index, variant);
    const posts = outcome === "refused" ? edge.posts : Math.min(4, edge.posts + 1);
    const broken = outcome === "refused" ? 0 : brokenBy(accepted(posts));
    if (!reaches(ovh, edge)) {
      verify(code(3), ovh);
      // It was applied before the way was lost; the answer was not.
      if (!ovh.down && outcome !== "refused") verify(code(4), after, posts, broken);
      return;
    }
    if (outcome === "refused") end(code(0), END.refused, 0);
    else if (outcome === "here") end(code(1), END.here, ANSWER.here, after, posts, broken);
    else verify(code(2), after, posts, broken);
    if (ovh.slow && outcome !== "pending") verify(code(4), after, posts, broken);
    if (ovh.budget === 0) return;
    const spend = (state: Ovh) => ({ ...state, budget: state.budget - 1 });
    if (kinds.has("reply-lost") && outcome !== "pending") {
      verify(pack("reply-lost", index), spend(after), posts, broken);
    }
    if (kinds.has("move-fails") && outcome === "pending") {
      verify(pack("move-fails", index), spend({ ...after, moveFails: 1 }), posts, broken);
    }
    if (kinds.has("applies-late") && ovh.late === 0) {
      verify(pack("applies-late", index), spend({ ...ovh, late: index + 1, lateAge: 0, lateCounts: 1 }));
    }
  }

  private isPollDue({ daemon, polled, countdown }: Local): boolean {
    return polled === 0 && (daemon === 1 || countdown === 0);
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

  private seen(edge: Local, claims: boolean, check?: { result: string; old: boolean }): Seen {
    const running = edge.claim !== CLAIM.none;
    return {
      boot: edge.memory < 0 && edge.group >= BOOT_DEMOTION ? 1 : 0,
      carp: ROLES[edge.role],
      external: edge.external ? "up" : "down",
      internal: edge.internal ? "up" : "down",
      alias: edge.alias,
      edgefault: edge.fault,
      edgedrain: edge.drained,
      hold: edge.hold ? { reason: "explored" } : null,
      drain: edge.drain,
      probe:
        edge.probe === 0 ? null : { ok: edge.probe === 2 ? 1 : 0, age: Math.max(0, edge.probeAge * 10 - 1) },
      checking: edge.check > 0 ? 1 : 0,
      check:
        check === undefined ? null : { result: check.result, started: 1_000_000 - (check.old ? 2 : 0.5) },
      claim: !claims
        ? null
        : running
          ? { running: 1, posted: edge.claim === CLAIM.settling || edge.claim === CLAIM.looked ? 0 : 1 }
          : (ENDED[edge.ended] ?? null),
    };
  }
}

function nameOf(bits: number): Answer {
  return ANSWERS.find((name) => bits & ANSWER[name]) as Answer;
}

type Add = (code: number, next: Local, broken?: number, state?: Ovh) => void;
type End = (code: number, ended: number, seen?: number, state?: Ovh, posts?: number, broken?: number) => void;

/** What the probe targets answer. */
function truth(edge: Local): number {
  return leadsOut(edge) && edge.targets ? 2 : 1;
}

/** A probe that finds what the last one found says so at once; another one takes its time. */
function probed(edge: Local): Local {
  return truth(edge) === edge.probe ? { ...edge, probeAge: 0, probing: 0 } : { ...edge, probing: 1 };
}

/** What ifstated sees of an edge's links. */
function linksOf({ external, internal, role }: Local): WatchedLinks {
  return {
    external: external === 1,
    internal: internal === 1,
    carp: role === MASTER ? "up" : role === BACKUP ? "down" : "invalid",
  };
}

function demoted(edge: Local, what: string, [group, by]: [string, number]): Local {
  const field = group === "edgefault" ? "fault" : group === "edgedrain" ? "drained" : "group";
  const next = edge[field] + (what === "demote" ? by : -by);
  return next < 0 || next > 255 ? edge : { ...edge, [field]: next };
}

function accepted(posts: number): EdgeEvent {
  return { did: "accepted", edge: "", times: Array<number>(posts).fill(0) };
}

function eventOf(edge: Local, what: string, how: readonly (string | number)[]): EdgeEvent | undefined {
  const held = edge.hold === 1;
  if (what === "demote" || what === "promote") {
    return { did: what, edge: "", group: String(how[0]), by: Number(how[1]), held };
  }
  if (what === "alias" && how[0] === "off") {
    const answer = ANSWERS.find((name) => ANSWER[name] === edge.seen);
    return {
      did: "alias off",
      edge: "",
      role: ROLES[edge.role] as "BACKUP",
      answer: answer === "here" || answer === "elsewhere" ? answer : null,
      held,
    };
  }
  if (what === "claim") return { did: "claim", edge: "", running: edge.claim === CLAIM.none ? 1 : 2 };
  return undefined;
}

/** Bits of the invariants that an event breaks. */
export function brokenBy(event: EdgeEvent): number {
  return Object.entries(invariants.OF_EVENTS).reduce(
    (bits, [name, holds]) => (holds(event) ? bits : bits | (BROKEN[name] as number)),
    0,
  );
}
