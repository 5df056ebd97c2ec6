import type { CarpState } from "../carp.js";

/** Weights of edge-sync's two reasons for demotion. edge-sync(8) */
export const WEIGHTS = { edgefault: 64, edgedrain: 16 } as const;

/** Claims that an edge may have accepted at once, and seconds until one comes back. edge-sync(8) */
export const TOKENS = { most: 3, seconds: 900 } as const;

/** One edge as somebody sees it who can look everywhere. */
export interface EdgeView {
  readonly name: string;
  /** Powered, and done with its boot. */
  readonly running: boolean;
  /** External and internal link are there. */
  readonly linked: boolean;
  /** A probe target or OVH's API answers it. */
  readonly wayOut: boolean;
  /** OVH's API answers it in time and takes what it asks. */
  readonly reachesApi: boolean;
  /** Its CARP link is there. */
  readonly onCarp: boolean;
  readonly drained: boolean;
  readonly held: boolean;
  readonly role: CarpState | "NONE";
  readonly alias: boolean;
  /** Counters of the groups, the kernel's share included. */
  readonly edgefault: number;
  readonly edgedrain: number;
  /** What the kernel itself adds to every group. */
  readonly kernelShare: number;
  /** Claim processes that run. */
  readonly claims: number;
}

/** All edges, their network and OVH at one moment. */
export interface ClusterView {
  readonly edges: readonly EdgeView[];
  readonly partitioned: boolean;
  /** Name of the edge that OVH routes the IP to, null for none of them. */
  readonly routedTo: string | null;
  /** A move is pending. */
  readonly pending: boolean;
  /** Attaches on their way to OVH. */
  readonly postsInFlight: number;
}

/** Something that an edge did, with what it knew. */
export type EdgeEvent =
  | {
      readonly did: "post";
      readonly edge: string;
      /** What the claim's last look at carp0 said; null where it did not look. */
      readonly looked: CarpState | "NONE" | null;
      /** Whether that look was made at least the settle time after the claim began. */
      readonly settled: boolean;
      /** Whether the last pass found the edge healthy. */
      readonly healthy: boolean;
      readonly held: boolean;
      /** POSTs of this claim, this one included. */
      readonly ofClaim: number;
    }
  | {
      readonly did: "alias off";
      readonly edge: string;
      readonly role: CarpState | "NONE";
      /** What a check that began after its last POST found last, pending moves apart; null where none did. */
      readonly answer: "here" | "elsewhere" | null;
      readonly held: boolean;
    }
  | {
      readonly did: "demote" | "promote";
      readonly edge: string;
      readonly group: string;
      readonly by: number;
      readonly held: boolean;
    }
  | {
      readonly did: "accepted";
      readonly edge: string /** Seconds of all its accepted POSTs since it booted. */;
      readonly times: readonly number[];
    }
  | {
      readonly did: "claim";
      readonly edge: string /** Claims that run for the same vhid, this one included. */;
      readonly running: number;
      /** Whether it runs, and did not end because something else does. @default - true */
      readonly began?: boolean;
    };

/** Names of the invariants. */
export type InvariantName = "S1" | "S2" | "S3" | "S4" | "S5" | "S6" | "S7" | "L1" | "L2" | "L3" | "L4";

/** Alive, linked, and something outside answers it. */
export function isSound(edge: EdgeView): boolean {
  return edge.running && edge.linked && edge.wayOut;
}

/** What L1 and L2 ask for before they promise anything. */
export function canServe({ edges, partitioned }: ClusterView): boolean {
  if (partitioned || edges.some(({ held }) => held)) return false;
  return edges.some((edge) => isSound(edge) && edge.reachesApi && edge.onCarp && !edge.drained);
}

/** A POST leaves an edge only if its last look at carp0, made at least the settle time after the claim began, said MASTER, and its last pass found it healthy. */
export function S1(event: EdgeEvent): boolean {
  return event.did !== "post" || (event.looked === "MASTER" && event.settled && event.healthy);
}

/** `edgefault` is 0 or its weight, apart from the kernel's own share, and no other group but `edgedrain` is written. */
export function S2(subject: EdgeEvent | EdgeView): boolean {
  if ("did" in subject) {
    if (subject.did !== "demote" && subject.did !== "promote") return true;
    return subject.group in WEIGHTS && subject.by === WEIGHTS[subject.group as keyof typeof WEIGHTS];
  }
  return ([0, WEIGHTS.edgefault] as number[]).includes(subject.edgefault - subject.kernelShare);
}

/** An alias is removed only from an edge that is not MASTER, by a check made after its last POST that says elsewhere and not pending. */
export function S3(event: EdgeEvent): boolean {
  return event.did !== "alias off" || (event.role !== "MASTER" && event.answer === "elsewhere");
}

/** In any window of length t an edge has at most B + ⌈t/R⌉ POSTs accepted, whatever its role does. */
export function S4(event: EdgeEvent): boolean {
  if (event.did !== "accepted") return true;
  const { times } = event;
  const last = times.at(-1) ?? 0;
  return times.every((first, index) => {
    const inWindow = times.length - index;
    return inWindow <= TOKENS.most + Math.ceil((last - first) / TOKENS.seconds);
  });
}

/** At most one claim process per edge and vhid, which no other one keeps from running; a claim sends at most one POST for an IP. */
export function S5(event: EdgeEvent): boolean {
  if (event.did === "claim") return event.running <= 1 && event.began !== false;
  return event.did !== "post" || event.ofClaim <= 1;
}

/** No POST, alias removal or demotion under `hold`. */
export function S6(event: EdgeEvent): boolean {
  return !("held" in event) || event.did === "promote" || !event.held;
}

/** Where it can be served, the IP is routed to a sound edge that has the alias. */
export function L1(view: ClusterView): boolean {
  if (!canServe(view)) return true;
  const holder = view.edges.find(({ name }) => name === view.routedTo);
  return holder !== undefined && isSound(holder) && holder.alias;
}

/**
 * Where it can be served there is exactly one MASTER, and it holds the route unless it cannot reach OVH; no POST
 * is in flight, no move pending, no sound edge demoted, and no other edge that reaches OVH has the alias.
 */
export function L2(view: ClusterView): boolean {
  if (!canServe(view)) return true;
  const masters = view.edges.filter(({ role }) => role === "MASTER");
  const [master] = masters;
  if (master === undefined || masters.length > 1) return false;
  if (master.reachesApi && view.routedTo !== master.name) return false;
  if (view.postsInFlight > 0 || view.pending) return false;
  return view.edges.every((edge) => {
    const demoted = edge.edgefault - edge.kernelShare >= WEIGHTS.edgefault;
    if (isSound(edge) && edge.reachesApi && demoted) return false;
    const holds = edge.name === view.routedTo;
    return holds || edge.name === master.name || !edge.running || !edge.reachesApi || !edge.alias;
  });
}

/** A sound edge that the IP is routed to has the alias, partition or API down included. */
export function L3(view: ClusterView): boolean {
  const holder = view.edges.find(({ name }) => name === view.routedTo);
  return holder === undefined || !isSound(holder) || holder.held || holder.alias;
}

/** Where it can be served, no edge that is drained is MASTER. */
export function L4(view: ClusterView): boolean {
  return !canServe(view) || view.edges.every(({ role, drained }) => role !== "MASTER" || !drained);
}

/** Invariants of single events: they hold whenever something is done. */
export const OF_EVENTS = { S1, S2, S3, S4, S5, S6 } as const;
/** Invariants of where things settle: after the last fault they come true, and stay so. */
export const OF_REST = { L1, L2, L3, L4 } as const;
