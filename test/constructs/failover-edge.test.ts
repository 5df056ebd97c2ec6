import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import { OvhProvider } from "@cdktf/provider-ovh/lib/provider";
import { type App, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { FailoverEdge } from "../../lib/constructs/failover-edge.js";
import { example, exampleWithEdges } from "../config/example.js";
import { type Json, type Synthesized, synthesize, synthesizeStack } from "./synthesized.js";

const PROJECT = "5a1b7c0d9e8f4a3b2c1d0e9f8a7b6c5d";
const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO";
const A = "bi-edge-sbg-1";
const B = "bi-edge-sbg-2";

let stack: Synthesized;
beforeAll(() => {
  stack = synthesize(example());
});

const ref = (of: Synthesized, path: string, attribute = "id") => `\${${of.at(path).address}.${attribute}}`;

describe("an example's edges", () => {
  it("are made of these resources and nothing else", () => {
    expect(stack.types()).toEqual({
      null_resource: 3,
      ovh_cloud_instance: 2,
      ovh_cloud_instance_group: 1,
      ovh_cloud_network_private_vrack: 2,
      ovh_cloud_network_private_vrack_subnet: 2,
      ovh_cloud_project_failover_ip_attach: 1,
      ovh_cloud_ssh_key: 1,
      terraform_data: 3,
    });
    expect(Object.keys(stack.json.data)).toEqual([
      "ovh_cloud_instance_flavors",
      "ovh_cloud_instance_images",
      "ovh_cloud_project_failover_ip_attach",
    ]);
  });

  it("have names that are contracts: a change of one would replace what it names", () => {
    expect(stack.all().map(({ path, address }) => `${path} = ${address}`)).toMatchInlineSnapshot(`
      [
        "edge/edge/files-bi-edge-sbg-1/deliver = null_resource.edge_files-bi-edge-sbg-1_deliver_659844B3",
        "edge/edge/files-bi-edge-sbg-2/deliver = null_resource.edge_files-bi-edge-sbg-2_deliver_93DD40AB",
        "edge/edge/release/release = null_resource.edge_release_77D81EE6",
        "edge/edge/bi-edge-sbg-1/instance = ovh_cloud_instance.edge_bi-edge-sbg-1_instance_26927509",
        "edge/edge/bi-edge-sbg-2/instance = ovh_cloud_instance.edge_bi-edge-sbg-2_instance_5BC48E5C",
        "edge/edge/group = ovh_cloud_instance_group.edge_group_A04F4193",
        "edge/edge/carp-network/network = ovh_cloud_network_private_vrack.edge_carp-network_A8FB180D",
        "edge/edge/internal-network/network = ovh_cloud_network_private_vrack.edge_internal-network_E2C6B703",
        "edge/edge/carp-network/subnet = ovh_cloud_network_private_vrack_subnet.edge_carp-network_subnet_5A407725",
        "edge/edge/internal-network/subnet = ovh_cloud_network_private_vrack_subnet.edge_internal-network_subnet_13635C7E",
        "edge/edge/failover-ip/attach = ovh_cloud_project_failover_ip_attach.edge_failover-ip_attach_D6B7D510",
        "edge/edge/ssh-key = ovh_cloud_ssh_key.edge_ssh-key_0DED7541",
        "edge/edge/files-bi-edge-sbg-1/removal = terraform_data.edge_files-bi-edge-sbg-1_removal_2CEA7546",
        "edge/edge/files-bi-edge-sbg-2/removal = terraform_data.edge_files-bi-edge-sbg-2_removal_CB707733",
        "edge/edge/salt = terraform_data.edge_salt_710BA4B8",
        "edge/edge/catalog/flavors = data.ovh_cloud_instance_flavors.edge_catalog_flavors_85E04A7F",
        "edge/edge/catalog/images = data.ovh_cloud_instance_images.edge_catalog_images_C118D74A",
        "edge/edge/failover-ip/lookup = data.ovh_cloud_project_failover_ip_attach.edge_failover-ip_lookup_6904C732",
      ]
    `);
  });

  it("are in two private networks, of which only the internal one gives out addresses", () => {
    const network = (name: string, vlan: number) => ({
      service_name: PROJECT,
      region: "SBG5",
      name,
      vlan_id: vlan,
      lifecycle: { ignore_changes: ["name"] },
    });
    const subnet = (name: string, cidr: string, dhcp: boolean) => ({
      service_name: PROJECT,
      region: "SBG5",
      network_id: ref(stack, `edge/edge/${name}-network/network`),
      name,
      cidr,
      dhcp_enabled: dhcp,
    });
    expect(stack.block("edge/edge/internal-network/network")).toEqual(network("internal", 10));
    expect(stack.block("edge/edge/carp-network/network")).toEqual(network("carp", 25));
    expect(stack.block("edge/edge/internal-network/subnet")).toEqual(
      subnet("internal", "10.10.0.0/16", true),
    );
    expect(stack.block("edge/edge/carp-network/subnet")).toEqual(subnet("carp", "10.25.0.0/16", false));
  });

  it("have three interfaces in this order: public, internal, CARP", () => {
    const names = [A, B].map((name) => stack.block(`edge/edge/${name}/instance`));
    expect(names.map(({ networks }) => networks)).toEqual(
      ["10.10.0.11", "10.10.0.12"].map((ip) => [
        { auto_assign_public_ip: true },
        {
          network_id: ref(stack, "edge/edge/internal-network/network"),
          subnet_id: ref(stack, "edge/edge/internal-network/subnet"),
          ip,
        },
        {
          network_id: ref(stack, "edge/edge/carp-network/network"),
          subnet_id: ref(stack, "edge/edge/carp-network/subnet"),
        },
      ]),
    );
  });

  it("are instances whose disk no new image wipes", () => {
    const { networks: _, flavor_id, image_id, ...block } = stack.block(`edge/edge/${A}/instance`);
    expect(block).toEqual({
      service_name: PROJECT,
      name: A,
      region: "SBG5",
      group_id: ref(stack, "edge/edge/group"),
      ssh_key_name: ref(stack, "edge/edge/ssh-key", "name"),
      lifecycle: { ignore_changes: ["image_id"] },
    });
    expect(flavor_id).toContain('f.name == "b3-8"');
    expect(image_id).toContain('i.name == "OpenBSD 7.8"');
  });

  it("are kept apart from each other, and take the deployer's key", () => {
    expect(stack.block("edge/edge/group")).toEqual({
      service_name: PROJECT,
      region: "SBG5",
      name: "edge-146-59-143-231",
      policy: "ANTI_AFFINITY",
      lifecycle: { ignore_changes: ["name"] },
    });
    expect(stack.block("edge/edge/ssh-key")).toEqual({
      service_name: PROJECT,
      name: "edge-146-59-143-231",
      public_key: '${trimspace(file(pathexpand("~/.ssh/id_ed25519.pub")))}',
      lifecycle: { ignore_changes: ["name"] },
    });
  });

  it("adopt the FailOver IP, and route it to the preferred one once and only once", () => {
    expect(stack.block("edge/edge/failover-ip/lookup")).toEqual({
      service_name: PROJECT,
      ip: "146.59.143.231",
    });
    expect(stack.block("edge/edge/failover-ip/attach")).toEqual({
      service_name: PROJECT,
      ip: "146.59.143.231",
      routed_to: ref(stack, `edge/edge/${A}/instance`),
      depends_on: [A, B].map((name) => stack.at(`edge/edge/files-${name}/deliver`).address),
      lifecycle: { ignore_changes: ["routed_to"] },
    });
  });

  it("warn of a FailOver IP that none of them holds, and fail no plan by that", () => {
    const holder = `${stack.at("edge/edge/failover-ip/attach").address}.routed_to`;
    const [instances] = Object.keys(stack.json.locals).filter((name) => name.startsWith("edge_instances_"));
    expect(stack.json.check).toEqual({
      "edge-holds-the-failover-ip": {
        assert: [
          {
            condition: `\${contains(local.${instances}, ${holder})}`,
            error_message: `None of the edges holds 146.59.143.231: it is routed to "\${${holder}}". Run edge-sync status on the edges.`,
          },
        ],
      },
    });
    expect(stack.json.locals[instances as string]).toEqual([
      ref(stack, `edge/edge/${A}/instance`),
      ref(stack, `edge/edge/${B}/instance`),
    ]);
  });

  it("know their public address by what it is, and their MAC addresses by their networks", () => {
    const addresses = (name: string) =>
      `flatten([for n in ${stack.at(`edge/edge/${name}/instance`).address}.current_state.networks : ` +
      "[for a in n.addresses : { ip = a.ip, mac = a.mac, type = a.type, network = n.id } if a.version == 4]])";
    const isPublic = '(a.type == "public" || (a.type == "FIXED" && (a.network == null || a.network == "")))';
    const on = (network: string) =>
      `a.network == "${ref(stack, `edge/edge/${network}-network/network`)}" && a.type != "public"`;
    const locals = Object.fromEntries(
      Object.entries(stack.json.locals).map(([name, value]) => [name.replace(/_[0-9A-F]{8}$/, ""), value]),
    );
    for (const name of [A, B]) {
      const one = (field: string, condition: string) =>
        `\${one([for a in ${addresses(name)} : a.${field} if ${condition}])}`;
      expect(locals[`edge_${name}_public-address`]).toBe(one("ip", isPublic));
      expect(locals[`edge_${name}_mac-external`]).toBe(one("mac", isPublic));
      expect(locals[`edge_${name}_mac-internal`]).toBe(one("mac", on("internal")));
      expect(locals[`edge_${name}_mac-carp`]).toBe(one("mac", on("carp")));
    }
  });
});

describe("a delivery", () => {
  const order = (of: Synthesized, names: readonly string[]) =>
    Object.fromEntries(
      names.map((name) => [
        name,
        (of.block(`edge/edge/files-${name}/deliver`).depends_on as string[]).map((address) =>
          of
            .all()
            .find((one) => one.address === address)
            ?.path.replace("edge/edge/files-", ""),
        ),
      ]),
    );

  it("reaches the backups together and then the preferred master", () => {
    expect(order(stack, [A, B])).toEqual({ [A]: [`${A}/removal`, `${B}/deliver`], [B]: [`${B}/removal`] });
    const three = synthesize(exampleWithEdges(3));
    expect(order(three, ["edge-1", "edge-2", "edge-3"])).toEqual({
      "edge-1": ["edge-1/removal", "edge-2/deliver", "edge-3/deliver"],
      "edge-2": ["edge-2/removal"],
      "edge-3": ["edge-3/removal"],
    });
  });

  it("is followed by the attachment, and that by the release of all edges", () => {
    const { address: attach } = stack.at("edge/edge/failover-ip/attach");
    const delivered = [A, B].map((name) => stack.at(`edge/edge/files-${name}/deliver`).address);
    expect(stack.block("edge/edge/release/release").depends_on).toEqual([...delivered, attach]);
  });
});

describe("three edges", () => {
  const CONFIG = exampleWithEdges(3);
  const edge = (name: string, advskew: number) => ({ name, flavor: "b3-8", image: "OpenBSD 7.8", advskew });
  const withEdges = (...names: string[]) =>
    synthesize({ ...CONFIG, edges: names.map((name) => edge(name, "abcd".indexOf(name) * 20)) });
  /** What belongs to one edge: its instance, its removal and its delivery, by path. */
  const belongings = (of: Synthesized, name: string) =>
    of
      .all()
      .filter(
        ({ path }) => path.startsWith(`edge/edge/${name}/`) || path.startsWith(`edge/edge/files-${name}/`),
      );
  let three: Synthesized;
  beforeAll(() => {
    three = withEdges("a", "b", "c");
  });

  it("have three of each", () => {
    expect(three.types()).toMatchObject({ null_resource: 4, ovh_cloud_instance: 3, terraform_data: 4 });
    expect(three.block("edge/edge/release/release").provisioner).toHaveLength(3);
    expect(belongings(three, "b")).toHaveLength(3);
  });

  it("leave the other edges' blocks as they are when one is added at the end", () => {
    const four = withEdges("a", "b", "c", "d");
    for (const name of ["b", "c"]) expect(belongings(four, name)).toEqual(belongings(three, name));
    const [instance, ...rest] = belongings(four, "a");
    expect([instance, ...rest].map(({ address }: Json) => address)).toEqual(
      belongings(three, "a").map(({ address }) => address),
    );
    expect(four.block("edge/edge/a/instance")).toEqual(three.block("edge/edge/a/instance"));
    expect(four.block("edge/edge/files-a/removal")).toEqual(three.block("edge/edge/files-a/removal"));
    // The preferred one waits for one more, and that is all.
    const { depends_on, ...delivery } = four.block("edge/edge/files-a/deliver");
    const { depends_on: before, ...unchanged } = three.block("edge/edge/files-a/deliver");
    expect(delivery).toEqual(unchanged);
    expect(depends_on).toEqual([...before, four.at("edge/edge/files-d/deliver").address]);
  });

  it("leave the other edges' contents as they are when one is added, so that nothing is delivered again", () => {
    const four = withEdges("a", "b", "c", "d");
    const contents = ({ json }: Synthesized) =>
      Object.entries<string>(json.locals).filter(([name]) => /^edge_(files-)?[abc]_/.test(name));
    expect(contents(four)).toEqual(contents(three));
  });

  it("leave the other edges' blocks as they are when one is removed from the midst", () => {
    const two = withEdges("a", "c");
    expect(belongings(two, "b")).toEqual([]);
    expect(belongings(two, "c")).toEqual(belongings(three, "c"));
    expect(two.block("edge/edge/a/instance")).toEqual(three.block("edge/edge/a/instance"));
  });

  it("keep all their addresses when the order of the backups changes", () => {
    const turned = withEdges("a", "c", "b");
    for (const name of ["b", "c"]) expect(belongings(turned, name)).toEqual(belongings(three, name));
    expect(
      turned
        .all()
        .map(({ address }) => address)
        .sort(),
    ).toEqual(
      three
        .all()
        .map(({ address }) => address)
        .sort(),
    );
  });

  it("keep all their addresses, and change no instance, when another one is preferred", () => {
    const turned = withEdges("b", "a", "c");
    expect(
      turned
        .all()
        .map(({ address }) => address)
        .sort(),
    ).toEqual(
      three
        .all()
        .map(({ address }) => address)
        .sort(),
    );
    for (const name of ["a", "b", "c"]) {
      expect(turned.block(`edge/edge/${name}/instance`)).toEqual(three.block(`edge/edge/${name}/instance`));
      expect(turned.block(`edge/edge/files-${name}/removal`)).toEqual(
        three.block(`edge/edge/files-${name}/removal`),
      );
    }
    expect(turned.block("edge/edge/failover-ip/attach").routed_to).toBe(ref(turned, "edge/edge/b/instance"));
    // What it says of routed_to is not looked at any more.
    expect(turned.block("edge/edge/failover-ip/attach").lifecycle.ignore_changes).toEqual(["routed_to"]);
  });
});

describe("the release", () => {
  it("goes to the holder of the FailOver IP first, which must become master, then to the others", () => {
    const { provisioner } = stack.block("edge/edge/release/release");
    const holder = `${stack.at("edge/edge/failover-ip/attach").address}.routed_to`;
    const locals = Object.keys(stack.json.locals);
    const [edges] = locals.filter((name) => name.startsWith("edge_release_edges_")) as [string];
    const [order] = locals.filter((name) => name.startsWith("edge_release_order_")) as [string];
    expect(stack.json.locals[order]).toBe(
      `\${concat([for e in local.${edges} : e if e.id == ${holder}], [for e in local.${edges} : e if e.id != ${holder}])}`,
    );
    expect(stack.json.locals[edges].map(({ id }: Json) => id)).toEqual([
      ref(stack, `edge/edge/${A}/instance`),
      ref(stack, `edge/edge/${B}/instance`),
    ]);
    expect(provisioner.map((one: Json) => one["remote-exec"].inline)).toEqual([
      ["/usr/local/sbin/edge-install release master"],
      ["/usr/local/sbin/edge-install release any"],
    ]);
    expect(provisioner.map((one: Json) => one["remote-exec"].connection.host)).toEqual([
      `\${local.${order}[0].host}`,
      `\${local.${order}[1].host}`,
    ]);
  });

  it.each([
    ["the password", {}, true],
    ["CARP's address", { "carp.address": "10.25.0.99/16" }, false],
    ["the vhid", { "carp.vhid": 9 }, false],
  ])("is done anew when %s changes", (_, changes, same) => {
    const { triggers } = synthesize(example(changes)).block("edge/edge/release/release");
    const { triggers: before } = stack.block("edge/edge/release/release");
    expect(triggers.identity === before.identity).toBe(same);
    expect(triggers.identity).toContain("var.carp_password");
    expect(triggers.instances).toBe(before.instances);
  });

  it.each([
    ["a skew", { "edges[1].advskew": 77 }],
    ["the advertisement interval", { "carp.advertisementInterval": 2 }],
    ["preemption", { "carp.preempt": true }],
    ["a probe's target", { "probe.targets": ["1.1.1.1"] }],
  ])("is not done anew when %s changes, which is delivered all the same", (_, changes) => {
    const changed = synthesize(example(changes));
    expect(changed.block("edge/edge/release/release").triggers).toEqual(
      stack.block("edge/edge/release/release").triggers,
    );
    expect(changed.json.locals).not.toEqual(stack.json.locals);
  });
});

describe("networks that exist", () => {
  const ids = (network: string) => ({ networkId: `${network}-net`, subnetId: `${network}-subnet` });
  const existing = () =>
    synthesize(
      example({
        internalNetwork: { ...ids("internal"), cidr: "10.10.0.0/16" },
        carpNetwork: { ...ids("carp"), cidr: "10.25.0.0/16" },
      }),
    );

  it("are used by their ids, and nothing is made in their place", () => {
    const found = existing();
    expect(Object.keys(found.types())).not.toContain("ovh_cloud_network_private_vrack");
    expect(Object.keys(found.types())).not.toContain("ovh_cloud_network_private_vrack_subnet");
    expect(found.block(`edge/edge/${A}/instance`).networks).toEqual([
      { auto_assign_public_ip: true },
      { network_id: "internal-net", subnet_id: "internal-subnet", ip: "10.10.0.11" },
      { network_id: "carp-net", subnet_id: "carp-subnet" },
    ]);
  });

  it("tell the MAC addresses by their ids", () => {
    const locals = Object.entries<string>(existing().json.locals);
    for (const network of ["internal", "carp"]) {
      const [, mac] = locals.find(([name]) => name.startsWith(`edge_${A}_mac-${network}_`)) as [
        string,
        string,
      ];
      expect(mac).toContain(`a.mac if a.network == "${network}-net" && a.type != "public"`);
    }
  });

  it("can be one of two", () => {
    const one = synthesize(example({ internalNetwork: { ...ids("internal"), cidr: "10.10.0.0/16" } }));
    expect(one.types()).toMatchObject({ ovh_cloud_network_private_vrack: 1 });
    expect(one.block(`edge/edge/${A}/instance`).networks.map((net: Json) => net.network_id)).toEqual([
      undefined,
      "internal-net",
      ref(one, "edge/edge/carp-network/network"),
    ]);
  });
});

describe("an SSH agent", () => {
  it("is asked by every connection when there is no key file", () => {
    const agent = synthesize(example({ ssh: { publicKeyPath: "keys/edge.pub" } }));
    const connections = connectionsOf(agent);
    expect(connections).toHaveLength(3 + 3 + 2);
    for (const connection of connections) {
      expect(connection.agent).toBe("true");
      expect(connection).not.toHaveProperty("private_key");
    }
    expect(agent.block("edge/edge/ssh-key").public_key).toBe(
      '${trimspace(file(pathexpand("keys/edge.pub")))}',
    );
    expect(agent.block(`edge/edge/files-${A}/removal`).input.privateKeyPath).toBe("");
  });

  it("cannot tell which key the instances shall take", () => {
    expect(() => synthesize(example({ ssh: {} }))).toThrow(/ssh\.publicKeyPath/);
  });
});

describe("a key file", () => {
  it("is read by every connection when it is named", () => {
    for (const connection of connectionsOf(stack)) {
      expect(connection.agent).toBe("false");
      expect(connection.private_key).toBe('${file(pathexpand("~/.ssh/id_ed25519"))}');
    }
  });

  it("need not have its public key beside it", () => {
    const apart = synthesize(example({ "ssh.publicKeyPath": "keys/edge.pub" }));
    expect(apart.block("edge/edge/ssh-key").public_key).toBe(
      '${trimspace(file(pathexpand("keys/edge.pub")))}',
    );
  });
});

describe("host keys", () => {
  const keyed = () =>
    synthesize(example({ "edges[0].sshHostKey": `${HOST_KEY}a`, "edges[1].sshHostKey": `${HOST_KEY}b` }));

  it("are verified by every connection when they are known", () => {
    const known = keyed();
    const key = (name: string, path: string) =>
      known
        .block(`edge/edge/files-${name}/${path}`)
        .provisioner.map((one: Json) => (Object.values(one)[0] as Json).connection.host_key);
    expect(key(A, "deliver")).toEqual(Array(3).fill(`${HOST_KEY}a`));
    expect(key(B, "deliver")).toEqual(Array(3).fill(`${HOST_KEY}b`));
    expect(known.block(`edge/edge/files-${B}/removal`).input.hostKey).toBe(`${HOST_KEY}b`);
    const [order] = Object.keys(known.json.locals).filter((name) => name.startsWith("edge_release_order_"));
    expect(
      known
        .block("edge/edge/release/release")
        .provisioner.map((one: Json) => one["remote-exec"].connection.host_key),
    ).toEqual([`\${local.${order}[0].key}`, `\${local.${order}[1].key}`]);
    expect(known.annotations).toEqual([]);
  });

  it("are verified where they are known, when the key of one edge is not, and the warning names it", () => {
    const one = synthesize(example({ "edges[0].sshHostKey": `${HOST_KEY}a` }));
    const [order] = Object.keys(one.json.locals).filter((name) => name.startsWith("edge_release_order_"));
    const key = (index: number) => `local.${order}[${index}].key`;
    expect(
      one
        .block("edge/edge/release/release")
        .provisioner.map((step: Json) => step["remote-exec"].connection.host_key),
    ).toEqual([0, 1].map((index) => `\${${key(index)} == "" ? null : ${key(index)}}`));
    expect(
      one.block(`edge/edge/files-${B}/deliver`).provisioner[0]["remote-exec"].connection,
    ).not.toHaveProperty("host_key");
    expect(one.annotations.map(({ message }) => message)).toEqual([
      `The SSH host keys of ${B} are not verified: whoever answers at their addresses gets the credentials. ` +
        "After the deploy copy them into edges[].sshHostKey.",
    ]);
  });

  it("that are not known make one warning, and no connection verifies one", () => {
    expect(stack.annotations).toEqual([
      {
        constructPath: "edge/edge",
        level: "@cdktf/warn",
        message:
          "The SSH host keys of the edges are not verified: whoever answers at their addresses gets the credentials. " +
          "After the deploy copy them into edges[].sshHostKey.",
      },
    ]);
    for (const connection of connectionsOf(stack)) expect(connection).not.toHaveProperty("host_key");
  });
});

describe("an availability zone", () => {
  it("is asked for by each instance when it is given, and by none when not", () => {
    const zoned = synthesize(example({ availabilityZone: "eu-west-par-a" }));
    for (const name of [A, B]) {
      expect(zoned.block(`edge/edge/${name}/instance`).availability_zone).toBe("eu-west-par-a");
      expect(stack.block(`edge/edge/${name}/instance`)).not.toHaveProperty("availability_zone");
    }
  });
});

describe("two FailOver IPs in one stack", () => {
  const secrets = {
    carpPassword: "x",
    credentials: { applicationKey: "x", applicationSecret: "x", consumerKey: "x" },
  };
  const second = { "failoverIp.address": "146.59.143.232" };
  const both = (ids: readonly (readonly [string, string])[]) =>
    synthesizeStack((app: App) => {
      const made = new TerraformStack(app, "two");
      new OvhProvider(made, "ovh");
      new NullProvider(made, "null");
      ids.forEach(([scope, id], index) => {
        new FailoverEdge(new Construct(made, scope), id, {
          config: parseConfig(example(index === 0 ? {} : second)),
          ...secrets,
        });
      });
      return made;
    });

  it("have a check each when their ids differ", () => {
    expect(
      Object.keys(
        both([
          ["one", "web"],
          ["two", "mail"],
        ]).json.check,
      ),
    ).toHaveLength(2);
  });

  it("have a check each when only their scopes differ", () => {
    expect(
      Object.keys(
        both([
          ["one", "edge"],
          ["two", "edge"],
        ]).json.check,
      ),
    ).toHaveLength(2);
  });
});

/** Every connection of a create-time provisioner. */
function connectionsOf(of: Synthesized): Json[] {
  return Object.values<Json>(of.json.resource.null_resource).flatMap(({ provisioner }) =>
    provisioner.map((one: Json) => (Object.values(one)[0] as Json).connection),
  );
}
