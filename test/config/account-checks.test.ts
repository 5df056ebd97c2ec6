import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { errorsOf, example } from "./example.js";

const ORDER = { country: "FR", acceptCost: true };
const ordered = (changes: object = {}, rest: object = {}) =>
  example({ failoverIp: { order: { ...ORDER, ...changes }, ...rest } });

describe("an order of a FailOver IP", () => {
  it("is accepted with its cost, and has no address yet", () => {
    expect(errorsOf(ordered())).toEqual([]);
    expect(parseConfig(ordered()).failoverIps).toEqual([
      {
        address: "@@failover_ip@@",
        vhid: 1,
        order: { ...ORDER, planCode: "ip-failover-ripe", terminateOnDestroy: false },
      },
    ]);
  });

  it.each([
    [undefined, "nothing"],
    [false, "false"],
  ])("fails when acceptCost is %s", (acceptCost, shown) => {
    expect(errorsOf(ordered({ acceptCost }))).toEqual([
      `failoverIp.order.acceptCost must be true, got ${shown}; the first deploy pays the address by your default payment method, and OVH bills it each month`,
    ]);
  });

  it("fails when acceptCost is no truth value, and says that alone", () => {
    expect(errorsOf(ordered({ acceptCost: "yes" }))).toEqual([
      'failoverIp.order.acceptCost must be true or false, got "yes"; the first deploy pays, and OVH bills it each month',
    ]);
  });

  it("fails beside an address", () => {
    expect(errorsOf(example({ "failoverIp.order": ORDER }))).toEqual([
      "failoverIp.order must be left out with failoverIp.address, got both; what exists needs no order",
    ]);
  });

  it.each([
    ["country", "fr", "a country in two capitals, such as FR", "use one that the region takes"],
    ["country", "FRA", "a country in two capitals, such as FR", "use one that the region takes"],
    ["planCode", "IP X", "the code of a plan", "leave it out for ip-failover-ripe"],
    ["description", "a\nb", "1 to 63 letters, digits, blanks and any of . _ ( ) / + -", "leave it out"],
    ["terminateOnDestroy", 1, "true or false", "leave it out to keep the address"],
  ])("fails when %s is %j", (key, value, must, next) => {
    expect(errorsOf(ordered({ [key]: value }))).toEqual([
      `failoverIp.order.${key} must be ${must}, got ${JSON.stringify(value)}; ${next}`,
    ]);
  });

  it("is for the short form alone", () => {
    const config = { ...example(), failoverIps: [{ order: ORDER }] } as Record<string, unknown>;
    delete config.failoverIp;
    expect(errorsOf(config)).toContain(
      "failoverIps[0].order is not a setting; known here are dns, reverse, address, vhid, preferred",
    );
  });
});

describe("names of a FailOver IP", () => {
  const dns = { zone: "example.org", name: "edge", ttl: 60 };
  const named = (changes: object = {}, rest: object = {}) =>
    example({ "failoverIp.dns": { ...dns, ...changes }, ...rest });
  const list = (...failoverIps: object[]) => {
    const { failoverIp: _, ...config } = example() as Record<string, unknown>;
    return { ...config, failoverIps };
  };

  it("are accepted for one that exists and one that is ordered, in both forms", () => {
    expect(errorsOf(named({}, { "failoverIp.reverse": "edge.example.org" }))).toEqual([]);
    expect(errorsOf(named({ name: "", ttl: undefined }))).toEqual([]);
    expect(errorsOf(ordered({}, { dns, reverse: "edge.example.org" }))).toEqual([]);
    expect(
      errorsOf(
        list(
          { address: "146.59.143.231", dns, reverse: "edge.example.org" },
          { address: "146.59.143.232", dns: { ...dns, name: "edge2" } },
        ),
      ),
    ).toEqual([]);
  });

  it.each([
    ["zone", "example", "the name of a DNS zone, such as example.org", "name a zone of yours at OVH"],
    ["zone", "example.org.", "the name of a DNS zone, such as example.org", "name a zone of yours at OVH"],
    [
      "name",
      "edge.",
      "a name within the zone, such as edge, or empty for the zone itself",
      "leave the zone's own name out of it",
    ],
    [
      "name",
      "-edge",
      "a name within the zone, such as edge, or empty for the zone itself",
      "leave the zone's own name out of it",
    ],
    ["ttl", 59, "an integer from 60 to 86400", "leave it out for the zone's own"],
  ])("fail when %s is %j", (key, value, must, next) => {
    expect(errorsOf(named({ [key]: value }))).toEqual([
      `failoverIp.dns.${key} must be ${must}, got ${JSON.stringify(value)}; ${next}`,
    ]);
  });

  it.each([
    "edge",
    "edge.example.org.",
    "Edge.example.org",
    "edge..org",
  ])("fail when reverse is %s", (reverse) => {
    expect(errorsOf(example({ "failoverIp.reverse": reverse }))).toEqual([
      `failoverIp.reverse must be a host name, such as edge.example.org, without a dot at its end, got "${reverse}"; name what the address shall be found under`,
    ]);
  });

  it.each([
    ["edge.example.org", "edge"],
    ["example.org", ""],
  ])("fail when the name %s has its zone in it", (name, better) => {
    expect(errorsOf(named({ name }))).toEqual([
      `failoverIp.dns.name must be without the zone example.org, got "${name}"; use "${better}"`,
    ]);
  });

  it("fail when a block has them, or two FailOver IPs share one", () => {
    expect(
      errorsOf(
        list(
          { address: "146.59.143.231", dns },
          { address: "146.59.143.232", dns },
          { address: "146.59.144.8/30", dns: { ...dns, name: "block" }, reverse: "block.example.org" },
        ),
      ),
    ).toEqual([
      'failoverIps[1].dns.name must differ from failoverIps[0].dns.name, got "edge.example.org" twice; a name stands for one FailOver IP',
      "failoverIps[2].dns must be left out with a block such as 146.59.144.8/30, which has several addresses; name them in your own stack",
      "failoverIps[2].reverse must be left out with a block such as 146.59.144.8/30, which has several addresses; set them in your own stack",
    ]);
  });
});

describe("the vRack", () => {
  it.each(["pn-1", "pn-12345", "pn-123456789"])("may be %s", (vrack) => {
    expect(errorsOf(example({ vrack }))).toEqual([]);
  });

  it.each(["12345", "pn-", "pn-0", "pn-12a", "PN-12"])("fails when it is %s", (vrack) => {
    expect(errorsOf(example({ vrack }))).toEqual([
      `vrack must be the name of a vRack, such as pn-12345, got "${vrack}"; copy it from OVH, or leave it out where the project is in its vRack already`,
    ]);
  });
});

describe("security groups", () => {
  const ssh = { protocol: "tcp", port: 22 };
  const groups = (...securityGroups: unknown[]) => errorsOf(example({ securityGroups }));

  it.each([
    [[]],
    [[{ id: "0a1b2c3d-0000-4000-8000-000000000000" }]],
    [[{ name: "edges", rules: [ssh] }]],
    [[{ name: "edges", rules: [{ from: "192.0.2.0/24" }] }]],
    [[{ name: "edges", rules: [{ protocol: "tcp", port: 1, lastPort: 1024 }] }]],
    [
      [
        { name: "web", rules: [{ protocol: "tcp", port: 443 }] },
        { name: "ssh", rules: [ssh] },
      ],
    ],
    [[{ id: "known-elsewhere" }, { name: "web" }]],
  ])("are accepted: %j", (list) => {
    expect(groups(...list)).toEqual([]);
  });

  it.each([
    [{ name: "web", rules: [{ protocol: "tcp", port: 443 }] }, 22],
    [{ name: "web", rules: [{ protocol: "udp", port: 22 }] }, 22],
    [{ name: "none" }, 22],
    [{ name: "ssh", rules: [ssh] }, 2222],
  ])("fail when %j does not let SSH in on port %i", (group, port) => {
    expect(errorsOf(example({ securityGroups: [group], "ssh.port": port }))).toEqual([
      `securityGroups must let TCP port ${port} in, over which a deploy reaches the edges, got no rule that does; add { "protocol": "tcp", "port": ${port} } to one`,
    ]);
  });

  it("fail with every rule that is broken, at once", () => {
    expect(
      groups(
        {},
        { id: "a", name: "b" },
        { id: "a", rules: [ssh] },
        { name: "edges" },
        {
          name: "edges",
          rules: [
            { port: 22 },
            { protocol: "icmp", port: 1 },
            { protocol: "tcp", port: 443, lastPort: 80 },
            { protocol: "udp", lastPort: 80 },
          ],
        },
      ),
    ).toEqual([
      "securityGroups[0] must have an id or a name, got neither; an id is that of a group that exists",
      "securityGroups[1] must have an id or a name, got both; an id is that of a group that exists",
      "securityGroups[2].rules must be left out with an id, as a group that exists has its own rules; name a group to create",
      "securityGroups[4].rules[0].port must be left out without protocol tcp or udp, got 22; add the protocol",
      "securityGroups[4].rules[1].port must be left out without protocol tcp or udp, got 1; add the protocol",
      "securityGroups[4].rules[2].lastPort must be port or more, got 80 with port 443; correct one",
      "securityGroups[4].rules[3].lastPort must be port or more, got 80 with port left out; correct one",
      'securityGroups[4].name must differ from securityGroups[3].name, got "edges" twice; put their rules together',
    ]);
  });

  it.each([
    ["none", "must be a list of security groups; leave it out for the region's default group, [] for none"],
    [
      Array.from({ length: 6 }, () => ({ id: "a" })),
      "must have at most five groups, got 6; put rules together",
    ],
  ])("fail as a whole: %j", (securityGroups, message) => {
    expect(errorsOf(example({ securityGroups }))).toEqual([`securityGroups ${message}`]);
  });

  it.each([
    ["protocol", "TCP", "tcp, udp or icmp", "leave it out for every protocol"],
    ["port", 0, "an integer from 1 to 65535", "leave it out for every port"],
    [
      "from",
      "192.0.2.1/24",
      "an IPv4 network in CIDR form without host bits, such as 10.25.0.0/16",
      "leave it out for anywhere",
    ],
  ])("fail when a rule's %s is %j", (key, value, must, next) => {
    expect(groups({ name: "edges", rules: [{ ...ssh, [key]: value }] })).toEqual([
      `securityGroups[0].rules[0].${key} must be ${must}, got ${JSON.stringify(value)}; ${next}`,
    ]);
  });
});

describe("unicast CARP", () => {
  const pair = (first?: string, second?: string, changes: object = {}) =>
    example({
      "carp.unicast": true,
      "edges[0].carpAddress": first,
      "edges[1].carpAddress": second,
      ...changes,
    });

  it("is accepted with two edges that each have an address of their own", () => {
    expect(errorsOf(pair("10.25.0.11", "10.25.0.12"))).toEqual([]);
  });

  it.each([
    [
      undefined,
      "must be given with carp.unicast, got nothing; the carp address belongs to both edges, so each needs one of its own on the CARP network",
    ],
    [
      "10.25.0.11",
      'must differ from edges[0].carpAddress, got "10.25.0.11" twice; each edge needs one of its own',
    ],
    ["10.25.0.10", 'must differ from carp.address, got "10.25.0.10" twice; each edge needs one of its own'],
    [
      "10.26.0.1",
      'must lie in carpNetwork.cidr 10.25.0.0/16, got "10.26.0.1"; use a free address of that network',
    ],
    [
      "10.25.255.255",
      'must be an address for a host, got "10.25.255.255", which is the first or last of 10.25.0.0/16; use another one',
    ],
    [
      "10.25.0",
      'must be an IPv4 address in dotted decimal form, got "10.25.0"; give an address of the CARP network',
    ],
  ])("fails when the second edge's is %s", (second, message) => {
    expect(errorsOf(pair("10.25.0.11", second))).toEqual([`edges[1].carpAddress ${message}`]);
  });

  it("fails with three edges, and says why", () => {
    const edge = (name: string, carpAddress: string) => ({
      name,
      flavor: "b3-8",
      image: "OpenBSD",
      carpAddress,
    });
    const edges = [edge("a", "10.25.0.11"), edge("b", "10.25.0.12"), edge("c", "10.25.0.13")];
    expect(errorsOf(example({ edges, "carp.unicast": true }))).toEqual([
      "carp.unicast must be false with more than two edges, got true with 3: carp(4) advertises to one peer, so that a third edge would hear nobody; remove it or the edges",
    ]);
  });

  it("fails when an edge has an address that nothing uses", () => {
    expect(errorsOf(example({ "edges[0].carpAddress": "10.25.0.11" }))).toEqual([
      'edges[0].carpAddress must be left out without carp.unicast, got "10.25.0.11"; set carp.unicast to true, or remove it',
    ]);
  });
});
