import { table } from "../operations/table.js";
import { canServe, type EdgeView, OF_REST, WEIGHTS } from "../simulator/explore/invariants.js";
import type { IpView, WorldView } from "./world.js";

/** Lines of the log that a failure shows. */
const LINES = 12;

/** What a world looks like, for people: where the IP is, the edges, and what they logged last. */
export function picture(view: WorldView): string {
  const one = view.ips.length === 1;
  const rows = view.edges.map((edge, index) => [
    edge.name,
    ...(one ? [edge.running ? edge.role : "off", edge.alias ? "on" : "off"] : part(view, index)),
    troubles(edge).join(", ") || "none",
  ]);
  const columns = one ? ["carp0", "alias"] : view.ips.map(({ failoverIp }) => failoverIp);
  const width = Math.max(...view.edges.map(({ name }) => name.length));
  const log = view.log
    .slice(-LINES)
    .map(({ seconds, edge, text }) => `${seconds.toFixed(1).padStart(7)} s  ${edge.padEnd(width)}  ${text}`);
  return [
    ...view.ips.map(where),
    "",
    table(["edge", ...columns, "trouble"], rows),
    "",
    log.length === 0 ? "Nothing was logged." : "Logged last:",
    ...log,
  ].join("\n");
}

/** Where the FailOver IP is, in one sentence. */
function where({ failoverIp, routedTo, moving, answering }: IpView): string {
  const route = routedTo === undefined ? "to none of the edges" : `to ${routedTo}`;
  const answer = answering === undefined ? "nobody answers for it" : `${answering} answers for it`;
  return `OVH routes ${failoverIp} ${route}${moving ? ", and is moving it" : ""}; ${answer}.`;
}

/** An edge's part in each election, as in `MASTER, alias`. */
function part({ ips }: WorldView, index: number): string[] {
  return ips.map(({ edges }) => {
    const { running, role, alias } = edges[index] as EdgeView;
    return [running ? role : "off", ...(alias ? ["alias"] : [])].join(", ");
  });
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
export function unrest({ cluster, edges, ips }: WorldView): string[] {
  const of = (sign: boolean, text: string) => (sign ? [text] : []);
  const held = edges.filter((edge) => edge.held).map(({ name }) => name);
  const claiming = edges
    .filter((_, index) => ips.some((ip) => (ip.edges[index]?.claims ?? 0) > 0))
    .map(({ name }) => name);
  const free = edges.map((edge) => ({ ...edge, held: false }));
  const broken = ips.flatMap((ip) =>
    Object.entries(OF_REST).flatMap(([name, holds]) => {
      const text = UNREST[name as keyof typeof OF_REST];
      return holds(ip.cluster) ? [] : [ips.length === 1 ? text : `${ip.failoverIp}: ${text}`];
    }),
  );
  return [
    ...of(cluster.partitioned, "the vRack is partitioned"),
    ...of(held.length > 0, `${held.join(", ")} on hold`),
    ...of(!canServe({ ...cluster, partitioned: false, edges: free }), "no edge can serve"),
    ...broken,
    ...of(claiming.length > 0, `${claiming.join(", ")} claiming`),
  ];
}
