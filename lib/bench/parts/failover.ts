import { parseConfig } from "../../config/load.js";
import type { EdgeConfig, EdgeConfigInput } from "../../config/schema.js";
import { settleTime } from "../../edge/edge-conf.js";
import { runDrill, sound } from "../../operations/drill/run.js";
import { scenariosNamed, silenceLimit } from "../../operations/drill/scenarios.js";
import { Playground } from "../../playground/playground.js";
import { simulatedCluster } from "../../playground/simulated-cluster.js";
import { until } from "../../playground/until.js";
import { seededRandom } from "../../simulator/random.js";
import type { World } from "../../simulator/world/world.js";
import type { Goal, Measurement, PartResult } from "../figures.js";
import { beside, type Measuring, medianOf } from "../measure.js";
import type { Chapter } from "../report.js";
import { type Profile, ROUND_TRIP, Worlds, withEdges } from "../worlds.js";

export const FAILOVER: Chapter = {
  title: "Failover",
  how: [
    "From the fault until OVH has accepted the claim, beside what physics leaves: for a bow-out or a lost link one packet, " +
      "for silence three advertisement intervals of the next edge, for *upstream-lost*, where links stay and nothing beyond them answers, the probe's period and its pings. " +
      "The interval that runs when the fault comes is part of the three, so silence is often found sooner. With the fast profile a bow-out is no more to OpenBSD's kernel than the last advertisement. " +
      "With three edges or more a claim waits one interval for the election to settle, as every backup that hears a bow-out is master for " +
      "a moment; the goal does not count that wait, and the table does.",
    "The cases are played in virtual time, with the deployed edge-sync deciding, a round trip to OVH of 50 ms, " +
      "and handshakes for each request; each run has a seed, and its fault comes at another moment. What is called *live* " +
      "ran the real programs on the simulated region, in real time, by the drills of `npm run drill`; there a round trip takes no time.",
  ],
  plot: {
    title: "From the fault to the accepted POST",
    x: "fault, number of edges",
    y: "milliseconds, the median; thin lines from the least to the most",
  },
};

interface Fault {
  /** What it is called in drills, and here. */
  readonly name: string;
  readonly happen: (world: World, edge: string) => void;
  /** Milliseconds before which no backup can know. */
  readonly limit: (config: EdgeConfig) => number;
  /** Why the goal is not reached. */
  readonly why?: string;
}

/** A packet on the CARP network, in milliseconds. */
const PACKET = 1;
const withoutUpstream = (world: World, name: string) => {
  const edge = world.edge(name);
  edge.probesAnswer = false;
  edge.apiReachable = false;
};
const probed = ({ probe }: EdgeConfig) => 1000 * (probe.interval + probe.attempts);
const FAULTS: readonly Fault[] = [
  {
    name: "carp-down",
    happen: (world, edge) => world.edge(edge).kernel.setUp("carp0", false),
    // Without whole seconds between advertisements the kernel takes a bow-out for the last one of them.
    limit: (config) => (config.carp.advertisementInterval === 0 ? silenceLimit(config) : PACKET),
  },
  { name: "power-off", happen: (world, edge) => world.faults.powerOff(edge), limit: silenceLimit },
  {
    name: "external-lost",
    happen: (world, edge) => world.faults.cut(edge, "external"),
    limit: () => PACKET,
    why: "the edge that loses the link has a pass to make before it bows out, and the other one before it claims",
  },
  {
    name: "upstream-lost",
    happen: withoutUpstream,
    limit: probed,
    why: "OVH is looked at as well before the edge gives up, and its connection is given 10 s",
  },
];
/** Drills that are run on real programs as well. */
const LIVE = ["carp-down", "power-off", "external-lost"];

/** Measures failovers in virtual time, and on the simulated region. */
export async function measureFailover(
  input: EdgeConfigInput,
  options: Measuring,
): Promise<PartResult<"failover">> {
  const measurements: Measurement[] = [];
  const goals: Goal[] = [];
  const worlds = new Worlds();
  let overGoal = 0;
  try {
    for (const edges of options.quick ? [2, 3] : [2, 3, 4]) {
      for (const profile of ["normal", "fast"] as const) {
        for (const fault of FAULTS) {
          options.step(`${fault.name}, ${edges} edges, ${profile} profile`);
          const { measurement, goal } = await measureCase(
            worlds,
            input,
            { edges, profile, fault },
            options.runs,
          );
          measurements.push(measurement);
          if (edges === 2) goals.push(goal);
          if (goal.got > goal.limit) overGoal++;
        }
      }
    }
    if (!options.quick) measurements.push(...(await measureLive(worlds, input, options)));
  } finally {
    worlds.close();
  }
  return {
    bowOutMs: medianOf(measurements, "failover-carp-down-2-normal"),
    silenceMs: medianOf(measurements, "failover-power-off-2-normal"),
    linkMs: medianOf(measurements, "failover-external-lost-2-normal"),
    probeMs: medianOf(measurements, "failover-upstream-lost-2-normal"),
    bowOutFastMs: medianOf(measurements, "failover-carp-down-2-fast"),
    silenceFastMs: medianOf(measurements, "failover-power-off-2-fast"),
    overGoal,
    measurements,
    goals,
    notes: options.quick ? ["A quick run has no live drills and no case with four edges."] : [],
  };
}

interface Case {
  readonly edges: number;
  readonly profile: Profile;
  readonly fault: Fault;
}

async function measureCase(
  worlds: Worlds,
  input: EdgeConfigInput,
  { edges, profile, fault }: Case,
  runs: number,
): Promise<{ measurement: Measurement; goal: Goal }> {
  const [times, limits]: [number[], number[]] = [[], []];
  const { why } = fault;
  let settle = 0;
  for (let seed = 1; seed <= runs; seed++) {
    const { world, config } = worlds.make(withEdges(input, edges, profile), seed);
    const { took, by } = await failOver(world, fault, seed);
    times.push(took);
    limits.push(fault.limit(config));
    settle = Math.max(settle, 1000 * settleTime(config, config.edges[by] as EdgeConfig["edges"][number]));
  }
  const measurement = beside(
    {
      id: `failover-${fault.name}-${edges}-${profile}`,
      what: `${fault.name}, ${edges} edges, ${profile} profile${settle > 0 ? `, of it ${Math.round(settle)} ms to settle` : ""}`,
      unit: "ms",
      ...(fault.limit === probed
        ? {}
        : { plot: { series: `${profile} profile`, x: `${fault.name}, ${edges}`, alone: true } }),
    },
    times,
    "physical limit",
    limits,
  );
  return {
    measurement,
    goal: {
      what: `${fault.name}, ${profile} profile: limit, ten per cent, three round trips`,
      unit: "ms",
      limit: Math.round(1.1 * (limits[0] as number) + 3 * ROUND_TRIP),
      got: Math.round(measurement.value.median - settle),
      ...(why === undefined ? {} : { why }),
    },
  };
}

/** @returns milliseconds until the claim is accepted, and the number of the edge whose it is */
async function failOver(world: World, fault: Fault, seed: number): Promise<{ took: number; by: number }> {
  const { failoverIps } = world.project;
  await world.advance(60_000 + seededRandom(seed).next() * 30_000);
  const [began, before] = [world.now, failoverIps.attaches.length];
  fault.happen(world, world.holder?.name as string);
  await world.until(() => failoverIps.attaches.length > before, `${fault.name}: no claim`, 120_000);
  const first = failoverIps.attaches[before];
  const by = world.edges.findIndex(({ instanceId }) => instanceId === first?.instanceId);
  return { took: (first?.at as number) - began, by };
}

/** The real programs on a simulated region, beside the same case in virtual time. */
async function measureLive(
  worlds: Worlds,
  input: EdgeConfigInput,
  { runs, step }: Measuring,
): Promise<Measurement[]> {
  step("deploying a region");
  // Shorter waits between the drills; none of these times depends on them.
  const config: EdgeConfigInput = {
    ...input,
    probe: { ...input.probe, interval: 5, attempts: 2 },
    claim: { ...input.claim, checkInterval: 10, healthyFor: 2 },
  };
  const playground = await Playground.create({ config });
  const cluster = await (async () => {
    await playground.synth();
    await playground.terraform.init();
    await playground.terraform.apply(() => {});
    await until(() => playground.region.answering() !== undefined, "no edge answers for the FailOver IP");
    return simulatedCluster(playground);
  })().catch(async (error) => {
    await playground.stop();
    throw error;
  });
  try {
    await sound(cluster, 60_000);
    const measurements: Measurement[] = [];
    for (const scenario of scenariosNamed(LIVE)) {
      const fault = FAULTS.find(({ name }) => name === scenario.name) as Fault;
      const [live, virtual]: [number[], number[]] = [[], []];
      for (let run = 1; run <= runs; run++) {
        step(`live: ${scenario.name}, ${run} of ${runs}`);
        const { phases, reason } = await runDrill(scenario, { cluster, config: parseConfig(config) });
        if (phases.accepted === undefined) throw new Error(`${scenario.name}: ${reason}`);
        live.push(phases.accepted);
        virtual.push((await failOver(worlds.make(withEdges(config, 2), run).world, fault, run)).took);
      }
      measurements.push(
        beside(
          { id: `failover-${scenario.name}-live`, what: `live: ${scenario.name}, 2 edges`, unit: "ms" },
          live,
          "in virtual time",
          virtual,
        ),
      );
    }
    return measurements;
  } finally {
    await Promise.all(cluster.edges.map((edge) => edge.close()));
    await playground.stop();
  }
}
