import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PROJECT } from "../ovh-api/simulated.js";
import { TestedType, TestedTypes } from "./tested-types.js";

let types: TestedTypes;
beforeEach(async () => {
  types = await TestedTypes.start({
    seed: { account: { zones: ["example.org"], vrack: "pn-12345", inVrack: false } },
  });
});
afterEach(() => types.stop());

const type = (name: string) => new TestedType(`ovh_${name}`, types.context);
const asked = () =>
  types.api.journal.entries.map(({ method, path }) => `${method} ${path.replace("/1.0", "")}`);

describe("ovh_vrack_cloudproject", () => {
  it("waits for the vRack's task, and is gone after its destruction", async () => {
    const vrack = type("vrack_cloudproject");
    const made = await vrack.create({ service_name: "pn-12345", project_id: PROJECT });
    expect(made).toEqual({
      id: `vrack_pn-12345-cloudproject_${PROJECT}`,
      service_name: "pn-12345",
      project_id: PROJECT,
    });
    expect(await vrack.read(made)).toEqual(made);
    await vrack.delete(made);
    expect(await vrack.read(made)).toBeNull();
    expect(types.project.vracks.of(PROJECT)).toBeUndefined();
  });
});

describe("ovh_domain_zone_record", () => {
  const record = { zone: "example.org", subdomain: "edge", fieldtype: "A", target: "192.0.2.1", ttl: 60 };

  it("is made, changed and deleted with a refresh of the zone after each", async () => {
    const dns = type("domain_zone_record");
    const made = await dns.create(record);
    expect(await dns.read(made)).toEqual(made);
    expect(types.project.zones.resolve("edge.example.org.")).toEqual(["192.0.2.1"]);
    const changed = await dns.update(made, { target: "192.0.2.2" });
    expect(changed).toEqual({ ...made, target: "192.0.2.2" });
    expect(types.project.zones.resolve("edge.example.org")).toEqual(["192.0.2.2"]);
    await dns.delete(changed);
    expect(await dns.read(changed)).toBeNull();
    expect(types.project.zones.resolve("edge.example.org")).toEqual([]);
    const refreshes = types.api.journal.matching("POST", "/domain/zone/example.org/refresh");
    expect(refreshes).toHaveLength(3);
  });

  it("is made even if the refresh fails, which then nobody hears of", async () => {
    types.project.faults.fail("POST", "/refresh", { status: 500 });
    await type("domain_zone_record").create(record);
    expect(types.project.zones.resolve("edge.example.org")).toEqual([]);
  });
});

describe("ovh_ip_service and ovh_ip_move", () => {
  const plan = [
    {
      plan_code: "ip-failover-ripe",
      duration: "P1M",
      pricing_mode: "default",
      catalog_name: null,
      configuration: [{ label: "country", value: "FR" }],
    },
  ];
  const order = () => type("ip_service").create({ plan, description: "edge" });

  it("order, pay, move, park and terminate an address", async () => {
    const [service, move] = [type("ip_service"), type("ip_move")];
    const made = await order();
    expect(made).toMatchObject({
      id: "ip-198.51.100.101",
      ip: "198.51.100.101/32",
      description: "edge",
      country: "fr",
      routed_to: [],
    });
    expect(await service.read(made)).toEqual(made);
    const moved = await move.create({ ip: made.ip, routed_to: [{ service_name: PROJECT }] });
    expect(moved).toMatchObject({ id: "9000001", task_status: "done", service_name: "ip-198.51.100.101" });
    expect(await move.read(moved)).toEqual(moved);
    expect(types.project.failoverIps.list().map(({ ip }) => ip)).toContain("198.51.100.101");
    await move.delete(moved);
    expect(types.project.failoverIps.list().map(({ ip }) => ip)).not.toContain("198.51.100.101");
    await service.delete(made);
    expect(await service.read(made)).toBeNull();
    expect(types.project.leftovers()).toEqual([]);
    expect(asked().filter((line) => /order|pay|move|park|terminat/i.test(line))).toEqual([
      "POST /order/cart",
      expect.stringMatching(/^POST \/order\/cart\/[^/]+\/assign$/),
      expect.stringMatching(/^POST \/order\/cart\/[^/]+\/ip$/),
      expect.stringMatching(/^POST \/order\/cart\/[^/]+\/item\/\d+\/configuration$/),
      "GET /me/payment/method",
      expect.stringMatching(/^POST \/order\/cart\/[^/]+\/checkout$/),
      expect.stringMatching(/^POST \/me\/order\/\d+\/pay$/),
      expect.stringMatching(/^GET \/me\/order\/\d+\/status$/),
      expect.stringMatching(/^GET \/me\/order\/\d+\/details$/),
      expect.stringMatching(/^GET \/me\/order\/\d+\/details\/\d+\/extension$/),
      expect.stringMatching(/^GET \/me\/order\/\d+\/details\/\d+$/),
      "POST /ip/198.51.100.101%2F32/move",
      "POST /ip/198.51.100.101%2F32/park",
      "POST /ip/service/ip-198.51.100.101/terminate",
      "POST /ip/service/ip-198.51.100.101/confirmTermination",
    ]);
  });

  it("order nothing without a payment method", async () => {
    types.project.orders.paymentMethods = [];
    await expect(order()).rejects.toThrow("could not order ip: no default payment found");
    expect(asked().filter((line) => line.endsWith("/pay"))).toEqual([]);
  });

  it("leave an address where it is when it is there already", async () => {
    const routed_to = [{ service_name: PROJECT }];
    await type("ip_move").create({ ip: "146.59.143.231/32", routed_to });
    expect(asked().filter((line) => line.endsWith("/move"))).toEqual([]);
  });
});

describe("ovh_ip_reverse", () => {
  const reverse = { ip: "146.59.143.231/32", ip_reverse: "146.59.143.231", reverse: "edge.example.org." };

  it("is tried again until its name is found, and reads with a dot at its end", async () => {
    await type("domain_zone_record").create({
      zone: "example.org",
      subdomain: "edge",
      fieldtype: "A",
      target: "146.59.143.231",
      ttl: 0,
    });
    types.project.faults.fail("POST", "/reverse", { status: 400, times: 3 });
    const made = await type("ip_reverse").create(reverse);
    expect(await type("ip_reverse").read(made)).toEqual(made);
    expect(types.api.journal.matching("POST", "/reverse").map(({ status }) => status)).toEqual([
      400, 400, 400, 200,
    ]);
    const undotted = await type("ip_reverse").create({ ...reverse, reverse: "edge.example.org" });
    expect(await type("ip_reverse").read(undotted)).toEqual(made);
    await type("ip_reverse").delete(made);
    expect(await type("ip_reverse").read(made)).toBeNull();
  });

  it("gives up when its name is never found", async () => {
    await expect(type("ip_reverse").create(reverse)).rejects.toThrow(
      /^failed to create OVH IP Reverse: retry duration exhausted .*Cannot check if edge\.example\.org\. resolves to 146\.59\.143\.231/,
    );
  });
});

describe("ovh_cloud_security_group", () => {
  const rule = (changes: object) => ({
    direction: "INGRESS",
    ethernet_type: "IPV4",
    protocol: null,
    port_range_min: null,
    port_range_max: null,
    remote_group_id: null,
    remote_ip_prefix: null,
    description: null,
    ...changes,
  });
  const ssh = rule({ protocol: "TCP", port_range_min: 22, port_range_max: 22, description: "SSH" });

  it("is asked for without what is null, read as it was asked for, and changed in place", async () => {
    const group = type("cloud_security_group");
    const made = await group.create({ name: "edges", region: "SBG5", rule: [ssh] });
    expect(types.bodies("POST", `/v2/publicCloud/project/${PROJECT}/securityGroup`)).toEqual([
      {
        targetSpec: {
          name: "edges",
          location: { region: "SBG5" },
          rules: [
            {
              direction: "INGRESS",
              ethernetType: "IPV4",
              protocol: "TCP",
              portRangeMin: 22,
              portRangeMax: 22,
              description: "SSH",
            },
          ],
        },
      },
    ]);
    expect(made).toMatchObject({ resource_status: "READY", rule: [ssh] });
    expect(await group.read(made)).toEqual(made);
    const open = rule({ remote_ip_prefix: "10.25.0.0/16" });
    const changed = await group.update(made, { rule: [ssh, open] });
    expect(changed).toMatchObject({ id: made.id as string, rule: [ssh, open] });
    const bare = await group.update(changed, { rule: null });
    expect(bare).toMatchObject({ rule: null });
    await group.delete(bare);
    expect(await group.read(bare)).toBeNull();
  });
});
