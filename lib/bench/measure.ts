import type { Measurement } from "./figures.js";
import { pairedRatios, rounded, type Summary, summarize } from "./statistics.js";

/** How a part is measured. */
export interface Measuring {
  /** Fewer cases, for a look. */
  readonly quick: boolean;
  /** Runs of each thing; a part that can afford fewer says so in a note. */
  readonly runs: number;
  /** Says what is being measured. */
  readonly step: (text: string) => void;
  /** Path of the real ipmoveOvh, to be measured as well. */
  readonly against?: string;
}

/** Several things that are measured in turn, so that what slows the machine slows each of them. */
export type Turn<Name extends string> = Readonly<Record<Name, () => Promise<number>>>;

/** Measures each thing once, then each once more, and so on. */
export async function inTurn<Name extends string>(
  runs: number,
  things: Turn<Name>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(things) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let run = 0; run < runs; run++) {
    for (const name of names) values[name].push(await things[name]());
  }
  return values;
}

/** What a measurement is called, and where it is drawn. */
export type Label = Pick<Measurement, "id" | "what" | "unit" | "plot">;

/** One thing by itself. */
export function alone(label: Label, values: readonly number[]): Measurement {
  return { ...label, value: shown(summarize(values)) };
}

/** Two things that were measured in turn, and their ratio run by run. */
export function beside(
  label: Label,
  values: readonly number[],
  what: string,
  against: readonly number[],
): Measurement {
  const ratios = pairedRatios(values, against);
  return {
    ...alone(label, values),
    against: { what, value: shown(summarize(against)) },
    ...(ratios.every(Number.isFinite) ? { ratio: shown(summarize(ratios)) } : {}),
  };
}

/** The median of a measurement. @throws Error for one that is not there */
export function medianOf(measurements: readonly Measurement[], id: string): number {
  return named(measurements, id).value.median;
}

/** The median ratio of a measurement. @throws Error for one that is not there */
export function ratioOf(measurements: readonly Measurement[], id: string): number {
  const { ratio } = named(measurements, id);
  if (ratio === undefined) throw new Error(`${id} was measured by itself`);
  return ratio.median;
}

function named(measurements: readonly Measurement[], id: string): Measurement {
  const found = measurements.find((one) => one.id === id);
  if (found === undefined) throw new Error(`${id} was not measured`);
  return found;
}

function shown({ runs, minimum, median, maximum }: Summary): Summary {
  return { runs, minimum: rounded(minimum), median: rounded(median), maximum: rounded(maximum) };
}
