import { table } from "../operations/table.js";
import { canServe, type EdgeView, OF_REST, WEIGHTS } from "../simulator/explore/invariants.js";
import type { WorldView } from "./world.js";

/** Lines of the log that a failure shows. */
const LINES = 12;

/** What a world looks like, for people: where the IP is, the edges, and what they logged last. */
export function picture(view: WorldView): string {
  const rows = view.edges.map((edge) => [
    edge.name,
    edge.running ? edge.role : "off",
    edge.alias ? "on" : "off",
    troubles(edge).join(", ") || "none",
  ]);
  const width = Math.max(...view.edges.map(({ name }) => name.length));
  const log = view.log
    .slice(-LINES)
    .map(({ seconds, edge, text }) => `${seconds.toFixed(1).padStart(7)} s  ${edge.padEnd(width)}  ${text}`);
  return [
    where(view),
    "",
    table(["edge", "carp0", "alias", "trouble"], rows),
    "",
    log.length === 0 ? "Nothing was logged." : "Logged last:",
    ...log,
  ].join("\n");
}

/** Where the FailOver IP is, in one sentence. */
export function where({ failoverIp, routedTo, moving, answering }: WorldView): string {
  const route = routedTo === undefined ? "to none of the edges" : `to ${routedTo}`;
  const answer = answering === undefined ? "nobody answers for it" : `${answering} answers for it`;
  return `OVH routes ${failoverIp} ${route}${moving ? ", and is moving it" : ""}; ${answer}.`;
}

/** What is out of order on an edge, or asked for. */
function troubles(edge: EdgeView): string[] {
  const { running, linked, onCarp, wayOut, reachesApi, edgefault, edgedrain, kernelShare } = edge;
  if (!running) return ["not running"];
  const of = (sign: boolean, text: string) => (sign ? [text] : []);
  return [
    ...of(!linked, "external or internal link down"),
    ...of(!onCarp, "CARP link down"),
    ...of(!wayOut, "nothing outside answers"),
    ...of(wayOut && !reachesApi, "OVH's API out of reach"),
    ...of(edgefault - kernelShare >= WEIGHTS.edgefault, "demoted as unhealthy"),
    ...of(edge.drained || edgedrain - kernelShare >= WEIGHTS.edgedrain, "drained"),
    ...of(edge.held, "on hold"),
    ...of(edge.claims > 0, "claiming"),
  ];
}

const UNREST: Readonly<Record<keyof typeof OF_REST, string>> = {
  L1: "the FailOver IP is not served by a sound edge",
  L2: "not exactly one MASTER that holds the route, with nothing on its way and no sound edge demoted",
  L3: "the edge that the FailOver IP is routed to has no alias",
  L4: "a drained edge is MASTER",
};

/** Why a world is not at rest; nothing where it is. The invariants promise nothing where no edge can serve. */
export function unrest({ cluster, edges }: WorldView): string[] {
  const those = (is: (edge: EdgeView) => boolean) => edges.filter(is).map(({ name }) => name);
  const [held, claiming] = [those(({ held }) => held), those(({ claims }) => claims > 0)];
  const of = (sign: boolean, text: string) => (sign ? [text] : []);
  const broken = Object.entries(OF_REST).flatMap(([name, holds]) =>
    holds(cluster) ? [] : [UNREST[name as keyof typeof OF_REST]],
  );
  const able = canServe({
    ...cluster,
    partitioned: false,
    edges: edges.map((edge) => ({ ...edge, held: false })),
  });
  return [
    ...of(cluster.partitioned, "the vRack is partitioned"),
    ...of(held.length > 0, `${held.join(", ")} on hold`),
    ...of(!able, "no edge can serve"),
    ...broken,
    ...of(claiming.length > 0, `${claiming.join(", ")} claiming`),
  ];
}
