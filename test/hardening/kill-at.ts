import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Sandbox } from "../../lib/simulator/node/sandbox.js";

/** Each call is tried, not a share of them: minutes instead of seconds. */
export const DEEP = process.env.EDGE_TEST_DEEP !== undefined;

/**
 * What is killed at a system call: `all` that a command has started, as at the end of a session,
 * or the `one` process that makes the call, as for want of memory.
 */
export type Victim = "all" | "one";

/** Why nothing can be killed at a system call here, or undefined. */
const REFUSED = (() => {
  const killer = fileURLToPath(new URL("kill-at.pl", import.meta.url));
  const { status, stderr } = spawnSync("perl", [killer, "all", "0", "/dev/null", "/bin/true"], {
    encoding: "utf8",
  });
  return status === 0 ? undefined : stderr.trim();
})();

export const CAN_KILL = REFUSED === undefined;

/** A test's name, with why it is skipped where ptrace(2) is not to be had. */
export function killing(name: string): string {
  return CAN_KILL ? name : `${name} (skipped: ptrace(2) is refused here, allow it to containers: ${REFUSED})`;
}

/** What came of a run that was to be killed. */
export interface KilledRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** System calls that change something, up to the kill or the end. */
  readonly calls: number;
  /** The call at which it was killed, with its path where it has one; undefined where it came to its end. */
  readonly killedAt?: string;
}

const KILLER = "/simulator/kill-at";
const REPORT = "/simulator/kill-report";

/** Runs a command of a node and kills it at its `at`-th system call that changes something; 0 lets it end. */
export async function killAt(
  sandbox: Sandbox,
  victim: Victim,
  at: number,
  command: string,
  run: (command: string) => Promise<{ status: number; stdout: string; stderr: string }> = (line) =>
    sandbox.run(line),
): Promise<KilledRun> {
  sandbox.write(KILLER, readFileSync(new URL("kill-at.pl", import.meta.url), "utf8"));
  sandbox.write(REPORT, "");
  const { status, stdout, stderr } = await run(`perl ${KILLER} ${victim} ${at} ${REPORT} ${command}`);
  const [verdict, count, ...call] = (sandbox.read(REPORT) ?? "").trim().split(" ");
  if (verdict !== "ended" && verdict !== "killed") throw new Error(`the killer has not reported: ${stderr}`);
  return {
    status,
    stdout,
    stderr,
    calls: Number(count),
    ...(verdict === "killed" ? { killedAt: call.join(" ") } : {}),
  };
}

/** The calls at which to kill: all of them, or `share` of them spread over the whole. */
export function callsToKill(calls: number, share: number): number[] {
  const step = DEEP ? 1 : Math.max(1, calls / share);
  const picked = Array.from(
    { length: Math.ceil(calls / step) },
    (_, index) => 1 + Math.floor((index + 0.5) * step),
  );
  return DEEP ? Array.from({ length: calls }, (_, index) => index + 1) : picked.filter((at) => at <= calls);
}
