import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { Listr, ListrLogger, type ListrTaskWrapper, ProcessOutput } from "listr2";
import { benchDocument, CHAPTERS, measurePart, partsNamed } from "../lib/bench/bench.js";
import { PART_NAMES } from "../lib/bench/figures.js";
import { machineFacts } from "../lib/bench/machine-facts.js";
import { findTerraform } from "../lib/operations/terraform-binary.js";
import { checkPrerequisites } from "../lib/playground/prerequisites.js";
import { endWith } from "./end-with.js";

const root = fileURLToPath(new URL("../", import.meta.url));

function atLeastOne(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("must be a whole number from 1.");
  return value;
}

const program = new Command("bench")
  .description(
    "measures, each thing beside another, and writes docs/benchmarks.md with its pictures and its JSON",
  )
  .option("--quick", "fewer cases and runs, in under three minutes; docs stay as they are", false)
  .option("--only <parts...>", `only these parts: ${PART_NAMES.join(", ")}; docs stay as they are`)
  .option("--json <file>", "write the JSON there as well")
  .option("--against <path>", "a real ipmoveOvh, to be measured beside ip-move")
  .option("--runs <n>", "runs of each thing", atLeastOne, 7)
  .option("--from <file>", "measure nothing: write the report of a JSON again")
  .parse();

const options = program.opts();

// biome-ignore lint/suspicious/noExplicitAny: listr2's renderers are chosen at run time
type Task = ListrTaskWrapper<unknown, any, any>;

function writeReport(report: unknown): void {
  for (const { path, content } of benchDocument(report)) {
    const file = join(root, "docs", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

await endWith(async () => {
  if (options.from !== undefined) return writeReport(JSON.parse(readFileSync(options.from, "utf8")));
  checkPrerequisites();
  const input = JSON.parse(readFileSync(join(root, "edge.config.example.json"), "utf8"));
  const names = partsNamed(options.only ?? []);
  const report: Record<string, unknown> = {
    version: 1,
    quick: options.quick,
    machine: machineFacts(findTerraform(process.env)),
  };
  const tasks = new Listr(
    names.map((name) => ({
      title: CHAPTERS[name].title,
      task: async (_: unknown, task: Task) => {
        const title = task.title;
        const step = (text: string) => {
          task.title = `${title}: ${text}`;
        };
        const { quick, runs, against } = options;
        Object.assign(report, await measurePart(name, input, { quick, runs, against, step }));
        // What was measured is not lost when a later part fails.
        if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
        task.title = title;
      },
    })),
    {
      concurrent: false,
      renderer: process.stderr.isTTY ? "default" : "simple",
      // The JSON may go to standard output.
      rendererOptions: {
        logger: new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) }),
      },
    },
  );
  await tasks.run();
  if (options.quick || options.only !== undefined) {
    if (options.json === undefined) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } else writeReport(report);
});
process.exit();
