import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { table } from "../lib/operations/table.js";
import { judge } from "../lib/simulator/explore/accepted.js";
import { ifstatedConfsOf } from "../lib/simulator/explore/confs.js";
import { exploreGuide, guideText } from "../lib/simulator/explore/guide/explore.js";
import { ALL_KINDS, type Job, jobName } from "../lib/simulator/explore/job.js";
import { jobsOf } from "../lib/simulator/explore/jobs.js";
import { exploreAll } from "../lib/simulator/explore/pool.js";
import { exploreRows, recoveryRows, totals } from "../lib/simulator/explore/report.js";
import { endWith } from "./end-with.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const program = new Command("explore")
  .description("explores every interleaving of faults, with the decisions of the deployed edge-sync")
  .option("--deep", "three edges with every two faults, four with every single one; takes hours", false)
  .option("--edges <n>", "only so many edges, with --faults", Number)
  .option("--faults <n>", "only so many faults, with --edges", Number)
  .option("--ips <n>", "only FailOver IPs on so many vhids, at most 4 and one an edge", Number)
  .option("--kinds <names>", `only these kinds, of ${ALL_KINDS.join(", ")}`)
  .option("--states <n>", "at most so many states a run", Number)
  .option("--subject <name>", "edge-sync, or guide: the ifstated.conf of the source guide", "edge-sync")
  .option("--out <folder>", "where counterexamples go", ".explore")
  .option("--json", "print the reports as JSON", false)
  .parse();

const options = program.opts();

function jobs(): readonly Job[] {
  const { edges, faults, ips, kinds, states, deep } = options;
  if (edges === undefined && faults === undefined && kinds === undefined) {
    if (ips === undefined) return jobsOf(deep ? "deep" : "usual");
    if (ips === 2) return jobsOf(deep ? "deep ips" : "ips");
  }
  return [
    {
      edges: edges ?? 2,
      faults: faults ?? 1,
      ...(ips === undefined ? {} : { vhids: ips, coarse: true }),
      ...(kinds === undefined ? {} : { kinds: kinds.split(",") }),
      ...(states === undefined ? {} : { states }),
    },
  ];
}

await endWith(async () => {
  const example = JSON.parse(readFileSync(join(root, "edge.config.example.json"), "utf8"));
  if (options.subject === "guide") {
    const found = exploreGuide(readFileSync(join(root, "test/fixtures/ifstated-guide.conf"), "utf8"));
    process.stdout.write(guideText(found));
    return found.some(({ story }) => story.length > 0) ? 1 : 0;
  }
  const began = performance.now();
  const reports = await exploreAll(jobs(), ifstatedConfsOf(example), (report) => {
    if (!options.json)
      process.stdout.write(
        `${jobName(report.job)}: ${report.states} states, ${report.seconds.toFixed(1)} s\n`,
      );
  });
  const { failures, accepted, gone, unfinished, text } = judge(reports);
  if (options.json) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
  else {
    const { head, rows } = exploreRows(reports);
    process.stdout.write(
      `\n${table(head, rows)}\n\n${table(recoveryRows(reports).head, recoveryRows(reports).rows)}\n\n`,
    );
    process.stdout.write(`${totals(reports, (performance.now() - began) / 1000)}\n${text}`);
  }
  mkdirSync(options.out, { recursive: true });
  [...failures, ...accepted].forEach(({ counterexample }, index) => {
    writeFileSync(
      join(options.out, `counterexample-${index + 1}.json`),
      `${JSON.stringify(counterexample.schedule, null, 2)}\n`,
    );
    writeFileSync(
      join(options.out, `counterexample-${index + 1}.txt`),
      `${counterexample.story.join("\n")}\n`,
    );
  });
  const cutShort = options.states === undefined ? unfinished.length : 0;
  return failures.length + gone.length + cutShort > 0 ? 1 : 0;
});
process.exit();
