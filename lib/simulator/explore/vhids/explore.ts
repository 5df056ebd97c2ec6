import { type ExploredJob, firstRest, settingOf, type Tools } from "../explore.js";
import { L1 } from "../invariants.js";
import { electionsOf, type Job } from "../job.js";
import { brokenAtRest } from "../rest.js";
import { ofCounters, ofElection, ofRoute, ofVrack } from "../story.js";
import { VhidCluster } from "./cluster.js";
import { EdgeSync } from "./edge-sync.js";
import type { Questions } from "./questions.js";
import type { VhidSetting } from "./setting.js";

/** A job of several FailOver IPs, each on a vhid of its own. */
export function ofVhids(job: Job, { questions, trigger }: Tools): ExploredJob {
  const vhids = job.vhids ?? 1;
  const setting: VhidSetting = {
    ...settingOf(job),
    vhids,
    elections: electionsOf(job),
    vhidMutations: job.vhidMutations ?? {},
  };
  const cluster = new VhidCluster(setting, new EdgeSync(questions, trigger, setting));
  const each = Array.from({ length: vhids }, (_, vhid) => vhid);
  const start = firstRest(cluster.coarsely, cluster.start(), [(row) => cluster.isSound(row)]);
  return {
    cluster,
    start: cluster.withFaults(start),
    fields: (row) => fields(cluster, questions, row),
    brokenAtRest: (row) => [...new Set(each.flatMap((vhid) => brokenAtRest(cluster.view(row, vhid))))],
    isServed: (row) => each.every((vhid) => L1(cluster.view(row, vhid))),
    figures: ({ states }) => {
      const row = new Int32Array(cluster.width);
      let posts = 0;
      for (let state = 0; state < states.count; state++) {
        states.read(state, row);
        const ofEdges = Array.from({ length: job.edges }, (_, index) => cluster.edgeOf(row, index));
        const sum = ofEdges.flatMap((edge) => edge.vhids).reduce((all, own) => all + own.posts, 0);
        posts = Math.max(posts, sum);
      }
      return { posts, unsoundMasters: 0 };
    },
  };
}

function fields(cluster: VhidCluster, questions: Questions, row: Int32Array): string[] {
  const { vhids } = cluster.setting;
  const views = Array.from({ length: vhids }, (_, vhid) => cluster.view(row, vhid));
  const ofIps = views.flatMap((view, vhid) => {
    const ofEdges = view.edges.flatMap((edge, index) => {
      const recalled = questions.recalledBy(cluster.edgeOf(row, index).host.memory)?.[vhid];
      return [
        ...ofElection(edge),
        ...(edge.claims === 0 ? [] : [`${edge.name} claims`]),
        ...(recalled === undefined ? [] : [`${edge.name} knows ${recalled.known}`]),
      ];
    });
    return [...ofEdges, ...ofRoute(view)].map((text) => `IP ${vhid + 1}: ${text}`);
  });
  const [first] = views;
  if (first === undefined) return [];
  const blind = first.edges.flatMap(({ name }, index) => {
    const [recalled] = questions.recalledBy(cluster.edgeOf(row, index).host.memory) ?? [];
    return recalled?.blind === undefined ? [] : [`${name} is blind`];
  });
  return [...ofIps, ...first.edges.flatMap(ofCounters), ...blind, ofVrack(first)];
}
