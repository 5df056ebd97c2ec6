import { Command, InvalidArgumentError } from "commander";
import { describeFuzz, fuzz } from "../test/hardening/fuzz.js";
import { endWith } from "./end-with.js";

const whole = (text: string) => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("it must be a whole number.");
  return Number(text);
};
const program = new Command("fuzz")
  .description("makes hostile configurations and reads back the files of those that are accepted")
  .option("--count <n>", "configurations to make", whole, 2000)
  .option("--deep", "100,000 configurations", false)
  .option("--seed <n>", "seed of the first one", whole, Math.floor(Math.random() * 1e9))
  .parse();

await endWith(async () => {
  const { count, deep, seed } = program.opts();
  const total = deep ? Math.max(count, 100_000) : count;
  const report = fuzz({
    count: total,
    seed,
    onProgress: (done) => process.stderr.isTTY && process.stderr.write(`\r${done} of ${total}`),
  });
  process.stdout.write(describeFuzz(report));
  return report.failure === undefined ? 0 : 1;
});
