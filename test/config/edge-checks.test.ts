import { describe, expect, it } from "vitest";
import { exists } from "../../lib/config/edge.js";
import { parseConfig } from "../../lib/config/load.js";
import { errorsOf, example, exampleWithEdges } from "./example.js";
import { adopted, BASTION, instance } from "./existing.js";

const EXISTING = "edges[1].existing";

describe("edges that exist already", () => {
  it("load as they are, beside others that are created", () => {
    const { edges } = parseConfig(adopted());
    expect(edges.map((edge) => exists(edge) && edge.existing)).toEqual([instance(1), instance(2)]);
    const mixed = parseConfig(
      adopted({
        edges: [
          { name: "old", existing: instance(1) },
          { name: "new", flavor: "b3-8", image: "OpenBSD 7.8" },
        ],
      }),
    );
    expect(mixed.edges.map((edge) => [edge.name, exists(edge), edge.advskew])).toEqual([
      ["old", true, 1],
      ["new", false, 50],
    ]);
  });

  it.each([
    ["FA:16:3E:00:00:0A", "fa:16:3e:00:00:0a"],
    ["fa-16-3e-00-00-0a", "fa:16:3e:00:00:0a"],
    ["fa:16:3e:00:00:0a", "fa:16:3e:00:00:0a"],
  ])("write MAC address %s as %s", (written, read) => {
    const [, edge] = parseConfig(adopted({ [`${EXISTING}.macs.carp`]: written })).edges;
    expect(edge !== undefined && exists(edge) && edge.existing.macs.carp).toBe(read);
  });

  it.each([
    "",
    "fa:16:3e:00:00",
    "fa:16:3e:00:00:0g",
    "fb:16:3e:00:00:01",
    "fa163e000001",
    7,
    null,
  ])("fail when a MAC address is %j", (value) => {
    expect(errorsOf(adopted({ [`${EXISTING}.macs.internal`]: value }))).toEqual([
      `${EXISTING}.macs.internal must be the MAC address of an interface, such as fa:16:3e:00:00:01, got ${JSON.stringify(value)}; copy it from OVH, or from ifconfig on the edge`,
    ]);
  });

  it.each(["10.0.0.1", "edge-b", "edge-b.example.org", "x1"])("accept host %s", (host) => {
    expect(errorsOf(adopted({ [`${EXISTING}.host`]: host }))).toEqual([]);
  });

  it.each([
    "",
    "10.0.0",
    "10.0.0.256",
    "-edge",
    "edge_b",
    "a b",
    "a..b",
    "$(id)",
    "fe80::1",
    7,
  ])("fail when host is %j", (host) => {
    expect(errorsOf(adopted({ [`${EXISTING}.host`]: host }))).toEqual([
      `${EXISTING}.host must be an IPv4 address in dotted decimal form or a host name, got ${JSON.stringify(host)}; give the address by which SSH reaches the edge`,
    ]);
  });

  it("report every broken rule at once", () => {
    expect(
      errorsOf(
        adopted({
          "edges[0].flavor": "b3-8",
          "edges[0].internalAddress": "10.10.0.11",
          [`${EXISTING}.instanceId`]: "a b",
          [`${EXISTING}.macs.carp`]: undefined,
          [`${EXISTING}.mac`]: "x",
          "carp.vhid": 300,
        }),
      ).sort(),
    ).toEqual([
      "carp.vhid must be an integer from 1 to 255, got 300; pick one that nothing else uses on this vRack",
      'edges[0].flavor must be left out with existing, got "b3-8"; the instance has its own',
      'edges[0].internalAddress must be left out with existing, got "10.10.0.11"; the instance has its own',
      'edges[1].existing.instanceId must be an id of letters, digits, dots, dashes and underscores, got "a b"; copy the id of the instance from OVH',
      "edges[1].existing.mac is not a setting; did you mean macs?",
      "edges[1].existing.macs.carp must be the MAC address of an interface, such as fa:16:3e:00:00:01, got nothing; copy it from OVH, or from ifconfig on the edge",
    ]);
  });

  it.each([
    ["instanceId", "instance-1", "an instance is one edge; correct one"],
    ["host", "10.10.0.11", "each edge has a host of its own; correct one"],
    ["macs.carp", "fa:16:3e:00:01:02", "a MAC address is one interface's; correct one"],
  ])("fail when two share their %s", (key, value, next) => {
    expect(errorsOf(adopted({ [`${EXISTING}.${key}`]: value }))).toEqual([
      `edges[1].existing.${key} must differ from edges[0].existing.${key}, got "${value}" twice; ${next}`,
    ]);
  });

  it("fail when two interfaces of one share a MAC address, however it is written", () => {
    expect(errorsOf(adopted({ [`${EXISTING}.macs.carp`]: "FA-16-3E-00-02-00" }))).toEqual([
      'edges[1].existing.macs.carp must differ from edges[1].existing.macs.external, got "fa:16:3e:00:02:00" twice; a MAC address is one interface\'s; correct one',
    ]);
  });

  it("fail on networks that are to be created", () => {
    const { internalNetwork, carpNetwork } = example();
    expect(errorsOf(adopted({ internalNetwork, carpNetwork }))).toEqual([
      'internalNetwork must be a network that exists, by networkId and subnetId, as edges[0] is on it already, got "internal" to create; copy its ids from OVH',
      'carpNetwork must be a network that exists, by networkId and subnetId, as edges[0] is on it already, got "carp" to create; copy its ids from OVH',
    ]);
  });

  it("fail with service accounts where nobody can tell by which address OVH sees them", () => {
    const accounts = { "credentials.serviceAccounts": ["2026-11"] };
    expect(errorsOf(adopted({ ...accounts, "edges[0].existing.publicAddress": "54.36.1.1" }))).toEqual([
      'edges[1].existing.publicAddress must be set with credentials.serviceAccounts, whose policy names it, as host is "10.10.0.12", got nothing; copy it from the instance\'s page at OVH',
    ]);
    const hosts = { "edges[0].existing.host": "54.36.1.1", "edges[1].existing.host": "54.36.1.2" };
    expect(errorsOf(adopted({ ...accounts, ...hosts }))).toEqual([]);
  });

  it("fail when a public address is a private one", () => {
    expect(errorsOf(adopted({ [`${EXISTING}.publicAddress`]: "10.0.0.9" }))).toEqual([
      'edges[1].existing.publicAddress must be a public address, got "10.0.0.9", which is a private one; copy it from the instance\'s page at OVH',
    ]);
  });

  it.each([
    ["a FailOver IP", { "failoverIp.address": "54.36.1.9", [`${EXISTING}.host`]: "54.36.1.9" }, "54.36.1.9"],
    ["carp's address", { "carp.address": "10.25.0.10/16", [`${EXISTING}.host`]: "10.25.0.10" }, "10.25.0.10"],
  ])("fail when they are reached by %s", (what, changes, address) => {
    expect(errorsOf(adopted(changes))).toEqual([
      `edges[1].existing.host must not be ${what}, got "${address}", which leads to whichever edge is master; name an address that stays`,
    ]);
  });
});

describe("a bastion", () => {
  it("has the usual port, and the edges' user and key", () => {
    expect(parseConfig(example({ "ssh.bastion": BASTION })).ssh.bastion).toEqual({ ...BASTION, port: 22 });
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      "without a host key",
      { hostKey: undefined },
      "ssh.bastion.hostKey must be a public host key: its type and its base64 text, got nothing; copy the first two words of /etc/ssh/ssh_host_ed25519_key.pub",
    ],
    [
      "without a host",
      { host: undefined },
      "ssh.bastion.host must be an IPv4 address in dotted decimal form or a host name, got nothing; name the bastion as you reach it",
    ],
    [
      "with options in its host",
      { host: "-oProxyCommand=id" },
      'ssh.bastion.host must be an IPv4 address in dotted decimal form or a host name, got "-oProxyCommand=id"; name the bastion as you reach it',
    ],
    [
      "with a user who is none",
      { user: "a b" },
      'ssh.bastion.user must be a user\'s name, got "a b"; leave it out for ssh.user',
    ],
    [
      "with a key that is no path",
      { privateKeyPath: "a b" },
      'ssh.bastion.privateKeyPath must be the path of a file, got "a b"; leave it out to use the SSH agent',
    ],
    [
      "with a password",
      { password: "x" },
      "ssh.bastion.password is not a setting; known here are host, port, user, privateKeyPath, hostKey",
    ],
    [
      "at port 0",
      { port: 0 },
      "ssh.bastion.port must be an integer from 1 to 65535, got 0; 22 is the usual value",
    ],
  ])("fails %s", (_, changes, message) => {
    expect(errorsOf(example({ "ssh.bastion": { ...BASTION, ...changes } }))).toEqual([message]);
  });

  it("fails when it is the address that moves", () => {
    expect(
      errorsOf(
        example({ "failoverIp.address": "54.36.1.9", "ssh.bastion": { ...BASTION, host: "54.36.1.9" } }),
      ),
    ).toEqual([
      'ssh.bastion.host must not be a FailOver IP, got "54.36.1.9", which leads to whichever edge is master; name an address that stays',
    ]);
  });

  it("fails when it is one of the edges", () => {
    const bastion = { ...BASTION, host: "10.10.0.12" };
    expect(errorsOf(adopted({ "ssh.bastion": bastion }))).toEqual([
      'ssh.bastion.host must differ from edges[1].existing.host, got "10.10.0.12" twice; use a bastion that is no edge, or none',
    ]);
    // Another port may lead to another machine.
    expect(errorsOf(adopted({ "ssh.bastion": { ...bastion, port: 2222 } }))).toEqual([]);
  });
});

describe("becoming root", () => {
  it("is by doas for a user of another name", () => {
    expect(parseConfig(example({ "ssh.user": "deploy", "ssh.become": "doas" })).ssh.become).toBe("doas");
  });

  it.each([
    [
      { "ssh.user": "deploy" },
      "ssh.become must be doas with ssh.user deploy, as edges are installed by root alone, got nothing; set it, or let root log in by key",
    ],
    [
      { "ssh.become": "doas" },
      'ssh.become must be left out with ssh.user root, got "doas"; remove it, or name another user',
    ],
    [{ "ssh.become": "sudo" }, 'ssh.become must be doas, got "sudo"; leave it out where root logs in'],
  ])("fails for %j", (changes, message) => {
    expect(errorsOf(example(changes))).toEqual([message]);
  });
});

describe("retired edges", () => {
  it("are none where nothing is said", () => {
    expect(parseConfig(example()).retired).toEqual([]);
    expect(parseConfig(example({ retired: ["edge-c"] })).retired).toEqual(["edge-c"]);
  });

  it("fail when one is still there, or named twice, or no name", () => {
    expect(errorsOf(example({ retired: ["bi-edge-sbg-2", "edge-c", "edge-c"] }))).toEqual([
      'retired[0] must not be the name of edges[1], got "bi-edge-sbg-2", which would be installed and removed; take it out of one of them',
      'retired[2] must differ from retired[1], got "edge-c" twice; name each once',
    ]);
    expect(errorsOf(example({ retired: ["Edge C"] }))).toEqual([
      'retired[0] must be 1 to 32 lower-case letters, digits and dashes that begin with a letter, got "Edge C"; use a host name such as edge-a',
    ]);
    expect(errorsOf(example({ retired: "edge-c" }))).toEqual([
      "retired must be a list of names of edges that are gone; leave it out for none",
    ]);
  });

  it("fail when they leave one edge alone", () => {
    expect(errorsOf(exampleWithEdges(1, { retired: ["edge-2"] }))).toEqual([
      "edges must have 2 to 8 edges, got 1; one edge alone is not redundant",
    ]);
  });
});
