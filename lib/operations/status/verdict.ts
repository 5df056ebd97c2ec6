import type { EdgeReport, EdgeSyncStatus } from "../edge-report.js";
import { type EdgeStatus, reported, type Status } from "./status.js";

/** What a status comes to. */
export interface Verdict {
  /** Whether carp's master and OVH's route are one; unknown when that cannot be told. */
  readonly agreement: "agree" | "disagree" | "unknown";
  /** The agreement in a sentence. */
  readonly sentence: string;
  /** Whatever else somebody should look at. */
  readonly attention: readonly string[];
  /** The last claim that brought the IP to an edge, since that edge's boot. */
  readonly lastFailover?: { readonly edge: string; readonly age: number };
}

/** 0 when carp and OVH agree, 1 when they do not, 2 when that cannot be told; `strict` minds the rest too. */
export function exitStatus({ agreement, attention }: Verdict, strict: boolean): number {
  if (agreement === "unknown") return 2;
  return agreement === "disagree" || (strict && attention.length > 0) ? 1 : 0;
}

/** Judges a status. */
export function judgeStatus(status: Status): Verdict {
  const { edges } = status;
  const attention = edges.flatMap((edge) => concerns(edge).map((text) => `${edge.name} ${text}`));
  const claims = edges.flatMap((edge) => {
    const claim = reported(edge)?.sync?.last_claim;
    return claim?.result === "here" && !claim.refused ? [{ edge: edge.name, age: claim.age }] : [];
  });
  const [lastFailover] = claims.sort((a, b) => a.age - b.age);
  return { ...agreement(status), attention, ...(lastFailover === undefined ? {} : { lastFailover }) };
}

function agreement({ address, edges, route }: Status): Pick<Verdict, "agreement" | "sentence"> {
  const masters = edges.filter((edge) => reported(edge)?.carp?.state === "MASTER").map(({ name }) => name);
  const silent = edges.filter((edge) => reported(edge) === undefined).map(({ name }) => name);
  const carp =
    masters.length === 0
      ? "no edge is carp's master"
      : masters.length === 1
        ? `carp's master is ${masters[0]}`
        : `${list(masters)} are both carp's master`;
  if ("unknown" in route) {
    return {
      agreement: "unknown",
      sentence: `Where OVH routes ${address} is not known: ${route.unknown}; ${carp}.`,
    };
  }
  const moving = route.status === "ok" ? "" : " and a move is pending";
  const target =
    route.routedTo === ""
      ? "nothing"
      : (route.edge ?? `instance ${route.routedTo}, which is none of the edges`);
  const routed = `OVH routes ${address} to ${target}${moving}; ${carp}`;
  // An edge that nobody could ask may be the master.
  if (
    masters.length === 0 &&
    silent.length > 0 &&
    (route.edge === undefined || silent.includes(route.edge))
  ) {
    return { agreement: "unknown", sentence: `${routed} among those that answer.` };
  }
  const one = masters.length === 1 && masters[0] === route.edge;
  return {
    agreement: one ? "agree" : "disagree",
    sentence: `${routed}: they ${one ? "agree" : "disagree"}.`,
  };
}

function list(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** What is not as it should be on one edge, each as the rest of a sentence. */
function concerns({ report, wanted }: EdgeStatus): string[] {
  if ("unreachable" in report) return [`could not be asked: ${report.unreachable}`];
  return [
    ...(report.carp === undefined ? ["has no carp0"] : []),
    ...(report.carp !== undefined && !["MASTER", "BACKUP"].includes(report.carp.state)
      ? [`is ${report.carp.state}: it takes no part in the election`]
      : []),
    ...(report.ifstated
      ? []
      : ["runs no ifstated: link changes are only seen once a minute; rcctl start ifstated"]),
    ...(report.waiting ? ["waits for its release: deploy again, or edge-install release"] : []),
    ...(report.sync === undefined
      ? [`has no working edge-sync: ${report.problem}`]
      : concernsOf(report.sync, report)),
    ...report.changed.map(
      (path) => `has another ${path} than was installed; deploy again, or find out who changed it`,
    ),
    ...(wanted !== undefined && report.bundle !== undefined && report.bundle !== wanted
      ? ["has another bundle than the last deploy gave it; deploy again"]
      : []),
  ];
}

function concernsOf(sync: EdgeSyncStatus, { carp }: EdgeReport): string[] {
  const master = carp?.state === "MASTER";
  return [
    ...(sync.healthy ? [] : [`is not healthy: ${inputs(sync)}`]),
    ...(sync.blind ? ["is blind: OVH does not answer it"] : []),
    ...(sync.hold === null
      ? []
      : [`is on hold and would not fail over: ${sync.hold.reason}; edge-sync release`]),
    ...(sync.drain === null
      ? []
      : [`is drained: ${sync.drain.reason ?? "no reason given"}; edge-sync undrain`]),
    ...(sync.tokens === 0 ? ["has no token left for a claim; one comes back each 15 min"] : []),
    ...(master && !sync.alias ? ["is master and has no alias"] : []),
    ...(!master && sync.alias && sync.known === "elsewhere"
      ? ["has the alias though it is not master and the IP is elsewhere"]
      : []),
  ];
}

/** The inputs of an edge's health that are bad, or all of them. */
export function inputs({ external, internal, probe, api }: EdgeSyncStatus): string {
  return `external ${external}, internal ${internal}, probe ${probe}, API ${api}`;
}
