import type { EdgeConfigInput } from "../../config/schema.js";
import { CoProcess } from "../../simulator/explore/co-process.js";
import { ifstatedConfsOf } from "../../simulator/explore/confs.js";
import { type Answered, Decisions, type Seen } from "../../simulator/explore/decisions.js";
import { explore } from "../../simulator/explore/explore.js";
import type { Job, Report } from "../../simulator/explore/job.js";
import type { FaultKind } from "../../simulator/explore/schedule.js";
import { EDGE_SYNC, Workshop } from "../../simulator/explore/tools.js";
import type { Measurement, PartResult } from "../figures.js";
import { alone, beside, inTurn, type Measuring, medianOf, ratioOf } from "../measure.js";
import type { Chapter } from "../report.js";
import { Worlds, withEdges } from "../worlds.js";

export const EXPLORATION: Chapter = {
  title: "Exploration and simulation",
  how: [
    "One thread explores edges under loss of power and lost routes, coarse, each job from nothing: every state with each of its successors. Decisions come from the deployed edge-sync as a co-process. " +
      "*With memoization* each question is asked once, *without* every time. Growth: the same with more edges and more faults, each job beside two edges with two faults; small ones mostly wait for the co-process.",
    "The simulation plays an hour of edges in virtual time and divides it by the time that took.",
  ],
  plot: { title: "States explored in a second", x: "edges, faults", y: "states a second, the median" },
};

const KINDS: readonly FaultKind[] = ["power-off", "route-lost"];
/** More are not looked at, so that a run has an end. */
const BOUND = 400_000;
const job = (edges: number, faults: number): Job => ({
  edges,
  faults,
  kinds: KINDS,
  coarse: true,
  states: BOUND,
});
const BASE = job(2, 2);

/** A co-process whose answers are timed. */
class Timed {
  asked = 0;
  seconds = 0;
  private readonly program = new CoProcess(EDGE_SYNC);

  decide(...question: Parameters<CoProcess["decide"]>): ReturnType<CoProcess["decide"]> {
    const began = performance.now();
    const decided = this.program.decide(...question);
    this.seconds += (performance.now() - began) / 1000;
    this.asked++;
    return decided;
  }

  close(): void {
    this.program.close();
  }
}

/** Asks every time. */
class Forgetful extends Decisions {
  override ask(seen: Seen, memory: number): Answered {
    return this.askAnew(seen, memory);
  }
}

/** Measures how fast states are explored, and virtual time passes. */
export async function measureExploration(
  input: EdgeConfigInput,
  options: Measuring,
): Promise<PartResult<"exploration">> {
  const { quick, runs, step } = options;
  const workshop = new Workshop(ifstatedConfsOf(input as never));
  const program = new Timed();
  const once = (what: Job, forgetful = false): Report => {
    const decisions = forgetful ? new Forgetful(program) : new Decisions(program);
    return explore(what, { ...workshop.toolsFor(what), decisions });
  };
  const measurements: Measurement[] = [];
  try {
    step("states a second, with and without memoization");
    const three = job(3, 1);
    once(three);
    const { kept, forgotten } = await inTurn(runs, {
      kept: async () => speed(once(three)),
      forgotten: async () => speed(once(three, true)),
    });
    const unit = "states a second";
    measurements.push(
      beside(
        { id: "exploration-memoized", what: "3 edges, 1 fault", unit },
        kept,
        "without memoization",
        forgotten,
      ),
    );
    const [shares, questions]: [number[], number[]] = [[], []];
    const grown = quick
      ? [BASE, job(3, 1)]
      : [BASE, job(2, 1), job(2, 3), job(3, 1), job(3, 2), job(4, 1), job(4, 2)];
    for (const one of grown) {
      const { edges, faults } = one;
      step(`${edges} edges, ${faults} faults`);
      const found: { readonly base: Report[]; readonly grown: Report[] } = { base: [], grown: [] };
      for (let run = 0; run < runs; run++) {
        program.seconds = program.asked = 0;
        const base = once(BASE);
        shares.push(program.seconds / base.seconds);
        questions.push((1e6 * program.seconds) / program.asked);
        found.base.push(base);
        found.grown.push(once(one));
      }
      const [last] = found.grown as [Report];
      const size = `${last.states.toLocaleString("en")} states${last.complete ? "" : ", cut there"}`;
      const against = "2 edges, 2 faults";
      const memory = (reports: readonly Report[]) =>
        reports.map(({ megabytes, states }) => (1e6 * megabytes) / states);
      measurements.push(
        beside(
          {
            id: `exploration-${edges}-${faults}`,
            what: `${edges} edges, ${faults} ${faults === 1 ? "fault" : "faults"}: ${size}`,
            unit,
            plot: { series: "states a second", x: `${edges}, ${faults}`, alone: true },
          },
          found.grown.map(speed),
          against,
          found.base.map(speed),
        ),
        beside(
          { id: `exploration-bytes-${edges}-${faults}`, what: "the same: memory of a state", unit: "bytes" },
          memory(found.grown),
          against,
          memory(found.base),
        ),
      );
    }
    measurements.push(
      alone(
        { id: "exploration-question", what: "one question to the co-process", unit: "microseconds" },
        questions,
      ),
      alone(
        {
          id: "exploration-co-process",
          what: "share of the co-process, 2 edges, 2 faults",
          unit: "of the time",
        },
        shares,
      ),
    );
    measurements.push(...(await simulation(input, options)));
  } finally {
    program.close();
    workshop.close();
  }
  return {
    statesPerSecond: medianOf(measurements, quick ? "exploration-2-2" : "exploration-3-2"),
    bytesPerState: medianOf(measurements, quick ? "exploration-bytes-2-2" : "exploration-bytes-3-2"),
    simulatedSecondsPerSecond: medianOf(measurements, "exploration-world-2"),
    memoizationSpeedup: ratioOf(measurements, "exploration-memoized"),
    questionMicroseconds: medianOf(measurements, "exploration-question"),
    coProcessShare: medianOf(measurements, "exploration-co-process"),
    measurements,
    goals: [],
    notes: [
      "Memory is that of the arrays of states, which begin with room for 65,536; so a small job has much for each of its states.",
      ...(quick ? ["A quick run explores the smaller jobs only."] : []),
    ],
  };
}

/** Simulated seconds in a second: two edges beside more of them. */
async function simulation(input: EdgeConfigInput, { quick, runs, step }: Measuring): Promise<Measurement[]> {
  step("simulated seconds in a second");
  const worlds = new Worlds();
  const hour = async (edges: number, seed: number) => {
    const { world } = worlds.make(withEdges(input, edges), seed);
    const began = performance.now();
    await world.advance(3_600_000);
    return 3_600_000 / (performance.now() - began);
  };
  try {
    let seed = 0;
    const times = await inTurn(runs, {
      two: () => hour(2, ++seed),
      more: () => hour(quick ? 3 : 4, seed),
    });
    return [
      beside(
        { id: "exploration-world-2", what: "an hour of 2 edges", unit: "simulated seconds a second" },
        times.two,
        `${quick ? 3 : 4} edges`,
        times.more,
      ),
    ];
  } finally {
    worlds.close();
  }
}

function speed({ states, seconds }: Report): number {
  return states / seconds;
}
