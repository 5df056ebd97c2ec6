import { Claims } from "../claims.js";
import { claimAgeLater, isPollDue, isUrgent, linkOf, nameOf, probed, truth } from "../edge-sync.js";
import { ANSWER, ANSWERS, type Answer, BACKUP, INIT, POWER } from "../local.js";
import { type Move as MoveOf, pack } from "../move.js";
import { answers } from "../ovh.js";
import { BOOT_DEMOTION } from "../passes.js";
import type { Started, Trigger, WatchedLinks } from "../trigger.js";
import { type Edge, localOf, mapped, withHost, withLocal } from "./edge.js";
import { partsOf } from "./faults.js";
import { type Ovhs, ovhOf, refreshed, withApi, withOvh } from "./ovh.js";
import { isChecking, Passes, told } from "./passes.js";
import type { Questions } from "./questions.js";
import type { VhidSetting } from "./setting.js";

/** One thing that may happen to one edge of several vhids. */
export type Move = MoveOf<Edge, Ovhs>;

type Add = (code: number, edge: Edge, broken?: number, ovh?: Ovhs) => void;

/** What an edge of several vhids does by itself: one edge-sync for all, a check for all, a claim for each. */
export class EdgeSync {
  private readonly passes: Passes;
  private readonly claims: Claims;

  constructor(
    private readonly questions: Questions,
    private readonly trigger: Trigger,
    private readonly setting: VhidSetting,
  ) {
    this.passes = new Passes(questions, setting.vhidMutations);
    this.claims = new Claims(({ memory }) => questions.isHealthy(memory), setting);
  }

  /** Everything that may happen to edge number `index` by itself. */
  moves(edge: Edge, ovh: Ovhs, index: number): Move[] {
    const { host } = edge;
    if (host.power < POWER.booting) return [];
    const moves: Move[] = [];
    const add: Add = (code, next, broken = 0, state = ovh) =>
      moves.push({ code, edge: refreshed(state, next, index), ovh: state, broken });
    if (host.wake) this.passMoves(edge, ovh, index, add);
    if (isPollDue(host)) {
      const { edge: next, broken } = this.passes.pass(this.polled(edge), ovh, index);
      add(pack("poll", index), next, broken);
      if (this.setting.coarse) this.passMoves(this.polled(edge), ovh, index, add, true);
    }
    if (host.probing) {
      const passed = this.probeEnds(edge, ovh, index);
      add(pack("probe", index, truth(host)), passed.edge, passed.broken);
    }
    if (isChecking(edge.vhids)) {
      for (const found of combinations(edge.vhids.map(({ check }) => check))) {
        const { edge: next, broken } = this.checked(edge, ovh, index, found);
        const detail = found.reduce((bits, answer, vhid) => bits | (ANSWER[answer] << (4 * vhid)), 0);
        add(pack("check", index, detail), next, broken);
      }
    }
    edge.vhids.forEach((_, vhid) => {
      const state = ovhOf(ovh, vhid);
      this.claims.moves(
        localOf(edge, vhid),
        state,
        index,
        (code, next, broken, after = state) =>
          add(code | (vhid << 20), withLocal(edge, vhid, next), broken, withOvh(ovh, vhid, after)),
        (code, over, broken, after) => {
          const ovhAfter = withOvh(ovh, vhid, after);
          const passed = this.passes.pass(withLocal(edge, vhid, over), ovhAfter, index);
          add(code | (vhid << 20), passed.edge, passed.broken | broken, ovhAfter);
        },
      );
    });
    if (host.power === POWER.booting) {
      add(pack("booted", index), withHost(edge, { power: POWER.running, group: host.group - BOOT_DEMOTION }));
    }
    return moves;
  }

  /** Whether the round cannot end before this edge has done something. */
  isUrgent(edge: Edge, ovh: Ovhs): boolean {
    return edge.vhids.some((_, vhid) => isUrgent(localOf(edge, vhid), ovh.api));
  }

  /** What comes of an edge when its passes, probes and checks are not overtaken by anything. */
  atOnce(before: Edge, ovh: Ovhs, index: number): { edge: Edge; broken: number } {
    let [edge, broken] = [before, 0];
    for (let passes = 0; edge.host.power >= POWER.booting; passes++) {
      if (passes > 20) throw new Error("passes that never end: each one starts another");
      let passed: { edge: Edge; broken: number };
      if (edge.host.wake) passed = this.passes.pass(edge, ovh, index);
      else if (edge.host.probing) passed = this.probeEnds(edge, ovh, index);
      else if (isChecking(edge.vhids) && !ovh.api.slow) {
        const now = edge.vhids.map((_, vhid) =>
          nameOf(answers(ovhOf(ovh, vhid), localOf(edge, vhid), index)),
        );
        passed = this.checked(edge, ovh, index, now);
      } else break;
      edge = passed.edge;
      broken |= passed.broken;
    }
    return { edge: refreshed(ovh, edge, index), broken };
  }

  /** One round later. */
  nextRound(edge: Edge): Edge {
    const { host } = edge;
    if (host.power === 0) return edge;
    const countdown = Math.max(0, host.countdown - 1);
    if (host.power === POWER.resetting) return withHost(edge, { countdown });
    const aged = mapped(edge, (local) => ({ ...local, claimAge: claimAgeLater(local) }));
    return withHost(aged, {
      countdown: host.daemon ? 0 : countdown,
      memory: this.questions.later(host.memory),
      polled: 0,
      probeAge: host.probe === 0 ? 0 : Math.min(4, host.probeAge + 1),
      checkAge: isChecking(edge.vhids) ? 1 : 0,
    });
  }

  /** A link of it has changed: ifstated starts what its file says. */
  changed(before: Edge, after: Edge): Edge {
    if (!after.host.daemon || after.host.power < POWER.booting) return after;
    return this.start(after, this.trigger.changed(linksOf(before), linksOf(after)));
  }

  /** A carp interface has another role. */
  withRole(edge: Edge, vhid: number, role: number): Edge {
    const local = localOf(edge, vhid);
    return local.role === role ? edge : this.changed(edge, withLocal(edge, vhid, { ...local, role }));
  }

  /** All carp interfaces have another role. */
  withRoles(edge: Edge, role: number): Edge {
    return edge.vhids.reduce((next, _, vhid) => this.withRole(next, vhid, role), edge);
  }

  /** ifstated starts, or takes its file anew. */
  daemonStarted(edge: Edge): Edge {
    const next = withHost(edge, { daemon: 1, countdown: 0 });
    return this.start(next, this.trigger.started(linksOf(next)));
  }

  /** It has power again: rc(8) holds its demotion, carp listens, ifstated starts. */
  boot(edge: Edge): Edge {
    const { carp } = edge.host;
    const listening = mapped(edge, (local) => ({
      ...local,
      power: POWER.booting,
      role: carp ? BACKUP : INIT,
      fault: 0,
      drained: 0,
      group: BOOT_DEMOTION,
      polled: 1,
      countdown: 0,
    }));
    return this.daemonStarted(this.withShare(listening, carp ? 0 : edge.vhids.length));
  }

  withShare(edge: Edge, by: number): Edge {
    const { fault, drained, group } = edge.host;
    return withHost(edge, { fault: fault + by, drained: drained + by, group: group + by });
  }

  isCalm({ host, vhids }: Edge): boolean {
    const busy = vhids.some(({ claim, ended }) => claim !== 0 || ended !== 0) || isChecking(vhids);
    return !busy && this.questions.isCalm(host.memory);
  }

  /** Whether one of its vhids may claim no more until time has passed. */
  isDry({ host, vhids }: Edge): boolean {
    return (
      host.power >= POWER.booting && vhids.some((_, vhid) => this.questions.tokens(host.memory, vhid) === 0)
    );
  }

  /** Whether claims of a vhid cost it tokens that have not come back yet. */
  hasSpent({ host }: Edge, vhid: number): boolean {
    return this.questions.tokens(host.memory, vhid) < 3;
  }

  /** 15 minutes later, in which nothing else happened. */
  withTokens(edge: Edge): Edge {
    const { memory } = edge.host;
    const paid = mapped(edge, (local, vhid) =>
      this.questions.tokens(memory, vhid) < 3 ? { ...local, posts: Math.max(0, local.posts - 1) } : local,
    );
    return withHost(paid, { memory: this.questions.withTokens(memory) });
  }

  /** Whether it has nothing to do before the next poll and serves the vhids that it should, and those only. */
  isAtRest(edge: Edge, serves: (vhid: number) => boolean): boolean {
    const { host, vhids } = edge;
    if (host.polled || host.wake || host.probing || !this.isCalm(edge)) return false;
    return vhids.every(
      ({ posts }, vhid) => posts === 0 && this.questions.isAtRest(host.memory, vhid, serves(vhid)),
    );
  }

  counters({ host, vhids }: Edge): { edgefault: number; kernelShare: number } {
    const cut = host.power >= POWER.booting && host.carp === 0;
    return { edgefault: host.fault, kernelShare: cut ? vhids.length : 0 };
  }

  private probeEnds(edge: Edge, ovh: Ovhs, index: number): { edge: Edge; broken: number } {
    const probe = truth(edge.host);
    const next = withHost(edge, { probe, probeAge: 0, probing: 0 });
    return probe === edge.host.probe ? { edge: next, broken: 0 } : this.passes.pass(next, ovh, index);
  }

  /** A check ends with an answer for each vhid, and a pass takes them in. */
  private checked(edge: Edge, ovh: Ovhs, index: number, found: readonly Answer[]) {
    const done = { ...edge, vhids: edge.vhids.map((own, vhid) => told(own, found[vhid] as Answer)) };
    return this.passes.pass(withHost(done, { checkAge: 0 }), ovh, index, found);
  }

  private passMoves(edge: Edge, ovh: Ovhs, index: number, add: Add, onlyKilled = false): void {
    const { edge: next, broken, actions } = this.passes.pass(edge, ovh, index);
    if (!onlyKilled) add(pack("pass", index), next, broken);
    const { budget } = ovh.api;
    if (budget === 0 || !this.setting.kinds(budget, index).has("pass-killed")) return;
    const touched = ovh.touched | partsOf(edge, ovh, index);
    const spent = { ...withApi(ovh, { budget: budget - 1 }), touched };
    add(pack("pass-killed", index, actions + 1), withHost(edge, { wake: 0 }), 0, spent);
    for (let kept = 0; kept < actions; kept++) {
      const cut = this.passes.pass(edge, ovh, index, undefined, kept);
      add(pack("pass-killed", index, kept), cut.edge, cut.broken, spent);
    }
  }

  private polled(edge: Edge): Edge {
    const { daemon } = edge.host;
    const { poll } = daemon ? this.trigger.ticked(linksOf(edge)) : { poll: true };
    // The next poll by cron is six of ifstated's away.
    const next = withHost(edge, { polled: 1, countdown: daemon ? 0 : 6 });
    return poll ? withHost(next, probed(next.host)) : next;
  }

  private start(edge: Edge, { pass, poll }: Started): Edge {
    const next = poll ? withHost(edge, probed(edge.host)) : edge;
    return pass || poll ? withHost(next, { wake: 1 }) : next;
  }
}

/** Each answer of the first with each of the second, and so on. */
function combinations(bits: readonly number[]): Answer[][] {
  return bits.reduce<Answer[][]>(
    (all, mask) =>
      all.flatMap((found) => ANSWERS.filter((name) => mask & ANSWER[name]).map((name) => [...found, name])),
    [[]],
  );
}

/** What ifstated sees of an edge's links. */
function linksOf({ host, vhids }: Edge): WatchedLinks {
  const [carp, ...more] = vhids.map(({ role }) => linkOf(role));
  return {
    external: host.external === 1,
    internal: host.internal === 1,
    carp: carp as WatchedLinks["carp"],
    more,
  };
}
