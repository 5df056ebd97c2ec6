import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../lib/simulator/clock.js";
import type { OvhProject } from "../../../lib/simulator/ovh-api/api.js";
import { type ServedApi, serveApi } from "../../../lib/simulator/ovh-api/http.js";
import { OvhClient } from "../../../lib/simulator/provider/client.js";
import { ovhDataSources, ovhResourceTypes } from "../../../lib/simulator/provider/ovh-types.js";
import type { Context, ResourceType } from "../../../lib/simulator/provider/resource-type.js";
import type { Resource, Value } from "../../../lib/simulator/provider/values.js";
import { seededRandom } from "../../../lib/simulator/random.js";
import { type Json, PROJECT, simulatedProject, UUID, V2 } from "../ovh-api/simulated.js";
import { OVH_SCHEMA, schemaOf } from "./ovh-schema.js";

const NETWORKS = `${V2}/network`;
const INSTANCES = `${V2}/compute/instance`;
const ATTACH = `/1.0/cloud/project/${PROJECT}/ip/failover/fo-1/attach`;
const IP = "146.59.143.231";

const types = ovhResourceTypes(OVH_SCHEMA);
const sources = ovhDataSources(OVH_SCHEMA);

let clock: ManualClock;
let project: OvhProject;
let api: ServedApi;
let context: Context;
beforeEach(async () => {
  clock = new ManualClock();
  // Tasks that take no time are over at the next look, so the clock need not move.
  const durations = { create: 0, update: 0, delete: 0 };
  project = simulatedProject({ clock, durations, failover: { moveDuration: 0 } });
  api = await serveApi({ project, clock, random: seededRandom(2) });
  const credentials = { applicationKey: "ak", applicationSecret: "as", consumerKey: "ck" };
  context = { client: new OvhClient({ endpoint: api.endpoint, ...credentials }), pollInterval: 0 };
});
afterEach(() => api.close());

/** A type with what it is configured by, as Terraform plans it: every attribute, null where nothing is said. */
class Tested {
  readonly type: ResourceType;

  constructor(private readonly name: string) {
    this.type = types[`ovh_cloud_${name}`] as ResourceType;
  }

  planned(config: Readonly<Record<string, Value>>): Resource {
    const attributes = Object.keys(schemaOf(`ovh_cloud_${this.name}`).block.attributes ?? {});
    const known: Resource = { service_name: PROJECT, ...config };
    return Object.fromEntries(attributes.map((attribute) => [attribute, known[attribute] ?? null]));
  }

  create = (config: Readonly<Record<string, Value>>) => this.type.create(context, this.planned(config));
  read = (state: Resource) => this.type.read(context, state);
  delete = (state: Resource) => this.type.delete(context, state);

  async update(prior: Resource, changes: Readonly<Record<string, Value>>): Promise<Resource> {
    const update = this.type.update as NonNullable<ResourceType["update"]>;
    return update(context, prior, { ...prior, ...changes });
  }
}

const key = new Tested("ssh_key");
const network = new Tested("network_private_vrack");
const subnet = new Tested("network_private_vrack_subnet");
const group = new Tested("instance_group");
const instance = new Tested("instance");
const attach = new Tested("project_failover_ip_attach");

/** The bodies of the requests of one method to one path, in turn. */
const bodies = (method: string, path: string): Json[] =>
  api.journal.entries
    .filter((entry) => entry.method === method && entry.path === path)
    .map(({ body }) => (body === "" ? undefined : JSON.parse(body)));

const makeNetwork = (config = {}) => network.create({ name: "carp", region: "SBG5", ...config });
const makeSubnet = (network_id: Value | undefined, config = {}) =>
  subnet.create({
    network_id: network_id ?? null,
    name: "carp",
    region: "SBG5",
    cidr: "10.25.0.0/16",
    ...config,
  });

async function makeInstance(config = {}): Promise<Resource> {
  const id = (found: readonly { readonly id: string; readonly name: string }[], name: string): Value =>
    found.find((one) => one.name === name)?.id ?? null;
  return instance.create({
    name: "edge-1",
    region: "SBG5",
    flavor_id: id(project.listFlavors("SBG5"), "b3-8"),
    image_id: id(project.listImages("SBG5"), "OpenBSD 7.8"),
    ...config,
  });
}

describe("an SSH key", () => {
  const config = { name: "ops", public_key: "ssh-ed25519 AAAA" };
  const state = {
    service_name: PROJECT,
    ...config,
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
  };

  it("is asked for without an envelope, and is in the state what the API answers", async () => {
    expect(await key.create(config)).toEqual(state);
    expect(bodies("POST", `${V2}/sshKey`)).toEqual([{ name: "ops", publicKey: "ssh-ed25519 AAAA" }]);
    expect(await key.read(await key.create({ ...config, name: "b/c d" }))).toEqual({
      ...state,
      name: "b/c d",
    });
  });

  it("is an error, not absent, when it was deleted outside", async () => {
    const made = await key.create(config);
    project.deleteSshKey("ops");
    await expect(key.read(made)).rejects.toThrow("SSH key ops does not exist");
    await expect(key.delete(made)).resolves.toBeUndefined();
  });

  it("is deleted", async () => {
    await key.delete(await key.create(config));
    expect(project.leftovers()).toEqual([]);
  });
});

describe("a private network", () => {
  it("asks for what is configured and nothing else", async () => {
    await makeNetwork();
    await makeNetwork({ description: "for carp", vlan_id: 0 });
    expect(bodies("POST", NETWORKS)).toEqual([
      { targetSpec: { name: "carp", location: { region: "SBG5" } } },
      { targetSpec: { name: "carp", description: "for carp", location: { region: "SBG5" }, vlanId: 0 } },
    ]);
  });

  it("is in the state what the API answers once it is READY", async () => {
    expect(await makeNetwork()).toEqual({
      service_name: PROJECT,
      id: expect.stringMatching(UUID),
      checksum: expect.stringMatching(/^[0-9a-f]{32}$/),
      created_at: "2026-01-01T00:00:00Z",
      updated_at: "2026-01-01T00:00:00Z",
      resource_status: "READY",
      name: "carp",
      description: null,
      region: "SBG5",
      vlan_id: 2,
      current_state: { name: "carp", description: "", location: expect.anything(), vlan_id: 2 },
    });
  });

  it("is renamed with the checksum of the state", async () => {
    const prior = await makeNetwork();
    const renamed = await network.update(prior, { name: "renamed" });
    expect(bodies("PUT", `${NETWORKS}/${prior.id as string}`)).toEqual([
      { checksum: prior.checksum, targetSpec: { name: "renamed" } },
    ]);
    expect(renamed).toMatchObject({ id: prior.id, name: "renamed", current_state: { name: "renamed" } });
    expect(renamed.checksum).not.toBe(prior.checksum);
  });

  it("is not renamed when it was changed outside", async () => {
    const prior = await makeNetwork();
    const change = network.update({ ...prior, checksum: "stale" }, { name: "renamed" });
    await expect(change).rejects.toThrow(
      'Client::Conflict: "The network has changed since it was read: checksum mismatch"',
    );
  });

  it("is an error, not absent, when it was deleted outside", async () => {
    const made = await makeNetwork();
    project.networks.networks.delete(made.id as string);
    await expect(network.read(made)).rejects.toThrow(`The network ${made.id as string} does not exist`);
  });

  it("ends its creation with the task's message when it fails", async () => {
    project.networks.networks.failNext("no vlan left");
    await expect(makeNetwork()).rejects.toThrow(/^network \S+ entered ERROR state: no vlan left$/);
  });
});

describe("a subnet", () => {
  it("asks for what is configured and nothing else, even if that is empty", async () => {
    const { id } = await makeNetwork();
    await makeSubnet(id);
    await makeSubnet(id, {
      availability_zone: "eu-west-par-a",
      description: "for carp",
      dhcp_enabled: false,
      dns_nameservers: [],
      gateway_ip: "10.25.0.1",
      allocation_pools: [{ start: "10.25.0.20", end: "10.25.0.99" }],
    });
    const common = { name: "carp", cidr: "10.25.0.0/16" };
    expect(bodies("POST", `${NETWORKS}/${id as string}/subnet`)).toEqual([
      { targetSpec: { ...common, location: { region: "SBG5" } } },
      {
        targetSpec: {
          ...common,
          location: { region: "SBG5", availabilityZone: "eu-west-par-a" },
          description: "for carp",
          dhcpEnabled: false,
          dnsNameservers: [],
          gatewayIp: "10.25.0.1",
          allocationPools: [{ start: "10.25.0.20", end: "10.25.0.99" }],
        },
      },
    ]);
  });

  it("has null in the state for what was not asked for and is not there", async () => {
    const { id } = await makeNetwork();
    expect(await makeSubnet(id)).toMatchObject({
      network_id: id,
      description: null,
      dns_nameservers: null,
      gateway_ip: null,
      availability_zone: null,
      dhcp_enabled: true,
      allocation_pools: [{ start: "10.25.0.2", end: "10.25.255.254" }],
      current_tasks: [],
      current_state: { description: null, dns_nameservers: null, gateway_ip: null, host_routes: [] },
    });
  });

  it("is changed with the checksum of the state, and with neither cidr nor location", async () => {
    const { id } = await makeNetwork();
    const prior = await makeSubnet(id);
    await subnet.update(prior, { name: "renamed" });
    expect(bodies("PUT", `${NETWORKS}/${id as string}/subnet/${prior.id as string}`)).toEqual([
      {
        checksum: prior.checksum,
        targetSpec: {
          name: "renamed",
          dhcpEnabled: true,
          allocationPools: [{ start: "10.25.0.2", end: "10.25.255.254" }],
        },
      },
    ]);
  });

  it("is absent when it was deleted outside", async () => {
    const { id } = await makeNetwork();
    const made = await makeSubnet(id);
    await subnet.delete(made);
    expect(await subnet.read(made)).toBeNull();
  });
});

describe("an instance group", () => {
  const config = { name: "edges", region: "SBG5", policy: "ANTI_AFFINITY" };

  it("asks for name, policy and region, and has no updated_at", async () => {
    const made = await group.create(config);
    expect(bodies("POST", `${V2}/compute/instanceGroup`)).toEqual([
      { targetSpec: { name: "edges", policy: "ANTI_AFFINITY", location: { region: "SBG5" } } },
    ]);
    expect(made).not.toHaveProperty("updated_at");
    expect(made).toMatchObject({ ...config, resource_status: "READY", current_state: { members: [] } });
  });

  it("shows the instances that joined it at the next look", async () => {
    const made = await group.create(config);
    const { id } = await makeInstance({ group_id: made.id });
    expect(await group.read(made)).toMatchObject({ current_state: { members: [{ id }] } });
  });

  it("is absent when it was deleted outside, and cannot be changed", async () => {
    const made = await group.create(config);
    await group.delete(made);
    expect(await group.read(made)).toBeNull();
    expect(group.type.update).toBeUndefined();
  });
});

describe("an instance", () => {
  it("asks for what is configured; null security groups are said, and mean the default one", async () => {
    const { flavor_id, image_id } = await makeInstance();
    expect(bodies("POST", INSTANCES)).toEqual([
      {
        targetSpec: {
          name: "edge-1",
          flavor: { id: flavor_id },
          image: { id: image_id },
          location: { region: "SBG5" },
          securityGroups: null,
        },
      },
    ]);
  });

  it("asks for everything that is configured, its networks in order", async () => {
    await key.create({ name: "ops", public_key: "ssh-ed25519 AAAA" });
    const { id: group_id } = await group.create({ name: "edges", region: "SBG5", policy: "ANTI_AFFINITY" });
    const { id: network_id } = await makeNetwork();
    const { id: subnet_id } = await makeSubnet(network_id);
    const open = { network_id: null, subnet_id: null, ip: null, auto_assign_public_ip: null };
    const networks = [
      { ...open, network_id, subnet_id, ip: "10.25.0.11" },
      { ...open, auto_assign_public_ip: true },
    ] as Value;
    const made = await makeInstance({
      availability_zone: "eu-west-par-a",
      group_id,
      ssh_key_name: "ops",
      security_group_ids: [],
      power_state: "SHUTOFF",
      networks,
    });
    expect(bodies("POST", INSTANCES)[0].targetSpec).toMatchObject({
      location: { region: "SBG5", availabilityZone: "eu-west-par-a" },
      group: { id: group_id },
      sshKeyName: "ops",
      securityGroups: [],
      powerState: "SHUTOFF",
    });
    expect(bodies("POST", INSTANCES)[0].targetSpec.networks).toEqual([
      { id: network_id, subnetId: subnet_id, ip: "10.25.0.11" },
      { autoAssignPublicIp: true },
    ]);
    expect(made).toMatchObject({
      availability_zone: "eu-west-par-a",
      group_id,
      ssh_key_name: "ops",
      security_group_ids: [],
      power_state: "SHUTOFF",
      networks,
    });
  });

  it("has empty text in its current state where the API has null", async () => {
    const open = { network_id: null, subnet_id: null, ip: null };
    const { current_state } = await makeInstance({ networks: [{ ...open, auto_assign_public_ip: true }] });
    expect(current_state).toMatchObject({
      ssh_key_name: "",
      group: null,
      volumes: [],
      shares: null,
      networks: [
        {
          id: "",
          subnet_id: "",
          gateway_id: "",
          addresses: [{ ip: "127.77.0.11", type: "public", version: 4 }],
        },
      ],
    });
  });

  it("has null in its state for what it does not have, but a list of security groups", async () => {
    expect(await makeInstance({ security_group_ids: [] })).toMatchObject({
      availability_zone: null,
      group_id: null,
      networks: null,
      security_group_ids: [],
      shares: null,
      ssh_key_name: null,
      volume_ids: null,
      power_state: "ACTIVE",
    });
  });

  it("is changed with a checksum read just before, without what cannot change", async () => {
    const prior = await makeInstance();
    const renamed = await instance.update({ ...prior, checksum: "stale" }, { name: "renamed" });
    const [{ checksum, targetSpec }] = bodies("PUT", `${INSTANCES}/${prior.id as string}`) as [Json];
    expect(checksum).toBe(prior.checksum);
    expect(targetSpec).toEqual({
      name: "renamed",
      flavor: { id: prior.flavor_id },
      image: { id: prior.image_id },
      powerState: "ACTIVE",
      securityGroups: (prior.security_group_ids as string[]).map((id) => ({ id })),
    });
    expect(renamed).toMatchObject({ id: prior.id, name: "renamed", current_state: { name: "renamed" } });
  });

  it("shows what was changed outside", async () => {
    const made = await makeInstance();
    const { checksum, targetSpec } = project.instances.instances.get(made.id as string);
    project.instances.instances.update(made.id as string, {
      checksum,
      targetSpec: { ...targetSpec, name: "moved" },
    });
    expect(await instance.read(made)).toMatchObject({ name: "moved", current_state: { name: "moved" } });
  });

  it("is absent when it was deleted outside", async () => {
    const made = await makeInstance();
    project.instances.instances.delete(made.id as string);
    expect(await instance.read(made)).toBeNull();
    await expect(instance.delete(made)).resolves.toBeUndefined();
  });

  it("ends its creation with the task's message when it fails", async () => {
    project.instances.instances.failNext("No valid host was found");
    await expect(makeInstance()).rejects.toThrow(
      /^instance \S+ entered ERROR state: No valid host was found$/,
    );
  });
});

describe("an attach of a FailOver IP", () => {
  const config = { ip: IP };

  it("finds the address by the list, posts the instance and has the API's answer for its state", async () => {
    const { id } = await makeInstance();
    const made = await attach.create({ ...config, routed_to: id ?? null });
    expect(bodies("POST", ATTACH)).toEqual([{ instanceId: id }]);
    expect(made).toEqual({
      service_name: PROJECT,
      id: "fo-1",
      ip: IP,
      block: `${IP}/32`,
      continent_code: "EU",
      geo_loc: "fr",
      progress: 0,
      routed_to: id,
      status: "ok",
      sub_type: "cloud",
    });
  });

  it("looks again while the move is pending", async () => {
    const { id } = await makeInstance();
    let looks = 0;
    const list = project.failoverIps.list.bind(project.failoverIps);
    project.failoverIps.behaviour.moveDuration = 60_000;
    project.failoverIps.list = () => {
      looks += 1;
      if (looks === 4) project.failoverIps.finishMoves();
      return list();
    };
    const made = await attach.create({ ...config, routed_to: id ?? null });
    expect(made).toMatchObject({ status: "ok", routed_to: id });
    expect(looks).toBe(4);
  });

  it("tries again while it is answered 400, and no more after any other error", async () => {
    const { id } = await makeInstance();
    project.faults.fail("POST", "/attach", { status: 400, times: 3 });
    await attach.create({ ...config, routed_to: id ?? null });
    expect(bodies("POST", ATTACH)).toHaveLength(4);
    project.faults.fail("POST", "/attach", { status: 409, times: 1 });
    await expect(attach.create({ ...config, routed_to: id ?? null })).rejects.toThrow("status code 409");
    expect(bodies("POST", ATTACH)).toHaveLength(5);
  });

  it("gives up when it is answered 400 for ever", async () => {
    await expect(attach.create({ ...config, routed_to: "nothing" })).rejects.toThrow(
      "Instance nothing does not exist or has no address yet",
    );
  });

  it("shows where the address is routed now", async () => {
    const [first, second] = [await makeInstance(), await makeInstance()];
    const made = await attach.create({ ...config, routed_to: first.id ?? null });
    project.failoverIps.attach("fo-1", { instanceId: second.id });
    expect(await attach.read(made)).toEqual({ ...made, routed_to: second.id });
  });

  it("leaves the address where it is when it is deleted", async () => {
    const { id } = await makeInstance();
    const made = await attach.create({ ...config, routed_to: id ?? null });
    const requests = api.journal.entries.length;
    await attach.delete(made);
    expect(api.journal.entries).toHaveLength(requests);
    expect(project.failoverIps.get("fo-1").routedTo).toBe(id);
  });

  it("fails for an address that the project does not have", async () => {
    const message = `failover IP 146.59.143.232 cannot be found in cloud project ${PROJECT}`;
    const unknown = { ip: "146.59.143.232", routed_to: "x" };
    await expect(attach.create(unknown)).rejects.toThrow(new Error(message));
    await expect(attach.read(attach.planned(unknown))).rejects.toThrow(new Error(message));
  });
});

describe("the data sources", () => {
  const read = (name: string, config: Resource) =>
    sources[`ovh_cloud_${name}`]?.(context, { service_name: PROJECT, ...config });

  it("have the flavors of a region", async () => {
    const { flavors } = (await read("instance_flavors", { region: "SBG5" })) as Json;
    expect(flavors).toHaveLength(6);
    expect(flavors[2]).toEqual({
      id: expect.stringMatching(UUID),
      name: "b3-8",
      vcpus: 2,
      ram: 8192,
      disk: 50,
      swap: 0,
      ephemeral: 0,
      is_public: true,
      description: "2 vCPU, 8 GiB",
      location: { region: "SBG5", availability_zone: "" },
    });
  });

  it("have the images of a region", async () => {
    const { images } = (await read("instance_images", { region: "GRA11" })) as Json;
    expect(images.map((image: Json) => [image.name, image.location.region])).toEqual([
      ["OpenBSD 7.8", "GRA11"],
      ["Debian 12", "GRA11"],
    ]);
    expect(images[0]).toMatchObject({ status: "ACTIVE", visibility: "PRIVATE", min_disk: 10, min_ram: 0 });
  });

  it("have those of all regions when none is named", async () => {
    const { flavors } = (await read("instance_flavors", { region: null })) as Json;
    expect(flavors).toHaveLength(12);
  });

  it("have a FailOver IP, or fail for one that the project does not have", async () => {
    expect(await read("project_failover_ip_attach", { ip: IP })).toMatchObject({ id: "fo-1", routed_to: "" });
    await expect(read("project_failover_ip_attach", { ip: "146.59.143.232" })).rejects.toThrow(
      new Error(`failover IP 146.59.143.232 cannot be found in cloud project ${PROJECT}`),
    );
  });
});
