import type { EdgeView } from "./invariants.js";
import { CLAIM, type Local, POWER, ROLES } from "./local.js";
import { type Ovh, reaches } from "./ovh.js";
import type { Subject } from "./subject.js";

/** Edge number `index`, from 0, as somebody sees it who can look everywhere. */
export function edgeView(edge: Local, ovh: Ovh, index: number, subject: Subject): EdgeView {
  const api = reaches(ovh, edge);
  const running = edge.power === POWER.running;
  return {
    name: `edge-${index + 1}`,
    running,
    linked: edge.external === 1 && edge.internal === 1,
    wayOut: edge.external === 1 && (edge.targets === 1 || api),
    reachesApi: api && !ovh.refuses && !ovh.slow,
    onCarp: edge.carp === 1,
    drained: edge.drain === 1,
    held: edge.hold === 1,
    role: ROLES[edge.role] as EdgeView["role"],
    alias: edge.alias === 1,
    ...subject.counters(edge),
    edgedrain: edge.drained,
    claims: edge.claim === CLAIM.none ? 0 : 1,
  };
}
