import type { Machine } from "../../simulator/node/machine.js";
import { type MachineProcess, processesOf } from "../../simulator/node/processes.js";

/** The process of a machine that the machine itself knows by this id. */
export function processOf(machine: Machine, id: number): MachineProcess | undefined {
  return processesOf(machine.sandbox.firstProcess).find((process) => process.id === id);
}

/** Whether a process is a run of `ip-move claim`. */
export function isClaim({ words }: MachineProcess): boolean {
  const at = words.findIndex((word) => word.endsWith("/ip-move"));
  return at >= 0 && words[at + 1] === "claim";
}

/** Whether a process is a pass of edge-sync, and not what it left in the background. */
export function isPass({ leads, words }: MachineProcess): boolean {
  return !leads && words.at(-2)?.endsWith("/edge-sync") === true && words.at(-1) === "pass";
}

/** The claims that run on a machine. */
export function claimsOn(machine: Machine): MachineProcess[] {
  const all = processesOf(machine.sandbox.firstProcess).filter(isClaim);
  // A claim that has just forked is there twice.
  return all.filter(({ parent }) => !all.some(({ pid }) => pid === parent));
}

/** Ends a process at once; where it is gone already, so be it. */
export function kill({ pid }: MachineProcess): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
