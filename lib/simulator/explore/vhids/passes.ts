import { ANSWER, type Answer, CLAIM, END, ROLES } from "../local.js";
import { brokenBy } from "../move.js";
import { answers } from "../ovh.js";
import { BOOT_DEMOTION, demoted, eventOf, seenOfClaim } from "../passes.js";
import { type Edge, localOf, mapped, type OfVhid, withHost, withLocal } from "./edge.js";
import { type Ovhs, ovhOf } from "./ovh.js";
import type { Action, Questions, Seen } from "./questions.js";
import type { VhidMutations } from "./setting.js";

/** What came of a pass. */
export interface Passed {
  readonly edge: Edge;
  /** Invariants that it breaks, as bits. */
  readonly broken: number;
  /** How many actions were decided. */
  readonly actions: number;
}

/** Passes of edge-sync on an edge of several vhids. */
export class Passes {
  constructor(
    private readonly questions: Questions,
    private readonly mutations: VhidMutations,
  ) {}

  /**
   * One pass of edge-sync.
   *
   * @param results what a check that has just ended found for each vhid
   * @param kept how many of its actions come about after its memory, where it is killed
   */
  pass(
    before: Edge,
    ovh: Ovhs,
    index: number,
    results?: readonly Answer[],
    kept = Number.POSITIVE_INFINITY,
  ): Passed {
    const answered = this.questions.ask(this.seen(before, results), before.host.memory);
    let edge = mapped(before, (local) => ({
      ...local,
      wake: 0,
      ended: 0,
      memory: answered.memory,
      // A process that is gone without a word makes what was asked before it worthless too.
      checkOld: local.ended === END.gone && local.check > 0 ? 1 : local.checkOld,
    }));
    let broken = 0;
    for (const action of answered.do.slice(0, kept)) {
      const done = this.act(edge, ovh, index, action);
      edge = done.edge;
      broken |= done.broken;
    }
    return { edge, broken, actions: answered.do.length };
  }

  private act(
    edge: Edge,
    ovh: Ovhs,
    index: number,
    { what, vhid, how }: Action,
  ): { edge: Edge; broken: number } {
    const local = localOf(edge, vhid);
    const event = eventOf(local, what, how);
    const broken = event === undefined ? 0 : brokenBy(event);
    if (what === "demote" || what === "promote") {
      return { edge: withHost(edge, demoted(edge.host, what, how as [string, number])), broken };
    }
    if (what === "alias") {
      return { edge: withLocal(edge, vhid, { ...local, alias: how[0] === "on" ? 1 : 0 }), broken };
    }
    if (what === "check") {
      const asked = mapped(edge, (one, ip) => ({
        ...one,
        check: answers(ovhOf(ovh, ip), one, index),
        checkAge: 0,
        checkOld: 0,
      }));
      return { edge: asked, broken };
    }
    if (what === "claim" && local.claim === CLAIM.none) {
      const began = !this.mutations.oneLock || edge.vhids.every(({ claim }) => claim === CLAIM.none);
      const after = began
        ? { ...local, claim: CLAIM.settling, claimAge: 0 }
        : { ...local, ended: END.gone, wake: 1 };
      return {
        edge: withLocal(edge, vhid, after),
        broken: broken | brokenBy({ did: "claim", edge: "", running: 1, began }),
      };
    }
    return { edge, broken };
  }

  private seen({ host, vhids }: Edge, results?: readonly Answer[]): Seen {
    return {
      boot: host.memory < 0 && host.group >= BOOT_DEMOTION ? 1 : 0,
      external: host.external ? "up" : "down",
      internal: host.internal ? "up" : "down",
      edgefault: host.fault,
      edgedrain: host.drained,
      hold: host.hold ? { reason: "explored" } : null,
      drain: host.drain,
      probe:
        host.probe === 0 ? null : { ok: host.probe === 2 ? 1 : 0, age: Math.max(0, host.probeAge * 10 - 1) },
      checking: isChecking(vhids) ? 1 : 0,
      vhids: vhids.map((own, vhid) => ({
        carp: ROLES[own.role] as string,
        alias: own.alias,
        check: results === undefined ? null : { result: results[vhid] as Answer, old: own.checkOld === 1 },
        claim: this.questions.claims(host.memory, vhid) ? seenOfClaim(own) : null,
      })),
    };
  }
}

/** Whether a check is under way, which asks for the IPs of all vhids. */
export function isChecking(vhids: readonly OfVhid[]): boolean {
  return vhids.some(({ check }) => check > 0);
}

/** What a vhid's part knows once a check has ended with an answer. */
export function told(own: OfVhid, answer: Answer): OfVhid {
  const tells = !own.checkOld && (answer === "here" || answer === "elsewhere");
  return { ...own, check: 0, seen: tells ? ANSWER[answer] : own.seen };
}
