import { OvhProvider } from "@cdktf/provider-ovh/lib/provider";
import { type App, TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import { describe, expect, it } from "vitest";
import { CarpNetwork } from "../../lib/constructs/carp-network.js";
import { EdgeInstance } from "../../lib/constructs/edge-instance.js";
import { FailoverIp, reference } from "../../lib/constructs/failover-ip.js";
import { PrivateNetwork } from "../../lib/constructs/private-network.js";
import { RegionCatalog } from "../../lib/constructs/region-catalog.js";
import { sshConnection } from "../../lib/constructs/ssh-connection.js";
import { example } from "../config/example.js";
import { synthesize, synthesizeStack } from "./synthesized.js";

const PROJECT = { serviceName: "p", region: "SBG5" };

/** A stack with one provider and what `build` adds. */
const stackWith = (build: (stack: TerraformStack) => void) =>
  synthesizeStack((app: App) => {
    const stack = new TerraformStack(app, "parts");
    new OvhProvider(stack, "ovh");
    build(stack);
    return stack;
  });

describe("a region's catalog", () => {
  const catalogOf = (build: (catalog: RegionCatalog) => string[]) =>
    stackWith((stack) => {
      const values = build(new RegionCatalog(stack, "catalog", PROJECT));
      values.forEach((value, index) => {
        new TerraformOutput(stack, `v${index}`, { value });
      });
    });
  const message = (what: string, of: string, name: string) =>
    `edges[].${what} must be the name of ${of} of region SBG5, got ${name}; it has \${join(", ", sort(distinct([for one in self.${what}s : one.name])))}`;

  it("stops a plan with the region's whole list when a name is not in it", () => {
    const stack = catalogOf((catalog) => [catalog.flavorId("b3-8"), catalog.imageId("OpenBSD 7.8")]);
    expect(stack.block("parts/catalog/flavors")).toEqual({
      service_name: "p",
      region: "SBG5",
      lifecycle: {
        postcondition: [
          {
            condition: '${contains([for one in self.flavors : one.name], "b3-8")}',
            error_message: message("flavor", "a flavor", "b3-8"),
          },
        ],
      },
    });
    expect(stack.block("parts/catalog/images").lifecycle.postcondition).toEqual([
      {
        condition: '${contains([for one in self.images : one.name], "OpenBSD 7.8")}',
        error_message: message("image", "an image", "OpenBSD 7.8"),
      },
    ]);
  });

  it("checks each name once, however many edges have it", () => {
    const stack = catalogOf((catalog) => ["b3-8", "b3-16", "b3-8"].map((name) => catalog.flavorId(name)));
    expect(
      stack
        .block("parts/catalog/flavors")
        .lifecycle.postcondition.map(({ error_message }: { error_message: string }) => error_message),
    ).toEqual([message("flavor", "a flavor", "b3-8"), message("flavor", "a flavor", "b3-16")]);
  });

  it("takes the newest of several images of one name", () => {
    const stack = catalogOf((catalog) => [catalog.imageId("OpenBSD 7.8")]);
    const { address } = stack.at("parts/catalog/images");
    expect(stack.json.output.v0.value).toBe(
      `\${split("|", reverse(sort([for i in ${address}.images : "\${i.created_at}|\${i.id}" if i.name == "OpenBSD 7.8"]))[0])[1]}`,
    );
  });

  it("is asked for each edge's own flavor and image", () => {
    const stack = synthesize(example({ "edges[1].flavor": "b3-16", "edges[1].image": "OpenBSD 7.9" }));
    expect(stack.block("edge/edge/catalog/flavors").lifecycle.postcondition).toHaveLength(2);
    expect(stack.block("edge/edge/catalog/images").lifecycle.postcondition).toHaveLength(2);
    expect(stack.block("edge/edge/bi-edge-sbg-2/instance").flavor_id).toContain('f.name == "b3-16"');
    expect(stack.block("edge/edge/bi-edge-sbg-2/instance").image_id).toContain('i.name == "OpenBSD 7.9"');
  });
});

describe("a FailOver IP", () => {
  it("is looked up by its address, and only that where nobody attaches it", () => {
    const stack = stackWith((made) => {
      const ip = FailoverIp.fromAddress(made, "ip", { serviceName: "p", address: "192.0.2.7" });
      expect(ip.address).toBe("192.0.2.7");
    });
    expect(stack.all().map(({ path }) => path)).toEqual(["parts/ip/lookup"]);
  });

  it("has no holder to refer to before it is attached", () => {
    stackWith((made) => {
      const ip = FailoverIp.fromAddress(made, "ip", { serviceName: "p", address: "192.0.2.7" });
      expect(() => ip.holderReference()).toThrow(new Error("holderReference needs attachOnce first"));
      const attached = ip.attachOnce({ instanceId: "i" });
      expect(ip.holderReference()).toBe(reference(attached, "routed_to"));
      expect(ip.holderReference()).toMatch(
        /^ovh_cloud_project_failover_ip_attach\.ip_attach_[0-9A-F]{8}\.routed_to$/,
      );
    });
  });
});

describe("a private network", () => {
  const props = { ...PROJECT, name: "n", vlanId: 0, cidr: "10.0.0.0/24" };

  it("that exists is taken by its ids, and nothing more of it", () => {
    const attributes = { networkId: "n", subnetId: "s", cidr: "10.0.0.0/24" };
    expect(PrivateNetwork.fromAttributes(attributes)).toEqual({ networkId: "n", subnetId: "s" });
  });

  it("can have the VLAN id 0", () => {
    const stack = stackWith((made) => {
      new PrivateNetwork(made, "n", { ...props, dhcp: true });
    });
    expect(stack.block("parts/n/network").vlan_id).toBe(0);
  });

  it("for CARP never gives out addresses", () => {
    const stack = stackWith((made) => {
      new CarpNetwork(made, "n", props);
    });
    expect(stack.block("parts/n/subnet").dhcp_enabled).toBe(false);
  });
});

describe("an edge's instance", () => {
  it("that exists is taken as it is told", () => {
    const attributes = {
      instanceId: "i",
      publicAddress: "192.0.2.1",
      macs: { external: "a", internal: "b", carp: "c" },
    };
    expect(EdgeInstance.fromAttributes(attributes)).toBe(attributes);
  });

  it("asks for an internal address only when it is told one", () => {
    const stack = stackWith((made) => {
      new EdgeInstance(made, "i", {
        ...PROJECT,
        name: "i",
        flavorId: "f",
        imageId: "g",
        sshKeyName: "k",
        internalNetwork: { networkId: "in", subnetId: "is" },
        carpNetwork: { networkId: "cn", subnetId: "cs" },
      });
    });
    expect(stack.block("parts/i/instance").networks).toEqual([
      { auto_assign_public_ip: true },
      { network_id: "in", subnet_id: "is" },
      { network_id: "cn", subnet_id: "cs" },
    ]);
  });

  it("finds its MAC address on a network whose id only Terraform knows", () => {
    const stack = stackWith((made) => {
      const id = new TerraformVariable(made, "net", { type: "string" }).stringValue;
      const { macs } = new EdgeInstance(made, "i", {
        ...PROJECT,
        name: "i",
        flavorId: "f",
        imageId: "g",
        sshKeyName: "k",
        internalNetwork: { networkId: "in", subnetId: "is" },
        carpNetwork: { networkId: id, subnetId: "cs" },
      });
      expect(macs.carp).not.toBe(macs.internal);
    });
    const local = (name: string) =>
      Object.entries<string>(stack.json.locals).find(([id]) => id.startsWith(`i_mac-${name}_`))?.[1];
    expect(local("carp")).toContain('a.mac if a.network == "${var.net}" && a.type != "public"');
    expect(local("internal")).toContain('a.mac if a.network == "in" && a.type != "public"');
  });
});

describe("an SSH connection", () => {
  const target = { host: "192.0.2.1", user: "root", port: 22 };

  it.each([
    ["by the agent", {}, { agent: "true" }],
    [
      "by a key file",
      { privateKeyPath: "~/k" },
      { agent: "false", privateKey: '${file(pathexpand("~/k"))}' },
    ],
    ["to a known host", { hostKey: "ssh-ed25519 A" }, { agent: "true", hostKey: "ssh-ed25519 A" }],
  ])("%s has just what it needs", (_, changes, expected) => {
    expect(sshConnection({ ...target, ...changes }, "./x.sh")).toEqual({
      type: "ssh",
      ...target,
      timeout: "10m",
      scriptPath: "./x.sh",
      ...expected,
    });
  });
});
