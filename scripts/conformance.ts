import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { playRecording } from "../lib/simulator/ifstated/recording.js";
import { endWith } from "./end-with.js";

const program = new Command("conformance")
  .description("plays recordings of the real ifstated(8) on the model")
  .argument("[folder]", "folder of recordings", "test/fixtures/ifstated")
  .parse();

await endWith(async () => {
  const [folder] = program.processedArgs as [string];
  let [passed, failed] = [0, 0];
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".json")) continue;
    const difference = playRecording(JSON.parse(readFileSync(join(folder, file), "utf8")));
    if (difference === undefined) passed++;
    else {
      failed++;
      process.stdout.write(`${file}: ${difference}\n`);
    }
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
});
