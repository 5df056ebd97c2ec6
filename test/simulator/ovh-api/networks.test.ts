import { beforeEach, describe, expect, it } from "vitest";
import { DURATIONS, error, SimulatedApi, V2 } from "./simulated.js";

const NETWORKS = `${V2}/network`;
const region = { region: "SBG5" };

let api: SimulatedApi;
beforeEach(() => {
  api = new SimulatedApi();
});

const refused = (errorClass: string, status: number, message: string) => ({
  status,
  body: error(errorClass, message),
});

describe("a private network", () => {
  it("has the description and vlan id that were asked for", async () => {
    const network = await api.makeNetwork({ description: "for carp", vlanId: 25 });
    expect(network.targetSpec).toEqual({
      name: "carp",
      description: "for carp",
      location: region,
      vlanId: 25,
    });
    expect(network.currentState).toEqual({
      name: "carp",
      description: "for carp",
      location: region,
      vlanId: 25,
    });
  });

  it("does not speak of a description that was not asked for, and has an empty one", async () => {
    const { targetSpec, currentState } = await api.makeNetwork({ vlanId: 25 });
    expect(targetSpec).toEqual({ name: "carp", location: region, vlanId: 25 });
    expect(currentState.description).toBe("");
  });

  it("gets a vlan id when none was asked for", async () => {
    const networks = [await api.makeNetwork(), await api.makeNetwork()];
    expect(networks.map(({ targetSpec }) => targetSpec.vlanId)).toEqual([2, 3]);
    expect(networks.map(({ currentState }) => currentState.vlanId)).toEqual([2, 3]);
  });

  it("can be made in each region of the project", async () => {
    const { currentState } = await api.makeNetwork({ location: { region: "GRA11" } });
    expect(currentState.location).toEqual({ region: "GRA11" });
  });

  it("keeps everything but its name through a change", async () => {
    const { id, checksum } = await api.makeNetwork({ description: "for carp", vlanId: 25 });
    const targetSpec = { name: "renamed", description: "other", vlanId: 26, location: { region: "GRA11" } };
    await api.put(`${NETWORKS}/${id}`, { checksum, targetSpec });
    api.clock.advance(DURATIONS.update);
    const kept = { name: "renamed", description: "for carp", location: region, vlanId: 25 };
    expect((await api.get(`${NETWORKS}/${id}`)).body).toMatchObject({ targetSpec: kept, currentState: kept });
  });

  it("can have the vlan id 0 and the vlan id 4094", async () => {
    expect((await api.makeNetwork({ vlanId: 0 })).currentState.vlanId).toBe(0);
    expect((await api.makeNetwork({ vlanId: 4094 })).currentState.vlanId).toBe(4094);
  });

  it.each([
    ["a vlan id above 4094", { vlanId: 4095 }, "vlanId: Too big: expected number to be <=4094"],
    ["a negative vlan id", { vlanId: -1 }, "vlanId: Too small: expected number to be >=0"],
    ["a vlan id that is text", { vlanId: "25" }, "vlanId: Invalid input: expected number, received string"],
    ["a vlan id with a fraction", { vlanId: 2.5 }, "vlanId: Invalid input: expected int, received number"],
    ["no name", { name: undefined }, "name: Invalid input: expected string, received undefined"],
    ["no location", { location: undefined }, "location: required"],
    [
      "a location without a region",
      { location: {} },
      "location.region: Invalid input: expected string, received undefined",
    ],
  ])("is refused with %s", async (_, spec, message) => {
    const targetSpec = { name: "carp", location: region, ...spec };
    expect(await api.post(NETWORKS, { targetSpec })).toMatchObject(
      refused("BadRequest", 400, `Invalid parameter ${message}`),
    );
  });

  it("is refused with a vlan id that another network has", async () => {
    const { id } = await api.makeNetwork({ vlanId: 25 });
    const targetSpec = { name: "other", location: region, vlanId: 25 };
    expect(await api.post(NETWORKS, { targetSpec })).toMatchObject(
      refused("Conflict", 409, `VLAN id 25 is already used by network ${id}`),
    );
  });

  it("is refused with a vlan id that the project gave to another network", async () => {
    const { id } = await api.makeNetwork();
    const targetSpec = { name: "other", location: region, vlanId: 2 };
    expect(await api.post(NETWORKS, { targetSpec })).toMatchObject(
      refused("Conflict", 409, `VLAN id 2 is already used by network ${id}`),
    );
  });

  it("does not get a vlan id that another network asked for", async () => {
    await api.makeNetwork({ vlanId: 2 });
    expect((await api.makeNetwork()).targetSpec.vlanId).not.toBe(2);
  });

  it("frees its vlan id when it is gone", async () => {
    const { id } = await api.makeNetwork({ vlanId: 25 });
    await api.remove(`${NETWORKS}/${id}`);
    expect((await api.makeNetwork({ vlanId: 25 })).currentState.vlanId).toBe(25);
  });

  it("cannot be deleted while it has a subnet, even one that is being made or deleted", async () => {
    const { id } = await api.makeNetwork();
    const inUse = refused(
      "Conflict",
      409,
      `Unable to delete network ${id}: one or more subnets are still in use`,
    );
    const targetSpec = { name: "carp", cidr: "10.25.0.0/16", location: region };
    const subnet = (await api.post(`${NETWORKS}/${id}/subnet`, { targetSpec })).body;
    expect(await api.delete(`${NETWORKS}/${id}`)).toMatchObject(inUse);
    api.clock.advance(DURATIONS.create);
    expect(await api.delete(`${NETWORKS}/${id}`)).toMatchObject(inUse);
    await api.delete(`${NETWORKS}/${id}/subnet/${subnet.id}`);
    expect(await api.delete(`${NETWORKS}/${id}`)).toMatchObject(inUse);
    expect((await api.get(`${NETWORKS}/${id}`)).body.resourceStatus).toBe("READY");
    api.clock.advance(DURATIONS.delete);
    expect(await api.delete(`${NETWORKS}/${id}`)).toMatchObject({ status: 202 });
  });

  it("takes its subnets' paths away when it is gone", async () => {
    const { id } = await api.makeNetwork();
    await api.remove(`${NETWORKS}/${id}`);
    expect(await api.get(`${NETWORKS}/${id}/subnet`)).toMatchObject(
      refused("NotFound", 404, `The network ${id} does not exist`),
    );
  });

  it("does not answer a request for subnets with 500 while it is being made", async () => {
    const targetSpec = { name: "carp", location: region };
    const { id } = (await api.post(NETWORKS, { targetSpec })).body;
    expect((await api.get(`${NETWORKS}/${id}/subnet`)).status).not.toBe(500);
  });
});
