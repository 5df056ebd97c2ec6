import { CARP_INTERFACE } from "../edge/hostname-if.js";
import type { RemoteEdge } from "./remote-edge.js";
import { commandOf, type Section, sectionsOf } from "./sections.js";

/** One demotion counter of an edge; `kernel` is what the kernel added of its own. */
export interface DemotionCounter {
  readonly count: number;
  readonly present: 0 | 1;
  readonly kernel: number;
}

/** How the last claim of a vhid ended, and how many seconds ago. */
export interface LastClaim {
  readonly age: number;
  readonly result?: string;
  readonly refused?: unknown;
  readonly status?: number;
  readonly ms?: number;
}

/** What an edge tells of one FailOver IP. */
export interface IpReport {
  readonly ip: string;
  /** `some` where part of a block is there. */
  readonly alias: 0 | 1 | "some";
  /** What OVH said last of where the IP is, and how many seconds ago. */
  readonly known: "here" | "elsewhere" | "?";
  readonly known_age: number | null;
}

/** Roles of an edge that takes part in an election. */
export const TAKES_PART: readonly string[] = ["MASTER", "BACKUP"];
/** What edge-sync tells in place of a role where there is no such interface. */
export const NO_INTERFACE = "NONE";

/** What an edge tells of one vhid and the FailOver IPs that move with it. */
export interface VhidReport {
  /** Name of the carp interface. */
  readonly name: string;
  readonly carp: string;
  readonly tokens: number;
  /** Whether an election has settled since the boot. */
  readonly settled: 0 | 1;
  readonly last_claim: LastClaim | null;
  readonly ips: readonly IpReport[];
}

/** What `edge-sync status --json` tells; with several FailOver IPs what is told of one of them is the first one's. */
export interface EdgeSyncStatus extends IpReport, Omit<VhidReport, "name" | "ips"> {
  readonly external: string;
  readonly internal: string;
  readonly probe: "ok" | "failed" | "none";
  readonly api: "answers" | "silent" | "none";
  readonly healthy: 0 | 1;
  readonly blind: 0 | 1;
  /** All vhids; only with several FailOver IPs. */
  readonly vhids?: readonly VhidReport[];
  readonly hold: { readonly reason: string; readonly until?: number } | null;
  readonly drain: { readonly reason?: string } | null;
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
    return { sync: syncStatusOf(text) };
  } catch {
    return { problem: `edge-sync answered what is no JSON: ${text.slice(0, 100)}` };
  }
}

/** Reads what `edge-sync status --json` printed. @throws SyntaxError where that is no JSON */
export function syncStatusOf(text: string): EdgeSyncStatus {
  const told = JSON.parse(text) as EdgeSyncStatus;
  const [first] = told.vhids ?? [];
  if (first === undefined) return told;
  const { name: _, ips, ...own } = first;
  return { ...told, ...own, ...(ips[0] as IpReport) };
}

/** What an edge tells of each of its vhids, however many there are. */
export function vhidReports(sync: EdgeSyncStatus): readonly VhidReport[] {
  const { carp, tokens, settled, last_claim, ip, alias, known, known_age } = sync;
  return (
    sync.vhids ?? [
      { name: CARP_INTERFACE, carp, tokens, settled, last_claim, ips: [{ ip, alias, known, known_age }] },
    ]
  );
}

function uptimeOf([boot, now]: readonly string[]): number | undefined {
  const seconds = Number(now) - Number(boot);
  return Number.isInteger(seconds) && seconds >= 0 ? seconds : undefined;
}
