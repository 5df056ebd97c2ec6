import { Command } from "commander";
import { runnable } from "../lib/config/command-line.js";
import { readPlan } from "../lib/operations/pull-request/plan.js";
import { POLICY, policyReport, ruleNames, violationsOf } from "../lib/operations/pull-request/policy.js";
import { endWith } from "./end-with.js";
import { standardInput } from "./stdin.js";

const program = new Command("policy")
  .description(runnable("fails when a plan breaks a rule: terraform show -json PLAN | npm run -s policy"))
  .option("--allow <rule...>", "rules that this plan may break", [])
  .option("--json", "print what was found as JSON", false)
  .addHelpText(
    "after",
    `\nThe rules:\n${Object.entries(POLICY)
      .map(([name, must]) => `  ${name}\n      ${must}`)
      .join("\n")}`,
  )
  .parse();

await endWith(async () => {
  const { allow, json } = program.opts();
  const allowed = ruleNames(allow);
  const plan = readPlan(await standardInput("pipe terraform show -json PLAN into it"));
  const violations = violationsOf(plan, allowed);
  process.stdout.write(
    json ? `${JSON.stringify({ violations, allowed }, null, 2)}\n` : policyReport(violations, allowed),
  );
  return violations.some((one) => !one.allowed) ? 1 : 0;
});
