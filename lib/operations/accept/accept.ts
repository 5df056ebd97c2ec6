import { setTimeout as sleep } from "node:timers/promises";
import { vhidsOf } from "../../config/failover-ips.js";
import type { EdgeConfig, FailoverIpSettings } from "../../config/schema.js";
import { within } from "../deadline.js";
import { sound } from "../drill/run.js";
import { routeOf } from "../failover-route.js";
import type { OvhClient } from "../ovh-client.js";
import type { RemoteEdge } from "../remote-edge.js";
import type { Answered, Assumption, EdgeCheck, Judged, Stage, Trial } from "./assumption.js";

/** What came of one assumption. */
export interface Finding {
  readonly assumption: Assumption;
  /** `unknown`: it could not be asked; `skipped`: it was not. */
  readonly verdict: "ok" | "not ok" | "unknown" | "skipped";
  /** What was got instead of what was expected, by who gave it. */
  readonly got: Readonly<Record<string, string>>;
  /** Why it was skipped or is not known. */
  readonly reason?: string;
}

/** What an acceptance works with. */
export interface AcceptSources {
  readonly config: EdgeConfig;
  /** The edges, the preferred one first. */
  readonly edges: readonly RemoteEdge[];
  /** OVH's API, or why it cannot be asked. */
  readonly ovh: OvhClient | string;
  /** Whether trials may disturb the edges. */
  readonly disruptive: boolean;
  /** Milliseconds that an edge may take to answer. @default - 60,000 */
  readonly deadline?: number;
  /** Milliseconds in which the edges must be sound again after a trial. @default - 120,000 */
  readonly patience?: number;
}

/** One edge before the first question. */
export interface Greeting {
  readonly edge: string;
  readonly host: string;
  /** What it runs, by `uname -a`; or why it cannot be reached. */
  readonly system?: string;
  readonly unreachable?: string;
}

/** Edges that answer, and a greeting of each. */
export async function greet(sources: AcceptSources): Promise<readonly Greeting[]> {
  const { edges, deadline = 60_000 } = sources;
  return Promise.all(
    edges.map(async (edge): Promise<Greeting> => {
      const { name, host } = edge.address;
      try {
        const { stdout } = await within(edge.run("uname -a"), deadline, late(deadline));
        return { edge: name, host, system: stdout.trim() };
      } catch (error) {
        return { edge: name, host, unreachable: (error as Error).message };
      }
    }),
  );
}

const late = (deadline: number) => `no answer within ${deadline / 1000} s`;

/** 0 when every assumption that was checked holds, 1 when one does not, 2 when one could not be checked. */
export function exitStatus(findings: readonly Finding[], greetings: readonly Greeting[]): number {
  if (findings.some(({ verdict }) => verdict === "not ok")) return 1;
  const silent = greetings.some(({ unreachable }) => unreachable !== undefined);
  return silent || findings.some(({ verdict }) => verdict === "unknown") ? 2 : 0;
}

/** Checks one assumption after the other; what cannot be asked is part of the result. */
export async function* accept(
  assumptions: readonly Assumption[],
  greetings: readonly Greeting[],
  sources: AcceptSources,
): AsyncGenerator<Finding> {
  const there = new Set(greetings.flatMap(({ edge, system }) => (system === undefined ? [] : [edge])));
  const edges = sources.edges.filter(({ name }) => there.has(name));
  for (const assumption of assumptions) {
    try {
      yield { assumption, got: {}, ...(await find(assumption, edges, sources)) };
    } catch (error) {
      yield { assumption, verdict: "unknown", got: {}, reason: (error as Error).message };
    }
  }
}

type Found = Omit<Finding, "assumption" | "got"> & Partial<Pick<Finding, "got">>;
const skipped = (reason: string): Found => ({ verdict: "skipped", reason });
const unknown = (reason: string): Found => ({ verdict: "unknown", reason });

async function find(
  { how, where }: Assumption,
  edges: readonly RemoteEdge[],
  sources: AcceptSources,
): Promise<Found> {
  const { config, ovh } = sources;
  if (where?.has(config) === false) return skipped(`the configuration is without ${where.setting}`);
  if (how.kind === "sight") return skipped(`only a person can see it: ${how.how}`);
  if (how.kind === "trial") return tried(how, edges, sources);
  if (how.kind === "ovh") {
    if (typeof ovh === "string") return unknown(ovh);
    return judged({ OVH: how.judge((await how.ask({ config, ovh, edges })) as never, config) });
  }
  if (edges.length === 0) return unknown("no edge can be reached");
  if (how.kind === "cluster") {
    if (edges.length < 2) return skipped("it takes two edges that can be reached");
    return judged({ edges: how.judge(await answers(how.command(config), edges, sources), config) });
  }
  const said = await Promise.all(
    edges.map(async (edge): Promise<readonly [string, Judged]> => {
      const settings = config.edges.find(({ name }) => name === edge.name);
      if (settings === undefined) throw new Error(`the configuration has no edge ${edge.name}`);
      const about = { config, edge: settings };
      const [{ answer }] = (await answers(how.command(about), [edge], sources, how.as)) as [Answered];
      return [edge.name, how.judge(answer, about)];
    }),
  );
  return judged(Object.fromEntries(said));
}

function answers(
  command: string,
  edges: readonly RemoteEdge[],
  { deadline = 60_000 }: AcceptSources,
  as?: EdgeCheck["as"],
): Promise<Answered[]> {
  return Promise.all(
    edges.map(async (edge) => ({
      edge: edge.name,
      answer: await within(
        as === "login" ? edge.runAsLogin(command) : edge.run(command),
        deadline,
        `${edge.name}: ${late(deadline)}`,
      ),
    })),
  );
}

function judged(said: Readonly<Record<string, Judged>>): Found {
  const wrong = Object.entries(said).flatMap(([who, got]) => (typeof got === "string" ? [[who, got]] : []));
  if (wrong.length > 0) return { verdict: "not ok", got: Object.fromEntries(wrong) };
  const untold = Object.values(said).find((got) => typeof got === "object");
  return untold === undefined ? { verdict: "ok" } : skipped((untold as { untold: string }).untold);
}

/** Runs a trial on edges that are sound, and sees that they are sound afterwards, with the same holder. */
async function tried(how: Trial, edges: readonly RemoteEdge[], sources: AcceptSources): Promise<Found> {
  const { config, ovh, disruptive, patience = 120_000 } = sources;
  if (!disruptive) return skipped(`it disturbs the edges, --disruptive allows that: it ${how.does}`);
  if (typeof ovh === "string") return unknown(ovh);
  if (edges.length < 2) return skipped("it takes two edges that can be reached");
  const clusters = vhidsOf(config).map(({ interface: carp, failoverIps }) => {
    const { address } = failoverIps[0] as FailoverIpSettings;
    return {
      edges,
      carp,
      failoverIp: address,
      holder: async () => {
        const { routedTo } = await routeOf({ ...config, failoverIps: [{ address, vhid: 0 }] }, ovh);
        return edges.find((edge) => edge.address.instanceId === routedTo)?.name;
      },
    };
  });
  const holders = await soundAll(clusters, patience);
  const [holder] = holders as [RemoteEdge];
  const idle = edges.find((edge) => !holders.includes(edge));
  if (how.everyVhid && idle === undefined) return skipped(NO_IDLE[config.carp.preempt ? "preempt" : "stay"]);
  const backup = idle ?? (edges.find((edge) => edge !== holder) as RemoteEdge);
  const stage: Stage = { config, edges, holder, backup, ovh, pause: sleep };
  const got = how.judge((await how.run(stage)) as never, config);
  const after = await soundAll(clusters, patience);
  const moved = after.flatMap((edge, index) => {
    const ip = clusters.length === 1 ? "the IP" : clusters[index]?.failoverIp;
    return edge === holders[index] ? [] : `${edge.name} holds ${ip} afterwards, not ${holders[index]?.name}`;
  });
  if (moved.length > 0) return { verdict: "not ok", got: { edges: moved.join("; ") } };
  return judged({ [how.does.includes("FailOver IP") ? "OVH" : backup.name]: got });
}

/** Why no edge can be disturbed as a whole where each is MASTER of a vhid. */
const NO_IDLE = {
  stay: "each edge is MASTER of a vhid, whose FailOver IPs it would take away; edge-sync drain on one, then edge-sync undrain, makes it a backup of all",
  preempt:
    "each edge is MASTER of a vhid, whose FailOver IPs it would take away; with carp.preempt it takes an edge that no vhid prefers",
} as const;

/** Who is MASTER of each vhid, once all of them are sound. @throws Error as `sound` */
async function soundAll(clusters: readonly Parameters<typeof sound>[0][], ms: number): Promise<RemoteEdge[]> {
  const found: RemoteEdge[] = [];
  for (const cluster of clusters) found.push(await sound(cluster, ms));
  return found;
}
