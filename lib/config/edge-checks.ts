import { exists } from "./edge.js";
import { type ConfigIssue, show } from "./errors.js";
import { carpAddressOf, covers, vhidNumbers } from "./failover-ips.js";
import { article, isIpv4, rangeOf } from "./fields.js";
import type { CheckedConfig } from "./schema.js";

/** Each edge that exists already, with its place in the list. */
function existingOnes({ edges }: CheckedConfig) {
  return edges.flatMap((edge, index) => (exists(edge) ? [{ index, existing: edge.existing }] : []));
}

/** What must not be said twice of edges that exist. */
export function existingTwice(config: CheckedConfig): ConfigIssue[] {
  const seen = new Map<string, string>();
  const once = (path: string, value: string, what: string, next: string): ConfigIssue[] => {
    const first = seen.get(`${what} ${value}`);
    if (first === undefined) {
      seen.set(`${what} ${value}`, path);
      return [];
    }
    return [{ path, message: `must differ from ${first}, got ${show(value)} twice; ${next}` }];
  };
  return existingOnes(config).flatMap(({ index, existing }) => {
    const path = `edges[${index}].existing`;
    return [
      ...once(`${path}.instanceId`, existing.instanceId, "id", "an instance is one edge; correct one"),
      ...once(`${path}.host`, existing.host, "host", "each edge has a host of its own; correct one"),
      ...(["external", "internal", "carp"] as const).flatMap((which) =>
        once(
          `${path}.macs.${which}`,
          existing.macs[which],
          "mac",
          "a MAC address is one interface's; correct one",
        ),
      ),
    ];
  });
}

/** Nothing here attaches an instance that exists to a network, so it is on one that exists. */
export function existingNetworks(config: CheckedConfig): ConfigIssue[] {
  const [first] = existingOnes(config);
  if (first === undefined) return [];
  return (["internalNetwork", "carpNetwork"] as const).flatMap((setting) => {
    const network = config[setting];
    if ("networkId" in network) return [];
    return [
      {
        path: setting,
        message: `must be a network that exists, by networkId and subnetId, as edges[${first.index}] is on it already, got ${show(network.name)} to create; copy its ids from OVH`,
      },
    ];
  });
}

/** By which address OVH's API sees an edge, where a policy names it. */
export function existingAddresses(config: CheckedConfig): ConfigIssue[] {
  return existingOnes(config).flatMap(({ index, existing: { host, publicAddress } }) => {
    const path = `edges[${index}].existing.publicAddress`;
    if (publicAddress !== undefined) {
      const range = rangeOf(publicAddress);
      if (range === "unicast") return [];
      return [
        {
          path,
          message: `must be a public address, got ${show(publicAddress)}, which is ${article(range)}; copy it from the instance's page at OVH`,
        },
      ];
    }
    const named = config.credentials.serviceAccounts.length > 0;
    if (!named || (isIpv4(host) && rangeOf(host) === "unicast")) return [];
    return [
      {
        path,
        message: `must be set with credentials.serviceAccounts, whose policy names it, as host is ${show(host)}, got nothing; copy it from the instance's page at OVH`,
      },
    ];
  });
}

/** What moves, or is on all edges, leads to none of them for sure. */
export function sshHosts(config: CheckedConfig): ConfigIssue[] {
  const { failoverIps, carp, ssh } = config;
  const carps = vhidNumbers(config).map((_, index) => carpAddressOf(carp.address, index).split("/")[0]);
  const shared = (address: string): string | undefined => {
    if (!isIpv4(address)) return undefined;
    if (covers(failoverIps, address)) return "a FailOver IP";
    return carps.includes(address) ? "carp's address" : undefined;
  };
  const issue = (path: string, address: string): ConfigIssue[] => {
    const what = shared(address);
    if (what === undefined) return [];
    return [
      {
        path,
        message: `must not be ${what}, got ${show(address)}, which leads to whichever edge is master; name an address that stays`,
      },
    ];
  };
  return [
    ...existingOnes(config).flatMap(({ index, existing }) =>
      issue(`edges[${index}].existing.host`, existing.host),
    ),
    ...(ssh.bastion === undefined ? [] : issue("ssh.bastion.host", ssh.bastion.host)),
  ];
}

/** The edges themselves are no way to the edges: one that is lost would cut off the others. */
export function bastionApart(config: CheckedConfig): ConfigIssue[] {
  const { bastion, port } = config.ssh;
  if (bastion === undefined || bastion.port !== port) return [];
  return existingOnes(config)
    .filter(({ existing }) => existing.host === bastion.host)
    .map(({ index }) => ({
      path: "ssh.bastion.host",
      message: `must differ from edges[${index}].existing.host, got ${show(bastion.host)} twice; use a bastion that is no edge, or none`,
    }));
}

/** Root needs nothing to become root, and nobody else can install an edge. */
export function becoming({ ssh: { user, become } }: CheckedConfig): ConfigIssue[] {
  if (user === "root" && become !== undefined) {
    return [
      {
        path: "ssh.become",
        message: `must be left out with ssh.user root, got ${show(become)}; remove it, or name another user`,
      },
    ];
  }
  if (user !== "root" && become === undefined) {
    return [
      {
        path: "ssh.become",
        message: `must be doas with ssh.user ${user}, as edges are installed by root alone, got nothing; set it, or let root log in by key`,
      },
    ];
  }
  return [];
}

/** An edge is there, or it is gone. */
export function retiredEdges({ edges, retired }: CheckedConfig): ConfigIssue[] {
  return retired.flatMap((name, index) => {
    const path = `retired[${index}]`;
    const first = retired.indexOf(name);
    if (first < index) {
      return [
        { path, message: `must differ from retired[${first}], got ${show(name)} twice; name each once` },
      ];
    }
    const edge = edges.findIndex((one) => one.name === name);
    if (edge < 0) return [];
    return [
      {
        path,
        message: `must not be the name of edges[${edge}], got ${show(name)}, which would be installed and removed; take it out of one of them`,
      },
    ];
  });
}
