import { carpInterface, vhidNumbers } from "../../config/failover-ips.js";
import type { EdgeConfig } from "../../config/schema.js";
import { CARP_INTERFACE } from "../../edge/hostname-if.js";
import type { Asked } from "../asked.js";
import { type EdgeReport, NO_INTERFACE, TAKES_PART } from "../edge-report.js";
import { advice, type Check, type Finding, found, type Outcome, redeliver, wrong } from "./check.js";
import type { CarpCounters } from "./node-report.js";

/** What was gathered of one edge for what they do together. */
export interface MemberFacts {
  readonly name: string;
  readonly report: Asked<EdgeReport>;
  /** Counters of carp at the beginning and at the end of some advertisement intervals. */
  readonly counters: Asked<readonly [CarpCounters, CarpCounters]>;
  /** sha256 of the programs, by path. */
  readonly programs: Asked<Readonly<Record<string, string>>>;
  readonly system: Asked<string>;
  /** Digest of what the last deploy gave it. */
  readonly wanted?: string;
}

/** What was gathered of the edges together. */
export interface ClusterFacts {
  readonly config: Pick<EdgeConfig, "interfaces" | "carp" | "failoverIps">;
  readonly members: readonly MemberFacts[];
  /** Seconds between the two looks at the counters. */
  readonly seconds: number;
}

/** Checks of what the edges do together. */
export const CLUSTER_CHECKS: readonly Check<ClusterFacts>[] = [
  { name: "one master", judge: oneMaster },
  { name: "advertisements", judge: advertisements },
  { name: "bundle", judge: bundle },
  { name: "same programs", judge: samePrograms },
];

const value = <T>(answer: Asked<T>): T | undefined => ("value" in answer ? answer.value : undefined);
const silent = (members: readonly MemberFacts[]) =>
  members.filter(({ report }) => !("value" in report)).map(({ name }) => name);
const not = (names: readonly string[]) =>
  `${names.join(", ")} ${names.length === 1 ? "was" : "were"} not reached`;
/** Why something is not known of some edges; those that were reached have reasons of their own. */
const unknownOf = (members: readonly MemberFacts[], of: "counters" | "programs") => {
  const gone = silent(members);
  const reasons = members.flatMap(({ name, report, [of]: answer }) =>
    "value" in report && "failed" in answer ? [`${name}: ${answer.failed}`] : [],
  );
  return [...(gone.length === 0 ? [] : [not(gone)]), ...reasons].join("; ");
};

/** Names of the carp interfaces that are configured, and of those that an edge tells of. */
function carpsOf({ config, members }: ClusterFacts): string[] {
  const told = members.flatMap(({ report }) => value(report)?.sync?.vhids ?? []).map(({ name }) => name);
  return [...new Set([...vhidNumbers(config).map((_, index) => carpInterface(index)), ...told])];
}

/** Role of an edge in the election of one carp interface; undefined where it tells nothing of that. */
function roleOf({ report }: MemberFacts, carp: string): string | undefined {
  const seen = value(report);
  if (carp === CARP_INTERFACE) return seen === undefined ? undefined : (seen.carp?.state ?? NO_INTERFACE);
  return seen?.sync?.vhids?.find((vhid) => vhid.name === carp)?.carp;
}

/** Every vhid must have one master, and all other edges must be its backups. */
function oneMaster(facts: ClusterFacts): Outcome {
  const carps = carpsOf(facts);
  const outcomes = carps.map((carp) => ({ carp, outcome: masterOf(facts, carp) }));
  const findings = outcomes.flatMap(({ outcome }) => ("findings" in outcome ? outcome.findings : []));
  if (findings.length > 0) return { findings };
  const impossible = outcomes.find(({ outcome }) => "impossible" in outcome);
  if (impossible !== undefined) return impossible.outcome;
  const named = (carp: string) => (carps.length === 1 ? "" : `${carp} `);
  return {
    ok: outcomes
      .flatMap(({ carp, outcome }) => ("ok" in outcome ? `${named(carp)}${outcome.ok}` : []))
      .join(", "),
  };
}

function masterOf({ members, config }: ClusterFacts, carp: string): Outcome {
  const of = carp === CARP_INTERFACE ? "carp" : carp;
  const roles = members.map((member) => ({ name: member.name, state: roleOf(member, carp) }));
  const masters = roles.filter(({ state }) => state === "MASTER").map(({ name }) => name);
  const missing = silent(members);
  const apart = members.flatMap((member) => absence(member, carp, config.interfaces.carp) ?? []);
  if (masters.length === 1) return found(apart, masters[0] as string);
  // Who tells nothing of it may be its master.
  const untold = members.some((member) => "value" in member.report && roleOf(member, carp) === undefined);
  if (masters.length === 0 && untold && apart.length > 0) return { findings: apart };
  if (masters.length === 0 && missing.length > 0) {
    return { impossible: `no edge that answers is master, and ${not(missing)}` };
  }
  const shown = (state: string | undefined) =>
    state === undefined ? "not reached" : state === NO_INTERFACE ? `has no ${carp}` : state;
  const told = roles.map(({ name, state }) => `${name} ${shown(state)}`).join(", ");
  const finding =
    masters.length === 0
      ? wrong(
          `no edge is ${of}'s master: ${told}`,
          "nobody claims the FailOver IP",
          `ifconfig ${carp} on each edge; npm run deploy releases those that wait`,
        )
      : wrong(
          `${masters.length} edges are ${of}'s master: ${told}`,
          "they do not hear each other, and each claims the FailOver IP in turn until its tokens are spent",
          "see advertisements below; if the vRack is sound, npm run deploy gives all the same password",
        );
  return { findings: [finding] };
}

/** What is wrong with an edge that answers and takes no part in an election. */
function absence(member: MemberFacts, carp: string, carpdev: string): Finding | undefined {
  const { name, report } = member;
  const seen = value(report);
  const state = roleOf(member, carp);
  // One that waits for its release is found below, among the bundles.
  if (seen === undefined || seen.waiting || TAKES_PART.includes(state ?? "")) return undefined;
  const why = "one edge less that could take over";
  if (state === undefined) {
    const reason = seen.problem ?? "its edge-sync does not know it";
    return wrong(`${name} tells nothing of ${carp}: ${reason}`, why, "npm run deploy");
  }
  return state === NO_INTERFACE
    ? wrong(`${name} has no ${carp}`, why, `sh /etc/netstart ${carp} on ${name}; ${redeliver(name)}`)
    : wrong(
        `${name} is ${state} by ${carp}: it takes no part in that election`,
        why,
        `on ${name}: ifconfig ${carpdev} tells whether it has a link; ifconfig ${carp} up`,
      );
}

function advertisements(facts: ClusterFacts): Outcome {
  const { members, config, seconds } = facts;
  const carps = carpsOf(facts);
  // These counters are the edge's: a backup that hears nothing of one vhid alone becomes its second master.
  const heard = members.flatMap((member) => {
    const pair = value(member.counters);
    if (pair === undefined) return [];
    const [before, after] = pair;
    const grown = (field: keyof CarpCounters) => after[field] - before[field];
    const bad = grown("badAuthentication");
    const other = grown("unknownVhid");
    const roles = carps.map((carp) => ({ carp, state: roleOf(member, carp) }));
    return [
      {
        name: member.name,
        backup: roles.filter(({ state }) => state === "BACKUP").map(({ carp }) => carp),
        // Who is missing in an election takes its advertisements for somebody else's.
        apart: carps.length > 1 && roles.some(({ state }) => !TAKES_PART.includes(state ?? "")),
        bad,
        other,
        good: grown("received") - bad - other,
      },
    ];
  });
  const by = (backup: readonly string[]) => (carps.length === 1 ? "" : ` by ${backup.join(" and ")}`);
  const findings = heard.flatMap(({ name, backup, apart, bad, other, good }): Finding[] => [
    ...(bad > 0
      ? [
          wrong(
            `${name} discarded ${bad} advertisements within ${seconds} s for bad authentication`,
            "an edge with another password is not heard: both become master",
            "export TF_VAR_carp_password=…; npm run deploy gives all edges the same one. If they have it: something else uses this vhid",
          ),
        ]
      : []),
    ...(other > 0 && !apart
      ? [
          advice(
            `${name} hears ${other} advertisements of another vhid within ${seconds} s`,
            "something else runs CARP on the network that should carry nothing else",
            `tcpdump -ni ${config.interfaces.carp} proto carp, and move it to a network of its own`,
          ),
        ]
      : []),
    ...(backup.length > 0 && good <= 0 && bad === 0
      ? [
          wrong(
            `${name} is BACKUP${by(backup)} and heard no advertisement within ${seconds} s`,
            "it takes over although the master is well",
            `tcpdump -ni ${config.interfaces.carp} proto carp on ${name} and on the master; pfctl -s labels on both`,
          ),
        ]
      : []),
  ]);
  if (findings.length > 0) return { findings };
  const unknown = members.filter(({ counters }) => !("value" in counters));
  if (unknown.length > 0) return { impossible: unknownOf(unknown, "counters") };
  const backups = heard.filter(({ backup }) => backup.length > 0);
  return { ok: `heard by ${backups.map(({ name }) => name).join(", ") || "nobody, as there is no backup"}` };
}

function bundle({ members }: ClusterFacts): Outcome {
  const why = "the edges may decide differently; the next deploy or boot brings surprises";
  const findings = members.flatMap(({ name, report, wanted }): Finding[] => {
    const told = value(report);
    if (told === undefined) return [];
    const { bundle: has, changed, waiting } = told;
    return [
      ...(has === undefined
        ? [wrong(`${name} does not tell which bundle it has`, why, "npm run deploy")]
        : wanted !== undefined && has !== wanted
          ? [
              wrong(
                `${name} has bundle ${has.slice(0, 12)}, and the last deploy gave it ${wanted.slice(0, 12)}`,
                why,
                "npm run deploy",
              ),
            ]
          : []),
      ...changed.map((path) =>
        wrong(
          `${path} of ${name} is another one than was installed`,
          why,
          `find out who changed it; then ${redeliver(name)}`,
        ),
      ),
      ...(waiting
        ? [wrong(`${name} waits for its release`, "carp0 has its old password or none", "npm run deploy")]
        : []),
    ];
  });
  const missing = silent(members);
  if (findings.length === 0 && missing.length > 0) return { impossible: not(missing) };
  return found(findings, "as deployed");
}

function samePrograms({ members }: ClusterFacts): Outcome {
  const told = members.flatMap(({ name, programs, system }) => {
    const digests = value(programs);
    return digests === undefined ? [] : [{ name, digests, system: value(system) }];
  });
  const paths = [...new Set(told.flatMap(({ digests }) => Object.keys(digests)))].sort();
  const groups = (of: (one: (typeof told)[number]) => string) => new Set(told.map(of)).size;
  const findings: Finding[] = paths
    .filter((path) => groups(({ digests }) => digests[path] ?? "none") > 1)
    .map((path) =>
      wrong(
        `${path} is not the same on all edges: ${told.map(({ name, digests }) => `${name} ${digests[path]?.slice(0, 8) ?? "none"}`).join(", ")}`,
        "they may decide differently in the same failover",
        "npm run deploy where the last one stopped; find out who changed it where it did not",
      ),
    );
  if (groups(({ system }) => system ?? "") > 1) {
    findings.push(
      advice(
        `the edges run different releases: ${told.map(({ name, system }) => `${name} ${system}`).join(", ")}`,
        "fine during an upgrade, one edge at a time; not for long",
        "sysupgrade on the older one",
      ),
    );
  }
  const missing = members.filter(({ programs }) => !("value" in programs));
  if (findings.length === 0 && missing.length > 0) return { impossible: unknownOf(missing, "programs") };
  return found(findings, `on ${told.length} edges`);
}
