import { beforeEach, describe, expect, it } from "vitest";
import { error, SimulatedApi, V2 } from "./simulated.js";

let api: SimulatedApi;
beforeEach(() => {
  api = new SimulatedApi();
});

const rule = (changes: object) => ({ direction: "INGRESS", ethernetType: "IPV4", ...changes });
const group = (...rules: object[]) =>
  api.make(`${V2}/securityGroup`, { name: "edges", location: { region: "SBG5" }, rules });

describe("a security group", () => {
  it("has rules of OVH's own that let everything out, beside those asked for", async () => {
    const { targetSpec, currentState } = await group(rule({ protocol: "TCP" }));
    expect(targetSpec.rules).toEqual([rule({ protocol: "TCP" })]);
    expect(currentState.rules).toEqual([{ id: expect.any(String), ...rule({ protocol: "TCP" }) }]);
    expect(currentState.defaultRules).toMatchObject([
      { direction: "EGRESS", ethernetType: "IPV4" },
      { direction: "EGRESS", ethernetType: "IPV6" },
    ]);
  });

  it.each([
    [{ remoteIpPrefix: "192.0.2.1" }, "rules.0.remoteIpPrefix: 192.0.2.1 is not a network"],
    [
      { remoteIpPrefix: "192.0.2.0/24", remoteGroup: { id: "g" } },
      "rules.0: either remoteGroup or remoteIpPrefix",
    ],
    [{ protocol: "TCP", portRangeMin: 22 }, "rules.0: portRangeMin and portRangeMax go together"],
    [
      { protocol: "TCP", portRangeMin: 80, portRangeMax: 22 },
      "rules.0: portRangeMin 80 is more than portRangeMax 22",
    ],
    [{ protocol: "ICMP", portRangeMin: 22, portRangeMax: 22 }, "rules.0: ports need protocol TCP or UDP"],
  ])("refuses %j", async (changes, message) => {
    const targetSpec = { name: "edges", location: { region: "SBG5" }, rules: [rule(changes)] };
    const { status, body } = await api.post(`${V2}/securityGroup`, { targetSpec });
    expect([status, body]).toEqual([400, error("BadRequest", `Invalid parameter ${message}`)]);
  });

  it("must be there, and ready, before an instance can have it, and stays while one has it", async () => {
    const asked = await api.instanceSpec({ securityGroups: [{ id: "none" }] });
    expect((await api.post(`${V2}/compute/instance`, { targetSpec: asked })).body).toEqual(
      error("NotFound", "Security group none does not exist"),
    );
    const targetSpec = { name: "edges", location: { region: "SBG5" } };
    const { id } = (await api.post(`${V2}/securityGroup`, { targetSpec })).body;
    const early = await api.instanceSpec({ securityGroups: [{ id }] });
    expect((await api.post(`${V2}/compute/instance`, { targetSpec: early })).body).toEqual(
      error("Conflict", `Security group ${id} is not ready yet`),
    );
    api.clock.advance(3000);
    const made = await api.makeInstance({ securityGroups: [{ id }] });
    expect((await api.delete(`${V2}/securityGroup/${id}`)).body).toEqual(
      error("Conflict", `Security group ${id} is in use`),
    );
    await api.remove(`${V2}/compute/instance/${made.id}`);
    await api.remove(`${V2}/securityGroup/${id}`);
    expect(api.project.leftovers()).toEqual([]);
  });
});

describe("what security groups let in", () => {
  const ssh = { protocol: "tcp", port: 22, from: "192.0.2.7" } as const;
  const carp = { protocol: "carp", from: "10.25.0.10" } as const;

  it("is everything without a group, and with OVH's own", async () => {
    const { securityGroups } = (await api.makeInstance()).targetSpec;
    expect(api.project.securityGroups.letsIn([], ssh)).toBe(true);
    expect(api.project.securityGroups.letsIn([securityGroups[0].id], carp)).toBe(true);
  });

  it.each([
    ["nothing by a group without rules", [], false, false],
    ["what goes out is no entry", [{ direction: "EGRESS" }], false, false],
    ["another family", [{ ethernetType: "IPV6" }], false, false],
    ["one port and not the others", [{ protocol: "TCP", portRangeMin: 22, portRangeMax: 22 }], true, false],
    ["a range of ports", [{ protocol: "tcp", portRangeMin: 20, portRangeMax: 21 }], false, false],
    ["every protocol from one network", [{ remoteIpPrefix: "10.25.0.0/16" }], false, true],
    ["CARP by VRRP's number, which it shares", [{ protocol: "112" }], false, true],
    ["members of another group, of which these are none", [{ remoteGroup: { id: "other" } }], false, false],
  ])("%s", async (_, rules, sshIn, carpIn) => {
    const { id } = await group(...rules.map(rule));
    const { securityGroups } = api.project;
    expect([securityGroups.letsIn([id], ssh), securityGroups.letsIn([id], carp)]).toEqual([sshIn, carpIn]);
  });
});
