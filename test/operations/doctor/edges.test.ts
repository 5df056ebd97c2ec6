import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../lib/config/load.js";
import type { Check, Finding, Outcome } from "../../../lib/operations/doctor/check.js";
import {
  CLUSTER_CHECKS,
  type ClusterFacts,
  type MemberFacts,
} from "../../../lib/operations/doctor/cluster.js";
import { NODE_CHECKS, type NodeFacts } from "../../../lib/operations/doctor/node.js";
import {
  type NodeReport,
  PF_BLOCK,
  parseCarpCounters,
  parseNodeReport,
} from "../../../lib/operations/doctor/node-report.js";
import type { EdgeReport } from "../../../lib/operations/edge-report.js";
import { fingerprint } from "../../../lib/operations/host-key.js";
import { example } from "../../config/example.js";

const config = parseConfig(example());

function judged<Facts>(checks: readonly Check<Facts>[], name: string, facts: Facts): string[] | string {
  const outcome = checks.find((check) => check.name === name)?.judge(facts) as Outcome;
  if ("ok" in outcome) return outcome.ok;
  if ("impossible" in outcome) return `not possible: ${outcome.impossible}`;
  return outcome.findings.map(text);
}
const text = ({ severity, what, why, mend }: Finding) => [severity, what, why, mend].join(" | ");

const redeliver = (edge: string) =>
  `terraform apply -replace="$(terraform state list | grep 'files-${edge}_deliver')" in the stack's folder`;

describe("an edge", () => {
  const [key, other] = ["ssh-ed25519 AAAAC3Nz", "ssh-ed25519 AAAAC3Ny"];
  const report: NodeReport = {
    system: "OpenBSD 7.8",
    missingTools: [],
    missingModules: [],
    macs: { vio0: "fa:16:3e:00:00:01", vio1: "fa:16:3e:00:00:02", vio2: "fa:16:3e:00:00:03" },
    pfLines: PF_BLOCK,
    pfErrors: "",
    pfEnabled: true,
    pfLabels: ["edge"],
    ifstatedEnabled: true,
    clock: 1000,
    programs: {},
  };
  const sound: NodeFacts = {
    name: "edge-a",
    host: "192.0.2.1",
    config,
    configuredKey: key,
    offeredKey: { value: key },
    report: { value: report },
    macs: {
      value: { external: "fa:16:3e:00:00:01", internal: "FA:16:3E:00:00:02", carp: "fa:16:3e:00:00:03" },
    },
    now: 1001,
  };
  const with_ = (changes: Partial<NodeReport>): Partial<NodeFacts> => ({
    report: { value: { ...report, ...changes } },
  });

  it.each([
    ["host key", `ssh-ed25519 ${fingerprint(key)}`],
    ["reached", "192.0.2.1"],
    ["OpenBSD", "OpenBSD 7.8"],
    ["base tools", "all there"],
    ["interfaces", "vio0 external, vio1 internal, vio2 carp"],
    ["pf", "the rule for carp is included and loaded"],
    ["ifstated at boot", "enabled"],
    ["clock", "right"],
  ])("is sound: %s", (name, ok) => {
    expect(judged(NODE_CHECKS, name, sound)).toBe(ok);
  });

  const dead = "carp's advertisements may be blocked: then both edges are master";
  const base =
    "edge-sync, ip-move or the installer stops where it needs it | sysupgrade -f: they are all part of the base sets";
  it.each<[string, Partial<NodeFacts>, string]>([
    [
      "host key",
      { offeredKey: { value: other } },
      `wrong | who answers at 192.0.2.1 offers ssh-ed25519 ${fingerprint(other)}, and edges[].sshHostKey of edge-a is ${fingerprint(key)} | either the edge was built anew, or it is somebody else; nothing was sent there | look at the edge's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; only if it is the same, set edges[].sshHostKey (port 22) to "${other}"`,
    ],
    [
      "host key",
      { configuredKey: undefined },
      `advice | edges[].sshHostKey of edge-a is not set; who answers at 192.0.2.1 offers ssh-ed25519 ${fingerprint(key)} | whoever answers at its address during a deploy gets all its secrets | compare it on the edge's console with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub, then set edges[].sshHostKey to "${key}"`,
    ],
    [
      "reached",
      { report: { failed: "edge-a cannot be reached at 192.0.2.1:22: timeout" } },
      "wrong | edge-a could not be asked: edge-a cannot be reached at 192.0.2.1:22: timeout | one edge less that could take over; a deploy to it fails | npm run status; then the instance's page at OVH: is it running, does its console answer?",
    ],
    [
      "OpenBSD",
      with_({ system: "Linux 6.1" }),
      "wrong | edge-a runs Linux 6.1 | everything on an edge is made for OpenBSD's base | make an image of a supported OpenBSD, set edges[].image, and replace edge-a",
    ],
    [
      "OpenBSD",
      with_({ system: "OpenBSD 6.9" }),
      "wrong | edge-a runs OpenBSD 6.9 | before 7.0 the DHCP client may take the FailOver IP's alias away | sysupgrade, one edge at a time, the backup first",
    ],
    ["base tools", with_({ missingTools: ["nc"] }), `wrong | edge-a has no nc | ${base}`],
    [
      "base tools",
      with_({ missingModules: ["JSON::PP"] }),
      `wrong | edge-a's perl has no JSON::PP | ${base}`,
    ],
    [
      "interfaces",
      with_({ macs: { vio0: "fa:16:3e:00:00:01", vio1: "fa:16:3e:00:00:02" } }),
      "wrong | edge-a has no vio2, its carp interface | CARP would run on another network, or not at all | look at ifconfig on edge-a, and at the instance's interfaces at OVH",
    ],
    [
      "pf",
      with_({ pfLines: PF_BLOCK.slice(1) }),
      `wrong | /etc/pf.conf of edge-a does not include /etc/pf.edge.conf | ${dead}, at the latest when pf.conf is loaded again | ${redeliver("edge-a")}`,
    ],
    [
      "pf",
      with_({ pfErrors: "/etc/pf.conf:3: syntax error\nmore" }),
      "wrong | /etc/pf.conf of edge-a would not load: /etc/pf.conf:3: syntax error | after a boot rc's own rules stay: a master that answers nobody | ssh to edge-a and correct it until pfctl -nf /etc/pf.conf is silent",
    ],
    [
      "pf",
      with_({ pfLabels: [] }),
      `wrong | the rule for carp is not loaded on edge-a: no label edge | ${dead} | pfctl -f /etc/pf.conf`,
    ],
    [
      "pf",
      with_({ pfEnabled: false }),
      "advice | pf is disabled on edge-a | the edge filters nothing | rcctl enable pf; pfctl -e",
    ],
    [
      "ifstated at boot",
      with_({ ifstatedEnabled: false }),
      "wrong | ifstated is not enabled on edge-a | after a boot link changes are only seen once a minute | rcctl enable ifstated",
    ],
    [
      "clock",
      { now: 1500 },
      "wrong | the clock of edge-a is 500 s behind | its first request to OVH is refused, and its logs cannot be laid beside the others' | rcctl enable ntpd; rcctl restart ntpd",
    ],
  ])("is found wanting: %s, %#", (name, changes, finding) => {
    expect(judged(NODE_CHECKS, name, { ...sound, ...changes })).toEqual([finding]);
  });

  it("with interfaces in another order is told which is which", () => {
    const swapped = { vio0: "fa:16:3e:00:00:01", vio1: "fa:16:3e:00:00:03", vio2: "fa:16:3e:00:00:02" };
    expect(judged(NODE_CHECKS, "interfaces", { ...sound, ...with_({ macs: swapped }) })).toEqual([
      "wrong | vio1 of edge-a has fa:16:3e:00:00:03, and OVH says that its internal interface has fa:16:3e:00:00:02, which is vio2 | addresses and rules would be on the wrong network | set interfaces.internal to vio2; npm run deploy",
      "wrong | vio2 of edge-a has fa:16:3e:00:00:02, and OVH says that its carp interface has fa:16:3e:00:00:03, which is vio1 | CARP would run on another network, or not at all | set interfaces.carp to vio1; npm run deploy",
    ]);
  });

  it("that was not reached is judged by nothing else", () => {
    const gone = { ...sound, report: { failed: "x" }, offeredKey: { failed: "x" } };
    const names = NODE_CHECKS.map(({ name }) => name).filter((name) => name !== "reached");
    expect(names.map((name) => judged(NODE_CHECKS, name, gone))).toEqual([
      "not possible: x",
      ...names.slice(1).map(() => "not possible: it was not reached"),
    ]);
    expect(judged(NODE_CHECKS, "reached", { ...gone, offeredKey: { value: other } })).toBe(
      "not possible: its host key is another one",
    );
  });
});

describe("an edge whose deploy user may start no shell as root", () => {
  const rule = "permit nopass deploy as root cmd /bin/sh";
  const why = "its deploy user may start no shell as root";
  const facts: NodeFacts = {
    name: "edge-a",
    host: "192.0.2.1",
    config: { ...config, ssh: { ...config.ssh, user: "deploy" } },
    offeredKey: { failed: "x" },
    report: { failed: why },
    needsRule: rule,
    macs: { failed: "x" },
    now: 1,
  };

  it("was reached, and is told the line that is missing once", () => {
    expect(judged(NODE_CHECKS, "reached", facts)).toEqual([
      "advice | edge-a was reached, and lets deploy start no shell as root | its pf, tools, interfaces and clock and carp's counters are not looked at | " +
        `a line in /etc/doas.conf there, which is as much as the rule for edge-install: ${rule}`,
    ]);
    const others = NODE_CHECKS.map(({ name }) => name).slice(2);
    expect(others.map((name) => judged(NODE_CHECKS, name, facts))).toEqual(
      others.map(() => `not possible: ${why}`),
    );
  });
});

describe("what an edge prints", () => {
  it("is read section by section, and what is not there is missing", () => {
    const lines = [
      "@@@ system",
      "OpenBSD 7.8",
      "@@@ status 0",
      "@@@ tools",
      "nc",
      "@@@ status 0",
      "@@@ modules",
      "@@@ status 0",
      "@@@ if:vio0",
      "vio0: flags=8843<UP>",
      "\tlladdr FA:16:3e:00:00:01",
      "@@@ status 0",
      "@@@ pfconf",
      ...PF_BLOCK,
      "@@@ status 0",
      "@@@ pfcheck",
      "/etc/pf.conf:1: syntax error",
      "@@@ status 1",
      "@@@ pfinfo",
      "Status: Enabled for 0 days",
      "@@@ status 0",
      "@@@ pflabels",
      "edge 1 2 3",
      "@@@ status 0",
      "@@@ enabled",
      "@@@ status 0",
      "@@@ clock",
      "1234",
      "@@@ status 0",
      "@@@ programs",
      `${"a".repeat(64)} /usr/local/sbin/ip-move`,
      "sha256: cannot open x",
      "@@@ status 1",
    ];
    expect(parseNodeReport(lines.join("\n"), config)).toEqual({
      system: "OpenBSD 7.8",
      missingTools: ["nc"],
      missingModules: [],
      macs: { vio0: "fa:16:3e:00:00:01" },
      pfLines: [...PF_BLOCK],
      pfErrors: "/etc/pf.conf:1: syntax error",
      pfEnabled: true,
      pfLabels: ["edge"],
      ifstatedEnabled: true,
      clock: 1234,
      programs: { "/usr/local/sbin/ip-move": "a".repeat(64) },
    });
    expect(parseNodeReport("", config)).toMatchObject({ system: "unknown", pfLabels: undefined, macs: {} });
  });

  it("of carp's counters is read in netstat's own form", () => {
    const printed =
      "carp:\n\t12 packets received (IPv4)\n\t0 packets received (IPv6)\n\t\t0 packets discarded for bad interface\n" +
      "\t\t3 discarded for bad authentication\n\t\t1 discarded for unknown vhid\n\t5 packets sent (IPv4)\n";
    expect(parseCarpCounters(printed)).toEqual({ received: 12, badAuthentication: 3, unknownVhid: 1 });
    expect(parseCarpCounters("carp:\n\t1 packet received (IPv4)\n").received).toBe(1);
  });
});

describe("the edges together", () => {
  const zero = { received: 0, badAuthentication: 0, unknownVhid: 0 };
  const member = (name: string, state: string, changes: Partial<MemberFacts> = {}): MemberFacts => ({
    name,
    report: {
      value: {
        carp: { state, vhid: 1, advbase: 1, advskew: 1 },
        ifstated: true,
        bundle: `bundle-of-${name}`,
        changed: [],
        waiting: false,
      } satisfies EdgeReport,
    },
    counters: { value: [zero, { ...zero, received: state === "BACKUP" ? 4 : 0 }] },
    programs: { value: { "/usr/local/sbin/ip-move": "aaaaaaaaaa" } },
    system: { value: "OpenBSD 7.8" },
    wanted: `bundle-of-${name}`,
    ...changes,
  });
  const both = (
    a: Partial<MemberFacts> = {},
    b: Partial<MemberFacts> = {},
    roles = ["MASTER", "BACKUP"],
  ): ClusterFacts => ({
    config,
    members: [member("edge-a", roles[0] as string, a), member("edge-b", roles[1] as string, b)],
    seconds: 4,
  });
  const gone = { failed: "no answer" };
  const silent: Partial<MemberFacts> = { report: gone, counters: gone, programs: gone, system: gone };
  const report = (changes: Partial<EdgeReport>): Partial<MemberFacts> => ({
    report: { value: { ...(member("x", "BACKUP").report as { value: EdgeReport }).value, ...changes } },
    wanted: undefined,
  });
  const bad =
    "an edge with another password is not heard: both become master | export TF_VAR_carp_password=…; npm run deploy gives all edges the same one. If they have it: something else uses this vhid";
  const differ = "the edges may decide differently; the next deploy or boot brings surprises";

  it.each([
    ["one master", "edge-a"],
    ["advertisements", "heard by edge-b"],
    ["bundle", "as deployed"],
    ["same programs", "on 2 edges"],
  ])("are sound: %s", (name, ok) => {
    expect(judged(CLUSTER_CHECKS, name, both())).toBe(ok);
  });

  it.each<[string, ClusterFacts, string[]]>([
    [
      "one master",
      both({}, {}, ["BACKUP", "BACKUP"]),
      [
        "wrong | no edge is carp's master: edge-a BACKUP, edge-b BACKUP | nobody claims the FailOver IP | ifconfig carp0 on each edge; npm run deploy releases those that wait",
      ],
    ],
    [
      "one master",
      both({}, {}, ["MASTER", "MASTER"]),
      [
        "wrong | 2 edges are carp's master: edge-a MASTER, edge-b MASTER | they do not hear each other, and each claims the FailOver IP in turn until its tokens are spent | see advertisements below; if the vRack is sound, npm run deploy gives all the same password",
      ],
    ],
    [
      "one master",
      both({}, {}, ["MASTER", "INIT"]),
      [
        "wrong | edge-b is INIT by carp0: it takes no part in that election | one edge less that could take over | on edge-b: ifconfig vio2 tells whether it has a link; ifconfig carp0 up",
      ],
    ],
    [
      "one master",
      both({}, report({ carp: undefined })),
      [
        `wrong | edge-b has no carp0 | one edge less that could take over | sh /etc/netstart carp0 on edge-b; ${redeliver("edge-b")}`,
      ],
    ],
    [
      "advertisements",
      both({}, { counters: { value: [zero, { ...zero, received: 4, badAuthentication: 4 }] } }),
      [`wrong | edge-b discarded 4 advertisements within 4 s for bad authentication | ${bad}`],
    ],
    [
      "advertisements",
      both({}, { counters: { value: [zero, zero] } }),
      [
        "wrong | edge-b is BACKUP and heard no advertisement within 4 s | it takes over although the master is well | tcpdump -ni vio2 proto carp on edge-b and on the master; pfctl -s labels on both",
      ],
    ],
    [
      "advertisements",
      both({}, { counters: { value: [zero, { received: 6, badAuthentication: 0, unknownVhid: 2 }] } }),
      [
        "advice | edge-b hears 2 advertisements of another vhid within 4 s | something else runs CARP on the network that should carry nothing else | tcpdump -ni vio2 proto carp, and move it to a network of its own",
      ],
    ],
    [
      "bundle",
      both({}, { wanted: "0123456789abcdef" }),
      [
        `wrong | edge-b has bundle bundle-of-ed, and the last deploy gave it 0123456789ab | ${differ} | npm run deploy`,
      ],
    ],
    [
      "bundle",
      both({}, report({ bundle: undefined })),
      [`wrong | edge-b does not tell which bundle it has | ${differ} | npm run deploy`],
    ],
    [
      "bundle",
      both({}, report({ changed: ["/etc/edge.conf"] })),
      [
        `wrong | /etc/edge.conf of edge-b is another one than was installed | ${differ} | find out who changed it; then ${redeliver("edge-b")}`,
      ],
    ],
    [
      "bundle",
      both({}, report({ waiting: true })),
      ["wrong | edge-b waits for its release | carp0 has its old password or none | npm run deploy"],
    ],
    [
      "same programs",
      both(
        {},
        {
          programs: { value: { "/usr/local/sbin/ip-move": "bbbbbbbbbb" } },
          system: { value: "OpenBSD 7.9" },
        },
      ),
      [
        "wrong | /usr/local/sbin/ip-move is not the same on all edges: edge-a aaaaaaaa, edge-b bbbbbbbb | they may decide differently in the same failover | npm run deploy where the last one stopped; find out who changed it where it did not",
        "advice | the edges run different releases: edge-a OpenBSD 7.8, edge-b OpenBSD 7.9 | fine during an upgrade, one edge at a time; not for long | sysupgrade on the older one",
      ],
    ],
  ])("are found wanting: %s, %#", (name, facts, findings) => {
    expect(judged(CLUSTER_CHECKS, name, facts)).toEqual(findings);
  });

  it("are judged by what edge-install tells, where one lets nobody count advertisements", () => {
    const none = { failed: "its deploy user may start no shell as root" };
    const facts = both({ counters: none, programs: none });
    expect(judged(CLUSTER_CHECKS, "one master", facts)).toBe("edge-a");
    for (const name of ["advertisements", "same programs"])
      expect(judged(CLUSTER_CHECKS, name, facts)).toBe(`not possible: edge-a: ${none.failed}`);
    expect(judged(CLUSTER_CHECKS, "advertisements", both({ counters: none, programs: none }, silent))).toBe(
      `not possible: edge-b was not reached; edge-a: ${none.failed}`,
    );
  });

  it.each([
    ["one master", "not possible: no edge that answers is master, and edge-a was not reached"],
    ["advertisements", "not possible: edge-a was not reached"],
    ["bundle", "not possible: edge-a was not reached"],
    ["same programs", "not possible: edge-a was not reached"],
  ])("are judged without one as far as that goes: %s", (name, outcome) => {
    expect(judged(CLUSTER_CHECKS, name, both(silent))).toBe(outcome);
  });
});
