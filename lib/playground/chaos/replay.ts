import type { EdgeConfigInput } from "../../config/schema.js";
import { storyText } from "../../simulator/story.js";
import { runBatch } from "./batch.js";
import { runLine } from "./report.js";
import { readSchedule } from "./schedule-file.js";

/** How a schedule is played again. */
export interface ReplayOptions {
  readonly file: string;
  readonly config: EdgeConfigInput;
  readonly json: boolean;
  readonly write: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** Plays a schedule's file live and tells its story. @returns whether every invariant held */
export async function replay({ file, config, json, write, signal }: ReplayOptions): Promise<boolean> {
  const [result] = await runBatch({ schedules: [readSchedule(file)], config, signal });
  if (result === undefined) return false;
  if (json) write(`${JSON.stringify(result, null, 2)}\n`);
  else write(`${storyText(result.moments)}\n\n${runLine(result)}\n`);
  return result.broken.length === 0;
}
