import { BACKUP, CLAIM, END, INIT, type Local, MASTER, POWER, withoutPower } from "./local.js";
import { type Move, pack } from "./move.js";
import { type Ovh, withAnswers } from "./ovh.js";
import type { FaultKind, MendKind } from "./schedule.js";
import type { Subject } from "./subject.js";

/** Rounds after which an edge that was reset is there again, at the latest. */
export const RESET_ROUNDS = 2;

/** Everything that may be done to edge number `index` from outside, and what mends it. */
export function outsideMoves(
  edge: Local,
  ovh: Ovh,
  index: number,
  kinds: (budget: number, edge: number) => ReadonlySet<FaultKind>,
  subject: Subject,
): Move[] {
  const moves: Move[] = [];
  const add = (happening: FaultKind | MendKind, next: Local, state: Ovh, detail = 0, bowOut = false) =>
    moves.push({
      code: pack(happening, index, detail),
      edge: withAnswers(state, next, index),
      ovh: state,
      broken: 0,
      bowOut,
    });
  const fault = (kind: FaultKind, next: Local, detail = 0, more: Partial<Ovh> = {}, bowOut = false) => {
    if (kinds(ovh.budget, index).has(kind) && ovh.budget > 0)
      add(kind, next, { ...ovh, budget: ovh.budget - 1, ...more }, detail, bowOut);
  };
  const on = edge.power >= POWER.booting;

  if (on) {
    const bowOut = edge.role === MASTER && edge.carp === 1;
    // What an edge sent before it lost its power is not what it sends after its boot.
    const forgotten = ovh.late === index + 1 ? { lateCounts: 0 } : {};
    fault("power-off", withoutPower(edge, POWER.off), 0, forgotten);
    // What was on its way when the power went may still arrive.
    if (edge.claim === CLAIM.sent && ovh.late === 0)
      fault("power-off", withoutPower(edge, POWER.off), 1, { late: index + 1, lateAge: 0, lateCounts: 0 });
    fault(
      "reboot",
      { ...withoutPower(edge, POWER.resetting), countdown: RESET_ROUNDS },
      0,
      forgotten,
      bowOut,
    );
    if (edge.daemon) {
      // Cron's next minute may be near or far.
      fault("daemon-killed", { ...edge, daemon: 0, countdown: 1 }, 1);
      fault("daemon-killed", { ...edge, daemon: 0, countdown: 6 }, 6);
      fault("reload", subject.daemonStarted(edge));
    } else add("daemon-started", subject.daemonStarted(edge), ovh);
    for (const [claim, detail, more] of killedClaims(edge, ovh, index))
      fault("claim-killed", claim, detail, more);
    if (edge.drain) add("undrain", { ...edge, drain: 0, wake: 1 }, ovh);
    else fault("drain", { ...edge, drain: 1, wake: 1 });
    if (edge.hold) add("release", { ...edge, hold: 0, wake: 1 }, ovh);
    else fault("hold", { ...edge, hold: 1, wake: 1 });
  } else if (edge.power === POWER.off) add("power-on", subject.boot(edge), ovh);
  cableMoves(edge, subject, add, fault, ovh);
  if (edge.targets) fault("probe-lost", { ...edge, targets: 0 });
  else add("probe-back", { ...edge, targets: 1 }, ovh);
  if (edge.api) fault("api-unreachable", { ...edge, api: 0 });
  else add("api-reachable", { ...edge, api: 1 }, ovh);
  if (ovh.apart === 0) fault("partition", edge, 0, { apart: index + 1 });
  else if (ovh.apart === index + 1) add("heal", edge, { ...ovh, apart: 0 });
  return moves;
}

/** Everything that may happen to OVH itself from outside. */
export function ovhMoves(
  ovh: Ovh,
  kinds: (budget: number) => ReadonlySet<FaultKind>,
): { code: number; ovh: Ovh }[] {
  const moves: { code: number; ovh: Ovh }[] = [];
  const change = (kind: FaultKind, mend: MendKind, field: "down" | "slow" | "refuses") => {
    if (ovh[field]) moves.push({ code: pack(mend), ovh: { ...ovh, [field]: 0 } });
    else if (kinds(ovh.budget).has(kind) && ovh.budget > 0)
      moves.push({ code: pack(kind), ovh: { ...ovh, [field]: 1, budget: ovh.budget - 1 } });
  };
  change("api-down", "api-up", "down");
  change("api-slow", "api-fast", "slow");
  change("api-refuses", "api-accepts", "refuses");
  if (kinds(ovh.budget).has("route-lost") && ovh.budget > 0 && ovh.routed > 0 && ovh.move === 0)
    moves.push({ code: pack("route-lost"), ovh: { ...ovh, routed: 0, budget: ovh.budget - 1 } });
  return moves;
}

/** A claim killed before it wrote anything, before and after its POST left, and while it looked for the outcome. */
export function killedClaims(edge: Local, ovh: Ovh, index: number): [Local, number, Partial<Ovh>][] {
  if (edge.claim === CLAIM.none) return [];
  const gone = (ended: number): Local => ({ ...edge, claim: 0, looks: 0, claimAge: 0, ended });
  if (edge.claim === CLAIM.settling || edge.claim === CLAIM.looked) {
    return [
      [gone(END.gone), 1, {}],
      [gone(END.unsent), 2, {}],
      [{ ...gone(END.unknown), seen: 0 }, 3, {}],
    ];
  }
  if (edge.claim === CLAIM.verifying) return [[gone(END.unknown), 4, {}]];
  const late: [Local, number, Partial<Ovh>] = [
    gone(END.unknown),
    6,
    { late: index + 1, lateAge: 0, lateCounts: 1 },
  ];
  return [[gone(END.unknown), 5, {}], ...(ovh.late === 0 ? [late] : [])];
}

function cableMoves(
  edge: Local,
  subject: Subject,
  add: (mend: MendKind, next: Local, state: Ovh) => void,
  fault: (kind: FaultKind, next: Local) => void,
  ovh: Ovh,
): void {
  if (edge.external) fault("cut-external", subject.changed(edge, { ...edge, external: 0 }));
  else add("mend-external", subject.changed(edge, { ...edge, external: 1 }), ovh);
  if (edge.internal) fault("cut-internal", subject.changed(edge, { ...edge, internal: 0 }));
  else add("mend-internal", subject.changed(edge, { ...edge, internal: 1 }), ovh);
  const on = edge.power >= POWER.booting;
  // The kernel demotes by one while carp has no link.
  const share = on ? (edge.carp ? 1 : -1) : 0;
  const next = subject.withShare({ ...edge, carp: edge.carp ? 0 : 1 }, share);
  if (edge.carp) fault("cut-carp", on ? subject.withRole(next, INIT) : next);
  else add("mend-carp", on ? subject.withRole(next, BACKUP) : next, ovh);
}
