import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../lib/config/load.js";
import type { EdgeConfig } from "../../../lib/config/schema.js";
import type { EdgeReport, IpReport, VhidReport } from "../../../lib/operations/edge-report.js";
import { routesOf } from "../../../lib/operations/failover-route.js";
import { statusScreen } from "../../../lib/operations/status/screen.js";
import { gatherStatus, type Status } from "../../../lib/operations/status/status.js";
import { exitStatus, judgeStatus } from "../../../lib/operations/status/verdict.js";
import { fileOf } from "../../simulator/explore/workshop.js";
import { report } from "./reports.js";

const [FIRST, SECOND] = ["146.59.143.231", "146.59.143.232"];

interface Part extends Partial<Omit<VhidReport, "ips">>, Partial<Pick<IpReport, "alias" | "known">> {}

/** An edge that tells of two vhids, with its role in each, and what else is said of the second. */
function edge(first: string, second: string, more: Part = {}): EdgeReport {
  const vhid = (name: string, ip: string, carp: string, { alias, known, ...own }: Part): VhidReport => ({
    name,
    carp,
    tokens: 3,
    settled: 1,
    last_claim: null,
    ips: [
      {
        ip,
        alias: alias ?? (carp === "MASTER" ? 1 : 0),
        known: known ?? (carp === "MASTER" ? "here" : "elsewhere"),
        known_age: 12,
      },
    ],
    ...own,
  });
  return report({
    state: first,
    sync: { vhids: [vhid("carp0", FIRST, first, {}), vhid("carp1", SECOND, second, more)] },
  });
}

function status(reports: readonly EdgeReport[], to: readonly [string, string]): Status {
  const route = (name: string, id: string) => ({
    id,
    routedTo: name.replace("edge", "i"),
    status: "ok" as const,
    edge: name,
  });
  return {
    address: FIRST,
    edges: reports.map((one, index) => ({
      name: `edge-${index + 1}`,
      host: `192.0.2.${index + 1}`,
      instanceId: `i-${index + 1}`,
      report: one,
    })),
    route: route(to[0], "f1"),
    ips: [
      { address: FIRST, carp: "carp0", route: route(to[0], "f1") },
      { address: SECOND, carp: "carp1", route: route(to[1], "f2") },
    ],
  };
}

const each = [edge("MASTER", "BACKUP"), edge("BACKUP", "MASTER")];

describe("a status of several FailOver IPs", () => {
  it("agrees when each is where its own vhid has its master", () => {
    const seen = judgeStatus(status(each, ["edge-1", "edge-2"]));
    expect(seen).toMatchObject({
      agreement: "agree",
      sentence:
        "OVH routes 146.59.143.231 to edge-1; carp's master is edge-1: they agree.\n" +
        "OVH routes 146.59.143.232 to edge-2; carp1's master is edge-2: they agree.",
      agreements: [
        { address: FIRST, agreement: "agree" },
        { address: SECOND, agreement: "agree" },
      ],
      attention: [],
    });
    expect(exitStatus(seen, true)).toBe(0);
  });

  it.each([
    ["the first", ["edge-2", "edge-2"], ["disagree", "agree"]],
    ["the second", ["edge-1", "edge-1"], ["agree", "disagree"]],
  ] as const)("exits 1 when %s alone is elsewhere", (_, to, expected) => {
    const seen = judgeStatus(status(each, to));
    expect(seen.agreements?.map(({ agreement }) => agreement)).toEqual(expected);
    expect(exitStatus(seen, false)).toBe(1);
  });

  it("exits 1 for a disagreement, though of another IP nothing is known", () => {
    const seen = status(each, ["edge-1", "edge-1"]);
    const ips = seen.ips?.map((ip, index) => (index === 0 ? { ...ip, route: { unknown: "silence" } } : ip));
    expect(exitStatus(judgeStatus({ ...seen, ips }), false)).toBe(1);
  });

  it.each<[Part, string]>([
    [{ tokens: 0 }, "edge-1 has no token left for a claim by carp1; one comes back each 15 min"],
    [{ alias: 1 }, `edge-1 has the alias of ${SECOND} though it is not master and the IP is elsewhere`],
    [{ alias: "some" }, `edge-1 has the alias of ${SECOND} in part only`],
  ])("has somebody look at the second one: %j", (more, expected) => {
    const seen = status([edge("MASTER", "BACKUP", more), edge("BACKUP", "MASTER")], ["edge-1", "edge-2"]);
    expect(judgeStatus(seen).attention).toEqual([expected]);
  });

  it.each([
    ["INIT", "edge-1 is INIT by carp1: it takes no part in that election"],
    ["NONE", "edge-1 has no carp1"],
  ])("has somebody look at a backup whose carp1 is %s, though all is where it belongs", (state, expected) => {
    const seen = status([edge("MASTER", state), edge("BACKUP", "MASTER")], ["edge-1", "edge-2"]);
    const verdict = judgeStatus(seen);
    expect(verdict).toMatchObject({ agreement: "agree", attention: [expected] });
    expect(exitStatus(verdict, true)).toBe(1);
    expect(statusScreen(seen, verdict)).toMatch(
      new RegExp(`^carp1 +${state === "NONE" ? "none" : state} +MASTER$`, "m"),
    );
  });

  it("has somebody look at an edge that knows nothing of a vhid", () => {
    const seen = status([report({ state: "MASTER" }), edge("BACKUP", "MASTER")], ["edge-1", "edge-2"]);
    expect(judgeStatus(seen).attention).toEqual(["edge-1 tells nothing of carp1; deploy again"]);
  });

  it("does not know who has a further vhid where the edge that OVH routes to has no working edge-sync", () => {
    const broken = { ...edge("MASTER", "MASTER"), sync: undefined, problem: "no such file" };
    const seen = judgeStatus(status([broken, edge("BACKUP", "BACKUP")], ["edge-1", "edge-1"]));
    expect(seen.agreements?.map(({ agreement }) => agreement)).toEqual(["agree", "unknown"]);
    expect(seen.sentence.split("\n")[1]).toBe(
      `OVH routes ${SECOND} to edge-1; no edge is carp1's master among those that answer.`,
    );
    expect(seen.attention).toEqual(["edge-1 has no working edge-sync: no such file"]);
    expect(exitStatus(seen, false)).toBe(2);
  });

  it("is one screen, with a row for each", () => {
    const seen = status(each, ["edge-1", "edge-2"]);
    const screen = statusScreen(seen, judgeStatus(seen));
    for (const line of [
      /^carp1 +BACKUP +MASTER$/m,
      /^alias 146\.59\.143\.231 +on +off$/m,
      /^alias 146\.59\.143\.232 +off +on$/m,
      /^knows 146\.59\.143\.232 +elsewhere, 12 s ago +here, 12 s ago$/m,
      /^tokens carp1 +3 +3$/m,
    ])
      expect(screen).toMatch(line);
  });
});

describe("what is asked for it", () => {
  const { failoverIp, ...others } = JSON.parse(fileOf("edge.config.example.json"));
  const failoverIps = [failoverIp, { address: "51.83.12.8/29" }, { address: SECOND, vhid: 200 }];
  const config: EdgeConfig = parseConfig({ ...others, failoverIps });
  const list = [
    { ip: SECOND, id: "c", routedTo: "i-2", status: "ok" },
    { ip: "51.83.12.8", id: "b", routedTo: null, status: "operationPending" },
    { ip: failoverIp.address, id: "a", routedTo: "i-1", status: "ok" },
  ];

  it("is one request, whose answers are told in the order of the configuration, blocks by their first address", async () => {
    const asked: string[] = [];
    const get = async <T>(path: string) => {
      asked.push(path);
      return list as T;
    };
    expect((await routesOf(config, { get })).map(({ id, routedTo }) => [id, routedTo])).toEqual([
      ["a", "i-1"],
      ["b", ""],
      ["c", "i-2"],
    ]);
    const seen = await gatherStatus({ config, edges: [], ovh: { get }, bundles: {} });
    expect(seen.ips?.map(({ address, carp }) => [address, carp])).toEqual([
      [failoverIp.address, "carp0"],
      ["51.83.12.8/29", "carp0"],
      [SECOND, "carp1"],
    ]);
    expect(asked).toHaveLength(2);
  });

  it("fails with the address that the project lacks", async () => {
    const get = async <T>() => list.slice(1) as T;
    await expect(routesOf(config, { get })).rejects.toThrow(
      `project ${config.project} has no FailOver IP ${SECOND}; it has 51.83.12.8, ${failoverIp.address}`,
    );
  });

  it("has no list where there is one alone", async () => {
    const one = parseConfig({ ...others, failoverIp });
    const get = async <T>() => list as T;
    expect(Object.keys(await gatherStatus({ config: one, edges: [], ovh: { get }, bundles: {} }))).toEqual([
      "address",
      "edges",
      "route",
    ]);
  });
});
