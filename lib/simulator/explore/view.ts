import type { ClusterView, EdgeView } from "./invariants.js";
import { CLAIM, type Local, POWER, ROLES } from "./local.js";
import { type Ovh, reaches } from "./ovh.js";
import type { Subject } from "./subject.js";

/** What is asked of the programs on an edge by who looks at it. */
type Counted = Pick<Subject, "counters">;

/** All edges and OVH as somebody sees them who can look everywhere. */
export function clusterView(locals: readonly Local[], ovh: Ovh, subject: Counted): ClusterView {
  const edges = locals.map((edge, index) => edgeView(edge, ovh, index, subject));
  const inFlight = locals.filter(({ claim }) => claim === CLAIM.sent).length;
  return {
    edges,
    partitioned: ovh.apart > 0,
    routedTo: ovh.routed === 0 ? null : (edges[ovh.routed - 1]?.name ?? null),
    pending: ovh.move > 0,
    postsInFlight: inFlight + (ovh.late > 0 ? 1 : 0),
  };
}

/** Edge number `index`, from 0, as somebody sees it who can look everywhere. */
export function edgeView(edge: Local, ovh: Ovh, index: number, subject: Counted): EdgeView {
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
