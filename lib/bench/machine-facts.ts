import { execFileSync } from "node:child_process";
import { availableParallelism, loadavg, totalmem } from "node:os";
import type { BenchReport } from "./figures.js";

/** What a reader must know of the machine; neither its name nor a path on it. */
export function machineFacts(terraform: string): BenchReport["machine"] {
  return {
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e8) / 10,
    load: Math.round((loadavg()[0] as number) * 10) / 10,
    platform: `${process.platform} on ${process.arch}`,
    node: process.versions.node,
    perl: version("perl", ["-e", "print $^V"], /v([\d.]+)/),
    terraform: version(terraform, ["version"], /v([\d.]+)/),
  };
}

function version(program: string, args: readonly string[], form: RegExp): string {
  try {
    const text = execFileSync(program, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, CHECKPOINT_DISABLE: "1" },
    });
    return form.exec(text)?.[1] ?? "of an unknown version";
  } catch {
    return "not there";
  }
}
