import { readFileSync } from "node:fs";
import { parseConfig } from "../config/load.js";
import type { EdgeConfigInput } from "../config/schema.js";
import { type BenchReport, PART_NAMES, type PartName, type PartResult, reportSchema } from "./figures.js";
import type { Measuring } from "./measure.js";
import { BUDGET, measureBudget } from "./parts/budget.js";
import { CLAIM, measureClaim } from "./parts/claim.js";
import { DEPLOY, measureDeploy } from "./parts/deploy.js";
import { EXPLORATION, measureExploration } from "./parts/exploration.js";
import { FAILOVER, measureFailover } from "./parts/failover.js";
import { measureNode, NODE } from "./parts/node.js";
import { measureSynth, SYNTH } from "./parts/synth.js";
import { type Chapter, type ReportFile, reportFiles } from "./report.js";

/** The chapters of the report. */
export const CHAPTERS: Readonly<Record<PartName, Chapter>> = {
  claim: CLAIM,
  failover: FAILOVER,
  deploy: DEPLOY,
  synth: SYNTH,
  node: NODE,
  exploration: EXPLORATION,
  budget: BUDGET,
};

type Part<Name extends PartName> = (input: EdgeConfigInput, options: Measuring) => Promise<PartResult<Name>>;

/** The seven parts, each of which can run alone. */
const PARTS: { readonly [Name in PartName]: Part<Name> } = {
  claim: (input, options) => measureClaim(parseConfig(input), options),
  failover: measureFailover,
  deploy: measureDeploy,
  synth: measureSynth,
  node: (input, options) => measureNode(parseConfig(input), options),
  exploration: measureExploration,
  budget: measureBudget,
};

/** Parts by their names. @throws Error that lists them for a name that is none of theirs */
export function partsNamed(names: readonly string[]): PartName[] {
  for (const name of names) {
    if (!(PART_NAMES as string[]).includes(name)) {
      throw new Error(`there is no part ${name}; there are ${PART_NAMES.join(", ")}`);
    }
  }
  return names.length === 0 ? PART_NAMES : PART_NAMES.filter((name) => names.includes(name));
}

/** Measures one part. */
export async function measurePart<Name extends PartName>(
  name: Name,
  input: EdgeConfigInput,
  options: Measuring,
): Promise<Pick<BenchReport, Name>> {
  const began = performance.now();
  const result = await PARTS[name](input, options);
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  return { [name]: { ...result, seconds } } as unknown as Pick<BenchReport, Name>;
}

/** The files of the report below docs. @throws Error for a report of another form */
export function benchDocument(report: unknown): ReportFile[] {
  const tried = readFileSync(new URL("tried.md", import.meta.url), "utf8");
  return reportFiles(reportSchema.parse(report), CHAPTERS, tried);
}
