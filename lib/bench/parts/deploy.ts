import type { EdgeConfigInput } from "../../config/schema.js";
import { Playground } from "../../playground/playground.js";
import type { Measurement, PartResult } from "../figures.js";
import { beside, type Measuring, medianOf, ratioOf } from "../measure.js";
import type { Chapter } from "../report.js";
import { withEdges } from "../worlds.js";

export const DEPLOY: Chapter = {
  title: "Deploy",
  how: [
    "The real Terraform deploys on a simulated region with the embedded providers, over SSH on loopback; no SSH round trip takes time, and OVH creates in 600 ms what takes it minutes. " +
      "Each run has a region of its own: first deploy (synth, init, apply), a deploy without a change, one with another probe target (one file on each edge), destroy. " +
      "Four and eight edges run in turn with two, and are beside them.",
    "SSH sessions are connections that logged in; bytes are what came to the nodes over SSH, what SSH itself adds among them. " +
      "Requests are those of the whole region while the step lasts, so a few are the edges' own looks at OVH.",
  ],
  plot: {
    title: "Wall time of a deploy",
    x: "edges",
    y: "milliseconds, the median; thin lines from the least to the most",
  },
};

const STEPS = {
  first: "first deploy",
  none: "deploy without a change",
  file: "one file on each edge",
  destroy: "destroy",
} as const;
type Step = keyof typeof STEPS;
/** What each step took; eight edges of a quick run have the first two. */
type Deploys = Readonly<Partial<Record<Step, Taken>>>;

/** What one step took. */
interface Taken {
  readonly ms: number;
  readonly sessions: number;
  readonly bytes: number;
  readonly requests: number;
}

/** Measures deploys of two edges and of more of them. */
export async function measureDeploy(
  input: EdgeConfigInput,
  options: Measuring,
): Promise<PartResult<"deploy">> {
  const counts = options.quick ? [2, 8] : [2, 4, 8];
  const runs = options.quick ? Math.min(options.runs, 1) : options.runs;
  const found = new Map(counts.map((count) => [count, [] as Deploys[]]));
  for (let run = 1; run <= runs; run++) {
    for (const [count, all] of found) {
      const say = (text: string) => options.step(`${count} edges, run ${run} of ${runs}: ${text}`);
      all.push(await deployOnce(withEdges(input, count), options.quick && count > 2, say));
    }
  }
  const measurements: Measurement[] = [];
  const of = (count: number, step: Step, what: keyof Taken) =>
    (found.get(count) ?? []).flatMap((taken) => taken[step]?.[what] ?? []);
  for (const step of Object.keys(STEPS) as Step[]) {
    for (const count of counts) {
      if (of(count, step, "ms").length === 0) continue;
      const measure = (id: string, what: keyof Taken, name: string, unit: string, drawn = false) =>
        measurements.push(
          beside(
            {
              id: `deploy-${step}-${id}-${count}`,
              what: `${STEPS[step]}, ${count} edges${name}`,
              unit,
              ...(drawn ? { plot: { series: STEPS[step], x: count, alone: true } } : {}),
            },
            of(count, step, what),
            "2 edges",
            of(2, step, what),
          ),
        );
      measure("wall", "ms", "", "ms", true);
      measure("sessions", "sessions", "", "SSH sessions");
      measure("bytes", "bytes", "", "bytes over SSH");
      measure("requests", "requests", "", "requests to OVH");
    }
  }
  const sessions = Math.max(...counts.flatMap((count) => of(count, "none", "sessions")));
  const ratio = ratioOf(measurements, "deploy-first-wall-8");
  return {
    ratioEightToTwo: ratio,
    firstMs: medianOf(measurements, "deploy-first-wall-2"),
    noChangeMs: medianOf(measurements, "deploy-none-wall-2"),
    noChangeSshSessions: sessions,
    oneFileSshSessions: medianOf(measurements, "deploy-file-sessions-2"),
    oneFileBytes: medianOf(measurements, "deploy-file-bytes-2"),
    destroyMs: medianOf(measurements, "deploy-destroy-wall-2"),
    measurements,
    goals: [
      { what: "first deploy of eight edges to one of two, wall time", unit: "ratio", limit: 2, got: ratio },
      { what: "SSH sessions of a deploy without a change", unit: "sessions", limit: 0, got: sessions },
    ],
    notes: options.quick
      ? ["A quick run deploys two edges and eight once; a full run seven times, and four edges too."]
      : [],
  };
}

async function deployOnce(
  config: EdgeConfigInput,
  short: boolean,
  say: (text: string) => void,
): Promise<Deploys> {
  const playground = await Playground.create({ config });
  const { region } = playground;
  const taken = async (step: Step, work: () => Promise<void>): Promise<Taken> => {
    say(STEPS[step]);
    const before = {
      sessions: region.sshSessions(),
      bytes: region.sshBytes(),
      requests: region.api.journal.entries.length,
    };
    const began = performance.now();
    await work();
    return {
      ms: performance.now() - began,
      sessions: region.sshSessions() - before.sessions,
      bytes: region.sshBytes() - before.bytes,
      requests: region.api.journal.entries.length - before.requests,
    };
  };
  const deploy = async () => {
    await playground.synth();
    await playground.terraform.apply(() => {});
  };
  try {
    const first = await taken("first", async () => {
      await playground.synth();
      await playground.terraform.init();
      await playground.terraform.apply(() => {});
    });
    const none = await taken("none", deploy);
    if (short) return { first, none };
    return {
      first,
      none,
      file: await taken("file", async () => {
        const now = playground.readConfig();
        playground.writeConfig({ ...now, probe: { ...now.probe, targets: ["9.9.9.9"] } });
        await deploy();
      }),
      destroy: await taken("destroy", () => playground.terraform.destroy(() => {})),
    };
  } finally {
    await playground.stop();
  }
}
