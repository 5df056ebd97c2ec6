import fc from "fast-check";
import { ConfigError, type ConfigIssue } from "../../lib/config/errors.js";
import { parseConfig } from "../../lib/config/load.js";
import type { EdgeConfig } from "../../lib/config/schema.js";
import { CREDENTIAL } from "../../lib/config/secrets.js";
import type { RenderedEdge } from "../../lib/edge/file.js";
import { textSettings, type Wish, wish } from "./hostile.js";
import { type Delivered, deliveries, type Misread, PROCESSES, readBack, shellAccepts } from "./read-back.js";

/** How many configurations are made, and by which seed. */
export interface FuzzOptions {
  readonly count: number;
  readonly seed: number;
  /** Configurations that the readers are asked about at once. @default - 2000 */
  readonly batch?: number;
  /** Changes what is delivered, to see whether that is found. @default - nothing */
  readonly tamper?: (edge: RenderedEdge) => RenderedEdge;
  readonly onProgress?: (done: number) => void;
}

/** What a run has shown. */
export interface FuzzReport {
  readonly seed: number;
  readonly count: number;
  readonly accepted: number;
  readonly refused: number;
  /** Configurations that were refused for their secrets alone. */
  readonly refusedSecrets: number;
  /** Edges whose files were read back. */
  readonly edges: number;
  /** By setting: how often it was made hostile alone, and how often that was accepted. */
  readonly settings: Readonly<Record<string, { readonly hostile: number; readonly accepted: number }>>;
  /** The first failure, at its smallest. */
  readonly failure?: { readonly index: number; readonly smallest: Wish; readonly why: readonly string[] };
}

interface Judged {
  readonly config?: EdgeConfig;
  readonly secretsRefused: boolean;
  readonly why: readonly string[];
}

/** Makes configurations and reads back whatever is accepted of them. */
export function fuzz({ count, seed, batch = 2000, tamper, onProgress }: FuzzOptions): FuzzReport {
  const settings: Record<string, { hostile: number; accepted: number }> = Object.fromEntries(
    textSettings().map((name) => [name, { hostile: 0, accepted: 0 }]),
  );
  const tally = { accepted: 0, refused: 0, refusedSecrets: 0, edges: 0 };
  for (let done = 0; done < count; done += batch) {
    const size = Math.min(batch, count - done);
    const batchSeed = seed + done / batch;
    const wishes = generated(size, batchSeed);
    const judged = wishes.map(judge);
    const delivered = judged.map(({ config }, index) =>
      config === undefined ? [] : deliveries(config, (wishes[index] as Wish).values, tamper),
    );
    const complaints = complain(delivered);
    wishes.forEach(({ spoiled }, index) => {
      const { config, secretsRefused } = judged[index] as Judged;
      if (config !== undefined) tally.accepted++;
      else if (secretsRefused) tally.refusedSecrets++;
      else tally.refused++;
      tally.edges += delivered[index]?.length ?? 0;
      const [only, another] = spoiled;
      const one = only === undefined || another !== undefined ? undefined : settings[only];
      if (one !== undefined) {
        one.hostile++;
        if (config !== undefined || secretsRefused) one.accepted++;
      }
    });
    const index = wishes.findIndex((_, at) => whyOf(judged[at], complaints[at]).length > 0);
    if (index >= 0) {
      return {
        seed: batchSeed,
        count: done + size,
        ...tally,
        settings,
        failure: smallest(index, size, batchSeed, tamper),
      };
    }
    onProgress?.(done + size);
  }
  return { seed, count, ...tally, settings };
}

const whyOf = (judged: Judged | undefined, complaints: readonly string[] | undefined) => [
  ...(judged?.why ?? []),
  ...(complaints ?? []),
];

function generated(count: number, seed: number): Wish[] {
  const wishes: Wish[] = [];
  fc.assert(
    fc.property(wish, (one) => {
      wishes.push(one);
    }),
    { numRuns: count, seed, endOnFailure: true },
  );
  return wishes;
}

/** Accepted, or refused in a way that names what is wrong. */
function judge({ config: input, spoiled, values }: Wish): Judged {
  let config: EdgeConfig;
  try {
    config = parseConfig(input);
  } catch (error) {
    if (!(error instanceof ConfigError))
      return { secretsRefused: false, why: [`it is no refusal: ${error}`] };
    return {
      secretsRefused: false,
      why: [...refusalFaults(error.issues, spoiled), ...leaks(error.message, input, values)],
    };
  }
  const credentials = [values.applicationKey, values.applicationSecret, values.consumerKey];
  const refused = !credentials.every((value) => new RegExp(CREDENTIAL).test(value));
  try {
    parseConfig(input, { environment: { TF_VAR_carp_password: values.carpPassword } });
  } catch (error) {
    const { issues, message } = error as ConfigError;
    const faults = issues.every(({ path }) => path === "TF_VAR_carp_password")
      ? []
      : [`it blames ${message}`];
    return { secretsRefused: true, why: [...faults, ...leaks(message, input, values)] };
  }
  return refused
    ? { secretsRefused: true, why: [] }
    : { config, secretsRefused: false, why: templates(config) };
}

/** Terraform would evaluate `\${…}` and `%{…}` in any text of the synthesized stack. */
function templates(value: unknown): string[] {
  return /[$%]\{/.test(JSON.stringify(value)) ? ["Terraform would evaluate a template in it"] : [];
}

const LINES = /[\p{Cc}\p{Zl}\p{Zp}\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Cs}/u;

function refusalFaults(issues: readonly ConfigIssue[], spoiled: readonly string[]): string[] {
  const faults = issues.flatMap(({ path, message }) => [
    ...(path === "" ? [`a refusal without a path: ${message}`] : []),
    ...(LINES.test(path + message)
      ? [`a refusal with what a terminal may not show: ${JSON.stringify(message)}`]
      : []),
    ...(message.length > 400 ? [`a refusal of ${message.length} characters at ${path.slice(0, 80)}`] : []),
  ]);
  const blamed = issues.map(({ path }) => path.replace(/\[\d+\]/g, "[]"));
  // A value may be sound and clash with another one, which is then named with it.
  const named = issues.some(
    ({ path, message }) =>
      message.startsWith("is not a setting") ||
      spoiled.some(
        (one) =>
          path.replace(/\[\d+\]/g, "[]").startsWith(one) || message.replace(/\[\d+\]/g, "[]").includes(one),
      ),
  );
  return named
    ? faults
    : [...faults, `${spoiled.join(", ")} was made hostile, the refusal names ${blamed.join(", ")}`];
}

function leaks(message: string, input: unknown, { carpPassword }: Wish["values"]): string[] {
  // A word that the rule itself has, and what the configuration says in clear, may be told.
  if (!/^(?=.*[^a-z]).{8,}$/s.test(carpPassword) || JSON.stringify(input).includes(carpPassword)) return [];
  return message.includes(carpPassword) ? ["the refusal shows the password"] : [];
}

/** What the readers say of each configuration's edges. */
function complain(delivered: readonly (readonly Delivered[])[], processes = true): string[][] {
  const all = delivered.flat();
  if (all.length === 0) return delivered.map(() => []);
  const misread = readBack(all, processes);
  const told = (list: readonly Misread[]) => list.map(({ reader, detail }) => `${reader}: ${detail}`);
  let next = 0;
  const complaints = delivered.map((edges) => edges.flatMap(() => told(misread[next++] as Misread[])));
  const shell = processes ? shellAccepts(all) : "0";
  if (shell !== "0")
    complaints.find((_, index) => (delivered[index]?.length ?? 0) > 0)?.push(`sh -n: ${shell}`);
  return complaints;
}

/** Lets fast-check make the configuration of this index smaller, as long as it fails. */
function smallest(index: number, count: number, seed: number, tamper: FuzzOptions["tamper"]) {
  let run = 0;
  let why: readonly string[] = [];
  // Readers that had nothing to say are not asked again: processes take their time.
  let processes = true;
  const found = fc.check(
    fc.property(wish, (one) => {
      // Everything before it has passed.
      if (run++ < index) return true;
      const judged = judge(one);
      const edges = judged.config === undefined ? [] : deliveries(judged.config, one.values, tamper);
      const reasons = whyOf(judged, complain([edges], processes)[0]);
      if (reasons.length > 0) {
        why = reasons;
        processes &&= reasons.some((reason) => PROCESSES.some((reader) => reason.startsWith(`${reader}:`)));
      }
      return reasons.length === 0;
    }),
    { numRuns: count, seed, interruptAfterTimeLimit: 20_000 },
  );
  const [config] = found.counterexample ?? [generated(count, seed)[index] as Wish];
  return { index, smallest: config, why };
}

/** A report as people read it. */
export function describeFuzz(report: FuzzReport): string {
  const { count, accepted, refused, refusedSecrets, edges, seed, failure } = report;
  const lines = [
    `${count} configurations: ${accepted} accepted, ${refused} refused, ${refusedSecrets} with secrets refused; ` +
      `files of ${edges} edges read back; seed ${seed}`,
  ];
  if (failure !== undefined) {
    lines.push(
      `failed at ${failure.index} of seed ${seed}:`,
      ...failure.why.map((line) => `  ${line}`),
      "the smallest one:",
      JSON.stringify(failure.smallest, null, 2),
    );
  }
  return `${lines.join("\n")}\n`;
}
