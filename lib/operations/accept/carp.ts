import { addressesOf, vhidsOf } from "../../config/failover-ips.js";
import type { EdgeConfig } from "../../config/schema.js";
import { CARP_INTERFACE } from "../../edge/hostname-if.js";
import { TAKES_PART } from "../edge-report.js";
import type { RemoteResult } from "../remote-edge.js";
import {
  type Answered,
  type Assumption,
  bySight,
  type ClusterCheck,
  type Judged,
  onEdge,
  printed,
  type Where,
} from "./assumption.js";
import { CARP_TRIALS } from "./carp-trials.js";

const topic = "carp";
/** The line of ifconfig(8) about a carp interface: its state, carpdev, vhid, advbase and advskew. */
export const carpLine = (text: string) =>
  /^\tcarp: (\S+) carpdev (\S+) vhid (\d+) advbase (\d+) advskew (\d+)(?: .*)?$/m.exec(text);
const stateOf = ({ stdout }: RemoteResult) => carpLine(stdout)?.[1];
/** What ifconfig(8) says of one of several interfaces. */
export const blockOf = (text: string, name: string) =>
  text.split(/^(?=\w+: flags=)/m).find((block) => block.startsWith(`${name}: `)) ?? "";
const carpsOf = (config: EdgeConfig) => vhidsOf(config).map((vhid) => vhid.interface);
/** Shows the carp interface of every vhid. */
const shown = (config: EdgeConfig) =>
  carpsOf(config)
    .map((name) => `ifconfig ${name}`)
    .join("; ");
/** Whether an edge takes part in the election of every vhid. */
const takesPart = (text: string, config: EdgeConfig) =>
  carpsOf(config).every((name) => TAKES_PART.includes(carpLine(blockOf(text, name))?.[1] ?? ""));

/** What netstat(1) counted at one moment. */
interface Counted {
  readonly received: number;
  readonly sent: number;
  readonly bad: number;
}

function counted(text: string): Counted | undefined {
  const [received, sent, bad] = [
    /^\t(\d+) packets? received \(IPv4\)$/m,
    /^\t(\d+) packets? sent \(IPv4\)$/m,
    /^\t+(\d+) discarded for bad authentication$/m,
  ].map((pattern) => pattern.exec(text)?.[1]);
  if (received === undefined || sent === undefined || bad === undefined) return undefined;
  return { received: Number(received), sent: Number(sent), bad: Number(bad) };
}

/** Seconds in which a backup hears its master several times. */
const hearing = ({ carp }: EdgeConfig) => 2 * (carp.advertisementInterval + 1);
const MARK = "---";

/** What is wrong with the advertisements of an edge, between two looks at its counters. */
function heard({ edge, answer }: Answered, config: EdgeConfig): string | undefined {
  const [carp = "", before = "", after = ""] = answer.stdout.split(`${MARK}\n`);
  const roles = carpsOf(config).map((name) => ({ name, state: carpLine(blockOf(carp, name))?.[1] }));
  const [first, second] = [counted(before), counted(after)];
  if (roles.some(({ state }) => state === undefined) || first === undefined || second === undefined)
    return `${edge}: ${printed(answer)}`;
  const bad = second.bad - first.bad;
  if (bad > 0) return `${edge} discarded ${bad} advertisements for bad authentication`;
  const by = (name: string) => (roles.length === 1 ? "" : ` by ${name}`);
  // The counters are the edge's, so that one vhid's advertisements stand for all of one direction.
  const master = roles.find(({ state }) => state === "MASTER");
  if (master !== undefined && second.sent <= first.sent)
    return `${edge} is MASTER${by(master.name)} and sent no advertisement`;
  const backup = roles.find(({ state }) => state !== "MASTER");
  return backup === undefined || second.received > first.received
    ? undefined
    : `${edge} is ${backup.state}${by(backup.name)} and heard no advertisement`;
}

/** What is wrong with the roles of the edges: there must be one master, and backups. */
function elected(answers: readonly Answered[]): string | undefined {
  const states = answers.map(({ answer }) => stateOf(answer));
  const masters = states.filter((state) => state === "MASTER").length;
  if (masters === 1 && states.every((state) => state === "MASTER" || state === "BACKUP")) return undefined;
  return answers.map(({ edge, answer }) => `${edge} ${stateOf(answer) ?? printed(answer)}`).join(", ");
}

/** The master's advertisements, listened to on every edge. */
const LISTENING: Omit<ClusterCheck, "judge"> = {
  kind: "cluster",
  command: (config) =>
    `${shown(config)}; echo ${MARK}; netstat -s -p carp; sleep ${hearing(config)}; echo ${MARK}; netstat -s -p carp`,
  expected:
    "the counter of what was sent grows on the master, of what was received on each backup; none is discarded",
};

function allHeard(answers: readonly Answered[], config: EdgeConfig): Judged {
  const wrong = answers.map((one) => heard(one, config)).filter((text) => text !== undefined);
  return wrong.length === 0 ? undefined : wrong.join("; ");
}

/** Shows that one edge is master and that all others hear it. */
export const HEARD_MASTER: ClusterCheck = {
  ...LISTENING,
  expected: `one edge MASTER, all others BACKUP; ${LISTENING.expected}`,
  // What cannot be read has no role either, and is told as a whole.
  judge: (answers, config) =>
    (answers.every(({ answer }) => stateOf(answer)) && elected(answers)) || allHeard(answers, config),
};

/** Whether CARP goes to a multicast group, as it does unless the edges know each other. */
export const MULTICAST: Where = { setting: "multicast CARP", has: ({ carp }) => !carp.unicast };

/** What carp(4), its interface groups and ifconfig(8) are taken to do. */
export const CARP_ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "carp-line",
    topic,
    statement: "`ifconfig carp0` tells state, carpdev, vhid, advbase and advskew in one line, in this order",
    matters: "edge-sync and ip-move read the role there; edge-install waits for it",
    otherwise: "no edge knows its role: none claims",
    source: "ifconfig(8), sbin/ifconfig/ifconfig.c carp_status",
    how: onEdge(
      ({ config }) => shown(config),
      "a line `carp: MASTER|BACKUP|INIT carpdev … vhid … advbase … advskew …` with the configured values",
      ({ stdout }, { config, edge }) =>
        vhidsOf(config).every(({ interface: name, vhid, advskews }) => {
          const [, state, carpdev, ...numbers] = carpLine(blockOf(stdout, name)) ?? [];
          return (
            /^(MASTER|BACKUP|INIT)$/.test(state ?? "") &&
            carpdev === config.interfaces.carp &&
            numbers.join() === [vhid, config.carp.advertisementInterval, advskews[edge.name]].join()
          );
        }),
    ),
  },
  {
    id: "interface-list",
    topic,
    statement:
      "`ifconfig -A` shows every interface with all its addresses, each under a line `NAME: flags=…`",
    matters: "edge-sync sees links, role and alias in this one call",
    otherwise: "an alias that is there is added again at each pass, or links count as down: demoted edges",
    source: "ifconfig(8)",
    how: onEdge(
      "ifconfig -A",
      "a block for each interface of the configuration and for carp0, each interface with a status",
      ({ stdout }, { config }) => {
        const blocks = stdout.split(/^(?=\S)/m);
        return [...Object.values(config.interfaces), ...carpsOf(config)].every((name) =>
          blocks.some((block) => block.startsWith(`${name}: flags=`) && /^\tstatus: \S/m.test(block)),
        );
      },
    ),
  },
  {
    id: "link-status",
    topic,
    statement: "vio(4) calls a link that is there `active`",
    matters: "rule 1 of edge-sync: external and internal link",
    otherwise: "every edge is unhealthy and demoted",
    source: "ifconfig(8), vio(4)",
    how: onEdge(
      ({ config }) => `ifconfig ${config.interfaces.external}; ifconfig ${config.interfaces.internal}`,
      "`status: active` for the external and the internal interface",
      ({ stdout }) => [...stdout.matchAll(/^\tstatus: active$/gm)].length === 2,
    ),
  },
  {
    id: "hardware-address",
    topic,
    statement: "`ifconfig` shows the hardware address in a line `lladdr` of its own, in lower case",
    matters: "edge-install compares it with what OVH reports",
    otherwise: "the installer stops with both lists before it changes anything",
    source: "ifconfig(8)",
    how: onEdge(
      ({ config }) => `ifconfig ${config.interfaces.external}`,
      "a line `lladdr` with six pairs of lower-case hexadecimal digits",
      ({ stdout }) => /^\tlladdr ([0-9a-f]{2}:){5}[0-9a-f]{2}$/m.test(stdout),
    ),
  },
  {
    id: "group-counter",
    topic,
    statement: "`ifconfig -g GROUP` prints `GROUP: carp demote count N`",
    matters: "rule 2 of edge-sync, and its weights",
    otherwise: "edge-sync takes the groups for missing and never demotes",
    source: "ifconfig(8), sbin/ifconfig/ifconfig.c getifgroupattribs",
    how: onEdge(
      "for group in carp edgefault edgedrain; do ifconfig -g $group; done",
      "one line for each of the groups carp, edgefault and edgedrain",
      ({ stdout }) =>
        /^carp: carp demote count \d+\nedgefault: carp demote count \d+\nedgedrain: carp demote count \d+\n$/.test(
          stdout,
        ),
    ),
  },
  {
    id: "group-missing",
    topic,
    statement: "`ifconfig -g` fails for a group that does not exist and prints no counter",
    matters: "edge-sync leaves a group alone that carp0 has not joined",
    otherwise: "edge-sync tries to demote by a group without effect",
    source: "sys/net/if.c if_getgroupattribs",
    how: onEdge(
      "ifconfig -g edgenowhere",
      "an exit status other than 0 and no line with a counter",
      ({ status, stdout }) => status !== 0 && status !== 127 && !/demote count/.test(stdout),
    ),
  },
  {
    id: "group-membership",
    topic,
    statement: "Lines `group NAME` of hostname.carp0 make carp0 a member; group carp it is always in",
    matters: "demotion by a reason of its own",
    otherwise: "a faulty or drained edge keeps its priority",
    source: "hostname.if(5), ifconfig(8)",
    how: onEdge(
      `ifconfig ${CARP_INTERFACE}`,
      "a line `groups:` with carp, edgefault and edgedrain",
      ({ stdout }) => {
        const groups = /^\tgroups: (.*)$/m.exec(stdout)?.[1]?.split(" ") ?? [];
        return ["carp", "edgefault", "edgedrain"].every((name) => groups.includes(name));
      },
    ),
  },
  {
    id: "one-master",
    topic,
    statement: "The vRack passes CARP's multicast and virtual MAC, so that the edges elect one master",
    matters: "everything",
    otherwise: "two masters, each claiming; `carppeer`, or `lladdr` set to the NIC's own, would be needed",
    source: "carp(4); the source guide ran plain multicast CARP there",
    where: MULTICAST,
    how: {
      kind: "cluster",
      command: () => `ifconfig ${CARP_INTERFACE}`,
      expected: "one edge MASTER, all others BACKUP",
      judge: elected,
    },
  },
  {
    id: "advertisements",
    topic,
    statement:
      "Backups hear the master's advertisements on the CARP network, with an authentication they accept",
    matters: "the election; the silence that lets a backup take over",
    otherwise: "two masters, or edges that do not notice each other's death",
    source: "carp(4), netstat(1)",
    how: { ...LISTENING, judge: allHeard },
  },
  {
    id: "carp-counters",
    topic,
    statement:
      "`netstat -s -p carp` counts packets received, sent, and discarded for bad authentication and for an unknown vhid",
    matters: "`npm run doctor` looks for wrong passwords by it, and this table for advertisements",
    otherwise: "an edge with another password or vhid is not found by its counters",
    source: "netstat(1), usr.bin/netstat/inet.c carp_stats",
    how: onEdge(
      "netstat -s -p carp",
      "a line for each of the four",
      ({ stdout }) => counted(stdout) !== undefined && /^\t+\d+ discarded for unknown vhid$/m.test(stdout),
    ),
  },
  {
    id: "carpdev-without-address",
    topic,
    statement: "A carpdev without an address of its own serves: carp uses its own address as source",
    matters: "hostname.vio2 says `up` and nothing else",
    otherwise: "carp0 stays INIT, and there is no master",
    source: "sys/netinet/ip_carp.c",
    where: MULTICAST,
    how: onEdge(
      ({ config }) => `ifconfig ${config.interfaces.carp}; ${shown(config)}`,
      "no inet line on the carpdev, and carp0 MASTER or BACKUP",
      ({ stdout }, { config }) => {
        const [carpdev = ""] = stdout.split(/^(?=carp\d)/m);
        return !/^\tinet /m.test(carpdev) && takesPart(stdout, config);
      },
    ),
  },
  {
    id: "virtual-mac",
    topic,
    statement: "carp0's hardware address is 00:00:5e:00:01 and the vhid",
    matters: "what a filter of foreign MAC addresses on the vRack would have to let through",
    otherwise: "only the words of this table differ",
    source: "carp(4), RFC 5798",
    how: onEdge(
      ({ config }) => shown(config),
      "`lladdr 00:00:5e:00:01:` and the vhid in hexadecimal digits",
      ({ stdout }, { config }) =>
        vhidsOf(config).every(({ interface: name, vhid }) =>
          blockOf(stdout, name).includes(`\tlladdr 00:00:5e:00:01:${vhid.toString(16).padStart(2, "0")}\n`),
        ),
    ),
  },
  {
    id: "preempt",
    topic,
    statement: "`sysctl -n net.inet.carp.preempt` prints 0 or 1, and the marked line of sysctl.conf holds",
    matters: "whether an edge that comes back takes over at once",
    otherwise: "a failback that nobody asked for, or none",
    source: "carp(4), sysctl(8)",
    how: onEdge(
      "sysctl -n net.inet.carp.preempt",
      "the configured value",
      ({ stdout }, { config }) => stdout === `${config.carp.preempt ? 1 : 0}\n`,
    ),
  },
  {
    id: "duplicate-address",
    topic,
    statement: "Two edges that have the FailOver IP as an alias at once do not disturb each other",
    matters: "rule 6 of edge-sync: a backup keeps the alias until OVH says elsewhere",
    otherwise: "the alias must go sooner; the kernel logs a duplicate address",
    source: "sys/netinet/if_ether.c",
    how: onEdge(
      "cat /var/log/messages",
      "no line `duplicate IP address` for the FailOver IP in /var/log/messages",
      ({ status, stdout }, { config }) => {
        if (status !== 0) return { untold: "there is no /var/log/messages to look into" };
        const addresses = config.failoverIps.flatMap(({ address }) => addressesOf(address));
        const line = stdout
          .split("\n")
          .find((text) => addresses.some((address) => text.includes(`duplicate IP address ${address} `)));
        return line ?? true;
      },
    ),
  },
  ...CARP_TRIALS,
  {
    id: "alias-elsewhere",
    topic,
    statement: "A backup that keeps the alias while the IP is elsewhere does no harm",
    matters: "rule 6 of edge-sync",
    otherwise: "the alias must go sooner",
    source: "the design of edge-sync(8)",
    how: bySight(
      "Talk to a service of your own through the FailOver IP from a backup during `npm run drill -- --live`.",
    ),
  },
  {
    id: "bow-out",
    topic,
    statement: "`ifconfig carp0 down` sends a bow-out, upon which a backup is master at once",
    matters: "planned failovers take a fraction of a second",
    otherwise: "they take as long as a death: three advertisements",
    source: "sys/netinet/ip_carp.c",
    how: bySight("`npm run drill -- --live carp-down` shows the milliseconds until the backup is master."),
  },
  {
    id: "silence",
    topic,
    statement: "A backup is master after 3 × (advbase + advskew/256) seconds of silence",
    matters: "the limits of the drills, and what is told of recovery times",
    otherwise: "a drill's limit fails; older kernels wait 3 × advbase + advskew/256",
    source: "sys/netinet/ip_carp.c",
    how: bySight("`npm run drill -- --live power-off` shows the milliseconds until the backup is master."),
  },
  {
    id: "fast-bow-out",
    topic,
    statement: "With `advbase` 0 a bow-out does not hurry a backup",
    matters: "the fast profile's `carp-down`",
    otherwise: "the takeover is faster than said",
    source: "sys/netinet/ip_carp.c",
    how: bySight('`npm run drill -- --live carp-down` with `carp.profile: "fast"`.'),
  },
  {
    id: "silent-link-down",
    topic,
    statement: "`ifconfig vioN down` makes no link event; only a lost cable or hypervisor link does",
    matters: "the watched links, and how soon drills find a cut link",
    otherwise: "a pass more; nothing else",
    source: "sys/net/if.c, vio(4)",
    how: bySight(
      "`route -n monitor` on a backup, while `ifconfig` takes its internal interface down and up.",
    ),
  },
  {
    id: "healing",
    topic,
    statement: "When a partition heals the winner stays MASTER and gets no event",
    matters: "rule 4 of edge-sync: every edge looks at OVH again and again",
    otherwise: "healing is repaired sooner than said",
    source: "sys/netinet/ip_carp.c",
    how: bySight("`npm run drill -- --live partition`."),
  },
];
