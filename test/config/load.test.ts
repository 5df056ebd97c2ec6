import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ConfigError } from "../../lib/config/errors.js";
import { configFile, loadConfig, parseConfig } from "../../lib/config/load.js";
import { EXAMPLE_FILE, errorsOf, example, exampleWithEdges, FAST } from "./example.js";

const TOP = [
  "project, region, availabilityZone, ovh, failoverIp, failoverIps, vrack, internalNetwork, carpNetwork,",
  "interfaces, securityGroups, edges, retired, carp, probe, claim, ssh, drill, notify, metrics, credentials, backend",
].join(" ");

/** The ConfigError that `run` ends in. */
function refusal(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

describe("the file to read", () => {
  it.each([
    ["edge.config.json when nothing names another", {}, undefined, "edge.config.json"],
    ["edge.config.json when EDGE_CONFIG is empty", { EDGE_CONFIG: "" }, undefined, "edge.config.json"],
    ["the one in EDGE_CONFIG", { EDGE_CONFIG: "a.json" }, undefined, "a.json"],
    ["the one of --config", {}, "b.json", "b.json"],
    ["the one of --config rather than that in EDGE_CONFIG", { EDGE_CONFIG: "a.json" }, "b.json", "b.json"],
  ])("is %s", (_, environment, named, file) => {
    expect(configFile(environment, named)).toBe(file);
  });
});

describe("a file", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "edge-config-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(() => vi.unstubAllEnvs());

  const write = (name: string, content: string) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };

  it("loads when it is the example, with skews 1 and 50", () => {
    const config = loadConfig(fileURLToPath(EXAMPLE_FILE));
    expect(config.edges.map(({ name, advskew }) => [name, advskew])).toEqual([
      ["bi-edge-sbg-1", 1],
      ["bi-edge-sbg-2", 50],
    ]);
  });

  it("loads with everything that it says, and with what it leaves out", () => {
    const {
      $schema: _,
      edges,
      carp,
      failoverIp,
      ...written
    } = example() as {
      $schema: string;
      edges: object[];
      carp: { vhid: number };
      failoverIp: object;
    };
    expect(loadConfig(write("example.json", JSON.stringify(example())))).toEqual({
      ...written,
      edges: edges.map((edge, index) => ({ ...edge, advskew: index === 0 ? 1 : 50 })),
      carp: { ...carp, profile: "normal", unicast: false },
      failoverIps: [{ ...failoverIp, vhid: carp.vhid }],
      ovh: { endpoint: "ovh-eu" },
      claim: { deadline: 120, checkInterval: 30, healthyFor: 10 },
      retired: [],
      credentials: { serviceAccounts: [] },
      backend: { type: "local" },
    });
  });

  it("fails when it does not exist", () => {
    const file = join(folder, "none.json");
    expect(refusal(() => loadConfig(file)).message).toBe(
      `${file}: 1 error\n  the file does not exist; copy edge.config.example.json to it, ` +
        "or name another with --config or EDGE_CONFIG",
    );
  });

  it("fails when it is a folder", () => {
    const file = join(folder, "folder.json");
    mkdirSync(file);
    expect(refusal(() => loadConfig(file)).message).toBe(
      `${file}: 1 error\n  the file cannot be read (EISDIR); check its name and its mode`,
    );
  });

  it("fails when a part of its path is a file", () => {
    const file = join(write("plain.json", "{}"), "edge.config.json");
    expect(refusal(() => loadConfig(file)).message).toBe(
      `${file}: 1 error\n  the file cannot be read (ENOTDIR); check its name and its mode`,
    );
  });

  it("fails when it cannot be read, as a path below a file cannot", () => {
    const file = join(write("secret.json", "{}"), "below");
    expect(refusal(() => loadConfig(file)).message).toBe(
      `${file}: 1 error\n  the file cannot be read (ENOTDIR); check its name and its mode`,
    );
  });

  it.each([
    "",
    "{",
    "[1,",
    '{"a": 1,}',
    "{ vhid: 1 }",
    "// no {}",
    "\ufeff{}",
    "edge",
  ])("fails when it holds %j, which is not JSON", (content) => {
    const file = write("broken.json", content);
    const { issues, message } = refusal(() => loadConfig(file));
    expect(issues).toEqual([{ path: "", message: `the file must be JSON: ${reason(content)}; mend it` }]);
    expect(message).toMatch(`${file}: 1 error\n  the file must be JSON: `);
  });

  it("is said not to be JSON in one line, even where the reason quotes several", () => {
    const file = write("lines.json", '{\n  "project": x\n}');
    expect(refusal(() => loadConfig(file)).message.split("\n")).toHaveLength(2);
  });

  it.each([
    ["null", "null"],
    ["[]", "[]"],
    ["7", "7"],
    ['"edges"', '"edges"'],
    ["true", "true"],
  ])("fails when it holds %s, which is no configuration", (content, shown) => {
    const file = write("other.json", content);
    expect(refusal(() => loadConfig(file)).message).toBe(
      `${file}: 1 error\n  the configuration must be an object, got ${shown}; see edge.config.example.json`,
    );
  });

  it("fails with its name, the number of errors and one line for each", () => {
    const file = write("wrong.json", JSON.stringify(example({ "carp.vhid": 300, "ssh.port": 0 })));
    expect(refusal(() => loadConfig(file)).message.split("\n")).toEqual([
      `${file}: 2 errors`,
      "  carp.vhid must be an integer from 1 to 255, got 300; pick one that nothing else uses on this vRack",
      "  ssh.port must be an integer from 1 to 65535, got 0; 22 is the usual value",
    ]);
  });

  it("fails when the password in the environment given is unfit", () => {
    const file = write("sound.json", JSON.stringify(example()));
    const { message } = refusal(() => loadConfig(file, { TF_VAR_carp_password: "hunter2 hunter2" }));
    expect(message.split("\n")).toEqual([
      `${file}: 1 error`,
      "  TF_VAR_carp_password must be 1 to 19 letters, digits, underscores and dashes, " +
        "got other characters; choose another password",
    ]);
  });

  it("loads whatever the password of an environment that is not given", () => {
    vi.stubEnv("TF_VAR_carp_password", "hunter2 hunter2");
    const file = write("sound.json", JSON.stringify(example()));
    expect(loadConfig(file).project).toBe("5a1b7c0d9e8f4a3b2c1d0e9f8a7b6c5d");
    expect(() => parseConfig(example())).not.toThrow();
  });
});

/** JSON.parse's own words, which differ between versions of Node. */
function reason(content: string): string {
  try {
    JSON.parse(content);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the content is JSON");
}

describe("a configuration in memory", () => {
  it.each([
    [undefined, "nothing"],
    [null, "null"],
    [[], "[]"],
    [[1, 2], "[1,2]"],
    [7, "7"],
    ["edges", '"edges"'],
    [false, "false"],
  ])("fails when it is %j", (input, shown) => {
    expect(errorsOf(input)).toEqual([
      `the configuration must be an object, got ${shown}; see edge.config.example.json`,
    ]);
  });

  it("is reported as the configuration unless its source is named", () => {
    expect(refusal(() => parseConfig(null)).source).toBe("configuration");
    expect(refusal(() => parseConfig(null, { source: "the tests" })).source).toBe("the tests");
  });

  it("is not changed", () => {
    const input = example({ probe: undefined });
    const before = structuredClone(input);
    parseConfig(input);
    expect(input).toEqual(before);
  });

  it.each([
    [2, [1, 50]],
    [3, [1, 50, 100]],
    [6, [1, 50, 100, 150, 200, 250]],
    [7, [1, 36, 72, 108, 144, 180, 216]],
    [8, [1, 36, 72, 108, 144, 180, 216, 252]],
  ])("gives %i edges the skews %j", (count, skews) => {
    expect(parseConfig(exampleWithEdges(count)).edges.map(({ advskew }) => advskew)).toEqual(skews);
  });

  it.each([
    [2, [40, 60]],
    [3, [40, 60, 80]],
    [4, [40, 60, 80, 100]],
    [5, [40, 60, 80, 100, 120]],
    [6, [40, 60, 80, 100, 120, 140]],
    [7, [40, 60, 80, 100, 120, 140, 160]],
    [8, [40, 60, 80, 100, 120, 140, 160, 180]],
  ])("gives %i edges of the fast profile the skews %j and no whole seconds", (count, skews) => {
    const { carp, edges } = parseConfig(exampleWithEdges(count, FAST));
    expect(edges.map(({ advskew }) => advskew)).toEqual(skews);
    expect(carp.advertisementInterval).toBe(0);
  });

  it("keeps a skew that is given in the fast profile", () => {
    const config = parseConfig(exampleWithEdges(3, { ...FAST, "edges[0].advskew": 254 }));
    expect(config.edges.map(({ advskew }) => advskew)).toEqual([254, 60, 80]);
  });

  it("keeps a skew that is given, also when it is 0", () => {
    const config = parseConfig(exampleWithEdges(3, { "edges[0].advskew": 0, "edges[2].advskew": 254 }));
    expect(config.edges.map(({ advskew }) => advskew)).toEqual([0, 50, 254]);
  });
});

describe("all errors are reported at once", () => {
  it("of single settings, of relations and of the secret", () => {
    const changes = {
      project: "sbg",
      "carp.vhid": 0,
      "carp.address": "10.26.0.10/16",
      "internalNetwork.vlan": 10,
      "carpNetwork.cidr": "10.10.0.0/16",
      "edges[0].flavour": "b3-8",
      "edges[1].name": "bi-edge-sbg-1",
      "edges[1].internalAddress": "10.25.0.12",
      "probe.attempts": 10,
      nodes: 2,
    };
    expect(errorsOf(example(changes), { TF_VAR_carp_password: "$(id)" })).toEqual([
      'project must be the id of a Public Cloud project, 32 hexadecimal digits, got "sbg"; ' +
        "copy it from the project's page at OVH",
      "internalNetwork.vlan is not a setting; did you mean vlanId?",
      "edges[0].flavour is not a setting; did you mean flavor?",
      "carp.vhid must be an integer from 1 to 255, got 0; pick one that nothing else uses on this vRack",
      `nodes is not a setting; known here are ${TOP}`,
      'edges[1].name must differ from edges[0].name, got "bi-edge-sbg-1" twice; ' +
        "edges are told apart by their names; rename one",
      'carp.address must lie in carpNetwork.cidr 10.10.0.0/16, got "10.26.0.10/16"; ' +
        "use a free address of that network",
      'edges[1].internalAddress must lie in internalNetwork.cidr 10.10.0.0/16, got "10.25.0.12"; ' +
        "use a free address of that network",
      'carpNetwork.cidr must not overlap internalNetwork.cidr 10.10.0.0/16, got "10.10.0.0/16"; ' +
        "give CARP a network of its own",
      "probe.attempts must be less than probe.interval 10, as each attempt takes up to a second, " +
        "got 10; lower it or raise the interval",
      "TF_VAR_carp_password must be 1 to 19 letters, digits, underscores and dashes, " +
        "got other characters; choose another password",
    ]);
  });

  it("of every setting that an empty configuration lacks", () => {
    const object = (path: string) => `${path} must be an object, got nothing; see edge.config.example.json`;
    expect(errorsOf({})).toEqual([
      "project must be the id of a Public Cloud project, 32 hexadecimal digits, got nothing; " +
        "copy it from the project's page at OVH",
      "region must be a region such as SBG5, got nothing; see the regions of your project",
      object("internalNetwork"),
      object("carpNetwork"),
      "edges must be a list of 2 to 8 edges; the first one is preferred",
      object("carp"),
      "failoverIp must be an object, or failoverIps a list, got neither; see edge.config.example.json",
    ]);
  });

  it("of the secret, when the input is no configuration", () => {
    expect(errorsOf(null, { TF_VAR_carp_password: "" })).toEqual([
      "the configuration must be an object, got null; see edge.config.example.json",
      "TF_VAR_carp_password must be 1 to 19 letters, digits, underscores and dashes, " +
        "got an empty one; choose another password",
    ]);
  });

  it("of a relation that rests on defaults, beside an error elsewhere", () => {
    expect(errorsOf(example({ region: "sbg5", probe: { attempts: 10 } }))).toEqual([
      'region must be a region such as SBG5, got "sbg5"; see the regions of your project',
      "probe.attempts must be less than probe.interval 10, as each attempt takes up to a second, " +
        "got 10; lower it or raise the interval",
    ]);
  });

  const interval = "probe.interval must be an integer from 5 to 300, got 3; 10 is the usual value";
  it.each([
    ["its targets", { interval: 3 }, interval],
    [
      "its targets, misspelt",
      { target: ["8.8.8.8"] },
      "probe.target is not a setting; did you mean targets?",
    ],
    [
      "its interval and its attempts",
      { targets: ["8.8.8.8"], port: 7 },
      "probe.port is not a setting; known here are targets, interval, attempts",
    ],
  ])("of a probe that leaves out %s, and no others", (_, probe, message) => {
    expect(errorsOf(example({ probe }))).toEqual([message]);
  });

  it("of interfaces with both an unknown key and one name twice", () => {
    expect(errorsOf(example({ interfaces: { external: "vio1", internal: "vio1", extra: 1 } }))).toEqual([
      "interfaces.extra is not a setting; known here are external, internal, carp",
      'interfaces.internal must differ from interfaces.external, got "vio1" twice; ' +
        "an edge has three interfaces",
    ]);
  });

  it("of the fast profile, beside an unknown key and a limit out of range", () => {
    const changes = {
      ...FAST,
      "carp.interval": 1,
      "edges[0].advskew": 19,
      "drill.limits.drain": 0,
    };
    expect(errorsOf(example(changes))).toEqual([
      "carp.interval is not a setting; known here are vhid, address, profile, advertisementInterval, unicast, preempt",
      "drill.limits.drain must be an integer from 1 to 3600000, got 0; it is a number of milliseconds",
      "edges[0].advskew must be 20 or more with carp.profile fast, got 19; leave it out to have it chosen",
    ]);
  });

  // Without a profile nobody knows which skew an edge has by default.
  it("of a wrong profile, and none of a skew that rests on it", () => {
    expect(errorsOf(example({ "carp.profile": "Fast", "edges[0].advskew": 50 }))).toEqual([
      'carp.profile must be normal or fast, got "Fast"; fast advertises several times a second',
    ]);
  });

  it("of relations, beside a key without a name", () => {
    expect(errorsOf({ ...example({ "edges[1].advskew": 1 }), "": 1 })).toContain(
      "edges[1].advskew must differ from edges[0].advskew, got 1 twice; " +
        "with equal skews there is no master at all; change one or leave all out",
    );
  });
});

describe("unknown keys", () => {
  const existing = { networkId: "pn-1", subnetId: "sn-1" };

  it.each([
    ["projet", "did you mean project?"],
    ["Region", "did you mean region?"],
    ["availabilityzone", "did you mean availabilityZone?"],
    ["OVH", "did you mean ovh?"],
    ["failoverIP", "did you mean failoverIp?"],
    ["internalnetwork", "did you mean internalNetwork?"],
    ["carp_network", "did you mean carpNetwork?"],
    ["interface", "did you mean interfaces?"],
    ["edge", "did you mean edges?"],
    ["claims", "did you mean claim?"],
    ["probes", "did you mean probe?"],
    ["shh", "did you mean ssh?"],
    ["drills", "did you mean drill?"],
    ["terraform", `known here are ${TOP}`],
    ["__proto__", `known here are ${TOP}`],
    ["constructor", `known here are ${TOP}`],
    ["ovh.endpont", "did you mean endpoint?"],
    ["ovh.secret", "known here are endpoint"],
    ["failoverIp.adress", "did you mean address?"],
    ["failoverIp.gateway", "known here are address, order, dns, reverse"],
    ["internalNetwork.vlan", "did you mean vlanId?"],
    ["internalNetwork.CIDR", "did you mean cidr?"],
    ["internalNetwork.gateway", "known here are name, vlanId, cidr"],
    ["carpNetwork.nane", "did you mean name?"],
    ["carpNetwork.gateway", "known here are name, vlanId, cidr"],
    ["interfaces.externel", "did you mean external?"],
    ["interfaces.management", "known here are external, internal, carp"],
    ["edges[0].internalAdress", "did you mean internalAddress?"],
    ["edges[1].flavour", "did you mean flavor?"],
    ["edges[1].advSkew", "did you mean advskew?"],
    [
      "edges[1].availability",
      "known here are name, flavor, image, internalAddress, carpAddress, advskew, sshHostKey",
    ],
    ["carp.vhID", "did you mean vhid?"],
    ["carp.profil", "did you mean profile?"],
    ["carp.prempt", "did you mean preempt?"],
    ["carp.password", "known here are vhid, address, profile, advertisementInterval, unicast, preempt"],
    ["carp.toString", "known here are vhid, address, profile, advertisementInterval, unicast, preempt"],
    ["probe.attempt", "did you mean attempts?"],
    ["probe.port", "known here are targets, interval, attempts"],
    ["claim.deadLine", "did you mean deadline?"],
    ["claim.retries", "known here are deadline, checkInterval, healthyFor"],
    ["ssh.privateKey", "did you mean privateKeyPath?"],
    ["ssh.username", "known here are user, become, port, privateKeyPath, publicKeyPath, bastion"],
    ["drill.limit", "did you mean limits?"],
    ["drill.deadline", "known here are limits"],
  ])("fail: %s", (path, next) => {
    expect(errorsOf(withKey(path))).toEqual([`${path} is not a setting; ${next}`]);
  });

  /** `__proto__` cannot be set by assignment, only by a file. */
  function withKey(path: string): unknown {
    if (path !== "__proto__") return example({ [path]: 1 });
    return JSON.parse(`{"__proto__": {"region": "SBG5"}, ${JSON.stringify(example()).slice(1)}`);
  }

  it.each([
    ["internalNetwork", "10.10.0.0/16", "subnetID", "did you mean subnetId?"],
    ["internalNetwork", "10.10.0.0/16", "vlanId", "known here are networkId, subnetId, cidr"],
    ["carpNetwork", "10.25.0.0/16", "networkID", "did you mean networkId?"],
    ["carpNetwork", "10.25.0.0/16", "name", "known here are networkId, subnetId, cidr"],
  ])("fail in an existing %s (%s): %s", (network, cidr, key, next) => {
    expect(errorsOf(example({ [network]: { ...existing, cidr, [key]: 1 } }))).toEqual([
      `${network}.${key} is not a setting; ${next}`,
    ]);
  });

  it("fail beside the setting that they misspell", () => {
    expect(
      errorsOf(example({ internalNetwork: { networkId: "a", subnetID: "b", cidr: "10.10.0.0/16" } })),
    ).toEqual([
      "internalNetwork.subnetId must be an id of letters, digits, dots, dashes and underscores, " +
        "got nothing; copy the id of the subnet from OVH",
      "internalNetwork.subnetID is not a setting; did you mean subnetId?",
    ]);
  });

  it("fail each by itself, in both networks and in every edge", () => {
    const changes = {
      "internalNetwork.vlanID": 1,
      "carpNetwork.Name": 1,
      carpNetwork: { ...existing, cidr: "10.25.0.0/16", Cidr: 1 },
      "edges[0].Name": 1,
      "edges[1].Image": 1,
      "edges[1].Flavor": 1,
    };
    expect(errorsOf(example(changes))).toEqual([
      "internalNetwork.vlanID is not a setting; did you mean vlanId?",
      "carpNetwork.Cidr is not a setting; did you mean cidr?",
      "edges[0].Name is not a setting; did you mean name?",
      "edges[1].Image is not a setting; did you mean image?",
      "edges[1].Flavor is not a setting; did you mean flavor?",
    ]);
  });

  it("do not hide a name that object prototypes have", () => {
    const input = example({ "carp.vhid": undefined, "carp.valueOf": 1 });
    expect(errorsOf(input)).toEqual([
      "carp.vhid must be an integer from 1 to 255, got nothing; " +
        "pick one that nothing else uses on this vRack",
      "carp.valueOf is not a setting; known here are vhid, address, profile, advertisementInterval, unicast, preempt",
    ]);
  });

  it.each(["networkId", "subnetId"])("do not suggest themselves: %s of a new network", (key) => {
    const errors = errorsOf(example({ [`internalNetwork.${key}`]: "a" }));
    expect(errors.join("\n")).not.toContain(`did you mean ${key}?`);
  });

  it("are named even when their name is empty", () => {
    expect(errorsOf({ ...example(), "": 1 })).toEqual([expect.not.stringMatching(/^is not a setting/)]);
  });

  it("are reported in one line even when their name has two", () => {
    expect(errorsOf({ ...example(), "a\nb": 1 })).toEqual([expect.not.stringContaining("\n")]);
  });
});
