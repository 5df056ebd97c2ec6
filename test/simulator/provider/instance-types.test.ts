import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ovhDataSources } from "../../../lib/simulator/provider/ovh-types.js";
import type { Resource, Value } from "../../../lib/simulator/provider/values.js";
import { type Json, PROJECT, UUID, V2 } from "../ovh-api/simulated.js";
import { OVH_SCHEMA } from "./ovh-schema.js";
import { TestedTypes } from "./tested-types.js";

const INSTANCES = `${V2}/compute/instance`;
const ATTACH = `/1.0/cloud/project/${PROJECT}/ip/failover/fo-1/attach`;
const IP = "146.59.143.231";

const sources = ovhDataSources(OVH_SCHEMA);

let ovh: TestedTypes;
beforeEach(async () => {
  ovh = await TestedTypes.start();
});
afterEach(() => ovh.stop());

describe("an instance group", () => {
  const config = { name: "edges", region: "SBG5", policy: "ANTI_AFFINITY" };

  it("asks for name, policy and region, and has no updated_at", async () => {
    const made = await ovh.group.create(config);
    expect(ovh.bodies("POST", `${V2}/compute/instanceGroup`)).toEqual([
      { targetSpec: { name: "edges", policy: "ANTI_AFFINITY", location: { region: "SBG5" } } },
    ]);
    expect(made).not.toHaveProperty("updated_at");
    expect(made).toMatchObject({ ...config, resource_status: "READY", current_state: { members: [] } });
  });

  it("shows the instances that joined it at the next look", async () => {
    const made = await ovh.group.create(config);
    const { id } = await ovh.makeInstance({ group_id: made.id });
    expect(await ovh.group.read(made)).toMatchObject({ current_state: { members: [{ id }] } });
  });

  it("is absent when it was deleted outside, and cannot be changed", async () => {
    const made = await ovh.group.create(config);
    await ovh.group.delete(made);
    expect(await ovh.group.read(made)).toBeNull();
    expect(ovh.group.type.update).toBeUndefined();
  });
});

describe("an instance", () => {
  it("asks for what is configured; null security groups are said, and mean the default one", async () => {
    const { flavor_id, image_id } = await ovh.makeInstance();
    expect(ovh.bodies("POST", INSTANCES)).toEqual([
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
    await ovh.key.create({ name: "ops", public_key: "ssh-ed25519 AAAA" });
    const { id: group_id } = await ovh.group.create({
      name: "edges",
      region: "SBG5",
      policy: "ANTI_AFFINITY",
    });
    const { id: network_id } = await ovh.makeNetwork();
    const { id: subnet_id } = await ovh.makeSubnet(network_id);
    const open = { network_id: null, subnet_id: null, ip: null, auto_assign_public_ip: null };
    const networks = [
      { ...open, network_id, subnet_id, ip: "10.25.0.11" },
      { ...open, auto_assign_public_ip: true },
    ];
    const made = await ovh.makeInstance({
      availability_zone: "eu-west-par-a",
      group_id,
      ssh_key_name: "ops",
      security_group_ids: [],
      power_state: "SHUTOFF",
      networks: networks as Value,
    });
    expect(ovh.bodies("POST", INSTANCES)[0].targetSpec).toMatchObject({
      location: { region: "SBG5", availabilityZone: "eu-west-par-a" },
      group: { id: group_id },
      sshKeyName: "ops",
      securityGroups: [],
      powerState: "SHUTOFF",
    });
    expect(ovh.bodies("POST", INSTANCES)[0].targetSpec.networks).toEqual([
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
    const { current_state } = await ovh.makeInstance({
      networks: [{ ...open, auto_assign_public_ip: true }],
    });
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
    expect(await ovh.makeInstance({ security_group_ids: [] })).toMatchObject({
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
    const prior = await ovh.makeInstance();
    const renamed = await ovh.instance.update({ ...prior, checksum: "stale" }, { name: "renamed" });
    const [{ checksum, targetSpec }] = ovh.bodies("PUT", `${INSTANCES}/${prior.id as string}`) as [Json];
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
    const made = await ovh.makeInstance();
    const { checksum, targetSpec } = ovh.project.instances.instances.get(made.id as string);
    ovh.project.instances.instances.update(made.id as string, {
      checksum,
      targetSpec: { ...targetSpec, name: "moved" },
    });
    expect(await ovh.instance.read(made)).toMatchObject({ name: "moved", current_state: { name: "moved" } });
  });

  it("is absent when it was deleted outside", async () => {
    const made = await ovh.makeInstance();
    ovh.project.instances.instances.delete(made.id as string);
    expect(await ovh.instance.read(made)).toBeNull();
    await expect(ovh.instance.delete(made)).resolves.toBeUndefined();
  });

  it("ends its creation with the task's message when it fails", async () => {
    ovh.project.instances.instances.failNext("No valid host was found");
    await expect(ovh.makeInstance()).rejects.toThrow(
      /^instance \S+ entered ERROR state: No valid host was found$/,
    );
  });
});

describe("an attach of a FailOver IP", () => {
  const config = { ip: IP };

  it("finds the address by the list, posts the instance and has the API's answer for its state", async () => {
    const { id } = await ovh.makeInstance();
    const made = await ovh.attach.create({ ...config, routed_to: id });
    expect(ovh.bodies("POST", ATTACH)).toEqual([{ instanceId: id }]);
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
    const { id } = await ovh.makeInstance();
    let looks = 0;
    const list = ovh.project.failoverIps.list.bind(ovh.project.failoverIps);
    ovh.project.failoverIps.behaviour.moveDuration = 60_000;
    ovh.project.failoverIps.list = () => {
      looks += 1;
      if (looks === 4) ovh.project.failoverIps.finishMoves();
      return list();
    };
    const made = await ovh.attach.create({ ...config, routed_to: id });
    expect(made).toMatchObject({ status: "ok", routed_to: id });
    expect(looks).toBe(4);
  });

  it("tries again while it is answered 400, and no more after any other error", async () => {
    const { id } = await ovh.makeInstance();
    ovh.project.faults.fail("POST", "/attach", { status: 400, times: 3 });
    await ovh.attach.create({ ...config, routed_to: id });
    expect(ovh.bodies("POST", ATTACH)).toHaveLength(4);
    ovh.project.faults.fail("POST", "/attach", { status: 409, times: 1 });
    await expect(ovh.attach.create({ ...config, routed_to: id })).rejects.toThrow("status code 409");
    expect(ovh.bodies("POST", ATTACH)).toHaveLength(5);
  });

  it("gives up when it is answered 400 for ever", async () => {
    await expect(ovh.attach.create({ ...config, routed_to: "nothing" })).rejects.toThrow(
      "Instance nothing does not exist or has no address yet",
    );
  });

  it("shows where the address is routed now", async () => {
    const [first, second] = [await ovh.makeInstance(), await ovh.makeInstance()];
    const made = await ovh.attach.create({ ...config, routed_to: first.id });
    ovh.project.failoverIps.attach("fo-1", { instanceId: second.id });
    expect(await ovh.attach.read(made)).toEqual({ ...made, routed_to: second.id });
  });

  it("leaves the address where it is when it is deleted", async () => {
    const { id } = await ovh.makeInstance();
    const made = await ovh.attach.create({ ...config, routed_to: id });
    const requests = ovh.api.journal.entries.length;
    await ovh.attach.delete(made);
    expect(ovh.api.journal.entries).toHaveLength(requests);
    expect(ovh.project.failoverIps.get("fo-1").routedTo).toBe(id);
  });

  it("fails for an address that the project does not have", async () => {
    const message = `failover IP 146.59.143.232 cannot be found in cloud project ${PROJECT}`;
    const unknown = { ip: "146.59.143.232", routed_to: "x" };
    await expect(ovh.attach.create(unknown)).rejects.toThrow(new Error(message));
    await expect(ovh.attach.read(ovh.attach.planned(unknown))).rejects.toThrow(new Error(message));
  });
});

describe("the data sources", () => {
  const read = (name: string, config: Resource) =>
    sources[`ovh_cloud_${name}`]?.(ovh.context, { service_name: PROJECT, ...config });

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
