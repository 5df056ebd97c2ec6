import { describe, expect, it } from "vitest";
import { addressesOf, vhidsOf } from "../../lib/config/failover-ips.js";
import { parseConfig } from "../../lib/config/load.js";
import { errorsOf, example, exampleWithEdges } from "./example.js";

const [A, B, C] = ["146.59.143.231", "146.59.143.232", "146.59.143.8/29"];

/** Three edges with these FailOver IPs. */
const several = (failoverIps: unknown, changes: Readonly<Record<string, unknown>> = {}) =>
  exampleWithEdges(3, { failoverIp: undefined, failoverIps, ...changes });
const vhids = (failoverIps: unknown, changes: Readonly<Record<string, unknown>> = {}) =>
  vhidsOf(parseConfig(several(failoverIps, changes)));

describe("FailOver IPs", () => {
  it("are one list, whichever form they are written in", () => {
    const short = parseConfig(example()).failoverIps;
    expect(short).toEqual([{ address: A, vhid: 1 }]);
    expect(
      parseConfig(example({ failoverIp: undefined, failoverIps: [{ address: A }] })).failoverIps,
    ).toEqual(short);
  });

  it("without a vhid move together on carp0, which has the skews of the edges", () => {
    expect(vhids([{ address: A }, { address: C }])).toEqual([
      {
        interface: "carp0",
        vhid: 1,
        address: "10.25.0.10/16",
        preferred: "edge-1",
        advskews: { "edge-1": 1, "edge-2": 50, "edge-3": 100 },
        failoverIps: [
          { address: A, vhid: 1 },
          { address: C, vhid: 1 },
        ],
      },
    ]);
  });

  it("of other vhids have the next carp interface, the next address, and prefer the next edge", () => {
    const found = vhids([{ address: B, vhid: 9 }, { address: A }, { address: C, vhid: 7 }]);
    expect(found.map((vhid) => [vhid.interface, vhid.vhid, vhid.address, vhid.preferred])).toEqual([
      ["carp0", 1, "10.25.0.10/16", "edge-1"],
      ["carp1", 9, "10.25.0.11/16", "edge-2"],
      ["carp2", 7, "10.25.0.12/16", "edge-3"],
    ]);
    expect(found.map(({ advskews }) => advskews)).toEqual([
      { "edge-1": 1, "edge-2": 50, "edge-3": 100 },
      { "edge-2": 1, "edge-3": 50, "edge-1": 100 },
      { "edge-3": 1, "edge-1": 50, "edge-2": 100 },
    ]);
  });

  it("prefer the edge that is named, for all on the vhid", () => {
    const [first] = vhids([{ address: A }, { address: C, preferred: "edge-3" }]);
    expect(first?.preferred).toBe("edge-3");
    expect(first?.advskews).toEqual({ "edge-3": 1, "edge-1": 50, "edge-2": 100 });
  });

  it("give each edge another skew on every vhid, whatever skews there are", () => {
    const given = { "edges[0].advskew": 254, "edges[1].advskew": 0, "edges[2].advskew": 7 };
    for (const { advskews } of vhids([{ address: A }, { address: B, vhid: 2 }], given)) {
      expect(Object.values(advskews).sort((a, b) => a - b)).toEqual([0, 7, 254]);
    }
  });

  it("of a block are its addresses, the first and the last one too", () => {
    expect(addressesOf("146.59.143.8/30")).toEqual([
      "146.59.143.8",
      "146.59.143.9",
      "146.59.143.10",
      "146.59.143.11",
    ]);
    expect(addressesOf(A as string)).toEqual([A]);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    [
      "both forms",
      example({ failoverIps: [{ address: B }] }),
      ["failoverIps must be left out with failoverIp, got both; name every FailOver IP in failoverIps"],
    ],
    ["an empty list", several([]), ["failoverIps must have at least one FailOver IP, got 0; name one"]],
    [
      "nine of them",
      several(Array.from({ length: 9 }, (_, index) => ({ address: `146.59.143.${index}` }))),
      [
        "failoverIps must have at most 8 FailOver IPs, got 9; OVH allows 60 requests a minute, so make another edge for the rest",
      ],
    ],
    [
      "an address twice",
      several([{ address: A }, { address: A, vhid: 2 }]),
      [
        `failoverIps[1].address must differ from failoverIps[0].address, got "${A}" twice; name each FailOver IP once`,
      ],
    ],
    [
      "an address of a block",
      several([{ address: C }, { address: "146.59.143.9" }]),
      [
        `failoverIps[1].address must not overlap failoverIps[0].address ${C}, got "146.59.143.9"; name the block alone`,
      ],
    ],
    ...["146.59.143.9/29", "146.59.143.0/26", "146.59.143.231/32"].map(
      (address): [string, Record<string, unknown>, string[]] => [
        `the block ${address}`,
        several([{ address }]),
        [
          "failoverIps[0].address must be an IPv4 address in dotted decimal form, or a block of /27 to /31 without host bits, " +
            `such as 198.51.100.8/29, got "${address}"; copy the FailOver IP from OVH; only IPv4 addresses can move between instances`,
        ],
      ],
    ),
    [
      "a private block",
      several([{ address: A }, { address: "10.9.0.8/29" }]),
      [
        'failoverIps[1].address must be a public address, got "10.9.0.8/29", which is a private one; copy the FailOver IP from OVH',
      ],
    ],
    [
      "a preferred edge that there is not",
      several([{ address: A, preferred: "edge-9" }]),
      [
        'failoverIps[0].preferred must be the name of an edge, got "edge-9"; the edges are edge-1, edge-2, edge-3',
      ],
    ],
    [
      "two preferred edges for one vhid",
      several([
        { address: A, preferred: "edge-1" },
        { address: B, preferred: "edge-2" },
      ]),
      [
        'failoverIps[1].preferred must be failoverIps[0].preferred "edge-1", as both are on vhid 1 and move together, got "edge-2"; give one of them another vhid',
      ],
    ],
    [
      "none on carp's own vhid",
      several([
        { address: A, vhid: 2 },
        { address: B, vhid: 3 },
      ]),
      ["failoverIps must have one on carp.vhid 1, which is carp0, got 2, 3; leave the vhid of one out"],
    ],
    [
      "five vhids",
      several([1, 2, 3, 4, 5].map((vhid) => ({ address: `146.59.143.${vhid}`, vhid }))),
      ["failoverIps must be on at most 4 vhids, got 5; let some move together"],
    ],
    [
      "a carp address without room",
      several([{ address: A }, { address: B, vhid: 2 }], { "carp.address": "10.25.255.254/16" }),
      [
        'carp.address must be followed by an address for each further vhid in carpNetwork.cidr 10.25.0.0/16, got "10.25.255.254/16" for 2 vhids; use a lower one',
      ],
    ],
    [
      "equal skews, which no vhid may have",
      several([{ address: A }, { address: B, vhid: 2 }], { "edges[0].advskew": 7, "edges[1].advskew": 7 }),
      [
        "edges[1].advskew must differ from edges[0].advskew, got 7 twice; with equal skews there is no master at all; change one or leave all out",
      ],
    ],
    [
      "a probe of a block's address",
      several([{ address: A }, { address: C }], { "probe.targets": ["146.59.143.10"] }),
      [
        'probe.targets[0] must not be the FailOver IP, got "146.59.143.10", which an edge answers itself; name a host outside your network',
      ],
    ],
    [
      "a setting that there is not",
      several([{ address: A, vhidd: 2 }]),
      ["failoverIps[0].vhidd is not a setting; did you mean vhid?"],
    ],
  ])("fail with %s", (_name, input, errors) => {
    expect(errorsOf(input)).toEqual(errors);
  });
});
