import { playRecording } from "./recording.js";

/** What came of a folder of recordings. */
export interface Conformance {
  /** A line for each that failed, then how many did. */
  readonly lines: readonly string[];
  /** Whether there were any, and all of them passed. */
  readonly ok: boolean;
}

/** Plays recordings, texts by the names of their files, in the order of the names. */
export function conform(files: ReadonlyMap<string, string>): Conformance {
  const lines: string[] = [];
  const names = [...files.keys()].sort();
  for (const name of names) {
    const problem = play(files.get(name) as string);
    if (problem !== undefined) lines.push(`${name}: ${problem}`);
  }
  const failed = lines.length;
  if (names.length === 0) lines.push("no recording is there: a recording is a file whose name ends in .json");
  lines.push(`${names.length - failed} passed, ${failed} failed`);
  return { lines, ok: failed === 0 && names.length > 0 };
}

function play(text: string): string | undefined {
  let recording: Parameters<typeof playRecording>[0];
  try {
    recording = JSON.parse(text);
  } catch (error) {
    return `it is not JSON: ${(error as Error).message}`;
  }
  try {
    return playRecording(recording);
  } catch (error) {
    return `it cannot be played: ${(error as Error).message}`;
  }
}
