import type { EdgeReport, EdgeSyncStatus } from "../../../lib/operations/edge-report.js";

/** A report of a sound edge, with some of its fields changed. */
export function report({
  state = "BACKUP",
  sync = {},
  ...others
}: { state?: string; sync?: Partial<EdgeSyncStatus> } & Partial<Omit<EdgeReport, "sync">> = {}): EdgeReport {
  const master = state === "MASTER";
  const counter = { count: 0, present: 0, kernel: 0 } as const;
  return {
    carp: { state, vhid: 1, advbase: 1, advskew: master ? 1 : 50 },
    sync: {
      carp: state,
      external: "up",
      internal: "up",
      probe: "ok",
      api: "answers",
      healthy: 1,
      blind: 0,
      alias: master ? 1 : 0,
      ip: "146.59.143.231",
      known: master ? "here" : "elsewhere",
      known_age: 12,
      tokens: 3,
      settled: 1,
      hold: null,
      drain: null,
      last_claim: null,
      demotion: { edgefault: counter, edgedrain: counter },
      carp_demotion: 0,
      ...sync,
    },
    ifstated: true,
    bundle: "0123456789abcdef",
    changed: [],
    waiting: false,
    uptime: 12_000,
    ...others,
  };
}
