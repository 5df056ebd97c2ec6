import { runnable } from "../../config/command-line.js";
import type { Schedule } from "../../simulator/explore/schedule.js";
import { storyText } from "../../simulator/story.js";
import type { RunResult } from "./run.js";

/** One line about a run. */
export function runLine(result: RunResult): string {
  const { schedule, broken, rest, counts, waited } = result;
  const faults = schedule.steps.length;
  const verdict =
    broken.length === 0
      ? `at rest after ${((rest ?? 0) / 1000).toFixed(1)} s`
      : `${namesOf(result).join(", ")} broken`;
  const done = `${counts.claim} claims, ${counts.post} POSTs, ${counts.accepted} accepted`;
  return `${schedule.note ?? "schedule"}: ${schedule.edges} edges, ${faults} steps, ${done}: ${verdict}${waited ? ", after a wait for a token" : ""}`;
}

/** A failed run as a story, with how to play it again. */
export function failureText(result: RunResult, file: string): string {
  return [
    `${result.schedule.note ?? "the schedule"} broke ${namesOf(result).join(", ")}:`,
    storyText(result.moments),
    `play it again: ${runnable("npm run drill --")} --replay ${file}`,
  ].join("\n");
}

/** What many runs come down to. */
export function summary(results: readonly RunResult[]): string {
  const sum = (pick: (result: RunResult) => number) =>
    results.reduce((total, result) => total + pick(result), 0);
  const broken = results.filter((result) => result.broken.length > 0).length;
  const rests = results.flatMap(({ rest }) => rest ?? []).sort((a, b) => a - b);
  const share = (part: number) => ((rests[Math.floor(part * (rests.length - 1))] ?? 0) / 1000).toFixed(1);
  return (
    `${results.length} runs, ${sum(({ schedule }) => schedule.steps.length)} steps, ${sum(({ counts }) => counts.claim)} claims, ` +
    `${sum(({ counts }) => counts.post)} POSTs, ${sum(({ counts }) => counts.accepted)} accepted; ` +
    `at rest after ${share(0.5)} s (median), ${share(1)} s (worst); ${broken} broken`
  );
}

/** A schedule as a file. */
export function scheduleFile(schedule: Schedule): string {
  return `${JSON.stringify(schedule, null, 2)}\n`;
}

function namesOf({ broken }: RunResult): string[] {
  return [...new Set(broken.map(({ invariant }) => invariant))];
}
