import { Cluster } from "./cluster.js";
import type { Decisions } from "./decisions.js";
import { EdgeSync } from "./edge-sync.js";
import { type Explored, Explorer } from "./explorer.js";
import { type InvariantName, isSound, L1 } from "./invariants.js";
import {
  ALL_KINDS,
  type Counterexample,
  type Figures,
  intervalsOf,
  type Job,
  type Report,
  USUAL,
} from "./job.js";
import type { Local } from "./local.js";
import { brokenAtRest, findRest } from "./rest.js";
import type { FaultKind } from "./schedule.js";
import type { ClusterSetting } from "./setting.js";
import { faultsOf, fieldsOf, Story } from "./story.js";
import type { Trigger } from "./trigger.js";
import { ofVhids } from "./vhids/explore.js";
import type { Questions } from "./vhids/questions.js";

/** What explorations share: decisions that were asked are not asked again. */
export interface Tools {
  readonly decisions: Decisions;
  readonly questions: Questions;
  readonly trigger: Trigger;
  /** Seconds, from any beginning. */
  readonly clock: () => number;
}

const NO_KIND: ReadonlySet<FaultKind> = new Set();

/** Explores a job: every state, every cycle, every invariant. */
export function explore(job: Job, tools: Tools): Report {
  const { decisions, questions, clock } = tools;
  const began = clock();
  const subject = job.vhids === undefined || job.vhids === 1 ? ofOneVhid(job, tools) : ofVhids(job, tools);
  const explorer = new Explorer(subject.cluster);
  explorer.run(subject.start, { states: job.states, megabytes: job.megabytes });
  const variant = job.ovh ?? USUAL;
  const story = new Story(explorer, { edges: job.edges, ips: job.vhids ?? 1 }, subject.fields);
  const counterexamples: Counterexample[] = explorer.violations.map(({ invariant, state, code }) => ({
    invariant,
    faults: faultsOf(explorer, state),
    story: story.lines(state, code),
    schedule: story.schedule(state, variant, `${invariant} does not hold`),
  }));
  // What was not seen to its end cannot be said to come to rest.
  const served = job.figures ? subject.isServed : undefined;
  const rest = explorer.complete ? findRest(explorer, subject.brokenAtRest, served) : undefined;
  for (const { invariant, state } of rest?.bad ?? []) {
    counterexamples.push({
      invariant: invariant as InvariantName,
      faults: faultsOf(explorer, state),
      story: story.lines(state),
      schedule: story.schedule(state, variant, `${invariant} does not come true`),
    });
  }
  return {
    job,
    states: explorer.states.count,
    transitions: explorer.transitions,
    depth: explorer.depth,
    seconds: clock() - began,
    megabytes: explorer.bytes / 1e6,
    decisions: decisions.size + questions.size,
    complete: explorer.complete,
    rounds: rest?.rounds ?? 0,
    counterexamples,
    ...(job.figures ? { figures: { ...subject.figures(explorer), recovery: rest?.recovery ?? 0 } } : {}),
  };
}

/** What is explored in a job, and what is said of its states. */
export interface ExploredJob {
  readonly cluster: Explored;
  readonly start: Int32Array;
  /** What is told of a state, wherever it changes. */
  readonly fields: (row: Int32Array) => readonly string[];
  readonly brokenAtRest: (row: Int32Array) => readonly string[];
  readonly isServed: (row: Int32Array) => boolean;
  readonly figures: (explorer: Explorer) => Omit<Figures, "recovery">;
}

/** What a job says of its edges and OVH, but for their elections. */
export function settingOf(job: Job): Omit<ClusterSetting, "intervals"> {
  const any = new Set(job.kinds ?? ALL_KINDS);
  const inOrder = job.order?.map((kind) => new Set([kind]));
  return {
    edges: job.edges,
    faults: job.faults,
    kinds: (budget, edge) => {
      const place = job.at?.[job.faults - budget];
      if (place !== undefined && edge !== place) return NO_KIND;
      return inOrder?.[job.faults - budget] ?? any;
    },
    variant: job.ovh ?? USUAL,
    mutations: job.mutations ?? {},
    preempt: job.preempt ?? false,
    settles: job.settles ?? job.edges > 2,
    coarse: job.coarse ?? false,
  };
}

function ofOneVhid(job: Job, { decisions, trigger }: Tools): ExploredJob {
  const setting: ClusterSetting = { ...settingOf(job), intervals: intervalsOf(job) };
  const cluster = new Cluster(setting, new EdgeSync(decisions, trigger, setting));
  return {
    cluster,
    start: cluster.withFaults(soundStart(cluster)),
    fields: fieldsOf(cluster, (edge) => recollections(decisions, edge)),
    brokenAtRest: (row) => brokenAtRest(cluster.view(row)),
    isServed: (row) => L1(cluster.view(row)),
    figures: (explorer) => figuresOf(explorer, cluster),
  };
}

function figuresOf({ states }: Explorer, cluster: Cluster): Omit<Figures, "recovery"> {
  const row = new Int32Array(cluster.width);
  let [posts, unsoundMasters] = [0, 0];
  for (let state = 0; state < states.count; state++) {
    states.read(state, row);
    const { edges, partitioned } = cluster.view(row);
    posts = Math.max(
      posts,
      edges.reduce((sum, _, index) => sum + cluster.edgeOf(row, index).posts, 0),
    );
    const could = edges.some(
      (edge) => isSound(edge) && edge.onCarp && edge.role === "BACKUP" && !edge.drained,
    );
    if (!partitioned && could && edges.some((edge) => edge.role === "MASTER" && !isSound(edge)))
      unsoundMasters++;
  }
  return { posts, unsoundMasters };
}

/** What edge-sync remembers, for people. */
function recollections(decisions: Decisions, { memory }: Local): string[] {
  const recalled = decisions.recalledBy(memory);
  if (recalled === undefined) return [];
  return [`knows ${recalled.known}`, ...(recalled.blind === undefined ? [] : ["is blind"])];
}

/**
 * A state in which the edges came to rest by themselves: the first one is master and has the route, the others know
 * that, and nobody waits for anything.
 *
 * @throws Error where the edges do not come to such a rest
 */
export function soundStart(cluster: Cluster): Int32Array {
  // Edges whose rules are not the deployed ones may never ask where the route is.
  return firstRest(cluster, cluster.start(), [
    (row) => cluster.isSound(row, true),
    (row) => cluster.isSound(row, false),
  ]);
}

/**
 * The last state that follows by itself in which a condition holds, the first such condition of several.
 *
 * @throws Error where there is none
 */
export function firstRest(
  cluster: Explored,
  start: Int32Array,
  conditions: readonly ((row: Int32Array) => boolean)[],
): Int32Array {
  const explorer = new Explorer(cluster);
  explorer.run(start);
  for (const holds of conditions) {
    for (let state = explorer.states.count - 1; state >= 0; state--) {
      const row = explorer.row(state);
      if (holds(row)) return row;
    }
  }
  throw new Error("the edges do not come to rest by themselves, without any fault");
}
