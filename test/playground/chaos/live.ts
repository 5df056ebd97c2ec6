import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { EdgeConfigInput } from "../../../lib/config/schema.js";
import { staticPath } from "../../../lib/edge/static-files.js";
import { scheduleFile } from "../../../lib/playground/chaos/report.js";
import type { RunResult } from "../../../lib/playground/chaos/run.js";
import { storyText } from "../../../lib/simulator/story.js";

/** The example's configuration. */
export const CONFIG: EdgeConfigInput = JSON.parse(
  readFileSync(fileURLToPath(new URL("../../../edge.config.example.json", import.meta.url)), "utf8"),
);

/** A delivered program with one piece of its text replaced. @throws Error where that is not there once */
export function mutated(name: "edge-sync" | "ip-move", from: string, to: string): Record<string, string> {
  const text = readFileSync(staticPath(name), "utf8");
  if (text.split(from).length !== 2) throw new Error(`${name} does not have this once: ${from}`);
  return { [`/usr/local/sbin/${name}`]: text.replace(from, () => to) };
}

/** What a person needs to see of a run that is not as it should be. */
export function told({ schedule, moments }: RunResult): string {
  return `${scheduleFile(schedule)}\n${storyText(moments)}`;
}
