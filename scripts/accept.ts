import { accept, exitStatus, type Finding, greet } from "../lib/operations/accept/accept.js";
import { isDisruptive } from "../lib/operations/accept/assumption.js";
import { ASSUMPTIONS, assumptionsNamed } from "../lib/operations/accept/assumptions.js";
import { expected, tapHead, tapPoint, tapTail } from "../lib/operations/accept/tap.js";
import type { Operations } from "../lib/operations/operations.js";
import { requireRoot } from "../lib/operations/require-root.js";
import { confirm } from "./confirm.js";
import { endWith } from "./end-with.js";
import { operate, operateCommand, working } from "./operate.js";

const program = operateCommand(
  "accept",
  "asks deployed edges and OVH whether what this package assumes holds, as TAP",
)
  .option("--list", "list the assumptions and how each is checked, and ask nobody", false)
  .option("--only <ids...>", "check these assumptions alone")
  .option("--disruptive", "also try what disturbs the edges for moments; each trial mends itself", false)
  .option("--yes", "do not ask before that", false)
  .addHelpText(
    "after",
    "\nExit status: 0 all that was checked holds; 1 an assumption does not; 2 something could not be found out.\n" +
      "OVH is asked with OVH_APPLICATION_KEY, OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY.\n" +
      "Without --disruptive nothing is changed, neither on the edges nor at OVH. On the simulated region a pass\n" +
      "says that this script works, and nothing about real nodes.",
  )
  .parse();

const options = program.opts();

function list(assumptions: typeof ASSUMPTIONS): void {
  if (options.json) {
    const rows = assumptions.map(({ how, ...one }) => ({ ...one, kind: how.kind, expected: expected(how) }));
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  for (const one of assumptions) {
    const { id, statement, how } = one;
    const kind = how.kind === "sight" ? "by sight" : isDisruptive(one) ? "--disruptive" : "checked";
    process.stdout.write(`${id.padEnd(24)} ${kind.padEnd(13)} ${statement}\n`);
  }
}

async function run(assumptions: typeof ASSUMPTIONS, operations: Operations): Promise<number> {
  const { config } = operations;
  await requireRoot(operations.edges);
  const trials = assumptions.flatMap((one) =>
    one.how.kind === "trial" ? [`  ${one.id}: it ${one.how.does}`] : [],
  );
  if (options.disruptive && trials.length > 0) {
    const question = `This disturbs the edges of ${config.failoverIps[0].address} for moments:\n${trials.join("\n")}\nGo on?`;
    if (!(await confirm(question, options.yes))) return 2;
  }
  const sources = { ...operations, disruptive: options.disruptive };
  const say = (text: string) => {
    if (!options.json) process.stdout.write(text);
  };
  const greetings = await greet(sources);
  say(tapHead(assumptions.length, greetings));
  const findings: Finding[] = [];
  let done = working(`asking about ${assumptions.length} assumptions`, !options.json);
  for await (const finding of accept(assumptions, greetings, sources)) {
    findings.push(finding);
    done();
    say(tapPoint(findings.length, finding));
    const next = assumptions[findings.length];
    if (next !== undefined) done = working(next.id, false);
  }
  done();
  say(tapTail(findings));
  if (options.json) {
    const results = findings.map(({ assumption: { how, ...one }, ...found }) => ({
      ...one,
      expected: expected(how),
      ...found,
    }));
    process.stdout.write(`${JSON.stringify({ edges: greetings, results }, null, 2)}\n`);
  }
  return exitStatus(findings, greetings);
}

if (options.list) {
  await endWith(
    async () => list(options.only === undefined ? ASSUMPTIONS : assumptionsNamed(options.only)),
    2,
  );
} else {
  await operate(options, (operations) =>
    run(options.only === undefined ? ASSUMPTIONS : assumptionsNamed(options.only), operations),
  );
}
process.exit();
