import { setTimeout as sleep } from "node:timers/promises";
import type { EdgeConfig } from "../../config/schema.js";
import { intervalSeconds } from "../advertisement.js";
import { type Asked, asked } from "../asked.js";
import { within } from "../deadline.js";
import type { Deployment } from "../deployment.js";
import { reportOf } from "../edge-report.js";
import { offeredHostKey } from "../host-key.js";
import { NotPermittedError, type RemoteEdge } from "../remote-edge.js";
import { API_CHECKS } from "./api.js";
import { type Checked, checkAll } from "./check.js";
import { CLUSTER_CHECKS, type MemberFacts } from "./cluster.js";
import { CONFIG_CHECKS, type ConfigFacts } from "./configuration.js";
import { MACHINE_CHECKS, type MachineFacts } from "./machine.js";
import { NODE_CHECKS, type NodeFacts } from "./node.js";
import { CARP_COUNTERS, type NodeReport, nodeReportOf, parseCarpCounters } from "./node-report.js";
import { gatherRegion, type OvhQuestions } from "./ovh.js";
import { REGION_CHECKS } from "./region.js";

/** What the doctor looks at. */
export interface DoctorSources {
  readonly machine: MachineFacts;
  readonly configuration: ConfigFacts;
  readonly config: EdgeConfig | undefined;
  /** What is deployed, or why nothing is; `expected` before a first deploy. */
  readonly deployment: Deployment | { readonly none: string; readonly expected: boolean };
  /** The deployed edges over SSH. */
  readonly edges: readonly RemoteEdge[];
  readonly ovh: OvhQuestions;
  /** Milliseconds that an edge may take to answer. @default - 15,000 */
  readonly deadline?: number;
  /** Told what is being looked at. */
  readonly progress?: (what: string) => void;
}

/** Makes every check that can be made. Nothing is changed: at OVH, on the edges, or here. */
export async function examine(sources: DoctorSources): Promise<Checked[]> {
  const { machine, configuration, config, deployment, edges, ovh, progress = () => {} } = sources;
  const checked = [
    ...checkAll("machine", MACHINE_CHECKS, machine),
    ...checkAll("configuration", CONFIG_CHECKS, configuration),
  ];
  if (config === undefined) {
    const why = "the configuration is not sound";
    return [
      ...checked,
      ...skipped("OVH", API_CHECKS, why),
      ...skipped("region", REGION_CHECKS, why),
      ...skipped("edges", NODE_CHECKS, why),
      ...skipped("cluster", CLUSTER_CHECKS, why),
    ];
  }
  progress("asking OVH");
  const api = await ovh.api();
  checked.push(...checkAll("OVH", API_CHECKS, api));
  progress("asking OVH about the region");
  const region = await gatherRegion(ovh, config, edges);
  checked.push(...checkAll("region", REGION_CHECKS, region.facts));
  if ("none" in deployment) {
    const { none, expected } = deployment;
    return [
      ...checked,
      ...skipped("edges", NODE_CHECKS, none, expected),
      ...skipped("cluster", CLUSTER_CHECKS, none, expected),
    ];
  }
  progress("asking the edges");
  const now = "value" in api.time ? api.time.value - api.now : 0;
  const nodes = await Promise.all(
    edges.map((edge) => gatherNode(edge, config, region.macs(edge.address), now, sources)),
  );
  for (const facts of nodes) checked.push(...checkAll("edge", NODE_CHECKS, facts, facts.name));
  const seconds = Math.max(2, Math.ceil(3 * intervalSeconds(config)));
  progress(`listening to carp for ${seconds} s`);
  const members = await gatherMembers(sources, deployment, nodes, seconds);
  checked.push(...checkAll("cluster", CLUSTER_CHECKS, { config, members, seconds }));
  const missing = config.edges.filter(({ name }) => !edges.some((edge) => edge.name === name));
  for (const { name } of missing) {
    const outcome = { impossible: "it is not deployed yet", expected: true };
    checked.push({ group: "edge", name: "reached", edge: name, outcome });
  }
  return checked;
}

function skipped(
  group: string,
  checks: readonly { readonly name: string }[],
  impossible: string,
  expected = false,
): Checked[] {
  return checks.map(({ name }) => ({ group, name, outcome: { impossible, expected } }));
}

async function gatherNode(
  edge: RemoteEdge,
  config: EdgeConfig,
  macs: NodeFacts["macs"],
  offset: number,
  { deadline = 15_000 }: DoctorSources,
): Promise<NodeFacts> {
  const { name, host, hostKey } = edge.address;
  const late = `no answer within ${deadline / 1000} s`;
  const offeredKey = await asked(within(offeredHostKey(edge.address), deadline, late));
  // Who offers another key than the configured one gets no further word.
  const other = hostKey !== undefined && "value" in offeredKey && offeredKey.value !== hostKey;
  const answer = other
    ? Promise.reject<NodeReport>(new Error("its host key is another one"))
    : within(nodeReportOf(edge, config), deadline, late);
  const needsRule = await answer.then(
    () => undefined,
    (error: Error) => (error instanceof NotPermittedError ? error.rule : undefined),
  );
  const report =
    needsRule === undefined ? await asked(answer) : { failed: "its deploy user may start no shell as root" };
  const now = Date.now() / 1000 + offset;
  return {
    name,
    host,
    config,
    ...(hostKey === undefined ? {} : { configuredKey: hostKey }),
    offeredKey,
    report,
    ...(needsRule === undefined ? {} : { needsRule }),
    macs,
    now,
  };
}

async function gatherMembers(
  { edges, deadline = 15_000 }: DoctorSources,
  { bundles }: Deployment,
  nodes: readonly NodeFacts[],
  seconds: number,
): Promise<MemberFacts[]> {
  const late = `no answer within ${deadline / 1000} s`;
  const count = async (edge: RemoteEdge) => {
    const { status, stdout, stderr } = await within(edge.run(CARP_COUNTERS), deadline, late);
    if (status !== 0) throw new Error(`${CARP_COUNTERS} ended with status ${status}: ${stderr.trim()}`);
    return parseCarpCounters(stdout);
  };
  const reached = edges.filter((edge) => {
    const node = nodes.find(({ name }) => name === edge.name);
    return node !== undefined && "value" in node.report;
  });
  const before = await Promise.all(reached.map((edge) => asked(count(edge))));
  if (reached.length > 0) await sleep(seconds * 1000);
  return Promise.all(
    edges.map(async (edge): Promise<MemberFacts> => {
      const { name } = edge;
      const node = nodes.find((one) => one.name === name) as NodeFacts;
      const wanted = bundles[name];
      const common = { name, ...(wanted === undefined ? {} : { wanted }) };
      if (!("value" in node.report)) {
        const { report: none } = node;
        // What its one doas rule permits an edge tells a deploy user too.
        const report =
          edge.address.become === undefined ? none : await asked(within(reportOf(edge), deadline, late));
        return { ...common, report, counters: none, programs: none, system: none };
      }
      const first = before[reached.indexOf(edge)] as Asked<ReturnType<typeof parseCarpCounters>>;
      const second = await asked(count(edge));
      return {
        ...common,
        report: await asked(within(reportOf(edge), deadline, late)),
        counters:
          "value" in first && "value" in second
            ? { value: [first.value, second.value] }
            : { failed: [first, second].flatMap((one) => ("failed" in one ? [one.failed] : []))[0] ?? "" },
        programs: { value: node.report.value.programs },
        system: { value: node.report.value.system },
      };
    }),
  );
}
