import { beforeEach, describe, expect, it } from "vitest";
import type { Address } from "../../../lib/simulator/ovh-api/instances.js";
import { DURATIONS, error, type Json, SimulatedApi, V2 } from "./simulated.js";

const INSTANCES = `${V2}/compute/instance`;

/** The interfaces of each instance that was started, in the order they have on it. */
let started: (readonly Address[])[];
let api: SimulatedApi;
beforeEach(() => {
  started = [];
  api = new SimulatedApi({ started: (_, __, interfaces) => started.push(interfaces) });
});

describe("the interfaces of an instance", () => {
  let networks: Json[];
  let entries: Json[];
  beforeEach(async () => {
    networks = [await api.makeNetwork(), await api.makeNetwork(), await api.makeNetwork()];
    // Asked for from the last id to the first, so that no order but the one asked for is this one.
    networks.sort((a, b) => (a.id < b.id ? 1 : -1));
    entries = [{ autoAssignPublicIp: true }];
    for (const [index, { id }] of networks.entries()) {
      const subnet = await api.makeSubnet(id, { cidr: `10.${index}.0.0/16` });
      entries.push({ id, subnetId: subnet.id });
    }
  });

  it("are listed by network id, the public one first", async () => {
    const { currentState } = await api.makeInstance({ networks: entries });
    const ids = networks.map(({ id }) => id);
    expect(currentState.networks.map((one: Json) => one.id)).toEqual([null, ...ids.toReversed()]);
  });

  it("are listed by network id even if the public one was asked for last", async () => {
    const { currentState } = await api.makeInstance({ networks: entries.toReversed() });
    const ids = networks.map(({ id }) => id);
    expect(currentState.networks.map((one: Json) => one.id)).toEqual([null, ...ids.toReversed()]);
  });

  it("keep the order asked for in the targetSpec and on the instance", async () => {
    const { targetSpec } = await api.makeInstance({ networks: entries });
    expect(targetSpec.networks).toEqual(entries);
    expect(started.map((interfaces) => interfaces.map(({ ip }) => ip))).toEqual([
      ["127.77.0.11", "10.0.0.2", "10.1.0.2", "10.2.0.2"],
    ]);
  });

  it("tell by their MAC which interface of the instance they are", async () => {
    const { currentState } = await api.makeInstance({ networks: entries });
    const macs = started[0]?.map(({ mac }) => mac) ?? [];
    expect(new Set(macs).size).toBe(4);
    const listed = (id: string) => currentState.networks.find((one: Json) => one.id === id).addresses;
    for (const [index, { id }] of networks.entries()) {
      expect(listed(id)).toEqual([
        {
          ip: `10.${index}.0.2`,
          mac: macs[index + 1],
          type: "private",
          version: 4,
        },
      ]);
    }
  });

  it("name the network, subnet and no gateway", async () => {
    const { currentState } = await api.makeInstance({ networks: entries.slice(0, 2) });
    expect(currentState.networks).toEqual([
      { id: null, subnetId: null, gatewayId: null, addresses: [expect.anything()] },
      { ...entries[1], gatewayId: null, addresses: [expect.anything()] },
    ]);
  });

  it("have the address that was asked for", async () => {
    const entry = { ...entries[1], ip: "10.0.0.77" };
    const { targetSpec, currentState } = await api.makeInstance({ networks: [entry] });
    expect(targetSpec.networks).toEqual([entry]);
    expect(currentState.networks).toMatchObject([{ addresses: [{ ip: "10.0.0.77" }] }]);
  });

  it("do not show in the targetSpec what was not asked for", async () => {
    const { targetSpec } = await api.makeInstance({ networks: [{ id: networks[0].id }] });
    expect(targetSpec.networks).toEqual([{ id: networks[0].id }]);
  });

  it("have public addresses that nobody else has", async () => {
    const publicOnly = { networks: [{ autoAssignPublicIp: true }] };
    await api.makeInstance(publicOnly);
    await api.makeInstance(publicOnly);
    expect(started.map(([first]) => first?.ip)).toEqual(["127.77.0.11", "127.77.0.12"]);
  });

  it("keep their addresses and MACs through a change", async () => {
    const { id, checksum, targetSpec, currentState } = await api.makeInstance({ networks: entries });
    await api.put(`${INSTANCES}/${id}`, { checksum, targetSpec: { ...targetSpec, name: "renamed" } });
    api.clock.advance(DURATIONS.update);
    expect((await api.get(`${INSTANCES}/${id}`)).body.currentState).toEqual({
      ...currentState,
      name: "renamed",
    });
  });

  it.each([
    ["change", () => [{ autoAssignPublicIp: true }]],
    ["turn round", () => entries.toReversed()],
    ["disappear", () => undefined],
  ])("cannot %s later", async (_, later) => {
    const { id, checksum, targetSpec } = await api.makeInstance({ networks: entries });
    const changed = { ...targetSpec, networks: later() };
    expect(await api.put(`${INSTANCES}/${id}`, { checksum, targetSpec: changed })).toMatchObject({
      status: 409,
      body: error("Conflict", "The interfaces of this simulated instance cannot change after its creation"),
    });
    expect((await api.get(`${INSTANCES}/${id}`)).body).toMatchObject({ resourceStatus: "READY", targetSpec });
  });
});
