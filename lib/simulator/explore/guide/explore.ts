import { Cluster } from "../cluster.js";
import { soundStart } from "../explore.js";
import { Explorer } from "../explorer.js";
import { canServe, isSound } from "../invariants.js";
import { intervalsOf, USUAL } from "../job.js";
import { CLAIM, type Local } from "../local.js";
import { findRest } from "../rest.js";
import type { FaultKind } from "../schedule.js";
import type { ClusterSetting } from "../setting.js";
import { faultsOf, fieldsOf, Story } from "../story.js";
import { GuideDaemon } from "./daemon.js";
import { GuideEdge } from "./edge.js";

/** A way in which the guide's file is wrong. */
interface Way {
  readonly name: string;
  readonly what: string;
  readonly faults: number;
  readonly kinds: readonly FaultKind[];
  /** Whether an edge at rest shows it; left out where a command shows it as it is run. */
  shows?(at: AtRest): boolean;
}

/** One edge of a cluster that came to rest. */
interface AtRest {
  readonly sound: boolean;
  readonly master: boolean;
  readonly linked: boolean;
  readonly reachesApi: boolean;
  /** The IP is routed to it. */
  readonly holds: boolean;
  readonly demotedByItself: boolean;
  readonly claims: boolean;
  readonly state: "promoted" | "demoted";
}

/** What is looked for, in the order of facts known of the real daemon. */
export const WAYS: readonly Way[] = [
  {
    name: "unpaired",
    what: "-carpdemote without its carpdemote: it takes away somebody else's demotion, or fails at 0",
    faults: 1,
    kinds: ["power-off", "cut-external", "cut-carp"],
  },
  {
    name: "never-undone",
    what: "a demotion that is never taken back from an edge that is sound again",
    faults: 2,
    kinds: ["cut-external", "cut-internal", "probe-lost"],
    shows: ({ sound, demotedByItself }) => sound && demotedByItself,
  },
  {
    name: "blind-window",
    what: "a state entered anew is blind until its test has ended once more: what changes meanwhile is never acted on",
    faults: 3,
    kinds: ["cut-internal", "cut-carp"],
    shows: ({ state, linked, master, claims }) => state === "promoted" && (!linked || !master) && !claims,
  },
  {
    name: "never-retried",
    what: "a claim that failed is never tried again",
    faults: 2,
    kinds: ["power-off", "api-refuses"],
    shows: ({ state, sound, master, reachesApi, holds, claims }) =>
      state === "promoted" && sound && master && reachesApi && !holds && !claims,
  },
  {
    name: "hanging",
    what: "a claim that hangs blocks the daemon: a lost link is not acted on",
    faults: 3,
    kinds: ["reload", "api-unreachable", "cut-internal"],
    shows: ({ claims, linked, master, demotedByItself }) => claims && !linked && master && !demotedByItself,
  },
];

/** A way with the shortest story that shows it, empty where none does. */
export interface GuideFinding {
  readonly name: string;
  readonly what: string;
  readonly states: number;
  readonly faults: readonly string[];
  readonly story: readonly string[];
}

/** Explores two edges that run the guide's ifstated.conf. */
export function exploreGuide(ifstatedConf: string): GuideFinding[] {
  return WAYS.map((way) => find(way, ifstatedConf));
}

function find({ name, what, faults, kinds, shows }: Way, ifstatedConf: string): GuideFinding {
  const any = new Set(kinds);
  const setting: ClusterSetting = {
    edges: 2,
    faults,
    kinds: () => any,
    variant: USUAL,
    mutations: {},
    preempt: false,
    settles: false,
    coarse: false,
    intervals: intervalsOf({ edges: 2, faults }),
  };
  const daemon = new GuideDaemon(ifstatedConf);
  const subject = new GuideEdge(daemon, setting);
  const cluster = new Cluster(setting, subject);
  const explorer = new Explorer(cluster);
  explorer.run(cluster.withFaults(soundStart(cluster)));
  const recollections = (edge: Local) => {
    const state = subject.stateOf(edge);
    return state === undefined ? [] : [`is in state ${daemon.stateName(state)}`];
  };
  const story = new Story(explorer, { edges: setting.edges, ips: 1 }, fieldsOf(cluster, recollections));
  const told = (state: number, code?: number) => ({
    name,
    what,
    states: explorer.states.count,
    faults: faultsOf(explorer, state),
    story: story.lines(state, code),
  });
  const nothing = { name, what, states: explorer.states.count, faults: [], story: [] };
  if (shows === undefined) {
    const [first] = explorer.violations.filter(({ invariant }) => invariant === "S2");
    return first === undefined ? nothing : told(first.state, first.code);
  }
  const { bad } = findRest(explorer, (row) => {
    const view = cluster.view(row);
    if (!canServe(view)) return [];
    return view.edges.some((edge, index) => {
      const local = cluster.edgeOf(row, index);
      const state = subject.stateOf(local);
      return (
        state !== undefined &&
        edge.running &&
        shows({
          sound: isSound(edge),
          master: edge.role === "MASTER",
          linked: edge.linked,
          reachesApi: edge.reachesApi,
          holds: view.routedTo === edge.name,
          demotedByItself: local.fault > 0,
          claims: local.claim === CLAIM.sent,
          state: daemon.stateName(state),
        })
      );
    })
      ? [name]
      : [];
  });
  return bad[0] === undefined ? nothing : told(bad[0].state);
}

/** The findings as text. */
export function guideText(findings: readonly GuideFinding[]): string {
  return findings
    .map(({ name, what, states, story }) =>
      story.length === 0
        ? `${name}: not found in ${states} states (${what})\n`
        : `${name}: ${what}\n${story.map((line) => `  ${line}`).join("\n")}\n`,
    )
    .join("\n");
}
