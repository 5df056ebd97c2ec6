import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The Promela model. */
export const MODEL_FILE = fileURLToPath(new URL("edge.pml", import.meta.url));

/** Something that the model has a number for. */
export interface Word {
  readonly name: string;
  readonly number: number;
  /** What it says, in a sentence without a full stop. */
  readonly sentence: string;
}

/** The words of one sort, read from the comments behind the model's numbers. */
function words(pattern: RegExp): readonly Word[] {
  return [...readFileSync(MODEL_FILE, "utf8").matchAll(pattern)].map(([, number, name, sentence]) => ({
    name: name as string,
    number: Number(number),
    sentence: sentence as string,
  }));
}

/** What must be true: S1 to S6 in each state, L1 and L2 after the last fault, L3 at last. */
export const INVARIANTS = words(/^#define [SL]\d (\d+) \/\* (\w+): (.*) \*\/$/gm);

/** What can go wrong. */
export const FAULTS = words(/^#define F_\w+ (\d+) \/\* ([\w-]+): (.*) \*\/$/gm);

/** Rules left out or weakened. */
export const MUTATIONS = words(/^#define M_\w+ (\d+) \/\* ([\w-]+): (.*) \*\/$/gm);

/**
 * The number that the model has for a name.
 *
 * @throws Error with all names of that sort
 */
export function numberOf(sort: string, all: readonly Word[], name: string): number {
  const word = all.find((each) => each.name === name);
  if (word !== undefined) return word.number;
  throw new Error(
    `the Promela model has no ${sort} ${JSON.stringify(name)}; it has ${all.map((each) => each.name).join(", ")}`,
  );
}
