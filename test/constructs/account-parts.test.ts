import { OvhProvider } from "@cdktf/provider-ovh/lib/provider";
import { type App, TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import { describe, expect, it } from "vitest";
import { CarpNetwork } from "../../lib/constructs/carp-network.js";
import { DnsName, ReverseName } from "../../lib/constructs/dns-name.js";
import { EdgeServiceAccounts } from "../../lib/constructs/edge-credentials.js";
import { EdgeInstance } from "../../lib/constructs/edge-instance.js";
import { FailoverIp } from "../../lib/constructs/failover-ip.js";
import { InstanceGroup } from "../../lib/constructs/instance-group.js";
import { IpOrder } from "../../lib/constructs/ip-order.js";
import { PrivateNetwork } from "../../lib/constructs/private-network.js";
import { RegionCatalog } from "../../lib/constructs/region-catalog.js";
import { SecurityGroup } from "../../lib/constructs/security-group.js";
import { SshKey } from "../../lib/constructs/ssh-key.js";
import { VrackAttachment } from "../../lib/constructs/vrack-attachment.js";
import { synthesizeStack } from "./synthesized.js";

const stackWith = (build: (stack: TerraformStack) => void) =>
  synthesizeStack((app: App) => {
    const stack = new TerraformStack(app, "parts");
    new OvhProvider(stack, "ovh");
    build(stack);
    return stack;
  });

const ORDER = { serviceName: "p", country: "FR", acceptCost: true };

describe("an order of an address", () => {
  it.each([false, undefined])("is refused with acceptCost %s", (acceptCost) => {
    expect(() =>
      stackWith((stack) => {
        FailoverIp.order(stack, "ip", { ...ORDER, acceptCost: acceptCost as boolean });
      }),
    ).toThrow(
      `acceptCost must be true to order an address, got ${acceptCost}; set it, or adopt an address that the project has`,
    );
  });

  it("is parked, moved to the project, and looked up there after that", () => {
    const stack = stackWith((made) => {
      const ip = FailoverIp.order(made, "ip", { ...ORDER, description: "edge" });
      new TerraformOutput(made, "address", { value: ip.address });
    });
    const service = stack.at("parts/ip-order/service");
    const move = stack.at("parts/ip-order/move");
    expect(stack.block("parts/ip-order/service")).toEqual({
      description: "edge",
      plan: {
        plan_code: "ip-failover-ripe",
        duration: "P1M",
        pricing_mode: "default",
        configuration: [
          { label: "country", value: "FR" },
          { label: "destination", value: "parking" },
        ],
      },
      lifecycle: { ignore_changes: ["plan"], prevent_destroy: true },
    });
    expect(stack.block("parts/ip-order/move")).toEqual({
      ip: `\${${service.address}.ip}`,
      routed_to: { service_name: "p" },
      lifecycle: { ignore_changes: ["routed_to"] },
    });
    expect(stack.block("parts/ip/lookup")).toMatchObject({ service_name: "p", depends_on: [move.address] });
    expect(stack.resolved(stack.json.output.address.value)).toContain(
      `split(\\"/\\", ${service.address}.ip)[0]`,
    );
  });

  it.each([
    [
      false,
      "A destroy is refused while it is in the stack; docs/ordering.md tells how to keep the address or give it away.",
    ],
    [true, "A destroy terminates the service: the address is given away for good."],
  ])("warns of its cost, and of what a destroy does with terminateOnDestroy %s", (terminateOnDestroy, end) => {
    const stack = stackWith((made) => {
      new IpOrder(made, "order", { ...ORDER, terminateOnDestroy });
    });
    expect(stack.block("parts/order/service").lifecycle.prevent_destroy).toBe(!terminateOnDestroy);
    expect(stack.annotations).toEqual([
      {
        constructPath: "parts/order",
        level: "@cdktf/warn",
        message: `The FailOver IP is ordered (plan ip-failover-ripe): the first deploy pays it by the account's default payment method, and OVH bills it each month. ${end}`,
      },
    ]);
  });
});

describe("a security group", () => {
  it("lets in what its rules say, and keeps its id known while they change", () => {
    const stack = stackWith((made) => {
      const group = new SecurityGroup(made, "firewall", {
        serviceName: "p",
        region: "SBG5",
        name: "edges",
        rules: [
          { protocol: "tcp", port: 22, description: "SSH" },
          { protocol: "udp", port: 51820, lastPort: 51830, from: "192.0.2.0/24" },
          { from: "10.25.0.0/16" },
        ],
      });
      new TerraformOutput(made, "id", { value: group.securityGroupId });
    });
    const rule = { direction: "INGRESS", ethernet_type: "IPV4" };
    expect(stack.block("parts/firewall/group")).toEqual({
      service_name: "p",
      region: "SBG5",
      name: "edges",
      rule: [
        { ...rule, protocol: "TCP", port_range_min: 22, port_range_max: 22, description: "SSH" },
        {
          ...rule,
          protocol: "UDP",
          port_range_min: 51820,
          port_range_max: 51830,
          remote_ip_prefix: "192.0.2.0/24",
        },
        { ...rule, remote_ip_prefix: "10.25.0.0/16" },
      ],
    });
    expect(stack.block("parts/firewall/id")).toEqual({
      input: `\${${stack.at("parts/firewall/group").address}.id}`,
      triggers_replace: ["SBG5", "p"],
      lifecycle: { ignore_changes: ["input"] },
    });
    expect(stack.json.output.id.value).toBe(`\${${stack.at("parts/firewall/id").address}.output}`);
  });

  it("without rules lets nothing in", () => {
    const stack = stackWith((made) => {
      new SecurityGroup(made, "firewall", { serviceName: "p", region: "SBG5", name: "edges" });
    });
    expect(stack.block("parts/firewall/group")).toEqual({ service_name: "p", region: "SBG5", name: "edges" });
  });
});

describe("a DNS name and its reverse", () => {
  it("are a record and a reverse with a dot at its end, which waits for the record", () => {
    const stack = stackWith((made) => {
      const name = new DnsName(made, "dns", {
        zone: "example.org",
        name: "edge",
        address: "192.0.2.7",
        ttl: 60,
      });
      new ReverseName(made, "reverse", { address: "192.0.2.7", name: name.fullName, dependsOn: [name] });
    });
    expect(stack.block("parts/dns/record")).toEqual({
      zone: "example.org",
      subdomain: "edge",
      fieldtype: "A",
      target: "192.0.2.7",
      ttl: 60,
    });
    expect(stack.block("parts/reverse/reverse")).toEqual({
      ip: "192.0.2.7/32",
      ip_reverse: "192.0.2.7",
      reverse: "edge.example.org.",
      readiness_timeout_duration: "5m",
      depends_on: [stack.at("parts/dns/record").address],
    });
  });

  it("of the zone itself has no subdomain, and takes the zone's own TTL", () => {
    const stack = stackWith((made) => {
      const { fullName } = new DnsName(made, "dns", { zone: "example.org", name: "", address: "192.0.2.7" });
      expect(fullName).toBe("example.org");
      new ReverseName(made, "reverse", { address: "192.0.2.9", block: "192.0.2.8/30", name: `${fullName}.` });
    });
    expect(stack.block("parts/dns/record")).toEqual({
      zone: "example.org",
      fieldtype: "A",
      target: "192.0.2.7",
      ttl: 0,
    });
    expect(stack.block("parts/reverse/reverse")).toMatchObject({
      ip: "192.0.2.8/30",
      ip_reverse: "192.0.2.9",
      reverse: "example.org.",
    });
  });
});

describe("what exists already", () => {
  it("is used as it is: nothing is made or looked up for it", () => {
    const stack = stackWith((made) => {
      const network = { networkId: "net-1", subnetId: "sub-1" };
      expect(PrivateNetwork.fromAttributes(network)).toEqual(network);
      expect(CarpNetwork.fromAttributes(network)).toEqual(network);
      const ip = { address: "192.0.2.7", failoverIpId: "fo-1" };
      expect(FailoverIp.fromAttributes(ip)).toEqual(ip);
      expect(SshKey.fromName("ops")).toEqual({ name: "ops" });
      expect(InstanceGroup.fromId("g-1")).toEqual({ groupId: "g-1" });
      expect(SecurityGroup.fromId("sg-1")).toEqual({ securityGroupId: "sg-1" });
      const macs = { external: "a", internal: "b", carp: "c" };
      const edge = { instanceId: "i-1", publicAddress: "192.0.2.1", macs };
      expect(EdgeInstance.fromAttributes(edge)).toEqual(edge);
      new TerraformOutput(made, "none", { value: "" });
    });
    expect(stack.all()).toEqual([]);
  });
});

describe("props from other resources", () => {
  /** A text or a number that only Terraform knows. */
  class Unknown {
    readonly names: string[] = [];
    constructor(private readonly stack: TerraformStack) {}
    private variable(type: "string" | "number"): TerraformVariable {
      const name = `v${this.names.length}`;
      this.names.push(name);
      return new TerraformVariable(this.stack, name, { type });
    }
    text = (): string => this.variable("string").stringValue;
    number = (): number => this.variable("number").numberValue;
  }

  it("may be unknown until Terraform runs, every one of them", () => {
    let names: string[] = [];
    const stack = stackWith((made) => {
      const some = new Unknown(made);
      const { text, number } = some;
      const project = { serviceName: text(), region: text() };
      const network = new PrivateNetwork(made, "net", {
        ...project,
        name: text(),
        vlanId: number(),
        cidr: text(),
        dhcp: true,
      });
      const carpNetwork = PrivateNetwork.fromAttributes({ networkId: text(), subnetId: text() });
      new CarpNetwork(made, "carp", { ...project, name: text(), vlanId: number(), cidr: text() });
      const group = new InstanceGroup(made, "group", { ...project, name: text() });
      const key = new SshKey(made, "key", { serviceName: text(), name: text(), publicKey: text() });
      const firewall = new SecurityGroup(made, "firewall", {
        ...project,
        name: text(),
        rules: [{ protocol: text(), port: number(), lastPort: number(), from: text(), description: text() }],
      });
      const catalog = new RegionCatalog(made, "catalog", project);
      const edge = new EdgeInstance(made, "edge", {
        ...project,
        name: text(),
        availabilityZone: text(),
        flavorId: catalog.flavorId(text()),
        imageId: catalog.imageId(text()),
        groupId: group.groupId,
        sshKeyName: key.name,
        internalNetwork: network,
        internalAddress: text(),
        carpNetwork,
        securityGroupIds: [firewall.securityGroupId, text()],
      });
      const ip = FailoverIp.fromAddress(made, "ip", { serviceName: text(), address: text() });
      ip.attachOnce({ instanceId: edge.instanceId });
      const ordered = FailoverIp.order(made, "ordered", {
        serviceName: text(),
        country: text(),
        planCode: text(),
        description: text(),
        acceptCost: true,
      });
      new VrackAttachment(made, "vrack", { serviceName: text(), vrack: text() });
      const name = new DnsName(made, "dns", {
        zone: text(),
        name: text(),
        address: ordered.address,
        ttl: number(),
      });
      new ReverseName(made, "reverse", { address: text(), block: text(), name: name.fullName });
      new EdgeServiceAccounts(made, "accounts", {
        names: ["2026-11"],
        prefix: text(),
        serviceName: text(),
        endpoint: "ovh-eu",
        addresses: [text(), edge.publicAddress],
      });
      names = some.names;
    });
    for (const name of names) expect(stack.text, name).toMatch(new RegExp(`\\$\\{[^}]*\\bvar\\.${name}\\b`));
    expect(names.length).toBeGreaterThan(38);
    expect(stack.text).not.toMatch(/TfToken|-1\.888/);
    expect(JSON.stringify(stack.annotations)).not.toContain("TfToken");
  });

  it("are brought into OVH's form by Terraform, as known ones are here", () => {
    const stack = stackWith((made) => {
      const { text } = new Unknown(made);
      const name = new DnsName(made, "dns", { zone: "example.org", name: text(), address: "192.0.2.7" });
      new ReverseName(made, "reverse", { address: "192.0.2.7", name: text() });
      const rules = [{ protocol: text() }];
      new SecurityGroup(made, "firewall", { serviceName: "p", region: "SBG5", name: "edges", rules });
      new TerraformOutput(made, "name", { value: name.fullName });
      FailoverIp.fromAddress(made, "ip", { serviceName: "p", address: text() }).attachOnce({
        instanceId: "i",
      });
      new IpOrder(made, "order", { ...ORDER, planCode: text() });
    });
    for (const what of ["lookup", "attach"]) {
      expect(stack.block(`parts/ip/${what}`).ip).toBe('${element(split("/", var.v3), 0)}');
    }
    expect(stack.json.output.name.value).toBe('${join(".", compact([var.v0, "example.org"]))}');
    expect(stack.block("parts/reverse/reverse").reverse).toBe('${trimsuffix(var.v1, ".")}.');
    expect(stack.block("parts/firewall/group").rule[0].protocol).toBe("${upper(var.v2)}");
    expect(stack.annotations[0]?.message).toMatch(/^The FailOver IP is ordered: the first deploy pays it /);
  });

  it("cannot name service accounts, as those are called by their constructs", () => {
    expect(() =>
      stackWith((made) => {
        const names = ["2026-10", new Unknown(made).text()];
        const props = { prefix: "p", serviceName: "p", endpoint: "ovh-eu", addresses: [] } as const;
        new EdgeServiceAccounts(made, "accounts", { names, ...props });
      }),
    ).toThrow(
      new Error(
        "names[1] must be known when the stack is synthesized, as resources are called by it, got a value that only Terraform knows; write the name down",
      ),
    );
  });
});
