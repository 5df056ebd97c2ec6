import { readFileSync } from "node:fs";
import { z } from "zod";
import { runnable } from "../../config/command-line.js";
import { FAULTS, type FaultKind, type MendKind, type Schedule } from "../../simulator/explore/schedule.js";

const KINDS = Object.keys(FAULTS) as FaultKind[];
const STEPS = KINDS.flatMap((kind): (FaultKind | MendKind)[] => {
  const { mend } = FAULTS[kind];
  return mend === undefined ? [kind] : [kind, mend];
});

const schedule = z.strictObject({
  edges: z.int().min(2).max(8),
  ovh: z.strictObject({
    whilePending: z.enum(["refuse", "overwrite"]),
    toHolder: z.enum(["no-op", "pending"]),
  }),
  steps: z.array(z.strictObject({ at: z.number().min(0), step: z.enum(STEPS), edge: z.string().optional() })),
  note: z.string().optional(),
});

/** Reads a schedule that a run or an exploration has left. @throws Error that names the file and what is wrong in it */
export function readSchedule(file: string): Schedule {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(
      `${file} must be a schedule as ${runnable("npm run chaos")} leaves it in .chaos: ${(error as Error).message}`,
    );
  }
  const parsed = schedule.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      ({ path, message }) => `${path.map(String).join(".")}: ${message}`,
    );
    throw new Error(`${file} is not a schedule:\n  ${issues.join("\n  ")}`);
  }
  const { steps, edges } = parsed.data;
  steps.forEach(({ step, edge }, index) => {
    const wrong = wrongEdge(step, edge, edges);
    if (wrong !== undefined) throw new Error(`${file} is not a schedule:\n  steps.${index}.edge: ${wrong}`);
  });
  return { ...parsed.data, steps: [...steps].sort((a, b) => a.at - b.at) };
}

/** What is wrong with the edge that a step names. */
function wrongEdge(step: string, edge: string | undefined, edges: number): string | undefined {
  const kind = KINDS.find((name) => name === step || FAULTS[name].mend === step) as FaultKind;
  if (FAULTS[kind].of === "ovh") return edge === undefined ? undefined : `${step} is OVH's, got ${edge}`;
  const names = Array.from({ length: edges }, (_, index) => `edge-${index + 1}`);
  return names.includes(edge ?? "")
    ? undefined
    : `${step} needs one of ${names.join(", ")}, got ${edge ?? "none"}`;
}
