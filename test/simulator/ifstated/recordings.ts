import { readdirSync, readFileSync } from "node:fs";
import type { Recording } from "../../../lib/simulator/ifstated/recording.js";

const FOLDER = new URL("../../fixtures/ifstated/", import.meta.url);

/** What the real daemon did, by name. */
export const RECORDINGS: readonly (Recording & { readonly note: string })[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .sort()
  .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")));

/** The recording of this name. */
export function recording(name: string): Recording {
  const found = RECORDINGS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no recording ${name}`);
  return found;
}
