import type { EdgeConfigInput } from "../../config/schema.js";
import { seededRandom } from "../../simulator/random.js";
import type { World } from "../../simulator/world/world.js";
import type { Measurement, PartResult } from "../figures.js";
import { beside, type Measuring, medianOf } from "../measure.js";
import type { Chapter } from "../report.js";
import { Worlds, withEdges } from "../worlds.js";

/** What OVH advises for one key. */
const LIMIT_PER_MINUTE = 60;
const [MINUTE, HOUR] = [60_000, 3_600_000];

export const BUDGET: Chapter = {
  title: "Requests to OVH",
  how: [
    "Edges in virtual time, with the decisions of the deployed edge-sync and default settings: a minute to settle, then an hour. " +
      "All edges use one key, so its budget of 60 requests a minute is theirs together; what is beside each figure is that budget. " +
      "The runs differ in their seed.",
    "*Failover*: the edge in service loses its power at some moment and boots again ten minutes later. " +
      "*Partition*: no edge hears another for the whole hour, so that each is master and claims what tokens allow.",
  ],
  plot: {
    title: "Requests of one edge in an hour",
    x: "what happens",
    y: "requests, the median; thin lines from the least to the most",
  },
};

type Happening = (world: World, seed: number) => Promise<void>;

const HAPPENINGS: Readonly<Record<"calm" | "failover" | "partition", Happening>> = {
  calm: (world) => world.advance(HOUR),
  failover: async (world, seed) => {
    const before = seededRandom(seed).next() * 10 * MINUTE;
    await world.advance(before);
    const name = world.holder?.name as string;
    world.faults.powerOff(name);
    await world.advance(10 * MINUTE);
    world.faults.powerOn(name);
    await world.advance(HOUR - before - 10 * MINUTE);
  },
  partition: async (world) => {
    world.partition(...world.edges.map(({ name }) => [name]));
    await world.advance(HOUR);
  },
};

/** Counts what edges ask of OVH in an hour. */
export async function measureBudget(
  config: EdgeConfigInput,
  options: Measuring,
): Promise<PartResult<"budget">> {
  const worlds = new Worlds();
  const measurements: Measurement[] = [];
  let worst = 0;
  try {
    for (const edges of options.quick ? [2] : [2, 4, 8]) {
      for (const [name, happen] of Object.entries(HAPPENINGS)) {
        options.step(`${edges} edges, ${name}`);
        const [perEdge, share]: [number[], number[]] = [[], []];
        for (let seed = 1; seed <= options.runs; seed++) {
          const { world } = worlds.make(withEdges(config, edges), seed);
          await world.advance(MINUTE);
          for (const { line } of world.edges) line.sent.length = 0;
          await happen(world, seed);
          const each = world.edges.map(({ line }) => line.sent);
          perEdge.push(Math.max(...each.map((sent) => sent.length)));
          const most = mostInAMinute(each.flat());
          worst = Math.max(worst, most);
          share.push((LIMIT_PER_MINUTE * 60) / edges);
        }
        measurements.push(
          beside(
            {
              id: `budget-${name}-${edges}`,
              what: `${name}, ${edges} edges: the edge that asks most`,
              unit: "requests an hour",
              plot: { series: `${edges} edges`, x: name, alone: true },
            },
            perEdge,
            "its share of OVH's 60 a minute",
            share,
          ),
        );
      }
    }
  } finally {
    worlds.close();
  }
  return {
    calmPerHour: medianOf(measurements, "budget-calm-2"),
    failoverPerHour: medianOf(measurements, "budget-failover-2"),
    partitionPerHour: medianOf(measurements, "budget-partition-2"),
    worstMinute: worst,
    limitPerMinute: LIMIT_PER_MINUTE,
    measurements,
    goals: [
      {
        what: "most requests of all edges in one minute",
        unit: "requests",
        limit: LIMIT_PER_MINUTE,
        got: worst,
        why: "from seven edges on, when none hears another and all have one key; OVH's 429 is waited out, and more than one key divides the budget",
      },
    ],
    notes: [],
  };
}

/** Most of these times, in milliseconds, that lie within one minute. */
export function mostInAMinute(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  let [first, most] = [0, 0];
  for (let last = 0; last < sorted.length; last++) {
    while ((sorted[last] as number) - (sorted[first] as number) >= MINUTE) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
