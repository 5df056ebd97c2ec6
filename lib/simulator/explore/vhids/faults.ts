import { killedClaims, RESET_ROUNDS } from "../faults.js";
import { BACKUP, CLAIM, INIT, MASTER, POWER, withoutPower } from "../local.js";
import { pack } from "../move.js";
import type { FaultKind, MendKind } from "../schedule.js";
import { type Edge, localOf, mapped, withHost, withLocal } from "./edge.js";
import type { EdgeSync, Move } from "./edge-sync.js";
import { mappedOvh, type Ovhs, ovhOf, refreshed, withApi, withOvh } from "./ovh.js";

/** Kinds that may happen while so many faults are left, to an edge by number or to all. */
type Kinds = (budget: number, edge?: number) => ReadonlySet<FaultKind>;

/** Everything that may be done to edge number `index` from outside, and what mends it. */
export function outsideMoves(edge: Edge, ovh: Ovhs, index: number, kinds: Kinds, subject: EdgeSync): Move[] {
  const { host } = edge;
  const moves: Move[] = [];
  const add = (
    happening: FaultKind | MendKind,
    next: Edge,
    state: Ovhs = ovh,
    detail = 0,
    ip = 0,
    bowOut = false,
  ) =>
    moves.push({
      code: pack(happening, index, detail, ip),
      edge: refreshed(state, next, index),
      ovh: state,
      broken: 0,
      bowOut,
    });
  const allowed = ovh.api.budget > 0 ? kinds(ovh.api.budget, index) : undefined;
  const spent = (touched: number, state = ovh): Ovhs => ({
    ...withApi(state, { budget: ovh.api.budget - 1 }),
    touched: ovh.touched | touched,
  });
  const mine = partsOf(edge, ovh, index);
  const fault = (kind: FaultKind, next: Edge, state = spent(mine), detail = 0, ip = 0, bowOut = false) => {
    if (allowed?.has(kind)) add(kind, next, state, detail, ip, bowOut);
  };
  const on = host.power >= POWER.booting;

  if (on) {
    const bowOut = host.carp === 1 && edge.vhids.some(({ role }) => role === MASTER);
    for (const { state, detail } of inFlight(edge, ovh, index)) {
      fault(
        "power-off",
        mapped(edge, (local) => withoutPower(local, POWER.off)),
        spent(mine, state),
        detail,
      );
    }
    fault(
      "reboot",
      withHost(
        mapped(edge, (local) => withoutPower(local, POWER.resetting)),
        { countdown: RESET_ROUNDS },
      ),
      spent(mine, forgotten(ovh, index)),
      0,
      0,
      bowOut,
    );
    if (host.daemon) {
      // Cron's next minute may be near or far.
      for (const countdown of [1, 6])
        fault("daemon-killed", withHost(edge, { daemon: 0, countdown }), spent(mine), countdown);
      fault("reload", subject.daemonStarted(edge));
    } else add("daemon-started", subject.daemonStarted(edge));
    edge.vhids.forEach((_, vhid) => {
      for (const [claim, detail, more] of killedClaims(localOf(edge, vhid), ovhOf(ovh, vhid), index)) {
        const state = withOvh(ovh, vhid, { ...ovhOf(ovh, vhid), ...more });
        fault("claim-killed", withLocal(edge, vhid, claim), spent(1 << vhid, state), detail, vhid);
      }
    });
    if (host.drain) add("undrain", withHost(edge, { drain: 0, wake: 1 }));
    else fault("drain", withHost(edge, { drain: 1, wake: 1 }));
    if (host.hold) add("release", withHost(edge, { hold: 0, wake: 1 }));
    else fault("hold", withHost(edge, { hold: 1, wake: 1 }));
  } else if (host.power === POWER.off) add("power-on", subject.boot(edge));

  for (const [link, cut, mend] of CABLES) {
    if (host[link]) fault(cut, subject.changed(edge, withHost(edge, { [link]: 0 })));
    else add(mend, subject.changed(edge, withHost(edge, { [link]: 1 })));
  }
  // The kernel demotes by one for each vhid while carp has no link.
  const share = on ? (host.carp ? 1 : -1) * edge.vhids.length : 0;
  const recabled = subject.withShare(withHost(edge, { carp: host.carp ? 0 : 1 }), share);
  const withRoles = (role: number) => (on ? subject.withRoles(recabled, role) : recabled);
  if (host.carp) fault("cut-carp", withRoles(INIT));
  else add("mend-carp", withRoles(BACKUP));
  if (host.targets) fault("probe-lost", withHost(edge, { targets: 0 }));
  else add("probe-back", withHost(edge, { targets: 1 }));
  if (host.api) fault("api-unreachable", withHost(edge, { api: 0 }));
  else add("api-reachable", withHost(edge, { api: 1 }));
  const { apart } = ovh.api;
  const every = (1 << edge.vhids.length) - 1;
  if (apart === 0) fault("partition", edge, withApi(spent(every), { apart: index + 1 }));
  else if (apart === index + 1) add("heal", edge, withApi(ovh, { apart: 0 }));
  return moves;
}

/** Everything that may happen to OVH itself from outside. */
export function ovhMoves(ovh: Ovhs, kinds: Kinds): { code: number; ovh: Ovhs }[] {
  const moves: { code: number; ovh: Ovhs }[] = [];
  const { budget } = ovh.api;
  const allowed = budget > 0 ? kinds(budget) : undefined;
  const change = (kind: FaultKind, mend: MendKind, field: "down" | "slow" | "refuses") => {
    if (ovh.api[field]) moves.push({ code: pack(mend), ovh: withApi(ovh, { [field]: 0 }) });
    else if (allowed?.has(kind))
      moves.push({ code: pack(kind), ovh: withApi(ovh, { [field]: 1, budget: budget - 1 }) });
  };
  change("api-down", "api-up", "down");
  change("api-slow", "api-fast", "slow");
  change("api-refuses", "api-accepts", "refuses");
  ovh.ips.forEach(({ routed, move }, ip) => {
    if (!allowed?.has("route-lost") || routed === 0 || move > 0) return;
    const lost = withOvh(withApi(ovh, { budget: budget - 1 }), ip, {
      ...ovhOf(ovh, ip),
      budget: budget - 1,
      routed: 0,
    });
    moves.push({ code: pack("route-lost", 0, 0, ip), ovh: { ...lost, touched: ovh.touched | (1 << ip) } });
  });
  return moves;
}

const CABLES = [
  ["external", "cut-external", "mend-external"],
  ["internal", "cut-internal", "mend-internal"],
] as const;

/** Vhids, as bits, in which an edge has a part: as master, as holder of the route or as one that wants it. */
export function partsOf({ vhids }: Edge, { ips }: Ovhs, index: number): number {
  return vhids.reduce((bits, { role, claim, alias }, vhid) => {
    const { routed, move, late } = ips[vhid] as Ovhs["ips"][number];
    const has = role === MASTER || claim !== CLAIM.none || alias || [routed, move, late].includes(index + 1);
    return has ? bits | (1 << vhid) : bits;
  }, 0);
}

/** What an edge sent before it lost its power is not what it sends after its boot. */
function forgotten(ovh: Ovhs, index: number): Ovhs {
  return mappedOvh(ovh, (one) => (one.late === index + 1 ? { ...one, lateCounts: 0 } : one));
}

/** What becomes of POSTs on their way when the power goes: each is lost, or arrives late. */
function inFlight({ vhids }: Edge, ovh: Ovhs, index: number): { state: Ovhs; detail: number }[] {
  let cases = [{ state: forgotten(ovh, index), detail: 0 }];
  vhids.forEach(({ claim }, vhid) => {
    if (claim !== CLAIM.sent || ovh.ips[vhid]?.late !== 0) return;
    const late = { late: index + 1, lateAge: 0, lateCounts: 0 };
    cases = cases.flatMap(({ state, detail }) => [
      { state, detail },
      { state: withOvh(state, vhid, { ...ovhOf(state, vhid), ...late }), detail: detail | (1 << vhid) },
    ]);
  });
  return cases;
}
