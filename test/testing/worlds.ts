import type { EdgeView } from "../../lib/simulator/explore/invariants.js";
import type { EdgeWorld, LoggedLine, WorldView } from "../../lib/testing.js";

/** What a made-up world looks like. */
export interface Look {
  readonly routedTo?: string;
  readonly moving?: boolean;
  readonly answering?: string;
  readonly edges: readonly (Partial<EdgeView> & { readonly name: string })[];
  readonly log?: readonly LoggedLine[];
  /** What is so for a second FailOver IP. @default - there is none */
  readonly more?: Look;
}

const SOUND: Omit<EdgeView, "name"> = {
  running: true,
  linked: true,
  wayOut: true,
  reachesApi: true,
  onCarp: true,
  drained: false,
  held: false,
  role: "BACKUP",
  alias: false,
  edgefault: 0,
  edgedrain: 0,
  kernelShare: 0,
  claims: 0,
};

/** A view of sound backups, but for what is told of them. */
export function viewOf({ routedTo, moving = false, answering, edges, log = [], more }: Look): WorldView {
  const seen = edges.map((edge) => ({ ...SOUND, ...edge }));
  const cluster = {
    edges: seen,
    partitioned: false,
    routedTo: routedTo ?? null,
    pending: moving,
    postsInFlight: 0,
  };
  const ip = { failoverIp: "146.59.143.231", routedTo, moving, answering, edges: seen, cluster };
  return {
    ...ip,
    ips: [
      ip,
      ...(more === undefined
        ? []
        : viewOf(more).ips.map((other) => ({ ...other, failoverIp: "146.59.143.232" }))),
    ],
    log,
  };
}

/** A world that looks like this and does nothing. */
export function worldOf(look: Look): EdgeWorld {
  const nothing = async () => {};
  return {
    edgeNames: look.edges.map(({ name }) => name),
    view: () => viewOf(look),
    fault: nothing,
    operate: nothing,
    pass: nothing,
    eventually: nothing,
    until: nothing,
    throughout: nothing,
    close: nothing,
    [Symbol.asyncDispose]: nothing,
  };
}

/** Everything at edge-a, as after a deploy. */
export const SERVED: Look = {
  routedTo: "edge-a",
  answering: "edge-a",
  edges: [{ name: "edge-a", role: "MASTER", alias: true }, { name: "edge-b" }],
  log: [
    { seconds: 9.6, edge: "edge-a", text: "kernel: carp0: state transition: INIT -> MASTER" },
    { seconds: 9.7, edge: "edge-a", text: 'edge-sync: alias=on ip=146.59.143.231 reason="master"' },
  ],
};
