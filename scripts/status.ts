import { setTimeout as sleep } from "node:timers/promises";
import { InvalidArgumentError } from "commander";
import type { Operations } from "../lib/operations/operations.js";
import { statusScreen } from "../lib/operations/status/screen.js";
import { gatherStatus } from "../lib/operations/status/status.js";
import { exitStatus, judgeStatus } from "../lib/operations/status/verdict.js";
import { operate, operateCommand, working } from "./operate.js";

function seconds(text: string): number {
  const value = Number(text);
  if (!(value >= 1 && value <= 3600)) throw new InvalidArgumentError("must be seconds from 1 to 3600.");
  return value;
}

const program = operateCommand(
  "status",
  "shows what is deployed, who holds the FailOver IP, and whether all agree",
)
  .option("--watch [seconds]", "show it again and again (default: every 2 s)", seconds)
  .option("--strict", "exit 1 for whatever needs a look, not only for a disagreement", false)
  .addHelpText(
    "after",
    "\nExit status: 0 carp's master and OVH's route agree; 1 they disagree; 2 that could not be told.\n" +
      "OVH is asked with OVH_APPLICATION_KEY, OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY.",
  )
  .parse();

const options = program.opts();
const interrupt = new AbortController();

async function show(operations: Operations): Promise<number> {
  const done = working("asking the edges and OVH", options.json);
  const status = await gatherStatus(operations);
  done();
  const verdict = judgeStatus(status);
  const { json, watch } = options;
  const screen = json
    ? `${JSON.stringify({ ...status, ...verdict }, null, watch === undefined ? 2 : undefined)}\n`
    : statusScreen(status, verdict);
  const clear = watch !== undefined && !json && process.stdout.isTTY === true ? "\x1b[H\x1b[2J" : "";
  process.stdout.write(clear + screen);
  return exitStatus(verdict, options.strict);
}

await operate(options, async (operations) => {
  if (options.watch === undefined) return show(operations);
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interrupt.abort());
  const pause = options.watch === true ? 2 : options.watch;
  for (;;) {
    const status = await show(operations);
    if (interrupt.signal.aborted) return status;
    await sleep(pause * 1000, undefined, { signal: interrupt.signal }).catch(() => {});
    if (interrupt.signal.aborted) return status;
  }
});
process.exit();
