import { type ConfigIssue, show } from "./errors.js";
import { carpAddressOf, carpInterface, vhidNumbers } from "./failover-ips.js";
import { contains, isReserved } from "./fields.js";
import type { CheckedConfig } from "./schema.js";

/** carp(4) advertises to one peer, so that unicast is for two edges, each with an address of its own. */
export function unicast(config: CheckedConfig): ConfigIssue[] {
  const { carp, edges, carpNetwork } = config;
  if (!carp.unicast) return unused(config);
  if (edges.length > 2) {
    return [
      {
        path: "carp.unicast",
        message: `must be false with more than two edges, got true with ${edges.length}: carp(4) advertises to one peer, so that a third edge would hear nobody; remove it or the edges`,
      },
    ];
  }
  const shared = new Map(
    vhidNumbers(config).map((_, index) => [
      carpAddressOf(carp.address, index).split("/")[0] as string,
      index === 0 ? "carp.address" : `the address of ${carpInterface(index)}`,
    ]),
  );
  const seen = new Map<string, string>();
  return edges.flatMap(({ carpAddress }, index) => {
    const path = `edges[${index}].carpAddress`;
    const issue = (message: string) => [{ path, message }];
    if (carpAddress === undefined) {
      return issue(
        "must be given with carp.unicast, got nothing; the carp address belongs to both edges, so each needs one of its own on the CARP network",
      );
    }
    const whose = shared.get(carpAddress) ?? seen.get(carpAddress);
    seen.set(carpAddress, path);
    if (whose !== undefined) {
      return issue(
        `must differ from ${whose}, got ${show(carpAddress)} twice; each edge needs one of its own`,
      );
    }
    if (!contains(carpNetwork.cidr, carpAddress)) {
      return issue(
        `must lie in carpNetwork.cidr ${carpNetwork.cidr}, got ${show(carpAddress)}; use a free address of that network`,
      );
    }
    if (isReserved(carpNetwork.cidr, carpAddress)) {
      return issue(
        `must be an address for a host, got ${show(carpAddress)}, which is the first or last of ${carpNetwork.cidr}; use another one`,
      );
    }
    return [];
  });
}

function unused({ edges }: CheckedConfig): ConfigIssue[] {
  return edges.flatMap(({ carpAddress }, index) =>
    carpAddress === undefined
      ? []
      : [
          {
            path: `edges[${index}].carpAddress`,
            message: `must be left out without carp.unicast, got ${show(carpAddress)}; set carp.unicast to true, or remove it`,
          },
        ],
  );
}
