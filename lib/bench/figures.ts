import { z } from "zod";

const summary = z
  .strictObject({
    runs: z.int().positive(),
    minimum: z.number(),
    median: z.number(),
    maximum: z.number(),
  })
  .describe("What several runs came to.");

const measurement = z
  .strictObject({
    id: z.string().describe("Its name, which stays."),
    what: z.string(),
    unit: z.string(),
    value: summary,
    against: z
      .strictObject({ what: z.string(), value: summary })
      .optional()
      .describe("What was measured in turn with it."),
    ratio: summary.optional().describe("Of each run to its neighbour of the other."),
    plot: z
      .strictObject({
        series: z.string(),
        x: z.union([z.number(), z.string()]),
        alone: z.boolean().optional().describe("Whether what it was measured beside is not drawn."),
      })
      .optional()
      .describe("Its place in the part's picture."),
  })
  .describe("One thing that was measured.");

const goal = z.strictObject({
  what: z.string(),
  unit: z.string(),
  limit: z.number().describe("The most that is good."),
  got: z.number(),
  why: z.string().optional().describe("Why it cannot be reached, where it is not."),
});

const part = <T extends z.ZodRawShape>(numbers: T) =>
  z.strictObject({
    ...numbers,
    measurements: z.array(measurement),
    goals: z.array(goal),
    notes: z.array(z.string()),
    seconds: z.number().describe("How long the part took to measure."),
  });

const ms = z.number().describe("Milliseconds, the median.");
const count = z.number().nonnegative();
const optional = z.number().nullable().describe("null where it could not be measured; a note says why.");

/** What each part writes into the JSON: its numbers by names that stay, and everything they come from. */
export const PART_SCHEMAS = {
  claim: part({
    ratioByName50ms: z.number().describe("Time to the accepted POST at 50 ms, to the known tool's by name."),
    ratioById50ms: z.number().describe("The same, to the known tool's by id."),
    ratioByName50msNagle: z.number().describe("By name, with Nagle's algorithm on."),
    ratioById50msNagle: z.number().describe("By id, with Nagle's algorithm on."),
    roundTrips: z
      .number()
      .describe("Round trips until the POST is accepted: as the least times grow with their length."),
    roundTripsByName: z.number().describe("The same for the known tool by name."),
    roundTripsById: z.number().describe("The same for the known tool by id."),
    roundTripsOpen: z.number().describe("From the end of the settle time, on a connection opened before."),
    requests: count.describe("Requests until the address is here."),
    requestsByName: count.describe("Requests of the known tool by name."),
    requestsById: count.describe("Requests of the known tool by id."),
    cpuMs: optional.describe("Milliseconds of a processor that ip-move itself takes for a claim."),
    cpuMsKnownTool: optional.describe("The same of the known tool by name."),
    cpuMsPerl: optional.describe("The same of perl -e 1."),
    cpuMsShim: optional.describe("What stands in for nc(1), for one connection."),
  }),
  failover: part({
    bowOutMs: ms.describe("carp-down, two edges, normal profile: fault to accepted POST."),
    silenceMs: ms.describe("power-off, the same."),
    linkMs: ms.describe("external-lost, the same."),
    probeMs: ms.describe("Everything beyond the link lost, which only the probe sees."),
    bowOutFastMs: ms.describe("carp-down with the fast profile."),
    silenceFastMs: ms.describe("power-off with the fast profile."),
    overGoal: count.describe(
      "Cases over limit, ten per cent and three round trips, the settle time not counted.",
    ),
  }),
  deploy: part({
    ratioEightToTwo: z.number().describe("Wall time of a first deploy, eight edges to two."),
    firstMs: ms.describe("First deploy, two edges."),
    noChangeMs: ms.describe("Deploy without a change, two edges."),
    noChangeSshSessions: count.describe("SSH sessions of deploys without a change, the most."),
    oneFileSshSessions: count.describe(
      "SSH sessions of a deploy that changes one file on each of two edges.",
    ),
    oneFileBytes: count.describe("Bytes sent to two edges for that."),
    destroyMs: ms.describe("Destroy, two edges."),
  }),
  synth: part({
    ratioSynth: z.number().describe("Wall time of a synth, to the default template's."),
    ratioDiff: optional.describe("Wall time of synth and plan, to the default template's."),
    synthMs: ms.describe("A synth of the example."),
    coldStartMs: ms.describe("The slowest command's --help."),
    packageBytes: optional.describe("Bytes of the package as it is published."),
    installMs: optional.describe("npm ci, the median."),
  }),
  node: part({
    idleShare: optional.describe("Share of one core that an idle edge takes, one poll in 10 s."),
    passCpuMs: optional.describe("Milliseconds of a processor that a pass of edge-sync takes itself."),
    passMemoryKb: optional.describe("Most memory of a pass."),
    passSyscalls: optional.describe("System calls of a pass."),
    processesPerPass: count.describe("Commands of the system that a pass starts."),
    processesPerPoll: count.describe("Commands that a poll starts, with the probe and the look at OVH."),
    varRunGrowthBytes: z.number().describe("By how much /var/run grew over all passes after the first."),
  }),
  exploration: part({
    statesPerSecond: count.describe("Two faults with three edges; with two edges in a quick run."),
    bytesPerState: count.describe("Memory of a state there."),
    simulatedSecondsPerSecond: count.describe("Two edges in virtual time."),
    memoizationSpeedup: z.number().describe("Times as fast as without."),
    questionMicroseconds: count.describe("One question to the co-process."),
    coProcessShare: z.number().describe("Share of an exploration's time that the co-process takes."),
  }),
  budget: part({
    calmPerHour: count.describe("Requests of one edge in an hour in which nothing happens."),
    failoverPerHour: count.describe("The same with one failover and the lost edge's return."),
    partitionPerHour: count.describe("The same while no edge hears another."),
    worstMinute: count.describe("Most requests of all edges in one minute, in any case."),
    limitPerMinute: count.describe("OVH's advice for one key."),
  }),
} as const;

/** The numbers of each part by names that stay, as `claim.requests`, with what they are. */
export function stableNames(): (readonly [name: string, what: string])[] {
  const others = ["measurements", "goals", "notes", "seconds"];
  return PART_NAMES.flatMap((part) =>
    Object.entries(PART_SCHEMAS[part].shape as z.ZodRawShape).flatMap(([name, schema]) =>
      others.includes(name) ? [] : [[`${part}.${name}`, (schema as z.ZodType).description ?? ""] as const],
    ),
  );
}

/** Name of a part. */
export type PartName = keyof typeof PART_SCHEMAS;
export const PART_NAMES = Object.keys(PART_SCHEMAS) as PartName[];

/** What the JSON of a run is. */
export const reportSchema = z.strictObject({
  version: z.literal(1),
  quick: z.boolean().describe("Whether it was a quick run, with fewer cases and runs."),
  machine: z.strictObject({
    cores: z.int().positive(),
    memoryGb: z.number(),
    load: z.number().describe("Processes that wanted to run when it began, a minute's mean."),
    platform: z.string(),
    node: z.string(),
    perl: z.string(),
    terraform: z.string(),
  }),
  claim: PART_SCHEMAS.claim.optional(),
  failover: PART_SCHEMAS.failover.optional(),
  deploy: PART_SCHEMAS.deploy.optional(),
  synth: PART_SCHEMAS.synth.optional(),
  node: PART_SCHEMAS.node.optional(),
  exploration: PART_SCHEMAS.exploration.optional(),
  budget: PART_SCHEMAS.budget.optional(),
});

/** A whole run. A part that was left out with `--only` is not there. */
export type BenchReport = z.infer<typeof reportSchema>;
export type PartResult<Name extends PartName = PartName> = Omit<
  z.infer<(typeof PART_SCHEMAS)[Name]>,
  "seconds"
>;
export type Measurement = z.infer<typeof measurement>;
export type Goal = z.infer<typeof goal>;
