import { beforeEach, describe, expect, it } from "vitest";
import { DURATIONS, error, type Json, SimulatedApi, V2 } from "./simulated.js";

const NETWORKS = `${V2}/network`;
const INSTANCES = `${V2}/compute/instance`;
const region = { region: "SBG5" };

let api: SimulatedApi;
beforeEach(() => {
  api = new SimulatedApi();
});

const refused = (errorClass: string, status: number, message: string) => ({
  status,
  body: error(errorClass, message),
});

describe("a subnet", () => {
  let network: Json;
  let path: string;
  beforeEach(async () => {
    network = await api.makeNetwork();
    path = `${NETWORKS}/${network.id}/subnet`;
  });

  it("has everything that was asked for", async () => {
    const spec = {
      name: "carp",
      cidr: "10.25.0.0/16",
      location: { region: "SBG5", availabilityZone: "eu-west-par-a" },
      description: "for carp",
      dhcpEnabled: false,
      dnsNameservers: ["213.186.33.99"],
      gatewayIp: "10.25.0.1",
      allocationPools: [{ start: "10.25.0.20", end: "10.25.0.99" }],
    };
    const { targetSpec, currentState } = await api.makeSubnet(network.id, spec);
    expect(targetSpec).toEqual(spec);
    expect(currentState).toEqual({ ...spec, hostRoutes: [] });
  });

  it("leaves out the fields that were not asked for, but for DHCP and the pool", async () => {
    const { targetSpec, currentState } = await api.makeSubnet(network.id);
    expect(targetSpec).toEqual({
      name: "carp",
      cidr: "10.25.0.0/16",
      location: region,
      dhcpEnabled: true,
      allocationPools: [{ start: "10.25.0.2", end: "10.25.255.254" }],
    });
    expect(currentState).toEqual({ ...targetSpec, hostRoutes: [] });
  });

  it("takes a gateway of null for none", async () => {
    const { targetSpec, currentState } = await api.makeSubnet(network.id, { gatewayIp: null });
    expect(targetSpec).not.toHaveProperty("gatewayIp");
    expect(currentState).not.toHaveProperty("gatewayIp");
  });

  it("keeps its cidr and location through a change, and loses what the change leaves out", async () => {
    const { id, checksum } = await api.makeSubnet(network.id, {
      description: "for carp",
      dnsNameservers: ["1.1.1.1"],
    });
    const targetSpec = { name: "renamed", cidr: "10.99.0.0/16", location: { region: "GRA11" } };
    await api.put(`${path}/${id}`, { checksum, targetSpec });
    api.clock.advance(DURATIONS.update);
    expect((await api.get(`${path}/${id}`)).body.targetSpec).toEqual({
      name: "renamed",
      cidr: "10.25.0.0/16",
      location: region,
      dhcpEnabled: true,
      allocationPools: [{ start: "10.25.0.2", end: "10.25.255.254" }],
    });
  });

  it.each([
    ["a cidr that is none", { cidr: "10.25.0.0" }, "cidr: 10.25.0.0 is not a network"],
    ["a cidr of IPv6", { cidr: "fd00::/64" }, "cidr: fd00::/64 is not a network"],
    ["no cidr", { cidr: undefined }, "cidr: undefined is not a network"],
    ["no location", { location: undefined }, "location: required"],
    [
      "name servers that are no list",
      { dnsNameservers: "1.1.1.1" },
      "dnsNameservers: Invalid input: expected array, received string",
    ],
    [
      "a pool without an end",
      { allocationPools: [{ start: "10.25.0.20" }] },
      "allocationPools.0.end: Invalid input: expected string, received undefined",
    ],
  ])("is refused with %s", async (_, spec, message) => {
    const targetSpec = { name: "carp", cidr: "10.25.0.0/16", location: region, ...spec };
    expect(await api.post(path, { targetSpec })).toMatchObject(
      refused("BadRequest", 400, `Invalid parameter ${message}`),
    );
  });

  it("is refused in a network that does not exist", async () => {
    const targetSpec = { name: "carp", cidr: "10.25.0.0/16", location: region };
    const missing = refused("NotFound", 404, "The network nothing does not exist");
    expect(await api.post(`${NETWORKS}/nothing/subnet`, { targetSpec })).toMatchObject(missing);
    expect(await api.get(`${NETWORKS}/nothing/subnet/x`)).toMatchObject(missing);
  });

  it("is found in its own network only", async () => {
    const other = await api.makeNetwork();
    const { id } = await api.makeSubnet(network.id);
    expect(await api.get(`${NETWORKS}/${other.id}/subnet/${id}`)).toMatchObject(
      refused("NotFound", 404, `The subnet ${id} does not exist`),
    );
    expect((await api.get(`${NETWORKS}/${other.id}/subnet`)).body).toEqual([]);
  });

  it("cannot be deleted while an instance has an address of it", async () => {
    const subnet = await api.makeSubnet(network.id);
    const inUse = refused(
      "Conflict",
      409,
      `Unable to complete operation on subnet ${subnet.id}: ` +
        "one or more ports have an IP allocation from this subnet",
    );
    const networks = [{ id: network.id, subnetId: subnet.id }];
    const targetSpec = await api.instanceSpec({ networks });
    const { id } = (await api.post(INSTANCES, { targetSpec })).body;
    expect(await api.delete(`${path}/${subnet.id}`)).toMatchObject(inUse);
    api.clock.advance(DURATIONS.create);
    await api.get(`${INSTANCES}/${id}`);
    expect(await api.delete(`${path}/${subnet.id}`)).toMatchObject(inUse);
    await api.delete(`${INSTANCES}/${id}`);
    expect(await api.delete(`${path}/${subnet.id}`)).toMatchObject(inUse);
    api.clock.advance(DURATIONS.delete);
    await api.get(`${INSTANCES}/${id}`);
    expect(await api.delete(`${path}/${subnet.id}`)).toMatchObject({ status: 202 });
  });

  it("can be deleted once its instance is gone, even if nobody looked at the instance", async () => {
    const subnet = await api.makeSubnet(network.id);
    const { id } = await api.makeInstance({ networks: [{ id: network.id, subnetId: subnet.id }] });
    await api.delete(`${INSTANCES}/${id}`);
    api.clock.advance(DURATIONS.delete);
    expect(await api.delete(`${path}/${subnet.id}`)).toMatchObject({ status: 202 });
  });

  it("can be deleted after its instance was removed while it was being made", async () => {
    const subnet = await api.makeSubnet(network.id);
    const targetSpec = await api.instanceSpec({ networks: [{ id: network.id, subnetId: subnet.id }] });
    const { id } = (await api.post(INSTANCES, { targetSpec })).body;
    await api.remove(`${INSTANCES}/${id}`);
    expect(await api.delete(`${path}/${subnet.id}`)).toMatchObject({ status: 202 });
  });

  it("can be deleted after its instance ended in ERROR and was removed", async () => {
    const subnet = await api.makeSubnet(network.id);
    api.project.instances.instances.failNext("No valid host was found");
    const { id } = await api.makeInstance({ networks: [{ id: network.id, subnetId: subnet.id }] });
    await api.remove(`${INSTANCES}/${id}`);
    expect(await api.delete(`${path}/${subnet.id}`)).toMatchObject({ status: 202 });
  });

  it("can be deleted after an instance was refused for another of its networks", async () => {
    const subnet = await api.makeSubnet(network.id);
    const networks = [{ id: network.id, subnetId: subnet.id }, { id: "nothing" }];
    const targetSpec = await api.instanceSpec({ networks });
    expect(await api.post(INSTANCES, { targetSpec })).toMatchObject({ status: 404 });
    expect(await api.delete(`${path}/${subnet.id}`)).toMatchObject({ status: 202 });
  });
});

describe("the addresses of a subnet", () => {
  let network: Json;
  beforeEach(async () => {
    network = await api.makeNetwork();
  });

  /** The address that a new instance gets. */
  async function lease(subnetId: string, ip?: string): Promise<string> {
    const instance = await api.makeInstance({ networks: [{ id: network.id, subnetId, ip }] });
    return instance.currentState.networks[0].addresses[0].ip;
  }

  /** What a new instance is refused with. */
  async function refusal(subnetId: string, ip?: string) {
    const targetSpec = await api.instanceSpec({ networks: [{ id: network.id, subnetId, ip }] });
    return api.post(INSTANCES, { targetSpec });
  }

  it("are given in turn, from the third of the subnet on", async () => {
    const { id } = await api.makeSubnet(network.id);
    expect([await lease(id), await lease(id)]).toEqual(["10.25.0.2", "10.25.0.3"]);
  });

  it("are given from the pool", async () => {
    const { id } = await api.makeSubnet(network.id, {
      allocationPools: [{ start: "10.25.1.254", end: "10.25.2.1" }],
    });
    const given = [await lease(id), await lease(id), await lease(id), await lease(id)];
    expect(given).toEqual(["10.25.1.254", "10.25.1.255", "10.25.2.0", "10.25.2.1"]);
  });

  it("do not include the gateway's", async () => {
    const { id } = await api.makeSubnet(network.id, { gatewayIp: "10.25.0.2" });
    expect(await lease(id)).toBe("10.25.0.3");
  });

  it("do not include those that were asked for by name", async () => {
    const { id } = await api.makeSubnet(network.id);
    expect(await lease(id, "10.25.0.2")).toBe("10.25.0.2");
    expect(await lease(id)).toBe("10.25.0.3");
  });

  it("can be asked for outside of the pool", async () => {
    const { id } = await api.makeSubnet(network.id, {
      allocationPools: [{ start: "10.25.0.20", end: "10.25.0.99" }],
    });
    expect(await lease(id, "10.25.0.10")).toBe("10.25.0.10");
  });

  it("are refused when somebody has them", async () => {
    const { id } = await api.makeSubnet(network.id);
    await lease(id, "10.25.0.10");
    expect(await refusal(id, "10.25.0.10")).toMatchObject(
      refused("Conflict", 409, `IP address 10.25.0.10 is already allocated in subnet ${id}`),
    );
  });

  it.each(["10.26.0.1", "fd00::1", "carp"])("are refused when they are not of the subnet: %s", async (ip) => {
    const { id } = await api.makeSubnet(network.id);
    expect(await refusal(id, ip)).toMatchObject(
      refused("BadRequest", 400, `IP address ${ip} is not a valid IP for subnet ${id}`),
    );
  });

  it("run out", async () => {
    const { id } = await api.makeSubnet(network.id, { cidr: "10.25.0.0/30" });
    expect(await lease(id)).toBe("10.25.0.2");
    expect(await refusal(id)).toMatchObject(
      refused("Conflict", 409, `No more IP addresses available in subnet ${id}`),
    );
  });

  it("come back when their instance is gone", async () => {
    const { id } = await api.makeSubnet(network.id, { cidr: "10.25.0.0/30" });
    const first = await api.makeInstance({ networks: [{ id: network.id, subnetId: id }] });
    await api.remove(`${INSTANCES}/${first.id}`);
    expect(await lease(id)).toBe("10.25.0.2");
  });

  it("are of the network's first subnet when none is named", async () => {
    const { id: subnetId } = await api.makeSubnet(network.id);
    await api.makeSubnet(network.id, { cidr: "10.26.0.0/16" });
    const { currentState } = await api.makeInstance({ networks: [{ id: network.id }] });
    expect(currentState.networks).toMatchObject([{ subnetId, addresses: [{ ip: "10.25.0.2" }] }]);
  });

  it("are taken from the second pool when the first one is used up", async () => {
    const { id } = await api.makeSubnet(network.id, {
      allocationPools: [
        { start: "10.25.0.20", end: "10.25.0.20" },
        { start: "10.25.0.30", end: "10.25.0.30" },
      ],
    });
    expect(await lease(id)).toBe("10.25.0.20");
    expect(await lease(id)).toBe("10.25.0.30");
  });

  it("run out at once, with 409, where the subnet has no pool at all", async () => {
    const { id } = await api.makeSubnet(network.id, { allocationPools: [] });
    expect(await refusal(id)).toMatchObject(
      refused("Conflict", 409, `No more IP addresses available in subnet ${id}`),
    );
  });

  it("are not taken from a pool that is no address range; the subnet is refused with 400", async () => {
    const targetSpec = {
      name: "carp",
      cidr: "10.25.0.0/16",
      location: region,
      allocationPools: [{ start: "first", end: "last" }],
    };
    expect(await api.post(`${NETWORKS}/${network.id}/subnet`, { targetSpec })).toMatchObject({ status: 400 });
  });
});
