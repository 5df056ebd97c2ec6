import { describe, expect, it } from "vitest";
import { ORDERED_ADDRESS } from "../../../lib/config/failover-ips.js";
import { parseConfig } from "../../../lib/config/load.js";
import type { EdgeConfig } from "../../../lib/config/schema.js";
import { API_CHECKS, type ApiFacts } from "../../../lib/operations/doctor/api.js";
import {
  type Check,
  type Checked,
  exitStatus,
  type Finding,
  type Outcome,
} from "../../../lib/operations/doctor/check.js";
import { CONFIG_CHECKS } from "../../../lib/operations/doctor/configuration.js";
import {
  gatherMachine,
  type Host,
  MACHINE_CHECKS,
  type MachineFacts,
} from "../../../lib/operations/doctor/machine.js";
import { REGION_CHECKS, type RegionFacts } from "../../../lib/operations/doctor/region.js";
import { example } from "../../config/example.js";

const config = parseConfig(example());

/** What a check of a table says, one line for each of its findings: severity, what, why, mend. */
function judged<Facts>(checks: readonly Check<Facts>[], name: string, facts: Facts): string[] | string {
  const outcome = checks.find((check) => check.name === name)?.judge(facts) as Outcome;
  if ("ok" in outcome) return outcome.ok;
  if ("impossible" in outcome) return `not possible: ${outcome.impossible}`;
  return outcome.findings.map(text);
}
const text = ({ severity, what, why, mend }: Finding) => [severity, what, why, mend].join(" | ");

describe("this machine", () => {
  const sound: MachineFacts = {
    node: "20.20.2",
    terraform: { binary: "terraform", version: "1.11.4" },
    lockfile: false,
    missing: [],
    ssh: {
      agent: false,
      key: { path: "~/k", mode: 0o100600 },
      publicKey: { path: "~/k.pub", mode: 0o100644 },
    },
    unset: [],
  };
  const install =
    "install it from developer.hashicorp.com/terraform/install or opentofu.org/docs/intro/install";

  it.each([
    ["Node", "20.20.2"],
    ["Terraform", "terraform 1.11.4"],
    ["programs", "all there"],
    ["SSH key", "~/k"],
    ["variables", "set"],
  ])("is sound: %s", (name, ok) => {
    expect(judged(MACHINE_CHECKS, name, sound)).toBe(ok);
  });

  it.each<[string, Partial<MachineFacts>, string]>([
    [
      "Node",
      { node: "20.19.0" },
      "wrong | Node is 20.19.0 | 20.20 is the oldest that everything here runs on | install Node 22 from nodejs.org",
    ],
    [
      "Node",
      { node: "24.1.0" },
      "advice | Node is 24.1.0 | cdktf's command line does not start on Node 24 or newer, so npm run deploy and npm run diff do not | npx tsx main.ts && cd cdktf.out/stacks/edge && terraform init && terraform apply; or cdktn-cli in place of cdktf-cli, see docs/ways-out.md",
    ],
    [
      "Terraform",
      { terraform: undefined },
      `wrong | neither terraform nor tofu is on PATH | a deploy is made by one of them | ${install}`,
    ],
    [
      "Terraform",
      { terraform: { binary: "terraform", version: "1.8.5" } },
      `wrong | terraform is 1.8.5 | the stack needs 1.9 or newer, for removed blocks and checks | ${install}`,
    ],
    [
      "Terraform",
      { terraform: { binary: "tofu", version: "1.9.1" }, lockfile: true },
      `wrong | tofu is 1.9.1 | backend.lockfile needs 1.10 or newer | ${install}`,
    ],
    [
      "programs",
      { missing: [{ command: "perl", probe: ["-v"], install: "apt-get install perl" }] },
      "advice | perl is not on PATH | npm run demo, the drills on the simulated region and the tests need it; a deploy does not | apt-get install perl",
    ],
    [
      "SSH key",
      {
        ssh: {
          agent: true,
          key: { path: "~/k", mode: undefined },
          publicKey: { path: "~/k.pub", mode: 0o644 },
        },
      },
      "wrong | ssh.privateKeyPath ~/k cannot be read | a deploy and every command here log in with it | ssh-keygen -t ed25519 -f ~/k",
    ],
    [
      "SSH key",
      {
        ssh: { agent: false, key: { path: "~/k", mode: 0o644 }, publicKey: { path: "~/k.pub", mode: 0o644 } },
      },
      "wrong | ssh.privateKeyPath ~/k can be read by others | who has this key is root on every edge | chmod 600 ~/k",
    ],
    [
      "SSH key",
      { ssh: { agent: false, publicKey: { path: "~/k.pub", mode: 0o644 } } },
      "wrong | no SSH agent runs, and ssh.privateKeyPath is not set | nothing can log in to the edges | eval $(ssh-agent) && ssh-add, or set ssh.privateKeyPath",
    ],
    [
      "SSH key",
      { ssh: { agent: true } },
      "wrong | ssh.publicKeyPath is not set | edges are created with it, and an agent has no file to take it from | set ssh.publicKeyPath to the .pub file of your key",
    ],
    [
      "SSH key",
      {
        ssh: {
          agent: true,
          key: { path: "~/k", mode: 0o600 },
          publicKey: { path: "~/k.pub", mode: undefined },
        },
      },
      "wrong | the public key ~/k.pub cannot be read | edges are created with it | ssh-keygen -y -f ~/k >~/k.pub",
    ],
    [
      "variables",
      { unset: ["TF_VAR_carp_password"] },
      "advice | TF_VAR_carp_password is not set | a deploy or a diff stops and asks for it | export TF_VAR_carp_password=…; docs/configuration.md says what it may be",
    ],
    [
      "variables",
      { unset: ["TF_VAR_edge_consumer_key"] },
      "advice | TF_VAR_edge_consumer_key is not set | a deploy or a diff stops and asks for it | export TF_VAR_edge_consumer_key=…; npm run credentials tells where it comes from",
    ],
    [
      "variables",
      { unset: ["TF_VAR_edge_webhook_url"] },
      "advice | TF_VAR_edge_webhook_url is not set | a deploy or a diff stops and asks for it | export TF_VAR_edge_webhook_url=…; docs/configuration.md says what it may be",
    ],
  ])("is found wanting: %s, %o", (name, changes, finding) => {
    expect(judged(MACHINE_CHECKS, name, { ...sound, ...changes })).toEqual([finding]);
  });

  it("is looked at by its own programs, files and variables", () => {
    const host: Host = {
      nodeVersion: "22.0.0",
      environment: { SSH_AUTH_SOCK: "/a", TF_VAR_carp_password: "x", TF_VAR_edge_consumer_key: "y" },
      run: (command) => (command === "tofu" ? "OpenTofu v1.12.6\non linux" : undefined),
      modeOf: (path) => (path.endsWith(".pub") ? 0o644 : 0o600),
    };
    expect(gatherMachine(host, [{ command: "ssh", probe: ["-V"], install: "x" }], config)).toMatchObject({
      node: "22.0.0",
      terraform: { binary: "tofu", version: "1.12.6" },
      missing: [{ command: "ssh" }],
      ssh: { agent: true, key: { path: "~/.ssh/id_ed25519", mode: 0o600 } },
      unset: ["TF_VAR_edge_application_key", "TF_VAR_edge_application_secret"],
    });
  });

  it.each([
    ["where a webhook is told", { webhook: true }, {}, ["TF_VAR_edge_webhook_url"]],
    ["which is set", { webhook: true }, { TF_VAR_edge_webhook_url: "https://hooks.example/a" }, []],
    ["not where only mail is sent", { mail: "ops@example.org" }, {}, []],
    ["not where nobody is told", undefined, {}, []],
  ])("is asked for a webhook's URL: %s", (_, notify, variables, unset) => {
    const environment = {
      TF_VAR_carp_password: "x",
      TF_VAR_edge_application_key: "x",
      TF_VAR_edge_application_secret: "x",
      TF_VAR_edge_consumer_key: "x",
      ...variables,
    };
    const host: Host = { nodeVersion: "22.0.0", environment, run: () => undefined, modeOf: () => undefined };
    const told = parseConfig(example(notify === undefined ? {} : { notify }));
    expect(gatherMachine(host, [], told).unset).toEqual(unset);
  });
});

describe("the configuration", () => {
  it("is sound, or each of its errors is a finding", () => {
    const facts = { file: "edge.config.json", issues: [] };
    expect(judged(CONFIG_CHECKS, "configuration", facts)).toBe("edge.config.json");
    const issues = [
      { path: "carp.vhid", message: "must be an integer from 1 to 255, got 300; pick another" },
    ];
    expect(judged(CONFIG_CHECKS, "configuration", { ...facts, issues })).toEqual([
      "wrong | carp.vhid must be an integer from 1 to 255, got 300; pick another | nothing is deployed or looked at with it | correct it in edge.config.json; npm run config:check",
    ]);
  });
});

describe("OVH", () => {
  const right = { method: "GET", path: "/me", purpose: "who it is" };
  const sound: ApiFacts = {
    endpoint: "https://eu.api.ovh.com/1.0",
    time: { value: 1000 },
    now: 1000,
    deployer: { value: { exam: { rules: [right] }, needed: [right] } },
    edges: { value: { exam: { tried: [{ method: "GET", path: "/me", granted: true }] }, needed: [right] } },
  };
  const edgesMend = "npm run credentials, make another key with the page that it names, and npm run deploy";
  const deployerMend = "npm run credentials, and make a key with the page that it names";
  const key = (exam: object) => ({ value: { exam: exam as never, needed: [right] } });

  it.each([
    ["reachable", "https://eu.api.ovh.com/1.0"],
    ["clock", "right"],
    ["deployer's key", "what it needs, by its rules"],
    ["edges' key", "what it needs, by trying"],
  ])("is sound: %s", (name, ok) => {
    expect(judged(API_CHECKS, name, sound)).toBe(ok);
  });

  it.each<[string, Partial<ApiFacts>, string]>([
    [
      "reachable",
      { time: { failed: "OVH's API at x cannot be reached: no" } },
      "wrong | OVH's API at x cannot be reached: no | a deploy goes through it, and so does every failover, from the edges | curl -v https://eu.api.ovh.com/1.0/auth/time",
    ],
    [
      "clock",
      { now: 1011 },
      "wrong | this machine's clock is 11 s ahead of OVH's | requests are signed with the time and refused when it is wrong; certificates are judged by it | timedatectl set-ntp true",
    ],
    [
      "clock",
      { now: 900 },
      "wrong | this machine's clock is 100 s behind OVH's | requests are signed with the time and refused when it is wrong; certificates are judged by it | timedatectl set-ntp true",
    ],
    [
      "deployer's key",
      { deployer: key({ rules: [] }) },
      `wrong | the deployer's key may not GET /me (who it is) | a deploy stops there, maybe half-way | ${deployerMend}`,
    ],
    [
      "deployer's key",
      { deployer: key({ rules: [{ method: "GET", path: "/*" }] }) },
      `advice | the deployer's key may do more than it needs: GET /* | whoever gets hold of it can do that too | ${deployerMend}`,
    ],
    [
      "deployer's key",
      { deployer: key({ refused: 'OVHcloud API error: "This credential is not valid"' }) },
      `wrong | the deployer's key is refused: OVHcloud API error: "This credential is not valid" | nothing can be deployed with it, and no command here can ask OVH | ${deployerMend}`,
    ],
    [
      "edges' key",
      { edges: key({ tried: [{ method: "GET", path: "/me", granted: false }] }) },
      `wrong | the edges' key may not GET /me (who it is) | an edge cannot do its part of a failover without it | ${edgesMend}`,
    ],
    [
      "edges' key",
      { edges: key({ rules: [right, { method: "DELETE", path: "/*" }] }) },
      `wrong | the edges' key may do more than it needs: DELETE /* | it lies on every edge, so whoever breaks into one can do that too | ${edgesMend}`,
    ],
    [
      "edges' key",
      { edges: key({ rules: [right], expiration: "1970-01-02T00:16:40Z" }) },
      `advice | the edges' key ends in 1 d, at 1970-01-02T00:16:40Z | no edge can move the FailOver IP: there is no failover | ${edgesMend}`,
    ],
  ])("is found wanting: %s, %o", (name, changes, finding) => {
    expect(judged(API_CHECKS, name, { ...sound, ...changes })).toEqual([finding]);
  });

  it("is not judged without an answer, or where a key is not there", () => {
    const silent = { ...sound, time: { failed: "gone" }, deployer: { failed: "X is not set" } };
    expect(judged(API_CHECKS, "clock", silent)).toBe("not possible: gone");
    expect(judged(API_CHECKS, "deployer's key", silent)).toBe("not possible: X is not set");
  });

  it("says how many calls of a key are not proven", () => {
    expect(judged(API_CHECKS, "edges' key", { ...sound, edges: key({ tried: [] }) })).toBe(
      "what it needs, by trying; 1 call not proven, npm run credentials -- check",
    );
  });
});

describe("the region", () => {
  const flavor = { name: "b3-8", vcpus: 2, ram: 8192 };
  const instance = {
    maxInstances: 20,
    usedInstances: 0,
    maxCores: 40,
    usedCores: 0,
    maxRam: 40_000,
    usedRAM: 0,
  };
  const sound: RegionFacts = {
    config,
    region: { value: { name: "SBG5", status: "UP", continentCode: "EU", ipCountries: ["fr", "de"] } },
    flavors: { value: [flavor, { ...flavor, name: "b3-16" }] },
    images: { value: [{ name: "OpenBSD 7.8" }, { name: "Debian 12" }] },
    ips: { value: [{ id: "1", ip: "146.59.143.231", continentCode: "EU", geoLoc: "fr" }] },
    quota: { value: { instance } },
    networks: { value: [{ id: "n1", targetSpec: { name: "other", vlanId: 7 } }] },
    deployed: [],
    attached: { value: [] },
  };

  it.each([
    ["region", "SBG5"],
    ["flavors", "b3-8"],
    ["images", "OpenBSD 7.8"],
    ["FailOver IP", "146.59.143.231, of fr"],
    ["quota", "enough for 2 edges"],
    ["VLAN ids", "10, 25 within this project"],
  ])("is sound: %s", (name, ok) => {
    expect(judged(REGION_CHECKS, name, sound)).toBe(ok);
  });

  it("does not miss an address that a deploy orders", () => {
    const failoverIps: EdgeConfig["failoverIps"] = [{ ...config.failoverIps[0], address: ORDERED_ADDRESS }];
    const facts = { ...sound, config: { ...config, failoverIps }, ips: { value: [] } };
    expect(judged(REGION_CHECKS, "FailOver IP", facts)).toBe("a deploy orders it");
  });

  const lost = "a plan stops there, and an edge that is lost cannot be replaced";
  it.each<[string, Partial<RegionFacts>, string]>([
    [
      "region",
      { region: { value: { name: "SBG5", status: "MAINTENANCE", continentCode: "EU", ipCountries: [] } } },
      "wrong | OVH says that region SBG5 is MAINTENANCE | instances there may neither be created nor reached | look at OVH's status page, and deploy when it is over",
    ],
    [
      "flavors",
      { flavors: { value: [{ ...flavor, name: "b3-9" }] } },
      `wrong | region SBG5 has no flavor b3-8; it has b3-9 | ${lost} | set edges[].flavor to b3-9`,
    ],
    [
      "images",
      { images: { value: [{ name: "Debian 12" }] } },
      `wrong | region SBG5 has no image OpenBSD 7.8; it has Debian 12 | ${lost} | make an image of that name in SBG5, or set edges[].image`,
    ],
    [
      "FailOver IP",
      { ips: { value: [] } },
      `wrong | project ${config.project} has no FailOver IP 146.59.143.231; it has none | it is what moves between the edges, and nothing here orders one | move the IP to this project at OVH, or set failoverIp.address`,
    ],
    [
      "FailOver IP",
      { ips: { value: [{ id: "1", ip: "146.59.143.231", continentCode: "NA", geoLoc: "ca" }] } },
      "wrong | FailOver IP 146.59.143.231 is of ca (NA), and region SBG5 (EU) takes those of fr, de | OVH would refuse to route it to an instance there | use a FailOver IP of one of those countries, or edges in a region that takes this one",
    ],
    [
      "quota",
      { quota: { value: { instance: { ...instance, usedCores: 38 } } } },
      "wrong | region SBG5 grants 40 cores, of which 38 are used; 4 more are needed | OVH refuses the instance in the middle of a deploy | ask OVH for a higher quota on the project's page",
    ],
    [
      "VLAN ids",
      { networks: { value: [{ id: "n1", targetSpec: { name: "shop", vlanId: 25 } }] } },
      "wrong | carpNetwork.vlanId 25 is that of network shop (n1) already | what is on that network could stop failovers, and OVH refuses a second one | set carpNetwork.vlanId to a free one; taken are 25",
    ],
    [
      "VLAN ids",
      {
        config: parseConfig(
          example({ internalNetwork: { networkId: "n9", subnetId: "s9", cidr: "10.10.0.0/16" } }),
        ),
      },
      "wrong | internalNetwork.networkId n9 is no private network of the project | edges cannot be attached to it | set internalNetwork.networkId to one of n1",
    ],
  ])("is found wanting: %s, %#", (name, changes, finding) => {
    expect(judged(REGION_CHECKS, name, { ...sound, ...changes })).toEqual([finding]);
  });

  it("grants any number where a quota is negative, and needs nothing for edges that are there", () => {
    const none = { ...instance, maxInstances: -1, maxCores: -1, maxRam: -1 };
    expect(judged(REGION_CHECKS, "quota", { ...sound, quota: { value: { instance: none } } })).toBe(
      "enough for 2 edges",
    );
    const full = { ...instance, usedInstances: 20 };
    const deployed = config.edges.map(({ name }) => name);
    expect(judged(REGION_CHECKS, "quota", { ...sound, quota: { value: { instance: full } }, deployed })).toBe(
      "every edge is there",
    );
  });

  it("does not take the edges' own networks for another's, nor without knowing them", () => {
    const networks = { value: [{ id: "ours", targetSpec: { name: "carp", vlanId: 25 } }] };
    expect(judged(REGION_CHECKS, "VLAN ids", { ...sound, networks, attached: { value: ["ours"] } })).toBe(
      "10, 25 within this project",
    );
    expect(judged(REGION_CHECKS, "VLAN ids", { ...sound, networks, attached: { failed: "403" } })).toBe(
      "not possible: 403",
    );
  });
});

describe("the exit status", () => {
  const checked = (outcome: Outcome): Checked => ({ group: "g", name: "n", outcome });
  const finding = (severity: Finding["severity"]) =>
    checked({ findings: [{ severity, what: "", why: "", mend: "" }] });

  it.each<[string, Checked[], boolean, number]>([
    ["0 when all is well", [checked({ ok: "" })], false, 0],
    ["0 for advice", [finding("advice")], false, 0],
    ["1 for advice when it is strict", [finding("advice")], true, 1],
    ["1 for something wrong, whatever else", [finding("wrong"), checked({ impossible: "" })], false, 1],
    ["2 for what could not be found out", [checked({ impossible: "" }), finding("advice")], false, 2],
    ["0 before a first deploy", [checked({ impossible: "", expected: true })], false, 0],
  ])("is %s", (_, list, strict, status) => {
    expect(exitStatus(list, strict)).toBe(status);
  });
});
