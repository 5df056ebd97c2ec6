import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { DRILLS, errorsOf, example, exampleWithEdges, FAST, get } from "./example.js";

/** A setting's rule as its message words it, with values on both sides of it. */
interface Rule {
  readonly path: string;
  readonly must: string;
  readonly next: string;
  /** Settings to change as well, so that no other rule speaks up. */
  readonly also?: Readonly<Record<string, unknown>>;
}

const EXISTING = (id: string, cidr: string) => ({ networkId: id, subnetId: `${id}-subnet`, cidr });

const EXISTING_INTERNAL = { internalNetwork: EXISTING("pn-1", "10.10.0.0/16") };
const EXISTING_CARP = { carpNetwork: EXISTING("pn-2", "10.25.0.0/16") };

const show = (value: unknown) =>
  value === undefined ? "nothing" : JSON.stringify(value).replaceAll("\u2028", "\\u2028");

const refusal = ({ path, must, next }: Rule, got: string) => `${path} must be ${must}, got ${got}; ${next}`;

/** Rows of a table: what is read in the title, then what the test needs. */
const accepted = ({ path, also }: Pick<Rule, "path" | "also">, values: readonly unknown[]) =>
  values.map((value) => [show(value), path, { value, also }] as const);

const refused = (rule: Rule, values: readonly unknown[]) =>
  values.map((value) => {
    const row = { value, also: rule.also, message: refusal(rule, show(value)) };
    return [rule.path, show(value), row] as const;
  });

describe("integers", () => {
  const vlan = "pick one that no other network on this vRack uses";
  const rules: (Rule & { min: number; max: number })[] = [
    { path: "carp.vhid", min: 1, max: 255, next: "pick one that nothing else uses on this vRack" },
    {
      path: "carp.advertisementInterval",
      min: 1,
      max: 60,
      next: "a backup takes over after three of them, so 1 is the usual value",
    },
    { path: "edges[1].advskew", min: 0, max: 254, next: "leave it out to have it chosen" },
    { path: "internalNetwork.vlanId", min: 0, max: 4094, next: vlan },
    { path: "carpNetwork.vlanId", min: 0, max: 4094, next: vlan },
    { path: "probe.interval", min: 5, max: 300, next: "10 is the usual value" },
    {
      path: "probe.attempts",
      min: 1,
      max: 10,
      next: "3 is the usual value",
      also: { "probe.interval": 300 },
    },
    {
      path: "claim.deadline",
      min: 30,
      max: 900,
      next: "OVH moves an address in less than a minute as a rule; 120 is the usual value",
    },
    {
      path: "claim.checkInterval",
      min: 10,
      max: 600,
      next: "30 is the usual value; OVH allows 60 requests a minute",
    },
    { path: "claim.healthyFor", min: 0, max: 300, next: "10 is the usual value" },
    { path: "ssh.port", min: 1, max: 65535, next: "22 is the usual value" },
    ...DRILLS.map((name) => ({
      path: `drill.limits.${name}`,
      min: 1,
      max: 3_600_000,
      next: "it is a number of milliseconds",
    })),
  ].map((rule) => ({ ...rule, must: `an integer from ${rule.min} to ${rule.max}` }));

  it.each(rules.flatMap((rule) => accepted(rule, [rule.min, rule.max])))("accepts %s for %s", (_, path, {
    value,
    also,
  }) => {
    expect(get(parseConfig(example({ ...also, [path]: value })), path)).toBe(value);
  });

  it.each(
    rules.flatMap((rule) =>
      refused(rule, [rule.min - 1, rule.max + 1, rule.min + 0.5, `${rule.min}`, true, null, [rule.min], {}]),
    ),
  )("fails when %s is %s", (path, _, { value, also, message }) => {
    expect(errorsOf(example({ ...also, [path]: value }))).toEqual([message]);
  });

  it.each([
    "carp.vhid",
    "internalNetwork.vlanId",
    "carpNetwork.vlanId",
  ])("fails when %s is missing", (path) => {
    const rule = rules.find((other) => other.path === path) as Rule;
    expect(errorsOf(example({ [path]: undefined }))).toEqual([refusal(rule, "nothing")]);
  });

  it("reports a number that is too large for any integer once", () => {
    expect(errorsOf(example({ "carp.vhid": 1e20 }))).toHaveLength(1);
  });
});

const FREE_NAME = "1 to 63 letters, digits, blanks and any of . _ ( ) / + -";
const IDENTIFIER = "an id of letters, digits, dots, dashes and underscores";
const INTERFACE = {
  must: "the name of a virtio interface, such as vio0",
  next: "run ifconfig on an edge to see its interfaces",
};

interface TextRule extends Rule {
  /** A value that is accepted, and stays so only without anything added. */
  readonly valid: string;
  readonly accepted: readonly string[];
  readonly refused: readonly string[];
  readonly required: boolean;
}

const TEXTS: readonly TextRule[] = [
  {
    path: "project",
    must: "the id of a Public Cloud project, 32 hexadecimal digits",
    next: "copy it from the project's page at OVH",
    valid: "0123456789abcdef0123456789abcdef",
    accepted: ["0".repeat(32), "f".repeat(32)],
    refused: ["", "a".repeat(31), "a".repeat(33), "A".repeat(32), `${"a".repeat(31)}g`],
    required: true,
  },
  {
    path: "region",
    must: "a region such as SBG5",
    next: "see the regions of your project",
    valid: "GRA11",
    accepted: ["SBG5", "EU-WEST-PAR", "A1", `A${"B".repeat(30)}`],
    refused: ["", "A", "sbg5", "5SBG", "SBG_5", `A${"B".repeat(31)}`],
    required: true,
  },
  {
    path: "availabilityZone",
    must: "an availability zone such as eu-west-par-a",
    next: "leave it out in regions with one zone",
    valid: "eu-west-par-a",
    accepted: ["a1", "1a", `a${"b".repeat(40)}`],
    refused: ["", "a", "EU-WEST-PAR-A", "eu_west", `a${"b".repeat(41)}`],
    required: false,
  },
  {
    path: "internalNetwork.name",
    must: FREE_NAME,
    next: "name the internal network as OVH shall show it",
    valid: "internal",
    accepted: ["a", "Web (prod) v1.2_3/4+5-6", "9", "n".repeat(63)],
    refused: ["", "(a", ".a", "a@b", "a,b", "é"],
    required: true,
  },
  {
    path: "carpNetwork.name",
    must: FREE_NAME,
    next: "name the CARP network as OVH shall show it",
    valid: "carp",
    accepted: ["a", "carp 25", "n".repeat(63)],
    refused: ["", "/a", "_a", "a:b"],
    required: true,
  },
  {
    path: "internalNetwork.networkId",
    must: IDENTIFIER,
    next: "copy the id of the private network from OVH",
    also: EXISTING_INTERNAL,
    valid: "pn-1098765_10",
    accepted: ["a", "9", "A.b_c-d", "n".repeat(63)],
    refused: ["", "_a", ".a", "a/b", "a b", "é"],
    required: false,
  },
  {
    path: "internalNetwork.subnetId",
    must: IDENTIFIER,
    next: "copy the id of the subnet from OVH",
    also: EXISTING_INTERNAL,
    valid: "b2f0c1de-0000-4f1e-8a55-1c2d3e4f5a6b",
    accepted: ["a", "9", "n".repeat(63)],
    refused: ["", "_a", "a/b", "a b"],
    required: true,
  },
  {
    path: "carpNetwork.networkId",
    must: IDENTIFIER,
    next: "copy the id of the private network from OVH",
    also: EXISTING_CARP,
    valid: "pn-1098765_25",
    accepted: ["a", "n".repeat(63)],
    refused: ["", "_a", "a/b"],
    required: false,
  },
  {
    path: "carpNetwork.subnetId",
    must: IDENTIFIER,
    next: "copy the id of the subnet from OVH",
    also: EXISTING_CARP,
    valid: "c3a1d2ef-0000-4f1e-8a55-1c2d3e4f5a6b",
    accepted: ["a", "n".repeat(63)],
    refused: ["", "_a", "a/b"],
    required: true,
  },
  ...["external", "internal", "carp"].map((role, index) => ({
    ...INTERFACE,
    path: `interfaces.${role}`,
    valid: `vio${index + 10}`,
    accepted: [`vio${index}`, `vio${997 + index}`],
    refused: ["", "vio", "vio1000", "Vio0", "em0", "vio0.1", "vio-1", "vio00", "vio01"],
    required: false,
  })),
  {
    path: "edges[1].name",
    must: "1 to 32 lower-case letters, digits and dashes that begin with a letter",
    next: "use a host name such as edge-a",
    valid: "edge-b",
    accepted: ["a", "b2", "a--b", `a${"b".repeat(31)}`],
    refused: ["", "Edge-B", "EDGE", "2b", "edge-", "edge_b", "edge.b", `a${"b".repeat(32)}`, "édge"],
    required: true,
  },
  {
    path: "edges[1].flavor",
    must: "the name of a flavor",
    next: "choose one that the region has, such as b3-8",
    valid: "b3-8",
    accepted: ["d2-2", "c3-16-flex", "win_b2.7", "n".repeat(63)],
    refused: ["", "b3 8", ".b3", "b3/8"],
    required: true,
  },
  {
    path: "edges[1].image",
    must: "the name of an image",
    next: "use the name of an OpenBSD image of your project",
    valid: "OpenBSD 7.8",
    accepted: ["a", "OpenBSD 7.8 (amd64) 2025-10/1+2_3", "n".repeat(63)],
    refused: ["", ".7", "OpenBSD:7", "OpenBSD@7"],
    required: true,
  },
  {
    path: "edges[1].sshHostKey",
    must: "a public host key: its type and its base64 text",
    next: "copy the first two words of /etc/ssh/ssh_host_ed25519_key.pub",
    also: { "edges[0].sshHostKey": "ssh-ed25519 AAAAC3Nza0" },
    valid: "ssh-ed25519 AAAAC3Nza1",
    accepted: [
      "ssh-rsa AAAAB3Nza+/1==",
      "ecdsa-sha2-nistp256 AAAAE2V=",
      "ecdsa-sha2-nistp384 AAAAE2V",
      "ecdsa-sha2-nistp521 AAAAE2V",
    ],
    refused: [
      "",
      "ssh-ed25519",
      "ssh-ed25519 ",
      "AAAAC3Nza1",
      "ssh-dss AAAAB3Nza",
      "ecdsa-sha2-nistp512 AAAAE2V",
      "ssh-ed25519  AAAAC3Nza1",
      "ssh-ed25519 AAAAC3Nza1===",
      "ssh-ed25519 AAAAC3Nza1 root@edge-b",
    ],
    required: false,
  },
  {
    path: "ssh.user",
    must: "a user's name",
    next: "edges are installed as root by key",
    valid: "deploy",
    also: { "ssh.become": "doas" },
    accepted: ["_ansible", "a", "o-1_2", `a${"b".repeat(30)}`],
    refused: ["", "Root", "1root", `a${"b".repeat(31)}`, "root.wheel", "root@edge"],
    required: false,
  },
  {
    path: "ssh.privateKeyPath",
    must: "the path of a file",
    next: "leave it out to use the SSH agent",
    valid: "~/.ssh/id_ed25519",
    accepted: ["/etc/keys/edge+1@ovh", "key", "../keys/a-b.c"],
    refused: ["", "a b", "~/clé", "C:\\key"],
    required: false,
  },
  {
    path: "ssh.publicKeyPath",
    must: "the path of a file",
    next: "name the .pub file of your key",
    valid: "~/.ssh/id_ed25519.pub",
    accepted: ["/etc/keys/edge+1@ovh.pub", "key.pub"],
    refused: ["", "a b", "~/clé.pub"],
    required: false,
  },
];

describe("texts", () => {
  it.each(
    TEXTS.flatMap((rule) => accepted(rule, [rule.valid, ...rule.accepted])),
  )("accepts %s for %s", (_, path, { value, also }) => {
    expect(get(parseConfig(example({ ...also, [path]: value })), path)).toBe(value);
  });

  it.each(
    TEXTS.flatMap((rule) => refused(rule, [...rule.refused, 7, true, null, [rule.valid], {}])),
  )("fails when %s is %s", (path, _, { value, also, message }) => {
    expect(errorsOf(example({ ...also, [path]: value }))).toEqual([message]);
  });

  it.each(
    TEXTS.filter(({ required }) => required).flatMap((rule) => refused(rule, [undefined])),
  )("fails when %s is missing", (path, _, { also, message }) => {
    expect(errorsOf(example({ ...also, [path]: undefined }))).toEqual([message]);
  });

  // Beyond 60 characters a message shows only the beginning.
  it.each(
    TEXTS.filter((rule) => rule.accepted.some((value) => value.length === 63)).map(
      (rule) => [rule.path, rule] as const,
    ),
  )("fails when %s has 64 characters", (_, rule) => {
    expect(errorsOf(example({ ...rule.also, [rule.path]: "n".repeat(64) }))).toEqual([
      refusal(rule, `"${"n".repeat(56)}...`),
    ]);
  });
});

describe("texts that a shell or ifstated would read as more than a word", () => {
  it("are told in the words of what they should be, all at once", () => {
    expect(errorsOf(example({ region: 'SBG5"', "edges[0].name": "edge\nreboot" }))).toEqual([
      'region must be a region such as SBG5, got "SBG5\\""; see the regions of your project',
      'edges[0].name must be 1 to 32 lower-case letters, digits and dashes that begin with a letter, got "edge\\nreboot"; use a host name such as edge-a',
    ]);
  });

  const everywhere = [
    ";",
    "; reboot",
    "$(reboot)",
    "$HOME",
    "`id`",
    "'",
    '"',
    "\n",
    "\r",
    "\t",
    "\0",
    "\nreboot",
    "\\",
    "|id",
    "&",
    ">x",
    "<x",
    "*",
    "?",
    "!",
    "#",
    "{",
    "}",
    "%s",
    "\u2028",
    "\u00a0",
  ];
  // A blank is part of many an image's and a network's name at OVH.
  const blanks = (rule: TextRule) => (/image|Network\.name/.test(rule.path) ? [] : [" ", " x"]);
  // A key's path goes to the library that reads it, never to a command line.
  const dashes = (rule: TextRule) => (/KeyPath/.test(rule.path) ? [] : ["-", `-${rule.valid}`]);

  it.each(
    TEXTS.flatMap((rule) =>
      refused(rule, [
        ...[...everywhere, ...blanks(rule)].map((text) => rule.valid + text),
        ...dashes(rule),
        ` ${rule.valid}`,
        `\n${rule.valid}`,
        `"${rule.valid}"`,
      ]),
    ),
  )("fails when %s is %s", (path, _, { value, also, message }) => {
    expect(errorsOf(example({ ...also, [path]: value }))).toEqual([message]);
  });
});

describe("addresses", () => {
  const ADDRESS = "an IPv4 address in dotted decimal form";
  const rules: Rule[] = [
    {
      path: "failoverIp.address",
      must: `${ADDRESS}, or a block of /27 to /31 without host bits, such as 198.51.100.8/29`,
      next: "copy the FailOver IP from OVH; only IPv4 addresses can move between instances",
    },
    { path: "edges[1].internalAddress", must: ADDRESS, next: "give an address of the internal network" },
    { path: "probe.targets[1]", must: ADDRESS, next: "a probe must not depend on DNS" },
  ];
  const wrong = [
    "",
    "2001:db8::1",
    "::ffff:10.10.0.12",
    "10.10.0",
    "10.10.0.256",
    "10.10.0.12.1",
    "010.10.0.12",
    "0x0a.10.0.12",
    "168427532",
    "10.10.0.12/16",
    "10.10.0.12:22",
    " 10.10.0.12",
    "10.10.0.12\n",
    "10.10.0.12; reboot",
    "10.10.0.-1",
    "dns.google",
    8,
    null,
    {},
  ];

  it.each(rules.flatMap((rule) => refused(rule, wrong)))("fails when %s is %s", (path, _, {
    value,
    message,
  }) => {
    expect(errorsOf(example({ [path]: value }))).toEqual([message]);
  });

  it("fails when failoverIp has no address", () => {
    expect(errorsOf(example({ failoverIp: {} }))).toEqual([
      "failoverIp.address must be given, or order, got neither; copy the FailOver IP from OVH",
    ]);
  });
});

describe("networks", () => {
  const NETWORK = "an IPv4 network in CIDR form without host bits, such as 10.25.0.0/16";
  const created = "choose a private network that nothing else here uses";
  const existing = "give the subnet's own network";
  const rules: Rule[] = [
    { path: "internalNetwork.cidr", must: NETWORK, next: created },
    { path: "carpNetwork.cidr", must: NETWORK, next: created },
    { path: "internalNetwork.cidr", must: NETWORK, next: existing, also: EXISTING_INTERNAL },
    { path: "carpNetwork.cidr", must: NETWORK, next: existing, also: EXISTING_CARP },
  ];
  const wrong = [
    "",
    "10.10.0.0",
    "10.10.0.0/",
    "10.10.0.0/0",
    "0.0.0.0/0",
    "10.10.0.0/33",
    "10.10.0.0/016",
    "10.10.0.0/-1",
    "10.10.0.0/16/16",
    "10.10.0.0/255.255.0.0",
    "10.10.0.1/16",
    "10.10.128.0/16",
    "10.10.0/16",
    "010.10.0.0/16",
    "10.10.0.0/16 ",
    "10.10.0.0/16\n",
    "10.10.0.0/16;id",
    "fd00::/64",
    16,
    null,
  ];

  it.each(
    rules.filter(({ also }) => also === undefined).flatMap((rule) => refused(rule, [...wrong, undefined])),
  )("fails when %s of a new network is %s", (path, _, { value, message }) => {
    expect(errorsOf(example({ [path]: value }))).toEqual([message]);
  });

  it.each(
    rules.filter(({ also }) => also !== undefined).flatMap((rule) => refused(rule, [...wrong, undefined])),
  )("fails when %s of an existing network is %s", (path, _, { value, also, message }) => {
    expect(errorsOf(example({ ...also, [path]: value }))).toEqual([message]);
  });

  it.each([
    "128.0.0.0/1",
    "172.16.0.0/12",
    "192.168.7.0/24",
    "192.168.7.252/30",
    "192.168.7.254/31",
    "192.168.7.7/32",
  ])("accepts %s for an internal network", (cidr) => {
    const config = exampleWithEdges(2, { "internalNetwork.cidr": cidr });
    expect(get(parseConfig(config), "internalNetwork.cidr")).toBe(cidr);
  });

  it("accepts networks that exist, by their ids", () => {
    const config = parseConfig(example({ ...EXISTING_INTERNAL, ...EXISTING_CARP }));
    expect(config.internalNetwork).toEqual(EXISTING_INTERNAL.internalNetwork);
    expect(config.carpNetwork).toEqual(EXISTING_CARP.carpNetwork);
  });

  it("accepts one network that exists and one to create", () => {
    expect(errorsOf(example(EXISTING_INTERNAL))).toEqual([]);
    expect(errorsOf(example(EXISTING_CARP))).toEqual([]);
  });

  it("asks for the settings of a new network when none is given", () => {
    expect(errorsOf(example({ carpNetwork: {} }))).toEqual([
      `carpNetwork.name must be ${FREE_NAME}, got nothing; name the CARP network as OVH shall show it`,
      "carpNetwork.vlanId must be an integer from 0 to 4094, got nothing; " +
        "pick one that no other network on this vRack uses",
      `carpNetwork.cidr must be ${NETWORK}, got nothing; ${created}`,
    ]);
  });

  it.each([
    ["networkId", "subnetId", "subnet"],
    ["subnetId", "networkId", "private network"],
  ])("asks for the rest of an existing network when only its %s is given", (given, missing, what) => {
    expect(errorsOf(example({ carpNetwork: { [given]: "a" } }))).toEqual([
      `carpNetwork.${missing} must be ${IDENTIFIER}, got nothing; copy the id of the ${what} from OVH`,
      `carpNetwork.cidr must be ${NETWORK}, got nothing; ${existing}`,
    ]);
  });
});

describe("the shared address", () => {
  const rule = {
    path: "carp.address",
    must: "an IPv4 address with a prefix length, such as 10.25.0.10/16",
    next: "use a free address of the CARP network",
  };

  it.each(
    refused(rule, [
      undefined,
      "",
      "10.25.0.10",
      "10.25.0.10/",
      "10.25.0.10/0",
      "10.25.0.10/33",
      "10.25.0.10/016",
      "10.25.0.10/16/16",
      "10.25.0.256/16",
      "10.25.0.10/16;id",
      "10.25.0.10/16\n",
      "fd00::10/64",
      10,
      null,
    ]),
  )("fails when %s is %s", (path, _, { value, message }) => {
    expect(errorsOf(example({ [path]: value }))).toEqual([message]);
  });
});

describe("flags and choices", () => {
  it.each([true, false])("accepts %s for carp.preempt", (value) => {
    expect(parseConfig(example({ "carp.preempt": value })).carp.preempt).toBe(value);
  });

  it.each([
    ["true", '"true"'],
    [1, "1"],
    [null, "null"],
  ])("fails when carp.preempt is %j", (value, shown) => {
    expect(errorsOf(example({ "carp.preempt": value }))).toEqual([
      `carp.preempt must be true or false, got ${shown}; leave it out for false`,
    ]);
  });

  it.each([
    ["normal", { "carp.profile": "normal" }],
    ["fast", FAST],
  ])("accepts %s for carp.profile", (profile, changes) => {
    expect(parseConfig(example(changes)).carp.profile).toBe(profile);
  });

  it.each([
    ["Fast", '"Fast"'],
    ["fast ", '"fast "'],
    ["slow", '"slow"'],
    ["", '""'],
    [1, "1"],
    [true, "true"],
    [null, "null"],
    [["fast"], '["fast"]'],
  ])("fails when carp.profile is %j", (profile, shown) => {
    expect(errorsOf(example({ "carp.profile": profile }))).toEqual([
      `carp.profile must be normal or fast, got ${shown}; fast advertises several times a second`,
    ]);
  });

  it.each(["ovh-eu", "ovh-ca", "ovh-us"])("accepts %s for ovh.endpoint", (endpoint) => {
    expect(parseConfig(example({ ovh: { endpoint } })).ovh.endpoint).toBe(endpoint);
  });

  it.each([
    ["ovh-de", '"ovh-de"'],
    ["OVH-EU", '"OVH-EU"'],
    ["", '""'],
    [1, "1"],
    [null, "null"],
  ])("fails when ovh.endpoint is %j", (endpoint, shown) => {
    expect(errorsOf(example({ ovh: { endpoint } }))).toEqual([
      `ovh.endpoint must be ovh-eu, ovh-ca or ovh-us, got ${shown}; use the one where your account is`,
    ]);
  });

  it("shows no more than the beginning of a long ovh.endpoint", () => {
    expect(errorsOf(example({ ovh: { endpoint: "x".repeat(100) } }))).toEqual([
      `ovh.endpoint must be ovh-eu, ovh-ca or ovh-us, got "${"x".repeat(56)}...; ` +
        "use the one where your account is",
    ]);
  });
});

describe("limits of drills", () => {
  it("may be given for all drills at once", () => {
    const limits = Object.fromEntries(DRILLS.map((name, index) => [name, 1000 * (index + 1)]));
    expect(parseConfig(example({ drill: { limits } })).drill).toEqual({ limits });
  });

  it("fail each by itself", () => {
    expect(errorsOf(example({ drill: { limits: { drain: 0, return: 1, partition: 3_600_001 } } }))).toEqual([
      "drill.limits.drain must be an integer from 1 to 3600000, got 0; it is a number of milliseconds",
      "drill.limits.partition must be an integer from 1 to 3600000, got 3600001; " +
        "it is a number of milliseconds",
    ]);
  });

  // The last two are drills, but nothing moves in them.
  const unknown = ["carpdown", "Drain", "power-of", "terraform", "toString", "probe-lost", "api-down"];

  it.each(unknown)("fail when no drill that has one is named %s", (name) => {
    expect(errorsOf(example({ drill: { limits: { [name]: 1 } } }))).toEqual([
      expect.stringMatching(new RegExp(`^drill\\.limits\\.${name} `)),
    ]);
  });

  it.each(unknown)("fail with the names of drills when it is named %s", (name) => {
    expect(errorsOf(example({ drill: { limits: { [name]: 1 } } }))).toEqual([
      expect.stringMatching(new RegExp(DRILLS.join("|"))),
    ]);
  });

  it("fail when a drill is named __proto__, as everywhere else", () => {
    const drill = JSON.parse('{"limits": {"__proto__": 1}}');
    expect(errorsOf({ ...example(), drill })).toHaveLength(1);
  });
});

describe("$schema", () => {
  it.each([
    undefined,
    "./edge.config.schema.json",
  ])("is left out of the configuration when it is %s", ($schema) => {
    expect(parseConfig(example({ $schema }))).not.toHaveProperty("$schema");
  });

  it("fails when $schema is a number", () => {
    expect(errorsOf(example({ $schema: 5 }))).toEqual([expect.stringMatching(/^\$schema must be /)]);
  });

  it("is not said to be an object when it is a number", () => {
    expect(errorsOf(example({ $schema: 5 }))).toEqual([expect.not.stringContaining("an object")]);
  });
});

describe("lists", () => {
  it.each([2, 3, 4, 5, 6, 7, 8])("accepts %i edges", (count) => {
    expect(parseConfig(exampleWithEdges(count)).edges).toHaveLength(count);
  });

  it.each([
    [0, "edges must have 2 to 8 edges, got 0; one edge alone is not redundant"],
    [1, "edges must have 2 to 8 edges, got 1; one edge alone is not redundant"],
    [9, "edges must have 2 to 8 edges, got 9; advskew has room for eight"],
  ])("fails when there are %i edges", (count, message) => {
    expect(errorsOf(exampleWithEdges(count))).toEqual([message]);
  });

  it.each([undefined, null, "edge", 2, {}])("fails when edges is %j", (edges) => {
    expect(errorsOf(example({ edges }))).toEqual([
      "edges must be a list of 2 to 8 edges; the first one is preferred",
    ]);
  });

  it.each([
    [null, "null"],
    ["edge-a", '"edge-a"'],
    [[], "[]"],
  ])("fails when an edge is %j", (edge, shown) => {
    expect(errorsOf(example({ "edges[1]": edge }))).toEqual([
      `edges[1] must be an object, got ${shown}; see edge.config.example.json`,
    ]);
  });

  it.each([1, 4])("accepts %i targets of a probe", (count) => {
    const targets = ["9.9.9.9", "1.1.1.1", "8.8.8.8", "8.8.4.4"].slice(0, count);
    expect(parseConfig(example({ "probe.targets": targets })).probe.targets).toEqual(targets);
  });

  it.each([
    [[], "probe.targets must have at least one address, got 0; name a host outside your network"],
    [
      ["9.9.9.9", "1.1.1.1", "8.8.8.8", "8.8.4.4", "1.0.0.1"],
      "probe.targets must have at most four addresses, got 5; keep the best four",
    ],
  ])("fails when probe.targets is %j", (targets, message) => {
    expect(errorsOf(example({ "probe.targets": targets }))).toEqual([message]);
  });

  it.each([null, "8.8", 8, {}])("fails when probe.targets is %j", (targets) => {
    expect(errorsOf(example({ "probe.targets": targets }))).toEqual([
      "probe.targets must be a list of 1 to 4 IPv4 addresses; name hosts outside your network",
    ]);
  });

  it("names each target of a probe that is no address", () => {
    expect(errorsOf(example({ "probe.targets": ["8.8.8.8", "dns", "9.9.9.9", "::1"] }))).toEqual([
      'probe.targets[1] must be an IPv4 address in dotted decimal form, got "dns"; ' +
        "a probe must not depend on DNS",
      'probe.targets[3] must be an IPv4 address in dotted decimal form, got "::1"; ' +
        "a probe must not depend on DNS",
    ]);
  });

  it.each([
    ["edges", "x"],
    ["edges", { length: 9 }],
    ["probe.targets", "8.8.8.8"],
    ["probe.targets", ""],
  ])("does not count what is no list: %s as %j", (path, value) => {
    expect(errorsOf(example({ [path]: value }))).toHaveLength(1);
  });
});

describe("service accounts", () => {
  const path = "credentials.serviceAccounts";

  it("are none, or up to four that have names", () => {
    expect(parseConfig(example()).credentials.serviceAccounts).toEqual([]);
    const names = ["2026-11", "a", "b", "c"];
    expect(parseConfig(example({ [path]: names })).credentials.serviceAccounts).toEqual(names);
  });

  it.each([
    [["A"], `${path}[0] must be 1 to 16 lower-case letters, digits and dashes, got "A"`],
    [["-a"], `${path}[0] must be 1 to 16 lower-case letters, digits and dashes, got "-a"`],
    [
      ["a".repeat(17)],
      `${path}[0] must be 1 to 16 lower-case letters, digits and dashes, got "${"a".repeat(17)}"`,
    ],
  ])("fail when they are %j", (names, message) => {
    expect(errorsOf(example({ [path]: names }))).toEqual([
      `${message}; name it after its time, such as 2026-11`,
    ]);
  });

  it("fail when there are five, when they are no list, and when two share a name", () => {
    expect(errorsOf(example({ [path]: ["a", "b", "c", "d", "e"] }))).toEqual([
      `${path} must have at most four names, got 5; two are enough to exchange one`,
    ]);
    expect(errorsOf(example({ [path]: true }))).toEqual([
      `${path} must be a list of names; leave it out to make the edges' key yourself`,
    ]);
    expect(errorsOf(example({ [path]: ["a", "a"] }))).toEqual([
      `${path}[1] must differ from ${path}[0], got "a" twice; rename one`,
    ]);
  });
});

describe("groups of settings", () => {
  const required = ["internalNetwork", "carpNetwork", "carp"];
  const optional = [
    "failoverIp",
    "ovh",
    "interfaces",
    "probe",
    "claim",
    "ssh",
    "drill",
    "drill.limits",
    "credentials",
  ];

  it.each(
    [...required, ...optional].flatMap((group) =>
      [null, "x", 7, true, []].map((value) => [group, show(value), value] as const),
    ),
  )("fails when %s is %s", (group, shown, value) => {
    expect(errorsOf(example({ [group]: value }))).toEqual([
      `${group} must be an object, got ${shown}; see edge.config.example.json`,
    ]);
  });

  it.each(required)("fails when %s is missing", (group) => {
    expect(errorsOf(example({ [group]: undefined }))).toEqual([
      `${group} must be an object, got nothing; see edge.config.example.json`,
    ]);
  });

  it("fails when failoverIp is missing, and failoverIps too", () => {
    expect(errorsOf(example({ failoverIp: undefined }))).toEqual([
      "failoverIp must be an object, or failoverIps a list, got neither; see edge.config.example.json",
    ]);
  });

  it.each([
    ["ovh", { endpoint: "ovh-eu" }],
    ["interfaces", { external: "vio0", internal: "vio1", carp: "vio2" }],
    ["probe", { targets: ["9.9.9.9", "1.1.1.1"], interval: 10, attempts: 3 }],
    ["claim", { deadline: 120, checkInterval: 30, healthyFor: 10 }],
    ["ssh", { user: "root", port: 22 }],
  ])("fills in the usual %s when it is missing or empty", (group, usual) => {
    expect(get(parseConfig(example({ [group]: undefined })), group)).toEqual(usual);
    expect(get(parseConfig(example({ [group]: {} })), group)).toEqual(usual);
  });

  it("fills in the usual election when carp names only its id and its address", () => {
    const carp = { vhid: 7, address: "10.25.0.10/16" };
    expect(parseConfig(example({ carp })).carp).toEqual({
      ...carp,
      profile: "normal",
      advertisementInterval: 1,
      preempt: false,
      unicast: false,
    });
  });

  it("fills in no whole seconds when carp names the fast profile as well", () => {
    const carp = { vhid: 7, address: "10.25.0.10/16", profile: "fast" };
    expect(parseConfig(example({ carp })).carp).toEqual({
      ...carp,
      advertisementInterval: 0,
      preempt: false,
      unicast: false,
    });
  });

  it.each([undefined, {}, { limits: {} }])("adds nothing to drill when it is %j", (drill) => {
    expect(parseConfig(example({ drill })).drill).toEqual(drill);
  });

  it.each([
    "availabilityZone",
    "edges[1].internalAddress",
    "edges[1].sshHostKey",
    "ssh.privateKeyPath",
  ])("accepts a configuration without %s", (path) => {
    expect(get(parseConfig(example({ [path]: undefined })), path)).toBeUndefined();
  });
});
