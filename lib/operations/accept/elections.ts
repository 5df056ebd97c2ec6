import { vhidsOf } from "../../config/failover-ips.js";
import type { EdgeConfig } from "../../config/schema.js";
import { DEMOTION_GROUPS } from "../../edge/hostname-if.js";
import { type Answered, type Assumption, bySight, onEdge, printed, type Where } from "./assumption.js";
import { blockOf, carpLine, HEARD_MASTER } from "./carp.js";

const topic = "carp";
const SEVERAL: Where = { setting: "several vhids", has: (config) => vhidsOf(config).length > 1 };
const UNICAST: Where = { setting: "`carp.unicast`", has: ({ carp }) => carp.unicast };

/** Looks at every carp interface, at what matters here alone. */
const all = (config: EdgeConfig) =>
  `for carp in ${vhidsOf(config)
    .map((vhid) => vhid.interface)
    .join(" ")}; do ifconfig $carp; done | grep -E '^carp|carp: |groups: '`;

/** What is wrong with one vhid's election. */
function wrongElection(
  { interface: name, vhid }: ReturnType<typeof vhidsOf>[number],
  { interfaces }: EdgeConfig,
  answers: readonly Answered[],
): string | undefined {
  const seen = answers.map(({ edge, answer }) => {
    const [, state, carpdev, number] = carpLine(blockOf(answer.stdout, name)) ?? [];
    return { edge, state, right: carpdev === interfaces.carp && number === String(vhid), answer };
  });
  const masters = seen.filter(({ state }) => state === "MASTER").length;
  const whole = seen.every(({ state, right }) => right && /^(MASTER|BACKUP)$/.test(state ?? ""));
  if (whole && masters === 1) return undefined;
  return seen
    .map(
      ({ edge, state, right, answer }) =>
        `${name} of ${edge}: ${state === undefined || !right ? printed(answer) : state}`,
    )
    .join(", ");
}

/** What carp(4) is taken to do for several vhids, and without multicast. */
export const ELECTION_ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "several-carps",
    topic,
    statement:
      "Several carp interfaces with addresses of one network on one carpdev each hold an election of their own",
    matters: "`failoverIps` on several vhids",
    otherwise: "an IP without a master, or with two, or masters that are always the same edge",
    source: "carp(4), sys/netinet/ip_carp.c carp_set_addr",
    where: SEVERAL,
    how: {
      kind: "cluster",
      command: all,
      expected:
        "for each carp interface one edge MASTER and all others BACKUP, with its vhid, on the carpdev",
      judge: (answers, config) => {
        const wrong = vhidsOf(config).flatMap((vhid) => wrongElection(vhid, config, answers) ?? []);
        return wrong.length === 0 ? undefined : wrong.join("; ");
      },
    },
  },
  {
    id: "several-groups",
    topic,
    statement: "Groups edgefault and edgedrain contain every carp interface that joined them",
    matters: "a fault or a drain of an edge with several vhids",
    otherwise: "a faulty or drained edge keeps one of its IPs",
    source: "hostname.if(5), ifconfig(8)",
    where: SEVERAL,
    how: onEdge(
      ({ config }) => all(config),
      "for each carp interface a line `groups:` with edgefault and edgedrain",
      ({ stdout }, { config }) =>
        vhidsOf(config).every(({ interface: name }) => {
          const groups = /^\tgroups: (.*)$/m.exec(blockOf(stdout, name))?.[1]?.split(" ") ?? [];
          return DEMOTION_GROUPS.every((group) => groups.includes(group));
        }),
    ),
  },
  {
    id: "several-demoted",
    topic,
    statement: "The counter of a group demotes every carp interface in it, and all of them yield",
    matters: "the same",
    otherwise: "the same",
    source: "sys/netinet/ip_carp.c carp_group_demote_count",
    where: SEVERAL,
    how: bySight(
      "`edge-sync drain` on an edge that is MASTER: `edge-sync status` there shows BACKUP for each vhid. `edge-sync undrain` ends it.",
    ),
  },
  {
    id: "carppeer-line",
    topic,
    statement: "`ifconfig carp0` ends the line of a carp interface that has a peer with `carppeer ADDRESS`",
    matters: "edge-install takes a peer off by it when `carp.unicast` is taken out",
    otherwise: "the edge goes on to advertise to its peer alone; `ifconfig carp0 -carppeer` takes it off",
    source: "ifconfig(8), sbin/ifconfig/ifconfig.c carp_status",
    where: UNICAST,
    how: onEdge(
      ({ config }) => all(config),
      "`advskew …`, then `carppeer` with the other edge's `carpAddress` as the line's end",
      ({ stdout }, { config, edge }) => {
        const peer = config.edges.find(({ name }) => name !== edge.name)?.carpAddress;
        return vhidsOf(config).every(({ interface: name }) =>
          carpLine(blockOf(stdout, name))?.[0].endsWith(` carppeer ${peer}`),
        );
      },
    ),
  },
  {
    id: "carppeer-heard",
    topic,
    statement: "The vRack passes CARP from one edge's address to the other's, and virtual MAC addresses",
    matters: "everything, with `carp.unicast`",
    otherwise: "two masters, each claiming",
    source: "carp(4)",
    where: UNICAST,
    how: HEARD_MASTER,
  },
];
