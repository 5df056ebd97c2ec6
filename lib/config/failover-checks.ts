import { type ConfigIssue, show } from "./errors.js";
import { blockOf, carpAddressOf, MOST_VHIDS, vhidNumbers, withAddress } from "./failover-ips.js";
import { article, contains, isReserved, overlap, rangeOf } from "./fields.js";
import type { CheckedConfig } from "./schema.js";

/** FailOver IPs are written in one of two ways, one of which must be there. */
export function checkForm(input: unknown): ConfigIssue[] {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return [];
  const [one, several] = ["failoverIp" in input, "failoverIps" in input];
  if (one !== several) return [];
  return one
    ? [
        {
          path: "failoverIps",
          message: "must be left out with failoverIp, got both; name every FailOver IP in failoverIps",
        },
      ]
    : [
        {
          path: "failoverIp",
          message: "must be an object, or failoverIps a list, got neither; see edge.config.example.json",
        },
      ];
}

/** Path of a FailOver IP in the form that it was written in. */
export function failoverPath({ failoverIp }: CheckedConfig, index: number): string {
  return failoverIp === undefined ? `failoverIps[${index}]` : "failoverIp";
}

export function failoverAddresses(config: CheckedConfig): ConfigIssue[] {
  return withAddress(config.failoverIps).flatMap(({ address, index }) => {
    const range = rangeOf(address.split("/")[0] as string);
    if (range === "unicast") return [];
    return [
      {
        path: `${failoverPath(config, index)}.address`,
        message: `must be a public address, got ${show(address)}, which is ${article(range)}; copy the FailOver IP from OVH`,
      },
    ];
  });
}

export function failoverOverlaps({ failoverIps }: CheckedConfig): ConfigIssue[] {
  const known = withAddress(failoverIps);
  return known.flatMap(({ address, index }) => {
    const first = known.findIndex((other) => overlap(blockOf(other.address), blockOf(address)));
    if (first === index) return [];
    const other = failoverIps[first]?.address;
    return [
      {
        path: `failoverIps[${index}].address`,
        message:
          other === address
            ? `must differ from failoverIps[${first}].address, got ${show(address)} twice; name each FailOver IP once`
            : `must not overlap failoverIps[${first}].address ${other}, got ${show(address)}; name the block alone`,
      },
    ];
  });
}

export function preferredEdges({ failoverIps, edges }: CheckedConfig): ConfigIssue[] {
  return failoverIps.flatMap(({ preferred, vhid }, index) => {
    if (preferred === undefined) return [];
    const path = `failoverIps[${index}].preferred`;
    if (!edges.some(({ name }) => name === preferred)) {
      return [
        {
          path,
          message: `must be the name of an edge, got ${show(preferred)}; the edges are ${edges.map(({ name }) => name).join(", ")}`,
        },
      ];
    }
    const first = failoverIps.findIndex((other) => other.vhid === vhid && other.preferred !== undefined);
    const other = failoverIps[first]?.preferred;
    if (other === preferred) return [];
    return [
      {
        path,
        message: `must be failoverIps[${first}].preferred ${show(other)}, as both are on vhid ${vhid} and move together, got ${show(preferred)}; give one of them another vhid`,
      },
    ];
  });
}

export function vhids({ failoverIps, carp }: CheckedConfig): ConfigIssue[] {
  // Without any it is the form that is wrong.
  if (failoverIps.length === 0) return [];
  const used = [...new Set(failoverIps.map(({ vhid }) => vhid))];
  if (!used.includes(carp.vhid)) {
    return [
      {
        path: "failoverIps",
        message: `must have one on carp.vhid ${carp.vhid}, which is carp0, got ${used.join(", ")}; leave the vhid of one out`,
      },
    ];
  }
  if (used.length <= MOST_VHIDS) return [];
  return [
    {
      path: "failoverIps",
      message: `must be on at most ${MOST_VHIDS} vhids, got ${used.length}; let some move together`,
    },
  ];
}

/** Each further vhid has an address of its own, the next one. */
export function carpAddresses(config: CheckedConfig): ConfigIssue[] {
  const { carp, carpNetwork } = config;
  const count = vhidNumbers(config).length;
  const last = carpAddressOf(carp.address, count - 1).split("/")[0] as string;
  if (count === 1 || (contains(carpNetwork.cidr, last) && !isReserved(carpNetwork.cidr, last))) return [];
  return [
    {
      path: "carp.address",
      message: `must be followed by an address for each further vhid in carpNetwork.cidr ${carpNetwork.cidr}, got ${show(carp.address)} for ${count} vhids; use a lower one`,
    },
  ];
}
