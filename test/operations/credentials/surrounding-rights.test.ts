import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../../lib/config/load.js";
import { covers, ruleText, uncovered } from "../../../lib/operations/credentials/access-rule.js";
import { deployerRights } from "../../../lib/operations/credentials/rights.js";
import { surroundingRights } from "../../../lib/operations/credentials/surrounding-rights.js";
import { example } from "../../config/example.js";
import { PROJECT } from "../../simulator/ovh-api/simulated.js";
import { TestedType, TestedTypes } from "../../simulator/provider/tested-types.js";

const dns = { zone: "example.org", name: "edge" };
const ssh = { protocol: "tcp", port: 22 };
const EVERYTHING = example({
  project: PROJECT,
  failoverIp: { order: { country: "FR", acceptCost: true }, dns, reverse: "edge.example.org" },
  vrack: "pn-12345",
  securityGroups: [{ name: "edges", rules: [ssh] }],
});

let types: TestedTypes;
beforeEach(async () => {
  types = await TestedTypes.start({
    seed: { account: { zones: ["example.org"], vrack: "pn-12345", inVrack: false } },
  });
});
afterEach(() => types.stop());

/** Makes, changes and destroys all that a configuration may have around its edges. */
async function useAll(): Promise<void> {
  const type = (name: string) => new TestedType(`ovh_${name}`, types.context);
  const [vrack, group, service] = [
    type("vrack_cloudproject"),
    type("cloud_security_group"),
    type("ip_service"),
  ];
  const [move, record, reverse] = [type("ip_move"), type("domain_zone_record"), type("ip_reverse")];
  const joined = await vrack.create({ service_name: "pn-12345", project_id: PROJECT });
  const firewall = await group.update(await group.create({ name: "edges", region: "SBG5", rule: null }), {
    name: "firewall",
  });
  const configuration = [{ label: "country", value: "FR" }];
  const plan = { plan_code: "ip-failover-ripe", duration: "P1M", pricing_mode: "default", configuration };
  const ordered = await service.create({ plan: [{ catalog_name: null, ...plan }] });
  const moved = await move.create({ ip: ordered.ip, routed_to: [{ service_name: PROJECT }] });
  const target = (ordered.ip as string).split("/")[0] as string;
  const wanted = { zone: "example.org", subdomain: "edge", fieldtype: "A", target, ttl: 0 };
  const named = await record.update(await record.create(wanted), { ttl: 60 });
  const back = await reverse.create({ ip: ordered.ip, ip_reverse: target, reverse: "edge.example.org." });
  await reverse.read(back);
  for (const [one, state] of [
    [reverse, back],
    [record, named],
    [move, moved],
    [service, ordered],
    [group, firewall],
    [vrack, joined],
  ] as const) {
    await one.delete(state);
  }
}

/** The calls that were made, as rights name them. */
const made = () =>
  types.api.journal.entries
    .map(({ method, path }) => ({ method, path: path.replace(/^\/1\.0/, "") }))
    .filter(({ path }) => path !== "/auth/time");

describe("the deployer's rights to what is around the edges", () => {
  it("are what an order, a vRack, names and security groups ask for: all of it, and nothing else", async () => {
    await useAll();
    const rights = surroundingRights(parseConfig(EVERYTHING));
    expect(uncovered(made(), rights).map(ruleText)).toEqual([]);
    const idle = rights.filter((right) => !made().some((call) => covers(right, call)));
    expect(idle.map(ruleText)).toEqual([]);
  });

  it("do not cover each other", () => {
    const rights = deployerRights(parseConfig(EVERYTHING), "IP");
    const doubled = rights.filter((right) => rights.some((other) => other !== right && covers(other, right)));
    expect(doubled.map(ruleText)).toEqual([]);
  });

  it("are none where the configuration asks for none of it", () => {
    expect(surroundingRights(parseConfig(example()))).toEqual([]);
    expect(surroundingRights(parseConfig(example({ securityGroups: [{ id: "sg-1" }] })))).toEqual([]);
  });

  it("read a reverse where no order lets them read addresses", () => {
    const rights = surroundingRights(parseConfig(example({ "failoverIp.reverse": "edge.example.org" })));
    expect(rights.map(ruleText)).toEqual([
      "POST /ip/*/reverse",
      "GET /ip/*/reverse/*",
      "DELETE /ip/*/reverse/*",
    ]);
  });
});
