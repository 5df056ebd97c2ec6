import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { runnable } from "../lib/config/command-line.js";
import { comment, verdictOf } from "../lib/operations/pull-request/comment.js";
import { effectsOf } from "../lib/operations/pull-request/effects.js";
import { diagnosticsIn } from "../lib/operations/pull-request/messages.js";
import { readPlan } from "../lib/operations/pull-request/plan.js";
import { ruleNames, violationsOf } from "../lib/operations/pull-request/policy.js";
import { endWith } from "./end-with.js";
import { standardInput } from "./stdin.js";

const program = new Command("diff-comment")
  .description(
    runnable(
      "writes the comment of a pull request from a plan: terraform show -json PLAN | npm run -s diff-comment -- --exit-code N",
    ),
  )
  .requiredOption("--exit-code <n>", "exit status of terraform plan -detailed-exitcode", exitStatus)
  .option("--messages <file>", "what terraform plan -json printed, for its errors")
  .option("--stack <name>", "name of the stack", "edge")
  .option("--commit <sha>", "commit that was planned")
  .option("--allow <rule...>", "rules of the policy that may be broken", [])
  .option("--json", "print what the comment says as JSON", false)
  .addHelpText(
    "after",
    "\nReads the plan's JSON from standard input; with an exit status other than 0 and 2 there is none.",
  )
  .parse();

await endWith(async () => {
  const { exitCode, messages, stack, commit, allow, json } = program.opts();
  const allowed = ruleNames(allow);
  const planned = exitCode === 0 || exitCode === 2;
  const plan = planned ? readPlan(await standardInput("pipe terraform show -json PLAN into it")) : undefined;
  const diagnostics = messages === undefined ? [] : diagnosticsIn(readFileSync(messages, "utf8"));
  const violations = plan === undefined ? [] : violationsOf(plan, allowed);
  const verdict = verdictOf({ exitCode, plan });
  const text = comment({ stack, exitCode, plan, diagnostics, violations, commit });
  if (!json) return void process.stdout.write(text);
  const effects = plan === undefined ? [] : effectsOf(plan);
  process.stdout.write(
    `${JSON.stringify({ verdict, effects, violations, diagnostics, comment: text }, null, 2)}\n`,
  );
});

function exitStatus(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError("it is a number from 0 to 255.");
  return Number(text);
}
