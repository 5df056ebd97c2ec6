import { CARP_INTERFACE } from "../../edge/hostname-if.js";
import {
  type EdgeReport,
  type EdgeSyncStatus,
  NO_INTERFACE,
  TAKES_PART,
  type VhidReport,
  vhidReports,
} from "../edge-report.js";
import { type EdgeStatus, type IpStatus, ipsOf, reported, type Status } from "./status.js";

type Agreement = "agree" | "disagree" | "unknown";

/** What a status comes to. */
export interface Verdict {
  /** Whether carp's master and OVH's route are one, for each FailOver IP; unknown when that cannot be told. */
  readonly agreement: Agreement;
  /** The agreement in a sentence, one for each FailOver IP. */
  readonly sentence: string;
  /** What each FailOver IP comes to; only where there are several. */
  readonly agreements?: readonly { readonly address: string; readonly agreement: Agreement }[];
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
  const others = [...new Set(ipsOf(status).map(({ carp }) => carp))].filter(
    (name) => name !== CARP_INTERFACE,
  );
  const attention = edges.flatMap((edge) => concerns(edge, others).map((text) => `${edge.name} ${text}`));
  const claims = edges.flatMap((edge) => {
    const sync = reported(edge)?.sync;
    return (sync === undefined ? [] : vhidReports(sync)).flatMap(({ last_claim: claim }) =>
      claim?.result === "here" && !claim.refused ? [{ edge: edge.name, age: claim.age }] : [],
    );
  });
  const [lastFailover] = claims.sort((a, b) => a.age - b.age);
  const each = ipsOf(status).map((ip) => ({ address: ip.address, ...agreement(ip, status) }));
  const is = (what: Agreement) => each.some((one) => one.agreement === what);
  return {
    agreement: is("disagree") ? "disagree" : is("unknown") ? "unknown" : "agree",
    sentence: each.map(({ sentence }) => sentence).join("\n"),
    ...(each.length === 1
      ? {}
      : { agreements: each.map(({ address, agreement }) => ({ address, agreement })) }),
    attention,
    ...(lastFailover === undefined ? {} : { lastFailover }),
  };
}

/** Role of an edge in the election of one carp interface, undefined where that is not told. */
function roleOf(edge: EdgeStatus, name: string): string | undefined {
  const report = reported(edge);
  if (name === CARP_INTERFACE) return report?.carp?.state;
  return report?.sync?.vhids?.find((vhid) => vhid.name === name)?.carp;
}

function agreement({ address, carp: name, route }: IpStatus, { edges }: Status) {
  const masters = edges.filter((edge) => roleOf(edge, name) === "MASTER").map((edge) => edge.name);
  // Of all but the first interface only a working edge-sync tells.
  const tells = (edge: EdgeStatus) =>
    name === CARP_INTERFACE ? reported(edge) !== undefined : reported(edge)?.sync !== undefined;
  const silent = edges.filter((edge) => !tells(edge)).map((edge) => edge.name);
  const of = name === CARP_INTERFACE ? "carp" : name;
  const carp =
    masters.length === 0
      ? `no edge is ${of}'s master`
      : masters.length === 1
        ? `${of}'s master is ${masters[0]}`
        : `${list(masters)} are both ${of}'s master`;
  if ("unknown" in route) {
    return {
      agreement: "unknown" as const,
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
    return { agreement: "unknown" as const, sentence: `${routed} among those that answer.` };
  }
  const one = masters.length === 1 && masters[0] === route.edge;
  return {
    agreement: one ? ("agree" as const) : ("disagree" as const),
    sentence: `${routed}: they ${one ? "agree" : "disagree"}.`,
  };
}

function list(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/**
 * What is not as it should be on one edge, each as the rest of a sentence.
 *
 * @param others Names of the carp interfaces that it should have beside the first
 */
function concerns({ report, wanted }: EdgeStatus, others: readonly string[]): string[] {
  if ("unreachable" in report) return [`could not be asked: ${report.unreachable}`];
  return [
    ...(report.carp === undefined ? ["has no carp0"] : []),
    ...(report.carp !== undefined && !TAKES_PART.includes(report.carp.state)
      ? [`is ${report.carp.state}: it takes no part in the election`]
      : []),
    ...(report.sync === undefined ? [] : absences(report.sync, others)),
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

/** Elections beside carp0's in which an edge takes no part. */
function absences(sync: EdgeSyncStatus, others: readonly string[]): string[] {
  return others.flatMap((name) => {
    const state = sync.vhids?.find((vhid) => vhid.name === name)?.carp;
    if (state === undefined) return [`tells nothing of ${name}; deploy again`];
    if (state === NO_INTERFACE) return [`has no ${name}`];
    return TAKES_PART.includes(state) ? [] : [`is ${state} by ${name}: it takes no part in that election`];
  });
}

function concernsOf(sync: EdgeSyncStatus, { carp }: EdgeReport): string[] {
  const vhids = vhidReports(sync);
  return [
    ...(sync.healthy ? [] : [`is not healthy: ${inputs(sync)}`]),
    ...(sync.blind ? ["is blind: OVH does not answer it"] : []),
    ...(sync.hold === null
      ? []
      : [`is on hold and would not fail over: ${sync.hold.reason}; edge-sync release`]),
    ...(sync.drain === null
      ? []
      : [`is drained: ${sync.drain.reason ?? "no reason given"}; edge-sync undrain`]),
    ...vhids.flatMap((vhid) => {
      const master = (vhid.name === CARP_INTERFACE ? (carp?.state ?? vhid.carp) : vhid.carp) === "MASTER";
      return concernsOfVhid(vhid, master, vhids.length > 1 || vhid.ips.length > 1);
    }),
  ];
}

function concernsOfVhid({ name, tokens, ips }: VhidReport, master: boolean, named: boolean): string[] {
  return [
    ...(tokens === 0
      ? [`has no token left for a claim${named ? ` by ${name}` : ""}; one comes back each 15 min`]
      : []),
    ...ips.flatMap(({ ip, alias, known }) => {
      const of = named ? ` of ${ip}` : "";
      if (master && !alias) return [`is master and has no alias${of}`];
      if (alias === "some") return [`has the alias${of} in part only`];
      return !master && alias && known === "elsewhere"
        ? [`has the alias${of} though it is not master and the IP is elsewhere`]
        : [];
    }),
  ];
}

/** The inputs of an edge's health that are bad, or all of them. */
export function inputs({ external, internal, probe, api }: EdgeSyncStatus): string {
  return `external ${external}, internal ${internal}, probe ${probe}, API ${api}`;
}
