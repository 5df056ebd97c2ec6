import { names, orders, securityGroups } from "./account-checks.js";
import { checkBackend } from "./backend-checks.js";
import {
  bastionApart,
  becoming,
  existingAddresses,
  existingNetworks,
  existingTwice,
  retiredEdges,
  sshHosts,
} from "./edge-checks.js";
import type { ConfigIssue } from "./errors.js";
import { show } from "./errors.js";
import {
  carpAddresses,
  failoverAddresses,
  failoverOverlaps,
  preferredEdges,
  vhids,
} from "./failover-checks.js";
import { carpAddressOf, carpInterface, covers, vhidNumbers } from "./failover-ips.js";
import { article, contains, isReserved, networkOf, overlap, rangeOf } from "./fields.js";
import type { CheckedConfig } from "./schema.js";
import { CARP_PASSWORD } from "./secrets.js";
import { FAST_LOWEST, FAST_SPACING } from "./skews.js";
import { unicast } from "./unicast-checks.js";

/** A rule between settings. It is asked only when all the settings it reads are sound by themselves. */
interface Relation {
  /** Paths of those settings; `[]` stands for any index. */
  readonly reads: readonly string[];
  readonly check: (config: CheckedConfig) => ConfigIssue[];
}

/**
 * Everything that one setting's own rule cannot see. All broken rules are returned;
 * those that rest on a setting which `broken` names are left out.
 */
export function checkRelations(config: CheckedConfig, broken: readonly string[] = []): ConfigIssue[] {
  if (broken.includes("")) return [];
  const generic = broken.map((path) => path.replace(/\[\d+\]/g, "[]"));
  return RELATIONS.filter(
    ({ reads }) => !reads.some((path) => generic.some((other) => within(path, other) || within(other, path))),
  ).flatMap(({ check }) => check(config));
}

/** Whether `path` is `other` or lies below it. */
function within(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}.`) || path.startsWith(`${other}[`);
}

/**
 * The rule for the CARP password, which netstart(8) evaluates as shell text and carp(4)
 * cuts after 19 characters. The value itself is never part of the message.
 */
export function checkCarpPassword(password: string | undefined): ConfigIssue[] {
  if (password === undefined || new RegExp(CARP_PASSWORD).test(password)) return [];
  const got =
    password.length === 0
      ? "an empty one"
      : password.length > 19
        ? `${password.length} characters`
        : "other characters";
  return [
    {
      path: "TF_VAR_carp_password",
      message: `must be 1 to 19 letters, digits, underscores and dashes, got ${got}; choose another password`,
    },
  ];
}

const FAILOVER_ADDRESSES = ["failoverIp.address", "failoverIps[].address"];

const FAILOVER_NAMES = ["failoverIp.dns", "failoverIp.reverse", "failoverIps[].dns", "failoverIps[].reverse"];

const RELATIONS: readonly Relation[] = [
  {
    reads: ["edges[].name"],
    check: (config) => duplicates(config, "name", "edges are told apart by their names; rename one"),
  },
  {
    reads: ["edges[].advskew", "carp.profile"],
    check: (config) =>
      duplicates(
        config,
        "advskew",
        "with equal skews there is no master at all; change one or leave all out",
      ),
  },
  {
    reads: ["edges[].internalAddress"],
    check: (config) => duplicates(config, "internalAddress", "an address belongs to one edge; change one"),
  },
  { reads: ["carp.profile", "carp.advertisementInterval", "edges[].advskew"], check: fastProfile },
  { reads: FAILOVER_ADDRESSES, check: failoverAddresses },
  { reads: FAILOVER_ADDRESSES, check: failoverOverlaps },
  {
    reads: ["failoverIp", "failoverIps[].preferred", "failoverIps[].vhid", "carp.vhid", "edges[].name"],
    check: preferredEdges,
  },
  { reads: ["failoverIp", "failoverIps[].vhid", "carp.vhid"], check: vhids },
  { reads: ["carp.address", "carpNetwork.cidr"], check: carpAddress },
  { reads: ["carp.address", "carp.vhid", "carpNetwork.cidr", "failoverIps[].vhid"], check: carpAddresses },
  { reads: ["edges[].internalAddress", "internalNetwork.cidr"], check: internalAddresses },
  { reads: ["carpNetwork.cidr", "internalNetwork.cidr"], check: networksOverlap },
  { reads: ["carpNetwork.vlanId", "internalNetwork.vlanId"], check: sameVlan },
  { reads: ["carpNetwork.networkId", "internalNetwork.networkId"], check: sameNetwork },
  { reads: ["interfaces.external", "interfaces.internal", "interfaces.carp"], check: interfaces },
  { reads: ["probe.attempts", "probe.interval"], check: probeFits },
  {
    reads: [
      "probe.targets",
      ...FAILOVER_ADDRESSES,
      "failoverIps[].vhid",
      "carp.address",
      "carp.vhid",
      "edges[].internalAddress",
    ],
    check: probeTargets,
  },
  { reads: ["credentials.serviceAccounts"], check: accountNames },
  { reads: ["edges[].existing"], check: existingTwice },
  { reads: ["edges[].existing", "internalNetwork", "carpNetwork"], check: existingNetworks },
  { reads: ["edges[].existing", "credentials.serviceAccounts"], check: existingAddresses },
  {
    reads: [
      "edges[].existing",
      "ssh.bastion",
      ...FAILOVER_ADDRESSES,
      "failoverIps[].vhid",
      "carp.address",
      "carp.vhid",
    ],
    check: sshHosts,
  },
  { reads: ["edges[].existing", "ssh.bastion", "ssh.port"], check: bastionApart },
  { reads: ["ssh.user", "ssh.become"], check: becoming },
  { reads: ["failoverIp"], check: orders },
  {
    reads: [...FAILOVER_ADDRESSES, ...FAILOVER_NAMES],
    check: names,
  },
  { reads: ["securityGroups", "ssh.port", "edges[].existing"], check: securityGroups },
  {
    reads: [
      "carp.unicast",
      "carp.address",
      "carp.vhid",
      "carpNetwork.cidr",
      "edges[].carpAddress",
      "failoverIps[].vhid",
    ],
    check: unicast,
  },
  { reads: ["retired", "edges[].name"], check: retiredEdges },
  { reads: ["notify.webhook", "notify.mail", "notify.events"], check: ({ notify }) => notified(notify) },
  { reads: ["backend"], check: ({ backend }) => checkBackend(backend) },
];

function notified(notify: CheckedConfig["notify"]): ConfigIssue[] {
  if (notify === undefined) return [];
  const { events, mail, webhook } = notify;
  const twice = events.find((event, index) => events.indexOf(event) !== index);
  return [
    ...(webhook || mail !== undefined
      ? []
      : [
          {
            path: "notify",
            message: "must have a webhook or a mail address, got neither; set one or leave notify out",
          },
        ]),
    ...(twice === undefined
      ? []
      : [{ path: "notify.events", message: `must differ, got ${show(twice)} twice; name each once` }]),
  ];
}

function duplicates(
  config: CheckedConfig,
  key: "name" | "advskew" | "internalAddress",
  next: string,
): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const seen = new Map<string | number, number>();
  config.edges.forEach((edge, index) => {
    const value = edge[key];
    if (value === undefined) return;
    const first = seen.get(value);
    if (first === undefined) seen.set(value, index);
    else {
      issues.push({
        path: `edges[${index}].${key}`,
        message: `must differ from edges[${first}].${key}, got ${show(value)} twice; ${next}`,
      });
    }
  });
  return issues;
}

function accountNames({ credentials }: CheckedConfig): ConfigIssue[] {
  const names = credentials.serviceAccounts;
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (first === index) return [];
    return [
      {
        path: `credentials.serviceAccounts[${index}]`,
        message: `must differ from credentials.serviceAccounts[${first}], got ${show(name)} twice; rename one`,
      },
    ];
  });
}

function fastProfile({ carp, edges }: CheckedConfig): ConfigIssue[] {
  if (carp.profile !== "fast") return [];
  const issues: ConfigIssue[] = [];
  if (carp.advertisementInterval !== 0) {
    issues.push({
      path: "carp.advertisementInterval",
      message: `must be left out with carp.profile fast, where the skews alone make the interval, got ${carp.advertisementInterval}; remove one of them`,
    });
  }
  edges.forEach(({ advskew }, index) => {
    const path = `edges[${index}].advskew`;
    if (advskew < FAST_LOWEST) {
      issues.push({
        path,
        message: `must be ${FAST_LOWEST} or more with carp.profile fast, got ${advskew}; leave it out to have it chosen`,
      });
    }
    const near = edges.findIndex(
      (other, before) =>
        before < index && other.advskew !== advskew && Math.abs(other.advskew - advskew) < FAST_SPACING,
    );
    if (near >= 0) {
      issues.push({
        path,
        message: `must leave two spare steps to edges[${near}].advskew ${edges[near]?.advskew} with carp.profile fast, got ${advskew}; leave both out to have them chosen`,
      });
    }
  });
  return issues;
}

function carpAddress({ carp, carpNetwork }: CheckedConfig): ConfigIssue[] {
  const [address] = carp.address.split("/") as [string];
  if (!contains(carpNetwork.cidr, address)) {
    return [
      {
        path: "carp.address",
        message: `must lie in carpNetwork.cidr ${carpNetwork.cidr}, got ${show(carp.address)}; use a free address of that network`,
      },
    ];
  }
  if (networkOf(carp.address) !== carpNetwork.cidr) {
    return [
      {
        path: "carp.address",
        message: `must have the prefix length of carpNetwork.cidr ${carpNetwork.cidr}, got ${show(carp.address)}; change one of them`,
      },
    ];
  }
  return reserved("carp.address", carpNetwork.cidr, address);
}

function reserved(path: string, network: string, address: string): ConfigIssue[] {
  if (!isReserved(network, address)) return [];
  return [
    {
      path,
      message: `must be an address for a host, got ${show(address)}, which is the first or last of ${network}; use another one`,
    },
  ];
}

function internalAddresses({ edges, internalNetwork }: CheckedConfig): ConfigIssue[] {
  return edges.flatMap(({ internalAddress }, index) => {
    if (internalAddress === undefined) return [];
    const path = `edges[${index}].internalAddress`;
    if (contains(internalNetwork.cidr, internalAddress)) {
      return reserved(path, internalNetwork.cidr, internalAddress);
    }
    return [
      {
        path,
        message: `must lie in internalNetwork.cidr ${internalNetwork.cidr}, got ${show(internalAddress)}; use a free address of that network`,
      },
    ];
  });
}

function networksOverlap({ carpNetwork, internalNetwork }: CheckedConfig): ConfigIssue[] {
  if (!overlap(carpNetwork.cidr, internalNetwork.cidr)) return [];
  return [
    {
      path: "carpNetwork.cidr",
      message: `must not overlap internalNetwork.cidr ${internalNetwork.cidr}, got ${show(carpNetwork.cidr)}; give CARP a network of its own`,
    },
  ];
}

function sameVlan({ carpNetwork, internalNetwork }: CheckedConfig): ConfigIssue[] {
  if (!("vlanId" in carpNetwork && "vlanId" in internalNetwork)) return [];
  if (carpNetwork.vlanId !== internalNetwork.vlanId) return [];
  return [
    {
      path: "carpNetwork.vlanId",
      message: `must differ from internalNetwork.vlanId, got ${carpNetwork.vlanId} twice; give CARP a VLAN of its own`,
    },
  ];
}

function sameNetwork({ carpNetwork, internalNetwork }: CheckedConfig): ConfigIssue[] {
  if (!("networkId" in carpNetwork && "networkId" in internalNetwork)) return [];
  if (carpNetwork.networkId !== internalNetwork.networkId) return [];
  return [
    {
      path: "carpNetwork.networkId",
      message: `must differ from internalNetwork.networkId, got ${show(carpNetwork.networkId)} twice; CARP must not share a network with anything`,
    },
  ];
}

function interfaces({ interfaces: names }: CheckedConfig): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const seen = new Map<string, string>();
  for (const role of ["external", "internal", "carp"] as const) {
    const name = names[role];
    const other = seen.get(name);
    if (other === undefined) seen.set(name, role);
    else {
      issues.push({
        path: `interfaces.${role}`,
        message: `must differ from interfaces.${other}, got ${show(name)} twice; an edge has three interfaces`,
      });
    }
  }
  return issues;
}

function probeFits({ probe }: CheckedConfig): ConfigIssue[] {
  // The next probe must find the last one ended.
  if (probe.attempts < probe.interval) return [];
  return [
    {
      path: "probe.attempts",
      message: `must be less than probe.interval ${probe.interval}, as each attempt takes up to a second, got ${probe.attempts}; lower it or raise the interval`,
    },
  ];
}

function probeTargets(config: CheckedConfig): ConfigIssue[] {
  const { probe, failoverIps, carp, edges } = config;
  const issues: ConfigIssue[] = [];
  const seen = new Set<string>();
  const own = new Map([
    ...vhidNumbers(config).map(
      (_, index) =>
        [
          carpAddressOf(carp.address, index).split("/")[0] as string,
          index === 0 ? "carp.address" : `the address of ${carpInterface(index)}`,
        ] as const,
    ),
    ...edges.flatMap(({ internalAddress }, index) =>
      internalAddress === undefined ? [] : [[internalAddress, `edges[${index}].internalAddress`] as const],
    ),
  ]);
  probe.targets.forEach((target, index) => {
    const path = `probe.targets[${index}]`;
    if (seen.has(target)) {
      issues.push({ path, message: `must be named once, got ${show(target)} twice; remove one` });
    }
    seen.add(target);
    const whose = covers(failoverIps, target) ? "the FailOver IP" : own.get(target);
    if (whose !== undefined) {
      issues.push({
        path,
        message: `must not be ${whose}, got ${show(target)}, which an edge answers itself; name a host outside your network`,
      });
    }
    const range = rangeOf(target);
    if (NO_HOST.has(range)) {
      issues.push({
        path,
        message: `must be the address of another host, got ${show(target)}, which is ${article(range)}; name a host outside your network`,
      });
    }
  });
  return issues;
}

/** Ranges in which a ping reaches no other host, or a crowd. */
const NO_HOST = new Set(["loopback", "unspecified", "multicast", "broadcast", "reserved"]);
