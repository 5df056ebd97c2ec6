import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../lib/config/load.js";
import { deployerRights, edgeRights } from "../../../lib/operations/credentials/rights.js";
import { stateRights } from "../../../lib/operations/credentials/statement.js";
import type { Outcome } from "../../../lib/operations/doctor/check.js";
import { CLUSTER_CHECKS, type MemberFacts } from "../../../lib/operations/doctor/cluster.js";
import { REGION_CHECKS, type RegionFacts } from "../../../lib/operations/doctor/region.js";
import type { VhidReport } from "../../../lib/operations/edge-report.js";
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
    const facts = { config, members, seconds: 1 };
    expect(text(CLUSTER_CHECKS.find(({ name }) => name === "one master")?.judge(facts))).toEqual(expected);
  });
});

describe("the keys for several FailOver IPs", () => {
  it("may look at each of them and move each, and no other", () => {
    expect(
      edgeRights(config, "A", "B").map(
        ({ method, path }) => `${method} ${path.split("/").slice(-2).join("/")}`,
      ),
    ).toEqual(["GET failover/A", "POST A/attach", "GET failover/B", "POST B/attach"]);
    const attach = deployerRights(config, "A", "B").filter(({ path }) => path.endsWith("/attach"));
    expect(attach.map(({ path }) => path.split("/").at(-2))).toEqual(["A", "B"]);
  });

  it("are made at pages that name all of them", () => {
    const { edges } = stateRights(config, { id: "A", others: ["B", "C"] });
    for (const id of ["A", "B", "C"]) expect(edges?.page).toContain(`failover/${id}`);
  });
});
