import { Command } from "commander";
import { table } from "../lib/operations/table.js";
import type { Start } from "../lib/simulator/promela/environment.js";
import { deepEnvironments, MUTATION_CASES, singleFaults } from "../lib/simulator/promela/expected.js";
import { missingForSpin } from "../lib/simulator/promela/prerequisites.js";
import { type SpinResult, unexpected, verdictRows } from "../lib/simulator/promela/report.js";
import { Spin } from "../lib/simulator/promela/spin.js";
import { FAULTS, INVARIANTS, MUTATIONS } from "../lib/simulator/promela/vocabulary.js";
import { endWith } from "./end-with.js";

const list = (words: readonly { name: string; sentence: string }[]) =>
  words.map(({ name, sentence }) => `  ${name.padEnd(24)}${sentence}`).join("\n");

const options = new Command("spin")
  .description("checks the Promela model of the failover with Spin, apart from npm run explore")
  .option("--deep", "two edges and any two faults too; some minutes", false)
  .option("--trail <invariant>", "print the shortest way to a violation, with --faults")
  .option("--faults <names>", "kinds of faults, with commas between")
  .option("--edges <n>", "how many edges, with --trail", Number, 2)
  .option("--start <start>", "in service, unrouted or cold, with --trail", "in service")
  .option("--mutation <name>", "a rule left out, with --trail")
  .option("--megabytes <n>", "memory of one search", Number, 4000)
  .option("--json", "print verdicts as JSON", false)
  .addHelpText(
    "after",
    `\nInvariants:\n${list(INVARIANTS)}\n\nFaults:\n${list(FAULTS)}\n\nMutations:\n${list(MUTATIONS)}`,
  )
  .parse()
  .opts();

async function trail(spin: Spin): Promise<number> {
  const { trail: invariant, edges, mutation } = options;
  const faults = options.faults === undefined ? [] : options.faults.split(",");
  const start = options.start as Start;
  const lines = await spin.shortest({ edges, faults, start, mutation }, invariant);
  process.stdout.write(lines.length === 0 ? `${invariant} holds\n` : `${lines.join("\n")}\n`);
  return lines.length === 0 ? 0 : 1;
}

async function verdicts(spin: Spin): Promise<number> {
  const questions = [
    ...[...singleFaults(), ...(options.deep ? deepEnvironments() : [])].map((environment) => ({
      environment,
    })),
    ...MUTATION_CASES.map(({ mutation, environment, violates }) => ({
      environment: { ...environment, mutation },
      violates,
    })),
  ];
  const results: SpinResult[] = [];
  for (const question of questions) {
    results.push({ ...question, verdicts: await spin.verdicts(question.environment) });
  }
  const wrong = results.flatMap(unexpected);
  const all = results.flatMap((result) => result.verdicts);
  const { head, rows } = verdictRows(results);
  process.stdout.write(options.json ? `${JSON.stringify(all, null, 2)}\n` : `${table(head, rows)}\n`);
  process.stderr.write(wrong.length === 0 ? "" : `${wrong.join("\n")}\n`);
  return wrong.length === 0 ? 0 : 1;
}

await endWith(async () => {
  const missing = missingForSpin();
  if (missing.length > 0) throw new Error(missing.join("\n"));
  const spin = new Spin({ megabytes: options.megabytes });
  try {
    return await (options.trail === undefined ? verdicts(spin) : trail(spin));
  } finally {
    spin.close();
  }
});
