/** What can go wrong, and what mends it. Those without a mend happen once. */
export const FAULTS = {
  "power-off": { mend: "power-on", of: "edge", what: "loses its power" },
  reboot: { mend: undefined, of: "edge", what: "is rebooted in order" },
  "cut-external": { mend: "mend-external", of: "edge", what: "loses its external link" },
  "cut-internal": { mend: "mend-internal", of: "edge", what: "loses its internal link" },
  "cut-carp": { mend: "mend-carp", of: "edge", what: "loses its CARP link" },
  "probe-lost": { mend: "probe-back", of: "edge", what: "gets no answer from its probe targets" },
  "api-unreachable": { mend: "api-reachable", of: "edge", what: "loses its way to OVH's API" },
  "daemon-killed": { mend: "daemon-started", of: "edge", what: "loses its ifstated" },
  "claim-killed": { mend: undefined, of: "edge", what: "loses its claim process" },
  "pass-killed": { mend: undefined, of: "edge", what: "loses a pass of edge-sync half-way" },
  reload: { mend: undefined, of: "edge", what: "has ifstated reloaded" },
  drain: { mend: "undrain", of: "edge", what: "is drained" },
  hold: { mend: "release", of: "edge", what: "is put on hold" },
  partition: { mend: "heal", of: "edge", what: "is alone on its side of the vRack" },
  "api-down": { mend: "api-up", of: "ovh", what: "OVH's API is down" },
  "api-slow": { mend: "api-fast", of: "ovh", what: "OVH's API is slow" },
  "api-refuses": { mend: "api-accepts", of: "ovh", what: "OVH's API refuses to attach" },
  "reply-lost": { mend: undefined, of: "ovh", what: "OVH's answer to an attach is lost" },
  "applies-late": { mend: undefined, of: "ovh", what: "OVH applies an attach late" },
  "move-fails": { mend: undefined, of: "ovh", what: "an accepted move fails" },
  "route-lost": { mend: undefined, of: "ovh", what: "OVH routes the IP to nothing" },
} as const satisfies Record<string, { mend: string | undefined; of: "edge" | "ovh"; what: string }>;

/** Name of a fault. */
export type FaultKind = keyof typeof FAULTS;
/** Name of what mends a fault. */
export type MendKind = Exclude<(typeof FAULTS)[FaultKind]["mend"], undefined>;

/** How OVH answers what its documentation leaves open. */
export interface OvhVariant {
  /** An attach while a move is pending. */
  readonly whilePending: "refuse" | "overwrite";
  /** An attach to the present holder. */
  readonly toHolder: "no-op" | "pending";
}

/** One fault or mend at its time. */
export interface ScheduledStep {
  /** Seconds since the edges were sound. */
  readonly at: number;
  readonly step: FaultKind | MendKind;
  /** Name of the edge that it hits; absent for OVH's own. */
  readonly edge?: string;
}

/** Faults to play on edges, in the model or live. */
export interface Schedule {
  /** Number of edges, named edge-1, edge-2 and so on; the first one is preferred. */
  readonly edges: number;
  readonly ovh: OvhVariant;
  readonly steps: readonly ScheduledStep[];
  /** What the schedule shows, for people. */
  readonly note?: string;
}
