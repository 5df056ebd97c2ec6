import { beforeEach, describe, expect, it } from "vitest";
import type { Address, InstanceState } from "../../../lib/simulator/ovh-api/instances.js";
import { DURATIONS, error, type Json, SimulatedApi, UUID, V1, V2 } from "./simulated.js";

const INSTANCES = `${V2}/compute/instance`;
const MAC = /^fa:16:3e(:[0-9a-f]{2}){3}$/;
const region = { region: "SBG5" };

interface Started {
  readonly id: string;
  readonly state: InstanceState;
  readonly interfaces: readonly Address[];
}

let api: SimulatedApi;
let started: Started[];
let stopped: string[];
beforeEach(() => {
  started = [];
  stopped = [];
  api = new SimulatedApi({
    started: (id, state, interfaces) => started.push({ id, state, interfaces }),
    stopped: (id) => stopped.push(id),
  });
});

const refused = (errorClass: string, status: number, message: string) => ({
  status,
  body: error(errorClass, message),
});

describe("an instance", () => {
  it("is all that the API tells of one", async () => {
    await api.post(`${V2}/sshKey`, { name: "ops", publicKey: "ssh-ed25519 AAAA ops" });
    const group = await api.makeGroup();
    const location = { region: "SBG5", availabilityZone: "eu-west-par-a" };
    const firewall = await api.make(`${V2}/securityGroup`, { name: "edges", location: { region: "SBG5" } });
    const spec = await api.instanceSpec({
      location,
      networks: [{ autoAssignPublicIp: true }],
      group: { id: group.id },
      sshKeyName: "ops",
      securityGroups: [{ id: firewall.id }],
      powerState: "ACTIVE",
    });
    const { targetSpec, currentState } = await api.make(INSTANCES, spec);
    expect(targetSpec).toEqual(spec);
    expect(currentState).toEqual({
      name: "edge-1",
      flavor: { id: spec.flavor.id, name: "b3-8", vcpus: 2, ram: 8192, disk: 50, swap: 0, ephemeral: 0 },
      image: {
        id: spec.image.id,
        name: "OpenBSD 7.8",
        size: 734003200,
        status: "ACTIVE",
        deprecated: false,
      },
      location,
      networks: [
        {
          id: null,
          subnetId: null,
          gatewayId: null,
          addresses: [{ ip: "127.77.0.11", mac: expect.stringMatching(MAC), type: "public", version: 4 }],
        },
      ],
      volumes: [],
      securityGroups: [{ id: firewall.id }],
      group: { id: group.id },
      powerState: "ACTIVE",
      locked: false,
      sshKeyName: "ops",
      hostId: expect.stringMatching(/^[0-9a-f]{32}$/),
      projectId: "5a1b7c0d9e8f4a3b2c1d0e9f8a7b6c5d",
      userId: "user",
    });
  });

  it("leaves out of its targetSpec what was not asked for, but for power and the default group", async () => {
    const spec = await api.instanceSpec({ image: undefined });
    const { targetSpec, currentState } = await api.make(INSTANCES, spec);
    expect(targetSpec).toEqual({
      name: "edge-1",
      flavor: spec.flavor,
      location: region,
      powerState: "ACTIVE",
      securityGroups: [{ id: expect.stringMatching(UUID) }],
    });
    expect(currentState).toMatchObject({ image: null, group: null, sshKeyName: null, networks: [] });
  });

  it.each([
    ["is in the default security group when it asks for null", null, 1],
    ["is in the default security group when it does not say", undefined, 1],
    ["is in no security group when it asks for none", [], 0],
  ])("%s", async (_, securityGroups, count) => {
    const { targetSpec, currentState } = await api.makeInstance({ securityGroups });
    expect(targetSpec.securityGroups).toHaveLength(count);
    expect(currentState.securityGroups).toEqual(targetSpec.securityGroups);
  });

  it("has the same default security group as any other", async () => {
    const [first, second] = [await api.makeInstance(), await api.makeInstance()];
    expect(first.targetSpec.securityGroups).toEqual(second.targetSpec.securityGroups);
  });

  it.each([
    ["no name", { name: undefined }, "name: Invalid input: expected string, received undefined"],
    ["no flavor", { flavor: undefined }, "flavor: Invalid input: expected object, received undefined"],
    ["a flavor by its name", { flavor: "b3-8" }, "flavor: Invalid input: expected object, received string"],
    [
      "an empty flavor id",
      { flavor: { id: "" } },
      "flavor.id: Too small: expected string to have >=1 characters",
    ],
    [
      "an unknown power state",
      { powerState: "OFF" },
      'powerState: Invalid option: expected one of "ACTIVE"|"SHUTOFF"|"SHELVED"',
    ],
    [
      "networks that are no list",
      { networks: {} },
      "networks: Invalid input: expected array, received object",
    ],
    ["a network that is none", { networks: [{}] }, "networks: neither id nor autoAssignPublicIp"],
    [
      "a network that refuses a public address",
      { networks: [{ autoAssignPublicIp: false }] },
      "networks: neither id nor autoAssignPublicIp",
    ],
  ])("is refused with %s", async (_, spec, message) => {
    const targetSpec = await api.instanceSpec(spec);
    expect(await api.post(INSTANCES, { targetSpec })).toMatchObject(
      refused("BadRequest", 400, `Invalid parameter ${message}`),
    );
  });

  it.each([
    ["a region", { location: { region: "BHS5" } }, "Region BHS5 does not exist"],
    ["a flavor", { flavor: { id: "nothing" } }, "Flavor nothing does not exist"],
    ["an image", { image: { id: "nothing" } }, "Image nothing does not exist"],
    ["an SSH key", { sshKeyName: "nothing" }, "SSH key nothing does not exist"],
    ["a group", { group: { id: "nothing" } }, "Instance group nothing does not exist"],
    ["a network", { networks: [{ id: "nothing" }] }, "The network nothing does not exist"],
  ])("is refused with %s that does not exist", async (_, spec, message) => {
    const targetSpec = await api.instanceSpec(spec);
    expect(await api.post(INSTANCES, { targetSpec })).toMatchObject(refused("NotFound", 404, message));
    expect((await api.get(INSTANCES)).body).toEqual([]);
  });

  it("is refused with a subnet of another network", async () => {
    const [mine, other] = [await api.makeNetwork(), await api.makeNetwork()];
    const subnet = await api.makeSubnet(other.id);
    const targetSpec = await api.instanceSpec({ networks: [{ id: mine.id, subnetId: subnet.id }] });
    expect(await api.post(INSTANCES, { targetSpec })).toMatchObject(
      refused("NotFound", 404, `The subnet ${subnet.id} does not exist`),
    );
  });

  it("is refused in a network without a subnet", async () => {
    const { id } = await api.makeNetwork();
    const targetSpec = await api.instanceSpec({ networks: [{ id }] });
    expect(await api.post(INSTANCES, { targetSpec })).toMatchObject(
      refused("BadRequest", 400, `Network ${id} has no subnet`),
    );
  });

  it("is refused with an SSH key that was deleted", async () => {
    await api.post(`${V2}/sshKey`, { name: "ops", publicKey: "ssh-ed25519 AAAA ops" });
    await api.delete(`${V2}/sshKey/ops`);
    const targetSpec = await api.instanceSpec({ sshKeyName: "ops" });
    expect(await api.post(INSTANCES, { targetSpec })).toMatchObject(
      refused("NotFound", 404, "SSH key ops does not exist"),
    );
  });

  it("is refused with the flavor of another region", async () => {
    const targetSpec = await api.instanceSpec({ flavor: { id: await api.idOf("flavor", "b3-8", "GRA11") } });
    expect(await api.post(INSTANCES, { targetSpec })).toMatchObject({ status: 404 });
  });

  it("is refused with the image of another region", async () => {
    const targetSpec = await api.instanceSpec({
      image: { id: await api.idOf("image", "Debian 12", "GRA11") },
    });
    expect(await api.post(INSTANCES, { targetSpec })).toMatchObject({ status: 404 });
  });
});

describe("changing an instance", () => {
  /** Puts a change and waits for it. */
  async function change(instance: Json, spec: object): Promise<Json> {
    const { id, checksum, targetSpec } = instance;
    const answer = await api.put(`${INSTANCES}/${id}`, { checksum, targetSpec: { ...targetSpec, ...spec } });
    expect(answer.status).toBe(202);
    api.clock.advance(DURATIONS.update);
    return (await api.get(`${INSTANCES}/${id}`)).body;
  }

  it("keeps region, group and SSH key, whatever is asked for", async () => {
    await api.post(`${V2}/sshKey`, { name: "ops", publicKey: "ssh-ed25519 AAAA ops" });
    const group = { id: (await api.makeGroup()).id };
    const other = { id: (await api.makeGroup()).id };
    const before = await api.makeInstance({ group, sshKeyName: "ops" });
    const spec = { location: { region: "GRA11" }, group: other, sshKeyName: "other" };
    const { targetSpec, currentState } = await change(before, spec);
    expect(targetSpec).toEqual(before.targetSpec);
    expect(currentState).toEqual(before.currentState);
  });

  it("takes another flavor and image", async () => {
    const flavor = { id: await api.idOf("flavor", "b3-16") };
    const image = { id: await api.idOf("image", "Debian 12") };
    const { currentState } = await change(await api.makeInstance(), { flavor, image });
    expect(currentState).toMatchObject({
      flavor: { ...flavor, name: "b3-16" },
      image: { ...image, name: "Debian 12" },
    });
  });

  it("refuses a flavor that does not exist", async () => {
    const { id, checksum, targetSpec } = await api.makeInstance();
    const body = { checksum, targetSpec: { ...targetSpec, flavor: { id: "nothing" } } };
    expect(await api.put(`${INSTANCES}/${id}`, body)).toMatchObject(
      refused("NotFound", 404, "Flavor nothing does not exist"),
    );
  });

  it("turns it off", async () => {
    const { targetSpec, currentState } = await change(await api.makeInstance(), { powerState: "SHUTOFF" });
    expect([targetSpec.powerState, currentState.powerState]).toEqual(["SHUTOFF", "SHUTOFF"]);
  });

  it("does not start it again", async () => {
    await change(await api.makeInstance(), { name: "renamed" });
    expect(started).toHaveLength(1);
    expect(stopped).toEqual([]);
  });
});

describe("those who run instances", () => {
  it("are told of one when its creation has ended, and not before", async () => {
    const targetSpec = await api.instanceSpec({ networks: [{ autoAssignPublicIp: true }] });
    const { id } = (await api.post(INSTANCES, { targetSpec })).body;
    api.clock.advance(DURATIONS.create - 1);
    api.project.settle();
    expect(started).toEqual([]);
    api.clock.advance(1);
    api.project.settle();
    api.project.settle();
    const state = (await api.get(`${INSTANCES}/${id}`)).body.currentState;
    expect(started).toEqual([{ id, state, interfaces: state.networks[0].addresses }]);
  });

  it("are told when it is gone, once", async () => {
    const { id } = await api.makeInstance();
    await api.delete(`${INSTANCES}/${id}`);
    api.project.settle();
    expect(stopped).toEqual([]);
    api.clock.advance(DURATIONS.delete);
    api.project.settle();
    api.project.settle();
    expect(stopped).toEqual([id]);
  });

  it("are not told of the end of one that never ran", async () => {
    api.project.instances.instances.failNext("No valid host was found");
    const { id } = await api.makeInstance();
    await api.remove(`${INSTANCES}/${id}`);
    expect({ started, stopped }).toEqual({ started: [], stopped: [] });
  });
});

describe("instances by their v1 paths", () => {
  it("are BUILD, then ACTIVE with their addresses", async () => {
    const network = await api.makeNetwork();
    await api.makeSubnet(network.id);
    const networks = [{ autoAssignPublicIp: true }, { id: network.id }];
    const createdAt = new Date(api.clock.now()).toISOString().replace(".000", "");
    const { id } = (await api.post(INSTANCES, { targetSpec: await api.instanceSpec({ networks }) })).body;
    const common = { id, name: "edge-1", region: "SBG5", created: createdAt };
    expect((await api.get(`${V1}/instance/${id}`)).body).toEqual({
      ...common,
      status: "BUILD",
      ipAddresses: [],
    });
    api.clock.advance(DURATIONS.create);
    const active = {
      ...common,
      status: "ACTIVE",
      ipAddresses: [
        { ip: "127.77.0.11", type: "public", version: 4, networkId: "" },
        { ip: "10.25.0.2", type: "private", version: 4, networkId: network.id },
      ],
    };
    expect(await api.get(`${V1}/instance/${id}`)).toMatchObject({ status: 200, body: active });
    expect(await api.get(`${V1}/instance`)).toMatchObject({ status: 200, body: [active] });
  });

  it("are not found when they do not exist", async () => {
    expect(await api.get(`${V1}/instance/nothing`)).toMatchObject(
      refused("NotFound", 404, "The instance nothing does not exist"),
    );
  });
});
