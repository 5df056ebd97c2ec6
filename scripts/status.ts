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
  .option("--wait <seconds>", "ask again until all is as it should be, for that long at most", seconds)
  .option("--strict", "exit 1 for whatever needs a look, not only for a disagreement", false)
  .addHelpText(
    "after",
    "\nExit status: 0 carp's master and OVH's route agree; 1 they disagree; 2 that could not be told.\n" +
      "OVH is asked with OVH_APPLICATION_KEY, OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY.",
  )
  .parse();

const options = program.opts();
const interrupt = new AbortController();

async function look(operations: Operations): Promise<{ readonly exit: number; readonly screen: string }> {
  const status = await gatherStatus(operations);
  const verdict = judgeStatus(status);
  const { json, watch, strict } = options;
  const screen = json
    ? `${JSON.stringify({ ...status, ...verdict }, null, watch === undefined ? 2 : undefined)}\n`
    : statusScreen(status, verdict);
  return { exit: exitStatus(verdict, strict), screen };
}

/** Looks until there is nothing to complain of, or the time is over. */
async function wait(operations: Operations, deadline: number) {
  const end = performance.now() + deadline * 1000;
  for (;;) {
    const seen = await look(operations);
    if (seen.exit === 0 || performance.now() > end) return seen;
    await pause(2);
    if (interrupt.signal.aborted) return seen;
  }
}

/** Waits some seconds, or until it is interrupted. */
const pause = (length: number) =>
  sleep(length * 1000, undefined, { signal: interrupt.signal }).catch(() => {});

await operate(options, async (operations) => {
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interrupt.abort());
  const { watch, json } = options;
  const every = watch === true ? 2 : watch;
  for (;;) {
    const done = working("asking the edges and OVH", json || watch !== undefined);
    const seen = await (options.wait === undefined ? look(operations) : wait(operations, options.wait));
    done();
    const clear = watch !== undefined && !json && process.stdout.isTTY === true ? "\x1b[H\x1b[2J" : "";
    process.stdout.write(clear + seen.screen);
    if (watch !== undefined && !interrupt.signal.aborted) await pause(every);
    if (watch === undefined || interrupt.signal.aborted) return seen.exit;
  }
});
process.exit();
