import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { conform } from "../lib/simulator/ifstated/conformance.js";
import { endWith } from "./end-with.js";

const program = new Command("conformance")
  .description("plays recordings of the real ifstated(8) on the model")
  .argument("[folder]", "folder of recordings", "test/fixtures/ifstated")
  .parse();

await endWith(async () => {
  const [folder] = program.processedArgs as [string];
  let files: string[] = [];
  try {
    files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch (error) {
    process.stderr.write(`${folder} is no folder that can be read: ${(error as Error).message}\n`);
  }
  const recordings = files.filter((file) => file.endsWith(".json"));
  const { lines, ok } = conform(
    new Map(recordings.map((file) => [file, readFileSync(join(folder, file), "utf8")])),
  );
  process.stdout.write(`${lines.join("\n")}\n`);
  return ok ? 0 : 1;
});
