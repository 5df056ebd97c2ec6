import { readdirSync, readFileSync } from "node:fs";
import type { Recording } from "../../../lib/simulator/ifstated/recording.js";

/** A recording with all that those of the folder have. */
export type WholeRecording = Recording & {
  readonly note: string;
  readonly initialLinks: NonNullable<Recording["initialLinks"]>;
  readonly testResults: NonNullable<Recording["testResults"]>;
  readonly trace: NonNullable<Recording["trace"]>;
  readonly check?: Required<NonNullable<Recording["check"]>>;
};

function recordings(folder: string): WholeRecording[] {
  const url = new URL(`../../fixtures/${folder}/`, import.meta.url);
  return readdirSync(url)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => JSON.parse(readFileSync(new URL(file, url), "utf8")));
}

/** What the real daemon did, by name. */
export const RECORDINGS: readonly WholeRecording[] = recordings("ifstated");

/**
 * What the daemon's parser and machine did (ifstated.c 1.68, parse.y 1.56, yacc as OpenBSD has
 * it) in virtual time, in a scripted world: kernel, shell, and an event loop in libevent's order.
 */
export const VIRTUAL_RECORDINGS: readonly WholeRecording[] = recordings("ifstated-virtual");

/** The recording of this name. */
export function recording(name: string): WholeRecording {
  const found = RECORDINGS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no recording ${name}`);
  return found;
}
