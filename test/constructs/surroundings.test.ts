import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { EdgeStack } from "../../lib/constructs/edge-stack.js";
import { example } from "../config/example.js";
import { synthesize, synthesizeStack } from "./synthesized.js";

const ORDER = { country: "FR", acceptCost: true };
const NAMED = { dns: { zone: "example.org", name: "edge", ttl: 60 }, reverse: "edge.example.org" };

describe("an edge whose FailOver IP is ordered", () => {
  const stack = () => synthesize(example({ failoverIp: { order: ORDER, ...NAMED } }));

  it("orders it, moves it to the project, looks it up and attaches it after that", () => {
    const made = stack();
    expect(made.block("edge/edge/failover-ip-order/move").routed_to).toEqual({
      service_name: example().project,
    });
    expect(made.block("edge/edge/failover-ip/lookup").depends_on).toEqual([
      made.at("edge/edge/failover-ip-order/move").address,
    ]);
    const address = made.json.output.failover_ip.value.slice(2, -1);
    expect(made.block("edge/edge/failover-ip/attach").ip).toBe(`\${element(split("/", ${address}), 0)}`);
  });

  it("is named after its region and vhid, as nobody knows the address yet", () => {
    expect(stack().block("edge/edge/ssh-key").name).toBe("edge-sbg5-1");
    expect(stack().block("edge/edge/group").name).toBe("edge-sbg5-1");
  });

  it("fills the address in where the files name it", () => {
    const made = stack();
    const local = /\$\{(local\.\S+)\}/.exec(made.json.output.failover_ip.value)?.[1];
    const files = Object.values<string>(made.json.locals).filter((value) =>
      String(value).includes(`"@@failover_ip@@", ${local}`),
    );
    expect(files.length).toBeGreaterThanOrEqual(2);
  });

  it("warns of the cost in the plan, once", () => {
    expect(stack().annotations.filter(({ message }) => message.includes("bills"))).toHaveLength(1);
  });

  it("is refused by the construct as well when nobody accepts the cost", () => {
    const config = parseConfig(example({ failoverIp: { order: ORDER } }));
    const [ip] = config.failoverIps;
    const careless = { ...config, failoverIps: [{ ...ip, order: { ...ip.order, acceptCost: undefined } }] };
    expect(() =>
      synthesizeStack((app) => new EdgeStack(app, "edge", { config: careless as unknown as typeof config })),
    ).toThrow("acceptCost must be true to order an address, got false");
  });
});

describe("an edge whose FailOver IP exists", () => {
  it("orders nothing, and names nothing unless that is asked for", () => {
    const { resource } = synthesize(example()).json;
    for (const type of ["ip_service", "ip_move", "ip_reverse", "domain_zone_record", "vrack_cloudproject"]) {
      expect(resource[`ovh_${type}`], type).toBeUndefined();
    }
    expect(resource.ovh_cloud_security_group).toBeUndefined();
  });

  it("has a record, and a reverse that waits for it, in the block that OVH knows it by", () => {
    const made = synthesize(example({ "failoverIp.dns": NAMED.dns, "failoverIp.reverse": NAMED.reverse }));
    const { address } = made.at("edge/edge/failover-ip/lookup");
    expect(made.block("edge/edge/dns/record")).toMatchObject({ target: "146.59.143.231", ttl: 60 });
    expect(made.block("edge/edge/reverse/reverse")).toMatchObject({
      ip: `\${${address}.block}`,
      ip_reverse: "146.59.143.231",
      reverse: "edge.example.org.",
      depends_on: [made.at("edge/edge/dns/record").address],
    });
  });
});

describe("an edge in a vRack that it names", () => {
  it("makes its networks once the project is in it, and so takes them away before", () => {
    const made = synthesize(example({ vrack: "pn-12345" }));
    const { address, block } = made.at("edge/edge/vrack/project");
    expect(block).toMatchObject({ service_name: "pn-12345", project_id: example().project });
    for (const network of ["internal", "carp"]) {
      expect(made.block(`edge/edge/${network}-network/network`).depends_on).toEqual([address]);
    }
  });
});

describe("an edge with security groups", () => {
  const ids = (securityGroups?: unknown) =>
    synthesize(example({ securityGroups })).block("edge/edge/bi-edge-sbg-1/instance").security_group_ids;

  it("has the region's default group, none, or those that exist, as is said", () => {
    expect(ids()).toBeUndefined();
    expect(ids([])).toEqual([]);
    expect(ids([{ id: "sg-1" }])).toEqual(["sg-1"]);
  });

  it("gets one that is created, which lets CARP in by its network beside what is said", () => {
    const ssh = { protocol: "tcp", port: 22 };
    const made = synthesize(example({ securityGroups: [{ name: "edges", rules: [ssh] }] }));
    const rule = { direction: "INGRESS", ethernet_type: "IPV4" };
    expect(made.block("edge/edge/security-group-edges/group").rule).toEqual([
      { ...rule, protocol: "TCP", port_range_min: 22, port_range_max: 22 },
      { ...rule, remote_ip_prefix: "10.25.0.0/16", description: "CARP" },
    ]);
    const { address } = made.at("edge/edge/security-group-edges/id");
    for (const name of ["bi-edge-sbg-1", "bi-edge-sbg-2"]) {
      expect(made.block(`edge/edge/${name}/instance`).security_group_ids).toEqual([`\${${address}.output}`]);
    }
  });
});
