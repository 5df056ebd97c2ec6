import { CARP_INTERFACE } from "../edge/hostname-if.js";
import type { RemoteEdge } from "./remote-edge.js";
import { commandOf, type Section, sectionsOf } from "./sections.js";

/** One demotion counter of an edge; `kernel` is what the kernel added of its own. */
export interface DemotionCounter {
  readonly count: number;
  readonly present: 0 | 1;
  readonly kernel: number;
}

/** What `edge-sync status --json` tells. */
export interface EdgeSyncStatus {
  readonly carp: string;
  readonly external: string;
  readonly internal: string;
  readonly probe: "ok" | "failed" | "none";
  readonly api: "answers" | "silent" | "none";
  readonly healthy: 0 | 1;
  readonly blind: 0 | 1;
  readonly alias: 0 | 1;
  readonly ip: string;
  /** What OVH said last of where the IP is, and how many seconds ago. */
  readonly known: "here" | "elsewhere" | "?";
  readonly known_age: number | null;
  readonly tokens: number;
  /** Whether an election has settled since the boot. */
  readonly settled: 0 | 1;
  readonly hold: { readonly reason: string; readonly until?: number } | null;
  readonly drain: { readonly reason?: string } | null;
  readonly last_claim: {
    readonly age: number;
    readonly result?: string;
    readonly refused?: unknown;
    readonly status?: number;
    readonly ms?: number;
  } | null;
  readonly demotion: Readonly<Record<string, DemotionCounter | null>>;
  /** Counter of group carp, which is the kernel's and rc's. */
  readonly carp_demotion: number | null;
}

/** What one edge tells of itself. */
export interface EdgeReport {
  /** Parameters of the carp interface; undefined where there is none. */
  readonly carp?: {
    readonly state: string;
    readonly vhid: number;
    readonly advbase: number;
    readonly advskew: number;
  };
  /** Undefined where edge-sync is not installed or does not run; `problem` says why. */
  readonly sync?: EdgeSyncStatus;
  readonly problem?: string;
  /** Whether ifstated(8) runs. */
  readonly ifstated: boolean;
  /** Digest of the bundle that was installed last. */
  readonly bundle?: string;
  /** Files that were changed or removed on the edge since. */
  readonly changed: readonly string[];
  /** Whether a new address, vhid or password waits for its release. */
  readonly waiting: boolean;
  /** Seconds since the boot. */
  readonly uptime?: number;
}

const SECTIONS: Readonly<Record<string, string>> = {
  carp: `ifconfig ${CARP_INTERFACE}`,
  sync: "/usr/local/sbin/edge-sync status --json",
  ifstated: "rcctl check ifstated",
  install: "/usr/local/sbin/edge-install status",
  boot: "sysctl -n kern.boottime; date +%s",
};

/** One command for all that is asked. */
export const REPORT_COMMAND = commandOf(SECTIONS);

/** Asks an edge about itself. @throws Error when it cannot be reached */
export async function reportOf(edge: RemoteEdge): Promise<EdgeReport> {
  // A deploy user has one rule, which permits edge-install alone.
  const asked = edge.address.become === undefined ? edge.run(REPORT_COMMAND) : edge.installer("report");
  return parseReport((await asked).stdout);
}

/** Reads what `REPORT_COMMAND` printed. */
export function parseReport(text: string): EdgeReport {
  const section = sectionsOf(text);
  const install = section("install").lines.map((line) => line.replace(/^edge-install: /, ""));
  const told = (pattern: RegExp) =>
    install.flatMap((line) => {
      const found = pattern.exec(line)?.[1];
      return found === undefined ? [] : [found];
    });
  const [bundle] = told(/^bundle ([0-9a-f]+)$/);
  const carp = carpOf(section("carp").lines);
  const uptime = uptimeOf(section("boot").lines);
  return {
    ...(carp === undefined ? {} : { carp }),
    ...syncOf(section("sync")),
    ifstated: section("ifstated").status === 0,
    ...(bundle === undefined ? {} : { bundle }),
    changed: told(/^(?:missing|changed) on the edge: (.+)$/),
    waiting: install.some((line) => line.includes("waits for edge-install release")),
    ...(uptime === undefined ? {} : { uptime }),
  };
}

function carpOf(lines: readonly string[]): EdgeReport["carp"] {
  for (const line of lines) {
    const found = /^\tcarp: (\S+) .*\bvhid (\d+) advbase (\d+) advskew (\d+)/.exec(line);
    if (found === null) continue;
    const [, state = "", ...numbers] = found;
    const [vhid = 0, advbase = 0, advskew = 0] = numbers.map(Number);
    return { state, vhid, advbase, advskew };
  }
  return undefined;
}

function syncOf({ status, lines }: Section): Pick<EdgeReport, "sync" | "problem"> {
  const text = lines.join("\n").trim();
  if (status !== 0) return { problem: text === "" ? `edge-sync ended with status ${status}` : text };
  try {
    return { sync: JSON.parse(text) };
  } catch {
    return { problem: `edge-sync answered what is no JSON: ${text.slice(0, 100)}` };
  }
}

function uptimeOf([boot, now]: readonly string[]): number | undefined {
  const seconds = Number(now) - Number(boot);
  return Number.isInteger(seconds) && seconds >= 0 ? seconds : undefined;
}
