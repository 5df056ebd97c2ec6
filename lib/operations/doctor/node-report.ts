import type { EdgeConfig } from "../../config/schema.js";
import type { RemoteEdge } from "../remote-edge.js";
import { commandOf, type Section, sectionsOf } from "../sections.js";

/** Programs of OpenBSD's base that an edge needs. */
export const BASE_TOOLS = [
  "perl",
  "nc",
  "ifconfig",
  "netstat",
  "ping",
  "pfctl",
  "rcctl",
  "ifstated",
  "crontab",
  "sha256",
  "sysctl",
  "logger",
  "awk",
  "sed",
  "install",
  "mktemp",
] as const;

/** Modules of base Perl that edge-sync and ip-move use. */
export const PERL_MODULES = [
  "Digest::SHA",
  "Fcntl",
  "JSON::PP",
  "OpenBSD::Pledge",
  "OpenBSD::Unveil",
  "Sys::Syslog",
  "Time::HiRes",
] as const;

/** Programs that the package puts on an edge. */
export const PROGRAMS = ["edge-install", "edge-sync", "ip-move", "edge-notify"].map(
  (name) => `/usr/local/sbin/${name}`,
);

/** Counters of netstat(1) for carp(4), since the boot. */
export interface CarpCounters {
  readonly received: number;
  readonly badAuthentication: number;
  readonly unknownVhid: number;
}

/** What one edge tells of what is below the package. */
export interface NodeReport {
  /** `OpenBSD 7.8` */
  readonly system: string;
  readonly missingTools: readonly string[];
  readonly missingModules: readonly string[];
  /** MAC addresses by interface, in lower case. */
  readonly macs: Readonly<Record<string, string>>;
  /** Our lines in pf.conf, in their order. */
  readonly pfLines: readonly string[];
  /** What pfctl says against pf.conf; empty where it would load. */
  readonly pfErrors: string;
  readonly pfEnabled: boolean;
  /** Labels of the rules that are loaded; undefined where pfctl does not tell. */
  readonly pfLabels: readonly string[] | undefined;
  /** Whether ifstated starts at boot. */
  readonly ifstatedEnabled: boolean;
  /** The node's clock in seconds. */
  readonly clock: number;
  /** sha256 of the programs, by path. */
  readonly programs: Readonly<Record<string, string>>;
}

const PF_MARKS = ["# cdktf-ovh-edge: begin", 'include "/etc/pf.edge.conf"', "# cdktf-ovh-edge: end"];

/** The block in pf.conf that takes our rule in. */
export const PF_BLOCK: readonly string[] = PF_MARKS;

function sections({ interfaces }: Pick<EdgeConfig, "interfaces">): Record<string, string> {
  const marks = PF_MARKS.map((line) => `-e '${line}'`).join(" ");
  return {
    system: "uname -sr",
    tools: `for tool in ${BASE_TOOLS.join(" ")}; do command -v $tool >/dev/null || echo $tool; done`,
    modules: `for module in ${PERL_MODULES.join(" ")}; do perl -M$module -e 1 >/dev/null || echo $module; done 2>/dev/null`,
    ...Object.fromEntries(Object.values(interfaces).map((name) => [`if:${name}`, `ifconfig ${name}`])),
    pfconf: `grep -Fx ${marks} /etc/pf.conf`,
    pfcheck: "pfctl -n -f /etc/pf.conf",
    pfinfo: "pfctl -s info",
    pflabels: "pfctl -s labels",
    enabled: "rcctl get ifstated status",
    clock: "date +%s",
    programs: `sha256 -r ${PROGRAMS.join(" ")}`,
  };
}

/** Asks an edge what is below the package; nothing on it changes. @throws Error when it cannot be reached */
export async function nodeReportOf(
  edge: Pick<RemoteEdge, "run">,
  config: Pick<EdgeConfig, "interfaces">,
): Promise<NodeReport> {
  return parseNodeReport((await edge.run(commandOf(sections(config)))).stdout, config);
}

/** Reads what that command printed. */
export function parseNodeReport(text: string, { interfaces }: Pick<EdgeConfig, "interfaces">): NodeReport {
  const section = sectionsOf(text);
  const lines = (name: string) => section(name).lines.filter((line) => line !== "");
  const labels = section("pflabels");
  const check = section("pfcheck");
  return {
    system: lines("system")[0] ?? "unknown",
    missingTools: lines("tools"),
    missingModules: lines("modules"),
    macs: Object.fromEntries(
      Object.values(interfaces).flatMap((name) => {
        const mac = lladdr(section(`if:${name}`));
        return mac === undefined ? [] : [[name, mac]];
      }),
    ),
    pfLines: lines("pfconf"),
    pfErrors: check.status === 0 ? "" : check.lines.join("\n").trim() || `pfctl ended with ${check.status}`,
    pfEnabled: lines("pfinfo").some((line) => line.startsWith("Status: Enabled")),
    pfLabels: labels.status === 0 ? lines("pflabels").map((line) => line.split(" ")[0] ?? "") : undefined,
    ifstatedEnabled: section("enabled").status === 0,
    clock: Number(lines("clock")[0]),
    programs: Object.fromEntries(
      lines("programs").flatMap((line): [string, string][] => {
        const [, digest, path] = /^([0-9a-f]{64}) (\/\S+)$/.exec(line) ?? [];
        return path === undefined || digest === undefined ? [] : [[path, digest]];
      }),
    ),
  };
}

function lladdr({ lines }: Section): string | undefined {
  for (const line of lines) {
    const found = /^\tlladdr ([0-9a-f:]{17})$/i.exec(line)?.[1];
    if (found !== undefined) return found.toLowerCase();
  }
  return undefined;
}

/** The command that prints carp's counters. */
export const CARP_COUNTERS = "netstat -s -p carp";

/** Reads what `CARP_COUNTERS` printed; what is not there counts nothing. */
export function parseCarpCounters(text: string): CarpCounters {
  const count = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    received: count(/^\t(\d+) packets? received \(IPv4\)$/m),
    badAuthentication: count(/^\t+(\d+) discarded for bad authentication$/m),
    unknownVhid: count(/^\t+(\d+) discarded for unknown vhid$/m),
  };
}
