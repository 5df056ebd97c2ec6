import type { Decisions, Seen } from "./decisions.js";
import type { EdgeEvent } from "./invariants.js";
import { ANSWER, ANSWERS, CLAIM, END, ENDED, type Local, ROLES } from "./local.js";
import { brokenBy } from "./move.js";
import { answers, type Ovh } from "./ovh.js";

/** What rc(8) adds to the group carp while it boots. */
export const BOOT_DEMOTION = 128;

/** What came of a pass. */
export interface Passed {
  readonly edge: Local;
  /** Invariants that it breaks, as bits. */
  readonly broken: number;
  /** How many actions were decided. */
  readonly actions: number;
}

/** Passes of edge-sync: what it sees, what it decides, what that changes. */
export class Passes {
  constructor(private readonly decisions: Decisions) {}

  /** One pass of edge-sync. With `kept`, it is killed after its memory and that many of its actions. */
  pass(
    before: Local,
    ovh: Ovh,
    index: number,
    check?: { result: string; old: boolean },
    kept = Number.POSITIVE_INFINITY,
  ): Passed {
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

  private seen(edge: Local, claims: boolean, check?: { result: string; old: boolean }): Seen {
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
      claim: claims ? seenOfClaim(edge) : null,
    };
  }
}

/** What the files and the lock of a claim say that was started. */
export function seenOfClaim({ claim, ended }: Pick<Local, "claim" | "ended">): object | null {
  if (claim === CLAIM.none) return ENDED[ended] ?? null;
  return { running: 1, posted: claim === CLAIM.settling || claim === CLAIM.looked ? 0 : 1 };
}

/** An edge once a counter has changed, as far as the kernel lets it. */
export function demoted<E extends Pick<Local, "fault" | "drained" | "group">>(
  edge: E,
  what: string,
  [group, by]: [string, number],
): E {
  const field = group === "edgefault" ? "fault" : group === "edgedrain" ? "drained" : "group";
  const next = edge[field] + (what === "demote" ? by : -by);
  return next < 0 || next > 255 ? edge : { ...edge, [field]: next };
}

/** What a decision comes to, for the invariants. */
export function eventOf(edge: Local, what: string, how: readonly (string | number)[]): EdgeEvent | undefined {
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
