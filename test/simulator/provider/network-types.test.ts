import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PROJECT, UUID, V2 } from "../ovh-api/simulated.js";
import { TestedTypes } from "./tested-types.js";

const NETWORKS = `${V2}/network`;

let ovh: TestedTypes;
beforeEach(async () => {
  ovh = await TestedTypes.start();
});
afterEach(() => ovh.stop());

describe("an SSH key", () => {
  const config = { name: "ops", public_key: "ssh-ed25519 AAAA" };
  const state = {
    service_name: PROJECT,
    ...config,
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
  };

  it("is asked for without an envelope, and is in the state what the API answers", async () => {
    expect(await ovh.key.create(config)).toEqual(state);
    expect(ovh.bodies("POST", `${V2}/sshKey`)).toEqual([{ name: "ops", publicKey: "ssh-ed25519 AAAA" }]);
    expect(await ovh.key.read(await ovh.key.create({ ...config, name: "b/c d" }))).toEqual({
      ...state,
      name: "b/c d",
    });
  });

  it("is an error, not absent, when it was deleted outside", async () => {
    const made = await ovh.key.create(config);
    ovh.project.deleteSshKey("ops");
    await expect(ovh.key.read(made)).rejects.toThrow("SSH key ops does not exist");
    await expect(ovh.key.delete(made)).resolves.toBeUndefined();
  });

  it("is deleted", async () => {
    await ovh.key.delete(await ovh.key.create(config));
    expect(ovh.project.leftovers()).toEqual([]);
  });
});

describe("a private network", () => {
  it("asks for what is configured and nothing else", async () => {
    await ovh.makeNetwork();
    await ovh.makeNetwork({ description: "for carp", vlan_id: 0 });
    expect(ovh.bodies("POST", NETWORKS)).toEqual([
      { targetSpec: { name: "carp", location: { region: "SBG5" } } },
      { targetSpec: { name: "carp", description: "for carp", location: { region: "SBG5" }, vlanId: 0 } },
    ]);
  });

  it("is in the state what the API answers once it is READY", async () => {
    expect(await ovh.makeNetwork()).toEqual({
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
    const prior = await ovh.makeNetwork();
    const renamed = await ovh.network.update(prior, { name: "renamed" });
    expect(ovh.bodies("PUT", `${NETWORKS}/${prior.id as string}`)).toEqual([
      { checksum: prior.checksum, targetSpec: { name: "renamed" } },
    ]);
    expect(renamed).toMatchObject({ id: prior.id, name: "renamed", current_state: { name: "renamed" } });
    expect(renamed.checksum).not.toBe(prior.checksum);
  });

  it("is not renamed when it was changed outside", async () => {
    const prior = await ovh.makeNetwork();
    const change = ovh.network.update({ ...prior, checksum: "stale" }, { name: "renamed" });
    await expect(change).rejects.toThrow(
      'Client::Conflict: "The network has changed since it was read: checksum mismatch"',
    );
  });

  it("is an error, not absent, when it was deleted outside", async () => {
    const made = await ovh.makeNetwork();
    ovh.project.networks.networks.delete(made.id as string);
    await expect(ovh.network.read(made)).rejects.toThrow(`The network ${made.id as string} does not exist`);
  });

  it("ends its creation with the task's message when it fails", async () => {
    ovh.project.networks.networks.failNext("no vlan left");
    await expect(ovh.makeNetwork()).rejects.toThrow(/^network \S+ entered ERROR state: no vlan left$/);
  });
});

describe("a subnet", () => {
  it("asks for what is configured and nothing else, even if that is empty", async () => {
    const { id } = await ovh.makeNetwork();
    await ovh.makeSubnet(id);
    await ovh.makeSubnet(id, {
      availability_zone: "eu-west-par-a",
      description: "for carp",
      dhcp_enabled: false,
      dns_nameservers: [],
      gateway_ip: "10.25.0.1",
      allocation_pools: [{ start: "10.25.0.20", end: "10.25.0.99" }],
    });
    const common = { name: "carp", cidr: "10.25.0.0/16" };
    expect(ovh.bodies("POST", `${NETWORKS}/${id as string}/subnet`)).toEqual([
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
    const { id } = await ovh.makeNetwork();
    expect(await ovh.makeSubnet(id)).toMatchObject({
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
    const { id } = await ovh.makeNetwork();
    const prior = await ovh.makeSubnet(id);
    await ovh.subnet.update(prior, { name: "renamed" });
    expect(ovh.bodies("PUT", `${NETWORKS}/${id as string}/subnet/${prior.id as string}`)).toEqual([
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
    const { id } = await ovh.makeNetwork();
    const made = await ovh.makeSubnet(id);
    await ovh.subnet.delete(made);
    expect(await ovh.subnet.read(made)).toBeNull();
  });
});
