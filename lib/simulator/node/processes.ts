import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process of a simulated machine, as its host sees it. */
export interface MachineProcess {
  /** Its id on the host. */
  readonly pid: number;
  /** Its id on the machine. */
  readonly id: number;
  /** Its parent's id on the host. */
  readonly parent: number;
  /** Seconds since it began, to a hundredth. */
  readonly age: number;
  /** Whether it leads a session of its own, as what goes on in the background does. */
  readonly leads: boolean;
  readonly words: readonly string[];
}

/** Linux tells times of processes in hundredths of a second. */
const TICKS = 100;

/** All processes in the namespace of a machine's first one; none where that has ended. */
export function processesOf(first: number | undefined): MachineProcess[] {
  const space = first === undefined ? undefined : namespaceOf(first);
  if (space === undefined) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== first && namespaceOf(pid) === space)
    .flatMap((pid) => describe(pid) ?? []);
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function describe(pid: number): MachineProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, parent, , session] = fields;
    if (state === "Z") return undefined;
    const ids = /^NSpid:(.*)$/m
      .exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
      ?.trim()
      .split(/\s+/);
    const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    return {
      pid,
      id: Number(ids?.at(-1)),
      parent: Number(parent),
      age: uptime - Number(fields[19]) / TICKS,
      leads: Number(session) === pid,
      words,
    };
  } catch {
    return undefined;
  }
}
