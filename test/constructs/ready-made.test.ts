import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import { OvhProvider } from "@cdktf/provider-ovh/lib/provider";
import { type App, TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { FailoverEdge, type FailoverEdgeProps } from "../../lib/constructs/failover-edge.js";
import { InstanceGroup } from "../../lib/constructs/instance-group.js";
import { PrivateNetwork } from "../../lib/constructs/private-network.js";
import { SshKey } from "../../lib/constructs/ssh-key.js";
import { example } from "../config/example.js";
import { adopted } from "../config/existing.js";
import { synthesizeStack } from "./synthesized.js";

type ReadyMade = Pick<FailoverEdgeProps, "internalNetwork" | "sshKey" | "instanceGroup">;

const credentials = { applicationKey: "x", applicationSecret: "x", consumerKey: "x" };
const PUBLIC_KEY = "ssh.publicKeyPath";

/** A stack with an edge that is handed what `build` makes. */
const stackWith = (config: unknown, build: (stack: TerraformStack) => ReadyMade) =>
  synthesizeStack((app: App) => {
    const stack = new TerraformStack(app, "shop");
    new OvhProvider(stack, "ovh");
    new NullProvider(stack, "null");
    const props = { config: parseConfig(config), carpPassword: "x", credentials, ...build(stack) };
    const { internalNetwork } = new FailoverEdge(stack, "edge", props);
    new TerraformOutput(stack, "behind", { value: internalNetwork.networkId });
    return stack;
  });

const EDGES = ["bi-edge-sbg-1", "bi-edge-sbg-2"].map((name) => `shop/edge/${name}`);

describe("what a stack has already", () => {
  it("is used by the edges in place of parts of their own", () => {
    const project = { serviceName: "p", region: "SBG5" };
    const stack = stackWith(example({ [PUBLIC_KEY]: undefined }), (made) => ({
      internalNetwork: new PrivateNetwork(made, "lan", {
        ...project,
        name: "lan",
        vlanId: 7,
        cidr: "10.10.0.0/16",
        dhcp: true,
      }),
      sshKey: new SshKey(made, "ops", { ...project, name: "ops", publicKey: "ssh-ed25519 A" }),
      instanceGroup: new InstanceGroup(made, "apart", { ...project, name: "apart" }),
    }));
    const id = (path: string, attribute = "id") => `\${${stack.at(path).address}.${attribute}}`;
    for (const edge of EDGES) {
      const { networks, ...instance } = stack.block(`${edge}/instance`);
      expect(instance).toMatchObject({
        ssh_key_name: id("shop/ops/key", "name"),
        group_id: id("shop/apart/group"),
      });
      expect(networks[1]).toMatchObject({
        network_id: id("shop/lan/network"),
        subnet_id: id("shop/lan/subnet"),
      });
    }
    expect(stack.types()).toMatchObject({
      ovh_cloud_network_private_vrack: 2,
      ovh_cloud_ssh_key: 1,
      ovh_cloud_instance_group: 1,
    });
    expect(stack.json.output.behind.value).toBe(id("shop/lan/network"));
  });

  it("may be unknown until Terraform runs", () => {
    const stack = stackWith(example({ [PUBLIC_KEY]: undefined }), (made) => {
      const text = (name: string) => new TerraformVariable(made, name, { type: "string" }).stringValue;
      const network = { networkId: text("network"), subnetId: text("subnet") };
      return {
        internalNetwork: PrivateNetwork.fromAttributes(network),
        sshKey: SshKey.fromName(text("key")),
        instanceGroup: InstanceGroup.fromId(text("group")),
      };
    });
    const { networks, ...instance } = stack.block(`${EDGES[0]}/instance`);
    expect(instance).toMatchObject({ ssh_key_name: "${var.key}", group_id: "${var.group}" });
    expect(networks[1]).toMatchObject({ network_id: "${var.network}", subnet_id: "${var.subnet}" });
    const mac = Object.entries<string>(stack.json.locals).find(([name]) => name.includes("mac-internal"));
    expect(mac?.[1]).toContain('a.network == "${var.network}"');
    expect(stack.text).not.toContain("TfToken");
  });
});

describe("a part that is handed in", () => {
  const network = { networkId: "net-1", subnetId: "sub-1" };
  const sshKey = SshKey.fromName("ops");
  const instanceGroup = InstanceGroup.fromId("group-1");
  const existing = { ...network, cidr: "10.10.0.0/16" };

  it.each<[string, unknown, ReadyMade, string]>([
    [
      "beside a network of the configuration",
      example({ internalNetwork: existing }),
      { internalNetwork: network },
      "internalNetwork must be left out with internalNetwork.networkId in the configuration, got both; remove it, or tell of the network by name, vlanId and cidr there",
    ],
    [
      "as the network that is CARP's",
      example({ carpNetwork: { ...network, cidr: "10.25.0.0/16" } }),
      { internalNetwork: network },
      "internalNetwork.networkId must differ from carpNetwork.networkId in the configuration, got net-1 twice; CARP must not share a network with anything",
    ],
    [
      "beside a public key of the configuration",
      example({ [PUBLIC_KEY]: "~/.ssh/ops.pub" }),
      { sshKey },
      "sshKey must be left out with ssh.publicKeyPath in the configuration, got both; remove one",
    ],
    [
      "as a key of edges that exist",
      adopted(),
      { sshKey },
      "sshKey must be left out where all edges exist already, got one; remove it",
    ],
    [
      "as a group of edges that exist",
      adopted(),
      { instanceGroup },
      "instanceGroup must be left out where all edges exist already, got one; remove it",
    ],
    [
      "by nobody while the agent has the key",
      example({ [PUBLIC_KEY]: undefined, "ssh.privateKeyPath": undefined }),
      {},
      "ssh.publicKeyPath must be set without ssh.privateKeyPath, as edges are created with it, got nothing; name the .pub file of a key that the agent has",
    ],
  ])("%s is refused", (_, config, given, message) => {
    expect(() => stackWith(config, () => given)).toThrow(new Error(message));
  });

  it("stands in for a public key file while the agent has the private one", () => {
    const config = example({ [PUBLIC_KEY]: undefined, "ssh.privateKeyPath": undefined });
    const stack = stackWith(config, () => ({ sshKey }));
    expect(stack.block(`${EDGES[0]}/instance`).ssh_key_name).toBe("ops");
  });
});
