import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../lib/config/load.js";
import { catalogUrl, fetchCatalog, parseCatalog } from "../../../lib/operations/estimate/catalog.js";
import { type EstimateOptions, estimateOf } from "../../../lib/operations/estimate/estimate.js";
import { estimateReport } from "../../../lib/operations/estimate/report.js";
import { example } from "../../config/example.js";
import { adopted } from "../../config/existing.js";
import { run } from "../../e2e/process.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const fixture = (name: string) => `${root}test/fixtures/${name}`;
const read = (name: string) => parseCatalog(readFileSync(fixture(name), "utf8"), name);
const catalog = read("catalog.json");
const ipCatalog = read("ip-catalog.json");
const estimate = (changes: Readonly<Record<string, unknown>> = {}, options: EstimateOptions = {}) =>
  estimateOf(parseConfig(example(changes)), catalog, options);
const flavors = (first: string, second = first) => ({ "edges[0].flavor": first, "edges[1].flavor": second });

describe("an estimate", () => {
  it("has each edge by the hour, and by the month where the flavor is billed so", () => {
    const { edges, hour, monthByHour, monthByMonth } = estimate(flavors("b2-7"));
    expect(edges[0]).toEqual({
      name: "bi-edge-sbg-1",
      flavor: "b2-7",
      hourly: { planCode: "b2-7.consumption", price: 2_100_000 },
      monthly: { planCode: "b2-7.monthly.postpaid", price: 1_050_000_000 },
    });
    expect([hour, monthByHour, monthByMonth]).toEqual([4_200_000, 4_200_000 * 730, 2_100_000_000]);
  });

  it("leaves out what exists already, and says so", () => {
    const [first] = adopted().edges as object[];
    const created = { name: "edge-2", flavor: "b2-7", image: "OpenBSD 7.8" };
    const estimated = estimateOf(parseConfig(adopted({ edges: [first, created] })), catalog);
    expect(estimated.edges.map(({ name }) => name)).toEqual(["edge-2"]);
    expect([estimated.existing, estimated.hour]).toEqual([["edge-1"], 2_100_000]);
    expect(estimateReport(estimated, "146.59.143.231")).toContain("Not in it: edge-1, traffic, snapshots");
  });

  it("has no total by the month where one flavor is not billed so", () => {
    expect(estimate(flavors("b3-8", "b2-7"))).not.toHaveProperty("monthByMonth");
  });

  it("counts the IP once, and no fee for its installation", () => {
    const { ip, monthByHour, monthByMonth } = estimate(flavors("b2-7"), { ipCatalog });
    expect(ip).toEqual({ planCode: "ip-failover-ripe", price: 120_000_000 });
    expect([monthByHour, monthByMonth]).toEqual([4_200_000 * 730 + 120_000_000, 2_220_000_000]);
  });

  it.each<[string, Readonly<Record<string, unknown>>, EstimateOptions, string]>([
    ["of a usual region", {}, {}, "b3-8.consumption"],
    ["of a region that the catalogue names", { region: "EU-WEST-LZ-BRU-A" }, {}, "b3-8.consumption.LZ.EU"],
    ["of an availability zone", { availabilityZone: "eu-west-par-a" }, {}, "b3-8.consumption.3AZ"],
    ["that is asked for", {}, { variant: "LZ.EU" }, "b3-8.consumption.LZ.EU"],
  ])("takes the plan %s", (_, changes, options, planCode) => {
    expect(estimate(changes, options).edges[0]?.hourly.planCode).toBe(planCode);
  });

  it("looks the IP up by the registry of the endpoint", () => {
    expect([estimate().ipPlan, estimate({ "ovh.endpoint": "ovh-ca" }).ipPlan]).toEqual([
      "ip-failover-ripe",
      "ip-failover-arin",
    ]);
  });

  it.each<[string, Readonly<Record<string, unknown>>, EstimateOptions, string]>([
    [
      "flavors that nobody has, all at once",
      flavors("b3-9", "zzzzzzz"),
      {},
      'edges[0].flavor must be a flavor of the catalogue, got "b3-9"; did you mean b3-8?\nedges[1].flavor must be a flavor of the catalogue, got "zzzzzzz"; it has b3-8, win-b3-8, b2-7',
    ],
    [
      "a flavor of other regions",
      flavors("z1-2", "b3-8"),
      {},
      "edges[0].flavor must have a price in region SBG5, got z1-2 with z1-2.consumption.LZ.AF; name the last part of the right one with --variant",
    ],
    [
      "a variant that no flavor has",
      {},
      { variant: "4AZ" },
      ["0", "1"]
        .map(
          (n) =>
            `edges[${n}].flavor must have a price in region SBG5, got b3-8 with b3-8.consumption, b3-8.consumption.3AZ, b3-8.consumption.LZ.EU; name the last part of the right one with --variant`,
        )
        .join("\n"),
    ],
    [
      "a plan of the IP that is not there",
      {},
      { ipCatalog, ipPlan: "ip-x" },
      "--ip-plan must be a plan with a monthly price in the catalogue, got ip-x; look it up there, or leave it out",
    ],
    [
      "catalogues of two currencies",
      {},
      { ipCatalog: { ...ipCatalog, locale: { currencyCode: "CAD" } } },
      "both catalogues must have one currency, got EUR and CAD; fetch both for one subsidiary",
    ],
  ])("is refused for %s", (_, changes, options, message) => {
    expect(() => estimate(changes, options)).toThrow(new Error(message));
  });

  it("is a table for people", () => {
    expect(estimateReport(estimate(flavors("b3-8", "b2-7"), { ipCatalog }), "192.0.2.1")).toBe(
      [
        "               plan              EUR an hour  a month, by the hour  a month, by the month",
        "─────────────  ────────────────  ───────────  ────────────────────  ─────────────────────",
        "bi-edge-sbg-1  b3-8.consumption  0.0123       8.98                  -",
        "bi-edge-sbg-2  b2-7.consumption  0.0210       15.33                 10.50",
        "192.0.2.1      ip-failover-ripe               1.20                  1.20",
        "total                            0.0333       25.51                 -",
        "",
        "730 hours a month, without taxes (20 %). Not in it: traffic, snapshots.",
        "",
      ].join("\n"),
    );
  });

  it("says what it has no price of", () => {
    const text = estimateReport(estimate(), "192.0.2.1");
    expect(text).toContain(
      "192.0.2.1      ip-failover-ripe: not in the catalogue               ?                     ?\n",
    );
    expect(text).toContain(
      "Not in it: traffic, snapshots, the FailOver IP.\nThe IP's price: --ip-catalog FILE",
    );
  });
});

describe("a catalogue", () => {
  const hint = "it is what GET /v1/order/catalog/public/cloud answers";
  it.each([
    ["is no JSON", "<html>", `c.json is no JSON; ${hint}`],
    [
      "is another answer",
      '{"class": "Client::NotFound"}',
      `c.json is no catalogue: locale: Invalid input: expected object, received undefined; ${hint}`,
    ],
    [
      "has a price that is no number of units",
      '{"locale":{"currencyCode":"EUR"},"addons":[{"planCode":"a","pricings":[{"intervalUnit":"hour","price":"1.5"}]}]}',
      `c.json is no catalogue: addons.0.pricings.0.price: Invalid input: expected number, received string; ${hint}`,
    ],
    ["has nothing in it", '{"locale":{"currencyCode":"EUR"}}', `c.json has no plans and no addons; ${hint}`],
  ])("is refused when it %s", (_, text, message) =>
    expect(() => parseCatalog(text, "c.json")).toThrow(new Error(message)));

  it("is OVH's for the endpoint's own subsidiary, or another", () => {
    expect([
      catalogUrl("ovh-eu"),
      catalogUrl("ovh-ca"),
      catalogUrl("ovh-us"),
      catalogUrl("ovh-eu", "DE"),
    ]).toEqual([
      "https://eu.api.ovh.com/v1/order/catalog/public/cloud?ovhSubsidiary=FR",
      "https://ca.api.ovh.com/v1/order/catalog/public/cloud?ovhSubsidiary=CA",
      "https://api.us.ovhcloud.com/v1/order/catalog/public/cloud?ovhSubsidiary=US",
      "https://eu.api.ovh.com/v1/order/catalog/public/cloud?ovhSubsidiary=DE",
    ]);
  });

  it("is fetched, or told how to hand in", async () => {
    let status = 200;
    const server = createServer((_, response) => {
      response.writeHead(status).end(readFileSync(fixture("catalog.json")));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const failure = (reason: string) =>
      `the catalogue cannot be fetched: ${reason}; fetch it where OVH can be reached, and hand it in: curl -o catalog.json '${url}'; npm run estimate -- --catalog catalog.json`;
    try {
      expect((await fetchCatalog(url)).addons).toEqual(catalog.addons);
      status = 503;
      await expect(fetchCatalog(url)).rejects.toThrow(new Error(failure("status 503")));
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    // Which reason depends on whether the connection was still open.
    await expect(fetchCatalog(url)).rejects.toThrow(
      /^the catalogue cannot be fetched: .*; fetch it where OVH/,
    );
  });
});

describe("npm run estimate", () => {
  const command = (...args: string[]) =>
    run(process.execPath, ["--import", "tsx", `${root}scripts/estimate.ts`, ...args], {
      cwd: root,
      env: { ...process.env, EDGE_CONFIG: "edge.config.example.json" },
    });

  it("prints a table, or JSON with whole units", async () => {
    const files = ["--catalog", fixture("catalog.json"), "--ip-catalog", fixture("ip-catalog.json")];
    const [people, machines] = await Promise.all([command(...files), command(...files, "--json")]);
    expect([people.status, people.stdout]).toEqual([
      0,
      expect.stringMatching(/^total +0\.0246 +19\.16 +-$/m),
    ]);
    expect(JSON.parse(machines.stdout)).toMatchObject({
      currency: "EUR",
      taxRate: 20,
      monthByHour: 1_915_800_000,
    });
  });

  it("ends with 1 and the reason", async () => {
    const { status, stderr, stdout } = await command("--catalog", fixture("ip-catalog.json"));
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain('edges[0].flavor must be a flavor of the catalogue, got "b3-8"');
  });
});
