import { setTimeout as sleep } from "node:timers/promises";
import type { EdgeConfig } from "../../config/schema.js";
import { CARP_INTERFACE } from "../../edge/hostname-if.js";
import { type EdgeSyncStatus, syncStatusOf, vhidReports } from "../edge-report.js";
import { NotPermittedError, type RemoteEdge } from "../remote-edge.js";
import type { DrillCluster, Mend } from "./cluster.js";
import { type Scenario, whatOf } from "./scenarios.js";
import { type Sighting, Watch } from "./watch.js";

/** What came of one drill. */
export interface DrillResult extends Sighting {
  readonly scenario: string;
  readonly what: string;
  /** When it began, ISO 8601. */
  readonly at: string;
  readonly from: string;
  /** Milliseconds until OVH accepts the claim, at most; undefined where nothing may move. */
  readonly limit?: number;
  readonly verdict: "passed" | "failed";
  /** Why it failed. */
  readonly reason?: string;
}

/** How drills run. */
export interface DrillOptions {
  readonly cluster: DrillCluster;
  readonly config: EdgeConfig;
  /** Milliseconds that a takeover may take before it is given up. @default - 120 s */
  readonly deadline?: number;
  /** Whether to wait afterwards until everything is sound again. @default - true */
  readonly leaveSound?: boolean;
  /** Ends the drill early; what it has broken is mended all the same. */
  readonly signal?: AbortSignal;
}

const POLL = 100;

/**
 * Runs one drill on a sound cluster and leaves it sound.
 *
 * @throws Error when the cluster is not sound to start with or not afterwards, or when it is interrupted
 */
export async function runDrill(scenario: Scenario, options: DrillOptions): Promise<DrillResult> {
  const { cluster, config, deadline = 120_000, leaveSound = true, signal } = options;
  await cluster.prepare?.();
  const holder = await sound(cluster, cluster.prepare === undefined ? 0 : deadline);
  const watch = new Watch(cluster, holder);
  const at = new Date().toISOString();
  const limits: Readonly<Record<string, number | undefined>> = config.drill?.limits ?? {};
  const limit = limits[scenario.name] ?? scenario.limit?.(config, cluster);
  const aborted = () => signal?.aborted === true;
  let unmark: Mend | undefined;
  try {
    await watch.open();
    if (aborted()) throw new Error(`${scenario.name} was interrupted before anything was broken`);
    unmark = await cluster.announce?.(scenario.name);
    if (scenario.severs !== true) watch.begin();
    const mend = await scenario.fault(cluster, holder);
    try {
      if (scenario.severs === true) {
        await sleep(cluster.faults.lead ?? 0);
        watch.begin();
      }
      if (scenario.expects === "takeover") await pass(() => watch.complete || aborted(), deadline);
      else await pass(() => watch.moved || aborted(), scenario.calm?.(config) ?? 0);
    } finally {
      await mend();
    }
  } finally {
    watch.close();
    await unmark?.();
  }
  if (aborted()) throw new Error(`${scenario.name} was interrupted; what it had broken is mended`);
  const seen = watch.close();
  if (leaveSound) await sound(cluster, deadline);
  return {
    scenario: scenario.name,
    what: whatOf(scenario, cluster),
    at,
    from: holder.name,
    ...(limit === undefined ? {} : { limit: Math.round(limit) }),
    ...judge(scenario, seen, limit),
    ...seen,
  };
}

function judge(
  { expects }: Scenario,
  { phases, by }: Sighting,
  limit: number | undefined,
): Pick<DrillResult, "verdict" | "reason"> {
  if (expects === "nothing moves") {
    return by === undefined
      ? { verdict: "passed" }
      : { verdict: "failed", reason: `the FailOver IP moved to ${by}` };
  }
  const missing = (["master", "alias", "accepted", "confirmed"] as const).filter(
    (name) => phases[name] === undefined,
  );
  if (missing.length > 0) return { verdict: "failed", reason: `never seen: ${missing.join(", ")}` };
  const accepted = phases.accepted as number;
  if (limit !== undefined && accepted > limit) {
    return {
      verdict: "failed",
      reason: `the claim was accepted after ${accepted} ms, the limit is ${Math.round(limit)} ms`,
    };
  }
  return { verdict: "passed" };
}

/** What an edge tells of the FailOver IP that the drill is about. @throws Error when it has none like it */
function partOf(
  state: EdgeSyncStatus,
  { failoverIp, carp = CARP_INTERFACE }: Pick<DrillCluster, "failoverIp" | "carp">,
) {
  const vhid = vhidReports(state).find(({ name }) => name === carp);
  const ip = vhid?.ips.find((one) => one.ip === failoverIp) ?? vhid?.ips[0];
  if (vhid === undefined || ip === undefined) throw new Error(`it has no ${carp}; deploy again`);
  return { vhid, alias: ip.alias };
}

/** Waits until a condition holds or the time is over. */
async function pass(condition: () => boolean, ms: number): Promise<void> {
  const started = Date.now();
  while (!condition() && Date.now() - started < ms) await new Promise((resolve) => setTimeout(resolve, POLL));
}

/**
 * The edge that holds the IP, once everything is as it should be: every edge reached, healthy,
 * not demoted and not on hold, one master, which has the alias and the route.
 *
 * @throws Error with what is wrong when that is not so within `ms`; NotPermittedError at once where an edge
 * does not let its deploy user be root
 */
export async function sound(
  cluster: Pick<DrillCluster, "edges" | "failoverIp" | "carp" | "holder">,
  ms: number,
): Promise<RemoteEdge> {
  const started = Date.now();
  for (;;) {
    const wrong: string[] = [];
    const states = await Promise.all(
      cluster.edges.map(async (edge) => {
        try {
          const { stdout, status, stderr } = await edge.run("/usr/local/sbin/edge-sync status --json");
          if (status !== 0) throw new Error(stderr.trim());
          const state = syncStatusOf(stdout);
          return { edge, state, ...partOf(state, cluster) };
        } catch (error) {
          // It would be the same after any while.
          if (error instanceof NotPermittedError) throw error;
          wrong.push(`${edge.name}: ${(error as Error).message}`);
          return undefined;
        }
      }),
    );
    const known = states.filter((one) => one !== undefined);
    for (const { edge, state, vhid } of known) {
      if (!state.healthy) wrong.push(`${edge.name} is not healthy`);
      if (state.hold !== null) wrong.push(`${edge.name} is on hold`);
      if (!vhid.settled) wrong.push(`${edge.name} waits until the election has settled after its boot`);
      if (vhid.tokens === 0) wrong.push(`${edge.name} has no token left for a claim`);
      for (const [group, demotion] of Object.entries(state.demotion)) {
        if (demotion?.present) wrong.push(`${edge.name} is demoted by ${group}`);
      }
    }
    const masters = known.filter(({ vhid }) => vhid.carp === "MASTER");
    if (masters.length !== 1) {
      wrong.push(
        `there must be one master, there ${masters.length === 0 ? "is none" : `are ${masters.map(({ edge }) => edge.name).join(", ")}`}`,
      );
    }
    const others = known.filter(({ vhid }) => vhid.carp !== "MASTER");
    for (const { edge, vhid, alias } of others) {
      if (vhid.carp !== "BACKUP") wrong.push(`${edge.name} is ${vhid.carp}`);
      if (alias) wrong.push(`${edge.name} has the alias and is not master`);
    }
    const [master] = masters;
    const holder = await cluster.holder();
    if (master !== undefined && holder !== master.edge.name) {
      wrong.push(
        `OVH routes ${cluster.failoverIp} to ${holder ?? "none of the edges"}, the master is ${master.edge.name}`,
      );
    }
    if (master !== undefined && !master.alias) wrong.push(`${master.edge.name} has no alias`);
    if (wrong.length === 0 && master !== undefined) return master.edge;
    if (Date.now() - started >= ms) throw new Error(`the edge is not sound:\n  ${wrong.join("\n  ")}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
