import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { runBatch } from "../lib/playground/chaos/batch.js";
import { scheduleOf } from "../lib/playground/chaos/generate.js";
import { failureText, runLine, scheduleFile, summary } from "../lib/playground/chaos/report.js";
import { checkPrerequisites } from "../lib/playground/prerequisites.js";
import { endWith } from "./end-with.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const within = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}.`);
  }
  return value;
};

const program = new Command("chaos")
  .description(
    "plays seeded random faults on the simulated region and holds all that happens to the invariants",
  )
  .option("--runs <n>", "how many runs", within(1, 100_000), 20)
  .option("--seed <n>", "seed of the first run; each next one has the next seed", within(0, 4_294_967_295), 1)
  .option("--edges <n>", "edges: 2 or 3 (default: by the seed)", within(2, 3))
  .option("--faults <n>", "faults in each run (default: 3 to 5, by the seed)", within(1, 50))
  .option("--jobs <n>", "regions at once", within(1, 16), 3)
  .option("--out <folder>", "where the schedules of failed runs go", ".chaos")
  .option("--json", "print results as JSON", false)
  .parse();

const options = program.opts();
process.umask(0o077);

await endWith(async () => {
  checkPrerequisites();
  const abort = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => abort.abort());
  const wishes = Array.from({ length: options.runs }, (_, index) => ({
    seed: options.seed + index,
    edges: options.edges,
    faults: options.faults,
  }));
  const schedules = wishes.map(scheduleOf);
  const config = JSON.parse(readFileSync(join(root, "edge.config.example.json"), "utf8"));
  const say = (text: string) => options.json || process.stdout.write(`${text}\n`);
  const results = await runBatch({
    schedules,
    config,
    jobs: options.jobs,
    signal: abort.signal,
    done: (result) => {
      say(runLine(result));
      if (result.broken.length === 0) return;
      const file = join(options.out, `seed-${wishes[schedules.indexOf(result.schedule)]?.seed}.json`);
      mkdirSync(options.out, { recursive: true });
      writeFileSync(file, scheduleFile(result.schedule));
      say(failureText(result, file));
    },
  });
  if (options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  else say(`\n${summary(results)}`);
  if (abort.signal.aborted) return 130;
  return results.every(({ broken }) => broken.length === 0) ? 0 : 1;
});
process.exit();
