import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { runnable } from "../lib/config/command-line.js";
import { configFile, loadConfig, parseConfig } from "../lib/config/load.js";
import { deployedEdges } from "../lib/operations/deployed-edges.js";
import type { DrillCluster } from "../lib/operations/drill/cluster.js";
import { parseDoor } from "../lib/operations/drill/knock.js";
import { liveCluster } from "../lib/operations/drill/live-cluster.js";
import { drillPage, timelineSvg } from "../lib/operations/drill/picture.js";
import { drillRows, historyLine, percentiles, unmeasured } from "../lib/operations/drill/report.js";
import { type DrillResult, runDrill, sound } from "../lib/operations/drill/run.js";
import { SCENARIOS, type Scenario, scenariosNamed, whatOf } from "../lib/operations/drill/scenarios.js";
import { table } from "../lib/operations/table.js";
import { replay } from "../lib/playground/chaos/replay.js";
import { Playground } from "../lib/playground/playground.js";
import { checkPrerequisites } from "../lib/playground/prerequisites.js";
import { simulatedCluster } from "../lib/playground/simulated-cluster.js";
import { until } from "../lib/playground/until.js";
import { confirm } from "./confirm.js";
import { endWith } from "./end-with.js";

const root = fileURLToPath(new URL("../", import.meta.url));
function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 5 || value > 3600) {
    throw new InvalidArgumentError("must be a whole number of seconds from 5 to 3600.");
  }
  return value;
}

function door(text: string): ReturnType<typeof parseDoor> {
  const value = parseDoor(text);
  if (value === undefined) throw new InvalidArgumentError("must be a TCP port, or host:port.");
  return value;
}

const program = new Command("drill")
  .description("runs failover drills, on the simulated region or on deployed edges")
  .argument(
    "[drills...]",
    `drills to run: ${SCENARIOS.map(({ name }) => name).join(", ")} (default: carp-down)`,
  )
  .option("--all", "run all drills", false)
  .option("--live", "on the deployed edges, over SSH", false)
  .option("--yes", "do not ask before a drill on deployed edges", false)
  .option(
    "--config <file>",
    "configuration (default: the example's on the simulator; EDGE_CONFIG, else edge.config.json live)",
  )
  .option("--stack <folder>", "folder of the deployed stack", "cdktf.out/stacks/edge")
  .option("--ip <address>", "live: the FailOver IP that is watched, with its vhid (default: the first one)")
  .option("--cut <seconds>", "live: how long a fault may cut an edge off, at most", seconds, 60)
  .option(
    "--probe <[host:]port>",
    "live: what answers at the FailOver IP, to count the packets lost (default: 443 of the address)",
    door,
  )
  .option("--out <folder>", "where results go", ".drill")
  .option(
    "--replay <file>",
    runnable("play a schedule of faults on the simulator, as npm run chaos leaves it in .chaos"),
  )
  .option("--json", "print results as JSON", false)
  .parse();

const options = program.opts();
process.umask(0o077);

const say = (text: string) => {
  if (!options.json) process.stdout.write(text);
};

let scenarios: readonly Scenario[] = SCENARIOS;
/** What came of the drills so far; a later one that cannot run takes nothing away from it. */
const results: DrillResult[] = [];

async function drill(
  cluster: DrillCluster,
  config: ReturnType<typeof loadConfig>,
  signal?: AbortSignal,
): Promise<void> {
  for (const scenario of scenarios) {
    say(`${scenario.name}: ${whatOf(scenario, cluster)} … `);
    const result = await runDrill(scenario, { cluster, config, signal }).catch((error) => {
      say("not finished\n");
      throw error;
    });
    results.push(result);
    say(`${result.verdict}\n`);
    mkdirSync(options.out, { recursive: true });
    appendFileSync(join(options.out, "drills.jsonl"), historyLine(result));
  }
}

function report(): void {
  const history = readFileSync(join(options.out, "drills.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  writeFileSync(join(options.out, "timeline.svg"), timelineSvg(results));
  writeFileSync(join(options.out, "drills.html"), drillPage(results));
  writeFileSync(join(options.out, "drills.json"), `${JSON.stringify(results, null, 2)}\n`);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ results, percentiles: percentiles(history) }, null, 2)}\n`);
    return;
  }
  const { head, rows } = drillRows(results);
  say(`\nMilliseconds after the fault:\n\n${table(head, rows)}\n\n`);
  say(unmeasured(results));
  const shares = percentiles(history).map(({ scenario, runs, p50, p90, p99 }) =>
    [scenario, runs, p50, p90, p99].map(String),
  );
  if (shares.length > 0) {
    say(`Until the claim was accepted, over all runs in ${options.out}/drills.jsonl:\n\n`);
    say(`${table(["drill", "runs", "p50", "p90", "p99"], shares)}\n\n`);
  }
  say(`Pictures: ${join(options.out, "timeline.svg")}, ${join(options.out, "drills.html")}\n`);
}

async function live(): Promise<void> {
  const wish = loadConfig(configFile(process.env, options.config), process.env);
  const deployed = deployedEdges(wish, options.stack, process.env);
  const { config } = deployed;
  const cluster = liveCluster({ ...deployed, cut: options.cut, ip: options.ip, door: options.probe });
  // What a drill has broken on real edges is mended before it ends, whoever ends it.
  const interrupt = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => interrupt.abort());
  try {
    await sound(cluster, 0);
    const others = config.failoverIps.length === 1 ? "" : ", and whatever else its edge has,";
    const question = `This interrupts ${cluster.failoverIp}${others} for some seconds, several times. Go on?`;
    if (!(await confirm(question, options.yes))) throw new Error("nothing was done");
    await drill(cluster, config, interrupt.signal);
  } finally {
    await Promise.all(cluster.edges.map((edge) => edge.close()));
  }
}

async function simulated(): Promise<void> {
  checkPrerequisites();
  const input = JSON.parse(readFileSync(options.config ?? join(root, "edge.config.example.json"), "utf8"));
  // Shorter waits where they are not what a drill is about.
  const config = {
    ...input,
    probe: { ...input.probe, interval: 5, attempts: 2 },
    claim: { ...input.claim, checkInterval: 10, healthyFor: 2 },
  };
  const playground = await Playground.create({ config });
  const stop = () => void playground.stop().then(() => process.exit(130));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  let cluster: DrillCluster | undefined;
  try {
    say("Deploying the edge on a simulated region … ");
    await playground.synth();
    await playground.terraform.init();
    await playground.terraform.apply(() => {});
    await until(() => playground.region.answering() !== undefined, "no edge answers for the FailOver IP");
    cluster = simulatedCluster(playground);
    await sound(cluster, 60_000);
    say("done\n");
    await drill(cluster, parseConfig(config));
  } finally {
    await Promise.all((cluster?.edges ?? []).map((edge) => edge.close()));
    await playground.stop();
  }
}

async function replayed(file: string): Promise<number> {
  checkPrerequisites();
  const input = JSON.parse(readFileSync(options.config ?? join(root, "edge.config.example.json"), "utf8"));
  const interrupt = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interrupt.abort());
  const write = (text: string) => process.stdout.write(text);
  const held = await replay({ file, config: input, json: options.json, write, signal: interrupt.signal });
  return interrupt.signal.aborted ? 130 : held ? 0 : 1;
}

await endWith(async () => {
  if (options.replay !== undefined) return replayed(options.replay);
  if (options.ip !== undefined && !options.live)
    throw new Error("--ip is for deployed edges; use it with --live");
  if (!options.all) scenarios = scenariosNamed(program.args.length > 0 ? program.args : ["carp-down"]);
  try {
    await (options.live ? live() : simulated());
  } finally {
    if (results.length > 0) report();
  }
  return results.every(({ verdict }) => verdict === "passed") ? 0 : 1;
});
process.exit();
