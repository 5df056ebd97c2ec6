import { describe, expect, it } from "vitest";
import { checkCarpPassword, checkRelations } from "../../lib/config/checks.js";
import { formatIssue } from "../../lib/config/errors.js";
import { parseConfig } from "../../lib/config/load.js";
import { errorsOf, example, exampleWithEdges, FAST } from "./example.js";

const SKEWS = "with equal skews there is no master at all; change one or leave all out";

describe("edges are told apart", () => {
  it("fails when two edges share a name", () => {
    expect(errorsOf(example({ "edges[1].name": "bi-edge-sbg-1" }))).toEqual([
      'edges[1].name must differ from edges[0].name, got "bi-edge-sbg-1" twice; ' +
        "edges are told apart by their names; rename one",
    ]);
  });

  it("fails once for each further edge with the same name", () => {
    const next = "edges are told apart by their names; rename one";
    expect(
      errorsOf(exampleWithEdges(4, { "edges[1].name": "a", "edges[2].name": "a", "edges[3].name": "a" })),
    ).toEqual([
      `edges[2].name must differ from edges[1].name, got "a" twice; ${next}`,
      `edges[3].name must differ from edges[1].name, got "a" twice; ${next}`,
    ]);
  });

  it("fails when two edges share an advskew", () => {
    expect(errorsOf(example({ "edges[0].advskew": 7, "edges[1].advskew": 7 }))).toEqual([
      `edges[1].advskew must differ from edges[0].advskew, got 7 twice; ${SKEWS}`,
    ]);
  });

  it("fails when two edges share an advskew of 0", () => {
    expect(errorsOf(example({ "edges[0].advskew": 0, "edges[1].advskew": 0 }))).toEqual([
      `edges[1].advskew must differ from edges[0].advskew, got 0 twice; ${SKEWS}`,
    ]);
  });

  it("fails when an advskew is the one that another edge has by default", () => {
    expect(errorsOf(example({ "edges[0].advskew": 50 }))).toEqual([
      `edges[1].advskew must differ from edges[0].advskew, got 50 twice; ${SKEWS}`,
    ]);
  });

  it("accepts an order of edges that the skews turn round", () => {
    const config = parseConfig(example({ "edges[0].advskew": 254, "edges[1].advskew": 0 }));
    expect(config.edges.map(({ advskew }) => advskew)).toEqual([254, 0]);
  });

  it("fails when two edges share an internal address", () => {
    expect(errorsOf(example({ "edges[1].internalAddress": "10.10.0.11" }))).toEqual([
      'edges[1].internalAddress must differ from edges[0].internalAddress, got "10.10.0.11" twice; ' +
        "an address belongs to one edge; change one",
    ]);
  });

  it("accepts edges that all get their addresses from the pool", () => {
    expect(errorsOf(exampleWithEdges(3))).toEqual([]);
  });

  it("accepts edges of which only one has an address", () => {
    expect(errorsOf(example({ "edges[0].internalAddress": undefined }))).toEqual([]);
  });
});

describe("the fast profile", () => {
  const lowest = (index: number, got: number) =>
    `edges[${index}].advskew must be 20 or more with carp.profile fast, got ${got}; ` +
    "leave it out to have it chosen";
  const spare = (index: number, got: number, other: number, skew: number) =>
    `edges[${index}].advskew must leave two spare steps to edges[${other}].advskew ${skew} ` +
    `with carp.profile fast, got ${got}; leave both out to have them chosen`;
  const same = (index: number, got: number, other: number) =>
    `edges[${index}].advskew must differ from edges[${other}].advskew, got ${got} twice; ${SKEWS}`;

  /** A fast configuration with an edge for each skew; `undefined` is left out. */
  const withSkews = (skews: readonly (number | undefined)[]) =>
    exampleWithEdges(skews.length, {
      ...FAST,
      ...Object.fromEntries(skews.map((skew, index) => [`edges[${index}].advskew`, skew])),
    });

  it.each([1, 2, 60])("fails with an advertisementInterval of %i", (interval) => {
    expect(errorsOf(example({ ...FAST, "carp.advertisementInterval": interval }))).toEqual([
      "carp.advertisementInterval must be left out with carp.profile fast, " +
        `where the skews alone make the interval, got ${interval}; remove one of them`,
    ]);
  });

  it.each([0, 61])("fails with an advertisementInterval of %i, which no profile has", (interval) => {
    expect(errorsOf(example({ ...FAST, "carp.advertisementInterval": interval }))).toEqual([
      `carp.advertisementInterval must be an integer from 1 to 60, got ${interval}; ` +
        "a backup takes over after three of them, so 1 is the usual value",
    ]);
  });

  it.each([2, 3, 4, 5, 6, 7, 8])("accepts the skews that %i edges have by default", (count) => {
    expect(errorsOf(exampleWithEdges(count, FAST))).toEqual([]);
  });

  it.each([
    [[20, 23]],
    [[23, 20]],
    [[20, 254]],
    [[254, 251]],
    [[57, undefined]],
    [[63, undefined]],
    [[undefined, 37]],
    [[undefined, 43]],
    [[20, 23, 26, 29, 32, 35, 38, 41]],
  ])("accepts the skews %j", (skews) => {
    const { edges } = parseConfig(withSkews(skews));
    expect(edges.map(({ advskew }) => advskew)).toEqual(skews.map((skew, index) => skew ?? 40 + 20 * index));
  });

  it.each([
    [[19, 40], [lowest(0, 19)]],
    [[40, 19], [lowest(1, 19)]],
    [
      [0, 10],
      [lowest(0, 0), lowest(1, 10)],
    ],
    [[20, 22], [spare(1, 22, 0, 20)]],
    [[22, 20], [spare(1, 20, 0, 22)]],
    [[20, 21], [spare(1, 21, 0, 20)]],
    [[254, 252], [spare(1, 252, 0, 254)]],
    [[58, undefined], [spare(1, 60, 0, 58)]],
    [[undefined, 42], [spare(1, 42, 0, 40)]],
    [
      [30, 50, 52, 28],
      [spare(2, 52, 1, 50), spare(3, 28, 0, 30)],
    ],
    [
      [17, 19],
      [lowest(0, 17), lowest(1, 19), spare(1, 19, 0, 17)],
    ],
    [[40, 40], [same(1, 40, 0)]],
    [[60, undefined], [same(1, 60, 0)]],
    [
      [40, 40, 41],
      [same(1, 40, 0), spare(2, 41, 0, 40)],
    ],
  ])("fails with the skews %j", (skews, messages) => {
    expect(errorsOf(withSkews(skews))).toEqual(messages);
  });

  it.each([
    ["leaves the profile out", undefined],
    ["says so", "normal"],
  ])("asks nothing of an election that %s", (_, profile) => {
    const changes = { "carp.profile": profile, "edges[0].advskew": 0, "edges[1].advskew": 1 };
    expect(errorsOf(example(changes))).toEqual([]);
  });

  it.each([
    ["carp.profile", "Fast"],
    ["carp.advertisementInterval", 0],
    ["edges[1].advskew", 255],
    ["carp", null],
  ])("is not asked about when %s is wrong", (path, value) => {
    const errors = errorsOf(example({ ...FAST, "edges[0].advskew": 19, [path]: value }));
    expect(errors).toEqual([expect.stringContaining(`${path} must be `)]);
  });

  it("is asked about although another setting is wrong", () => {
    const errors = errorsOf(example({ ...FAST, "edges[0].advskew": 19, "carp.vhid": 0 }));
    expect(errors).toEqual([expect.stringContaining("carp.vhid must be "), lowest(0, 19)]);
  });
});

describe("the FailOver IP", () => {
  it.each([
    ["0.0.0.0", "a reserved one"],
    ["10.0.0.1", "a private one"],
    ["172.16.0.1", "a private one"],
    ["172.31.255.255", "a private one"],
    ["192.168.1.1", "a private one"],
    ["100.64.0.1", "a carrier's NAT one"],
    ["127.0.0.1", "a loopback one"],
    ["169.254.169.254", "a link-local one"],
    ["192.0.2.1", "a reserved one"],
    ["192.175.48.1", "a reserved one"],
    ["198.18.0.1", "a reserved one"],
    ["198.51.100.1", "a reserved one"],
    ["203.0.113.1", "a reserved one"],
    ["224.0.0.18", "a multicast one"],
    ["239.255.255.255", "a multicast one"],
    ["240.0.0.1", "a reserved one"],
    ["255.255.255.255", "the broadcast one"],
  ])("fails when it is %s", (address, which) => {
    expect(errorsOf(example({ "failoverIp.address": address }))).toEqual([
      `failoverIp.address must be a public address, got "${address}", which is ${which}; ` +
        "copy the FailOver IP from OVH",
    ]);
  });

  it.each([
    "146.59.143.231",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "223.255.255.255",
  ])("accepts %s", (address) => {
    expect(errorsOf(example({ "failoverIp.address": address }))).toEqual([]);
  });
});

describe("the shared address", () => {
  const outside = "use a free address of that network";

  it.each(["10.24.255.255/16", "10.26.0.0/16", "192.168.0.10/16"])("fails when it is %s", (address) => {
    expect(errorsOf(example({ "carp.address": address }))).toEqual([
      `carp.address must lie in carpNetwork.cidr 10.25.0.0/16, got "${address}"; ${outside}`,
    ]);
  });

  it.each([
    "10.25.0.10/8",
    "10.25.0.10/15",
    "10.25.0.10/17",
    "10.25.0.10/32",
  ])("fails when it is %s, with another prefix length", (address) => {
    expect(errorsOf(example({ "carp.address": address }))).toEqual([
      "carp.address must have the prefix length of carpNetwork.cidr 10.25.0.0/16, " +
        `got "${address}"; change one of them`,
    ]);
  });

  it.each(["10.25.0.0", "10.25.255.255"])("fails when it is %s, which no host may have", (address) => {
    expect(errorsOf(example({ "carp.address": `${address}/16` }))).toEqual([
      `carp.address must be an address for a host, got "${address}", ` +
        "which is the first or last of 10.25.0.0/16; use another one",
    ]);
  });

  it.each(["10.25.0.1/16", "10.25.255.254/16"])("accepts %s", (address) => {
    expect(errorsOf(example({ "carp.address": address }))).toEqual([]);
  });
});

describe("the edges' internal addresses", () => {
  it.each(["10.9.255.255", "10.11.0.0", "10.25.0.11", "146.59.143.231"])("fail when one is %s", (address) => {
    expect(errorsOf(example({ "edges[1].internalAddress": address }))).toEqual([
      `edges[1].internalAddress must lie in internalNetwork.cidr 10.10.0.0/16, got "${address}"; ` +
        "use a free address of that network",
    ]);
  });

  it.each(["10.10.0.0", "10.10.255.255"])("fail when one is %s, which no host may have", (address) => {
    expect(errorsOf(example({ "edges[0].internalAddress": address }))).toEqual([
      `edges[0].internalAddress must be an address for a host, got "${address}", ` +
        "which is the first or last of 10.10.0.0/16; use another one",
    ]);
  });

  it.each(["10.10.0.1", "10.10.255.254"])("may be %s", (address) => {
    expect(errorsOf(example({ "edges[1].internalAddress": address }))).toEqual([]);
  });

  it("may be both addresses of a network that has two", () => {
    const changes = {
      "internalNetwork.cidr": "192.168.7.4/31",
      "edges[0].internalAddress": "192.168.7.4",
      "edges[1].internalAddress": "192.168.7.5",
    };
    expect(errorsOf(example(changes))).toEqual([]);
  });

  it("fail each by itself", () => {
    const changes = { "edges[0].internalAddress": "10.9.0.1", "edges[1].internalAddress": "10.9.0.2" };
    const next = "use a free address of that network";
    expect(errorsOf(example(changes))).toEqual([
      `edges[0].internalAddress must lie in internalNetwork.cidr 10.10.0.0/16, got "10.9.0.1"; ${next}`,
      `edges[1].internalAddress must lie in internalNetwork.cidr 10.10.0.0/16, got "10.9.0.2"; ${next}`,
    ]);
  });
});

describe("CARP's network", () => {
  const existing = (networkId: string, cidr: string) => ({ networkId, subnetId: `${networkId}-s`, cidr });

  it.each([
    ["is the internal one", "10.10.0.0/16", "10.10.0.0/16", "10.10.0.10/16"],
    ["holds the internal one", "10.10.0.0/16", "10.0.0.0/8", "10.10.0.10/8"],
    ["lies in the internal one", "10.0.0.0/8", "10.25.0.0/16", "10.25.0.10/16"],
  ])("fails when it %s", (_, internal, own, address) => {
    const changes = { "internalNetwork.cidr": internal, "carpNetwork.cidr": own, "carp.address": address };
    expect(errorsOf(example(changes))).toEqual([
      `carpNetwork.cidr must not overlap internalNetwork.cidr ${internal}, got "${own}"; ` +
        "give CARP a network of its own",
    ]);
  });

  it("may be next to the internal one", () => {
    expect(
      errorsOf(example({ "carpNetwork.cidr": "10.11.0.0/16", "carp.address": "10.11.0.10/16" })),
    ).toEqual([]);
  });

  it.each([0, 10, 4094])("fails when both networks have VLAN %i", (vlanId) => {
    expect(errorsOf(example({ "internalNetwork.vlanId": vlanId, "carpNetwork.vlanId": vlanId }))).toEqual([
      `carpNetwork.vlanId must differ from internalNetwork.vlanId, got ${vlanId} twice; ` +
        "give CARP a VLAN of its own",
    ]);
  });

  it("fails when both networks have one id", () => {
    const changes = {
      internalNetwork: existing("pn-1", "10.10.0.0/16"),
      carpNetwork: existing("pn-1", "10.25.0.0/16"),
    };
    expect(errorsOf(example(changes))).toEqual([
      'carpNetwork.networkId must differ from internalNetwork.networkId, got "pn-1" twice; ' +
        "CARP must not share a network with anything",
    ]);
  });

  it("fails when an existing one overlaps a new internal one", () => {
    const changes = { carpNetwork: existing("pn-1", "10.10.0.0/16"), "carp.address": "10.10.0.10/16" };
    expect(errorsOf(example(changes))).toEqual([
      'carpNetwork.cidr must not overlap internalNetwork.cidr 10.10.0.0/16, got "10.10.0.0/16"; ' +
        "give CARP a network of its own",
    ]);
  });
});

describe("interfaces", () => {
  const next = "an edge has three interfaces";

  it.each([
    [
      ["vio0", "vio0", "vio2"],
      [`interfaces.internal must differ from interfaces.external, got "vio0" twice; ${next}`],
    ],
    [
      ["vio0", "vio1", "vio0"],
      [`interfaces.carp must differ from interfaces.external, got "vio0" twice; ${next}`],
    ],
    [
      ["vio0", "vio1", "vio1"],
      [`interfaces.carp must differ from interfaces.internal, got "vio1" twice; ${next}`],
    ],
    [
      ["vio3", "vio3", "vio3"],
      [
        `interfaces.internal must differ from interfaces.external, got "vio3" twice; ${next}`,
        `interfaces.carp must differ from interfaces.external, got "vio3" twice; ${next}`,
      ],
    ],
  ])("fail when they are %j", ([external, internal, carp], messages) => {
    expect(errorsOf(example({ interfaces: { external, internal, carp } }))).toEqual(messages);
  });

  it("fail when one has the name that another has by default", () => {
    expect(errorsOf(example({ interfaces: { external: "vio2" } }))).toEqual([
      `interfaces.carp must differ from interfaces.external, got "vio2" twice; ${next}`,
    ]);
  });

  it("may be in any order", () => {
    const changes = { interfaces: { external: "vio2", internal: "vio0", carp: "vio1" } };
    expect(errorsOf(example(changes))).toEqual([]);
  });
});

describe("the probe", () => {
  it.each([
    [5, 5],
    [5, 6],
    [10, 10],
    [6, 10],
  ])("fails when in %i seconds there are %i attempts", (interval, attempts) => {
    expect(errorsOf(example({ "probe.interval": interval, "probe.attempts": attempts }))).toEqual([
      `probe.attempts must be less than probe.interval ${interval}, as each attempt takes up to a second, ` +
        `got ${attempts}; lower it or raise the interval`,
    ]);
  });

  it("fails when the attempts do not fit into the usual interval", () => {
    expect(errorsOf(example({ probe: { attempts: 10 } }))).toEqual([
      "probe.attempts must be less than probe.interval 10, as each attempt takes up to a second, " +
        "got 10; lower it or raise the interval",
    ]);
  });

  it.each([
    [5, 4],
    [11, 10],
    [300, 10],
  ])("accepts in %i seconds %i attempts", (interval, attempts) => {
    expect(errorsOf(example({ "probe.interval": interval, "probe.attempts": attempts }))).toEqual([]);
  });

  it("fails when a target is the FailOver IP", () => {
    expect(errorsOf(example({ "probe.targets": ["8.8.8.8", "146.59.143.231"] }))).toEqual([
      'probe.targets[1] must not be the FailOver IP, got "146.59.143.231", which an edge answers itself; ' +
        "name a host outside your network",
    ]);
  });

  it("fails when the FailOver IP is one of the usual targets", () => {
    expect(errorsOf(example({ probe: {}, "failoverIp.address": "9.9.9.9" }))).toEqual([
      'probe.targets[0] must not be the FailOver IP, got "9.9.9.9", which an edge answers itself; ' +
        "name a host outside your network",
    ]);
  });

  it.each([
    ["10.25.0.10", "carp.address"],
    ["10.10.0.12", "edges[1].internalAddress"],
  ])("fails when a target is an edge's own address %s", (target, whose) => {
    expect(errorsOf(example({ "probe.targets": [target] }))).toEqual([
      `probe.targets[0] must not be ${whose}, got "${target}", which an edge answers itself; ` +
        "name a host outside your network",
    ]);
  });

  it.each([
    ["127.0.0.1", "a loopback one"],
    ["0.0.0.0", "a reserved one"],
    ["224.0.0.1", "a multicast one"],
    ["255.255.255.255", "the broadcast one"],
    ["240.0.0.1", "a reserved one"],
  ])("fails when a target is no other host, %s", (target, what) => {
    expect(errorsOf(example({ "probe.targets": [target] }))).toEqual([
      `probe.targets[0] must be the address of another host, got "${target}", which is ${what}; ` +
        "name a host outside your network",
    ]);
  });

  it.each(["192.168.7.1", "100.64.0.1", "169.254.169.254"])("may be a host nearby, %s", (target) => {
    expect(errorsOf(example({ "probe.targets": [target] }))).toEqual([]);
  });

  it("fails once for each repetition of a target", () => {
    expect(errorsOf(example({ "probe.targets": ["8.8.8.8", "9.9.9.9", "8.8.8.8", "8.8.8.8"] }))).toEqual([
      'probe.targets[2] must be named once, got "8.8.8.8" twice; remove one',
      'probe.targets[3] must be named once, got "8.8.8.8" twice; remove one',
    ]);
  });
});

describe("host keys", () => {
  it.each([[[0]], [[1]], [[0, 1]]])("may be given for the edges that are known, %j", (having) => {
    const keys = having.map((index) => [`edges[${index}].sshHostKey`, `ssh-ed25519 AAAA${index}`]);
    expect(errorsOf(example(Object.fromEntries(keys)))).toEqual([]);
  });
});

describe("the CARP password", () => {
  const message = (got: string) =>
    "TF_VAR_carp_password must be 1 to 19 letters, digits, underscores and dashes, " +
    `got ${got}; choose another password`;

  it.each([undefined, "x", "-", "Correct_horse-42", "a".repeat(19)])("may be %s", (password) => {
    expect(checkCarpPassword(password)).toEqual([]);
  });

  it.each([
    ["", "an empty one"],
    ["a".repeat(20), "20 characters"],
    ["hunter2".repeat(10), "70 characters"],
    ["hunter2 hunter2 hunter2", "23 characters"],
    ...[";", "$", "$(id)", "`id`", "'", '"', "\n", "\t", " ", "\\", "#", "/", "+", "=", "é", "💥"].map(
      (text) => [`hunter2${text}`, "other characters"],
    ),
    [" hunter2", "other characters"],
  ] as [string, string][])("fails when it is %j, and is not shown", (password, got) => {
    const errors = errorsOf(example(), { TF_VAR_carp_password: password });
    expect(errors).toEqual([message(got)]);
    expect(errors.join()).not.toContain("hunter2");
  });
});

describe("rules between settings", () => {
  const wrong = { "carp.address": "10.26.0.10/16" };
  const relation =
    'carp.address must lie in carpNetwork.cidr 10.25.0.0/16, got "10.26.0.10/16"; ' +
    "use a free address of that network";

  it("hold for a sound configuration", () => {
    expect(checkRelations(parseConfig(example()))).toEqual([]);
  });

  it("are all asked when nothing else is wrong", () => {
    const { edges, ...config } = parseConfig(example());
    const [first, second] = edges;
    if (first === undefined || second === undefined) throw new Error("the example has two edges");
    const same = { ...config, edges: [first, { ...second, name: first.name, advskew: first.advskew }] };
    const skew = "edges[1].advskew must differ from edges[0].advskew, got 1 twice; ";
    const name = 'edges[1].name must differ from edges[0].name, got "bi-edge-sbg-1" twice; ';
    expect(checkRelations(same).map(formatIssue)).toEqual([
      `${name}edges are told apart by their names; rename one`,
      skew + SKEWS,
    ]);
    expect(checkRelations(same, ["edges[7].name"]).map(formatIssue)).toEqual([skew + SKEWS]);
    expect(checkRelations(same, ["edges"])).toEqual([]);
    expect(checkRelations(same, [""])).toEqual([]);
  });

  it.each([
    ["carp.vhid", 0],
    ["carp.addres", 1],
    ["carpNetwork.cidrs", 1],
    ["carpNetwork.vlanId", -1],
    ["edges", []],
  ])("are asked although %s is wrong", (path, value) => {
    const errors = errorsOf(example({ ...wrong, [path]: value }));
    expect(errors).toHaveLength(2);
    expect(errors[1]).toBe(relation);
  });

  it.each([
    ["carp.address", 7],
    ["carp", null],
    ["carpNetwork.cidr", "10.25.0.0"],
    ["carpNetwork", "carp"],
  ])("are not asked when %s, on which they rest, is wrong", (path, value) => {
    const errors = errorsOf(example({ ...wrong, [path]: value }));
    expect(errors).toHaveLength(1);
    expect(errors[0]).not.toBe(relation);
  });
});
