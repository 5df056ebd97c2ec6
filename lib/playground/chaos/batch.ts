import type { EdgeConfigInput } from "../../config/schema.js";
import type { Schedule } from "../../simulator/explore/schedule.js";
import { Arena } from "./arena.js";
import { type RunResult, type RunTimes, runSchedule } from "./run.js";

/** Many schedules, one after the other on each of some arenas. */
export interface BatchOptions {
  readonly schedules: readonly Schedule[];
  readonly config: EdgeConfigInput;
  /** Arenas at once. @default - 3 */
  readonly jobs?: number;
  /** Programs that the nodes get in place of the delivered ones, by their paths. @default - none */
  readonly programs?: Readonly<Record<string, string>>;
  readonly times?: RunTimes;
  /** Told of each result as it comes. */
  readonly done?: (result: RunResult) => void;
  /** Ends the batch early. */
  readonly signal?: AbortSignal;
}

/** Plays schedules live. @returns their results, in the order of the schedules */
export async function runBatch(options: BatchOptions): Promise<RunResult[]> {
  const { schedules, jobs = 3, times, done, signal } = options;
  const results = new Map<Schedule, RunResult>();
  const waiting = [...schedules];
  const work = async () => {
    let arena: Arena | undefined;
    try {
      while (waiting.length > 0 && !signal?.aborted) {
        const schedule = take(waiting, arena?.edges);
        if (arena?.edges !== schedule.edges) {
          await arena?.stop();
          arena = undefined;
          arena = await Arena.create({ ...options, edges: schedule.edges });
        }
        const result = await runSchedule(arena, schedule, { ...times, signal }).catch((cause: Error) => {
          throw new Error(`${schedule.note ?? "a schedule"}: ${cause.message}`, { cause });
        });
        results.set(schedule, result);
        done?.(result);
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      await arena?.stop();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, schedules.length) }, work));
  return schedules.flatMap((schedule) => results.get(schedule) ?? []);
}

/** The next schedule, one for as many edges as are deployed where there is one. */
function take(waiting: Schedule[], edges: number | undefined): Schedule {
  const index = waiting.findIndex((schedule) => schedule.edges === edges);
  return waiting.splice(Math.max(0, index), 1)[0] as Schedule;
}
