import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../lib/config/load.js";
import { beyondAnEdge, judgeKey } from "../../../lib/operations/credentials/key.js";
import { deployerRights, edgeRights } from "../../../lib/operations/credentials/rights.js";
import { stateRights } from "../../../lib/operations/credentials/statement.js";
import type { Outcome } from "../../../lib/operations/doctor/check.js";
import { CLUSTER_CHECKS, type MemberFacts } from "../../../lib/operations/doctor/cluster.js";
import { REGION_CHECKS, type RegionFacts } from "../../../lib/operations/doctor/region.js";
import type { VhidReport } from "../../../lib/operations/edge-report.js";
import { edgeAccess } from "../../../lib/simulator/ovh-api/seed.js";
import { example } from "../../config/example.js";
import { report } from "../status/reports.js";

const { failoverIp, ...others } = example();
const failoverIps = [failoverIp, { address: "51.83.12.8/29" }, { address: "146.59.143.232", vhid: 200 }];
const config = parseConfig({ ...others, failoverIps });

const text = (outcome: Outcome | undefined) =>
  outcome === undefined || "ok" in outcome
    ? outcome?.ok
    : "impossible" in outcome
      ? outcome.impossible
      : outcome.findings.map(({ what, mend }) => `${what} | ${mend}`);

describe("the doctor of several FailOver IPs", () => {
  const ip = (address: string, geoLoc = "FR") => ({
    id: address,
    ip: address,
    continentCode: "EU",
    geoLoc,
    routedTo: "",
    status: "ok",
  });
  const judged = (list: readonly ReturnType<typeof ip>[]) => {
    const region = { name: "SBG5", status: "UP", continentCode: "EU", ipCountries: ["fr"] };
    const facts = { config, region: { value: region }, ips: { value: list } } as unknown as RegionFacts;
    return text(REGION_CHECKS.find(({ name }) => name === "FailOver IP")?.judge(facts));
  };

  it("looks at each of them, at blocks by their first address", () => {
    const all = [ip("146.59.143.232"), ip("51.83.12.8"), ip("146.59.143.231")];
    expect(judged(all)).toBe("146.59.143.231, of FR; 51.83.12.8, of FR; 146.59.143.232, of FR");
    expect(judged([ip("146.59.143.231"), ip("146.59.143.232", "PL")])).toEqual([
      `project ${config.project} has no FailOver IP 51.83.12.8/29; it has 146.59.143.231, 146.59.143.232 | ` +
        "move the IP to this project at OVH, or set failoverIps[1].address",
      "FailOver IP 146.59.143.232 is of PL (EU), and region SBG5 (EU) takes those of fr | " +
        "use a FailOver IP of one of those countries, or edges in a region that takes this one",
    ]);
  });

  /** An edge with its roles in both elections. */
  const member = (name: string, first: string, second: string): MemberFacts => {
    const vhid = (carp: string, role: string): VhidReport => ({
      name: carp,
      carp: role,
      tokens: 3,
      settled: 1,
      last_claim: null,
      ips: [],
    });
    const vhids = [vhid("carp0", first), vhid("carp1", second)];
    const failed = { failed: "not asked" };
    return {
      name,
      report: { value: report({ state: first, sync: { vhids } }) },
      counters: failed,
      programs: failed,
      system: failed,
    };
  };

  it.each([
    [["MASTER", "BACKUP"], ["BACKUP", "MASTER"], "carp0 edge-a, carp1 edge-b"],
    [
      ["MASTER", "BACKUP"],
      ["BACKUP", "INIT"],
      [
        "no edge is carp1's master: edge-a BACKUP, edge-b INIT | ifconfig carp1 on each edge; npm run deploy releases those that wait",
      ],
    ],
    [
      ["MASTER", "MASTER"],
      ["BACKUP", "MASTER"],
      [
        "2 edges are carp1's master: edge-a MASTER, edge-b MASTER | see advertisements below; if the vRack is sound, npm run deploy gives all the same password",
      ],
    ],
  ] as const)("wants one master of each vhid: %j, %j", (a, b, expected) => {
    const members = [member("edge-a", a[0], a[1]), member("edge-b", b[0], b[1])];
    expect(together("one master", members)).toEqual(expected);
  });

  const together = (check: string, members: readonly MemberFacts[]) =>
    text(CLUSTER_CHECKS.find(({ name }) => name === check)?.judge({ config, members, seconds: 4 }));
  const deliver = (name: string) =>
    `terraform apply -replace="$(terraform state list | grep 'files-${name}_deliver')" in the stack's folder`;

  it.each([
    [
      "INIT",
      "edge-b is INIT by carp1: it takes no part in that election | on edge-b: ifconfig vio2 tells whether it has a link; ifconfig carp1 up",
    ],
    ["NONE", `edge-b has no carp1 | sh /etc/netstart carp1 on edge-b; ${deliver("edge-b")}`],
  ])("finds a backup whose carp1 is %s, though each vhid has its master", (state, expected) => {
    const members = [member("edge-a", "MASTER", "MASTER"), member("edge-b", "BACKUP", state)];
    expect(together("one master", members)).toEqual([expected]);
  });

  it("leaves to the bundle an edge that waits for its release", () => {
    const waiting = { value: report({ state: "INIT", waiting: true }) };
    const members = [
      member("edge-a", "MASTER", "MASTER"),
      { ...member("edge-b", "INIT", "INIT"), report: waiting },
    ];
    expect(together("one master", members)).toBe("carp0 edge-a, carp1 edge-a");
  });

  it.each([
    [undefined, "no such file", "no such file"],
    [report().sync, undefined, "its edge-sync does not know it"],
  ] as const)("finds an edge that tells nothing of a vhid: %#", (sync, problem, reason) => {
    const report_ = { value: { ...report({ state: "MASTER" }), sync, problem } };
    const quiet = { ...member("edge-a", "MASTER", ""), report: report_ };
    expect(together("one master", [quiet, member("edge-b", "BACKUP", "BACKUP")])).toEqual([
      `edge-a tells nothing of carp1: ${reason} | npm run deploy`,
    ]);
    expect(together("one master", [quiet, quiet])).toHaveLength(3);
  });

  it("finds a vhid of which no edge tells, as before a deploy", () => {
    const members = ["MASTER", "BACKUP"].map((state, index) => ({
      ...member(`edge-${index}`, state, ""),
      report: { value: report({ state }) },
    }));
    expect(together("one master", members)).toHaveLength(2);
  });

  const zero = { received: 0, badAuthentication: 0, unknownVhid: 0 };
  /** An edge that heard so many advertisements, of which some were of no vhid that it knows. */
  const listening = (of: MemberFacts, received: number, unknownVhid = 0): MemberFacts => ({
    ...of,
    counters: { value: [zero, { ...zero, received, unknownVhid }] },
  });

  it("counts a backup of any vhid among those that must hear advertisements", () => {
    const [a, b] = [member("edge-a", "MASTER", "BACKUP"), member("edge-b", "BACKUP", "MASTER")];
    expect(together("advertisements", [listening(a, 4), listening(b, 4)])).toBe("heard by edge-a, edge-b");
    expect(together("advertisements", [listening(a, 0), listening(b, 4)])).toEqual([
      "edge-a is BACKUP by carp1 and heard no advertisement within 4 s | " +
        "tcpdump -ni vio2 proto carp on edge-a and on the master; pfctl -s labels on both",
    ]);
    expect(
      together("advertisements", [
        listening(member("edge-a", "MASTER", "MASTER"), 0),
        listening(member("edge-b", "BACKUP", "BACKUP"), 0),
      ]),
    ).toEqual([expect.stringContaining("edge-b is BACKUP by carp0 and carp1 and heard no advertisement")]);
  });

  it("takes no advertisement of a vhid of its own for somebody else's, where an edge has lost the interface", () => {
    const a = listening(member("edge-a", "MASTER", "MASTER"), 0);
    const heard = (second: string) =>
      together("advertisements", [a, listening(member("edge-b", "BACKUP", second), 8, 4)]);
    expect(heard("NONE")).toBe("heard by edge-b");
    expect(heard("BACKUP")).toEqual([
      expect.stringContaining("edge-b hears 4 advertisements of another vhid within 4 s"),
    ]);
  });
});

describe("the keys for several FailOver IPs", () => {
  it("may look at all at once and at each of them and move each, and no other", () => {
    const rights = edgeRights(config, "A", "B", "C");
    expect(rights.map(({ method, path }) => `${method} ${path.split("/").slice(-2).join("/")}`)).toEqual([
      "GET ip/failover",
      ...["A", "B", "C"].flatMap((id) => [`GET failover/${id}`, `POST ${id}/attach`]),
    ]);
    expect(rights.map(({ method, path }) => ({ method, path }))).toEqual(
      edgeAccess(config.project, "A", "B", "C"),
    );
    // Before their ids are known it is the same list.
    expect(edgeRights(config, "IP_ID")[0]).toEqual(rights[0]);
  });

  it("of the edges are found wanting without the list, and not too wide with it", async () => {
    const needed = edgeRights(config, "A", "B", "C");
    const rules = edgeAccess(config.project, "A", "B", "C");
    const [list, ...without] = rules;
    expect(judgeKey({ rules }, { needed })).toMatchObject({ missing: [], excess: [] });
    expect(judgeKey({ rules: without }, { needed })).toMatchObject({ missing: [list], excess: [] });
    const beyond = beyondAnEdge(config.project);
    const tried = [...needed, ...beyond].map(({ method, path }) => ({
      method,
      path,
      granted: rules.some((rule) => rule.method === method && rule.path === path),
    }));
    expect(judgeKey({ tried }, { needed })).toMatchObject({ missing: [], excess: [] });
  });

  it("of the deployer cover an attach of each", () => {
    const attach = deployerRights(config, "A", "B").filter(({ path }) => path.endsWith("/attach"));
    expect(attach.map(({ path }) => path.split("/").at(-2))).toEqual(["A", "B"]);
  });

  it("are made at pages that name all of them", () => {
    const { edges } = stateRights(config, { id: "A", others: ["B", "C"] });
    for (const id of ["A", "B", "C"]) expect(edges?.page).toContain(`failover/${id}`);
  });
});
