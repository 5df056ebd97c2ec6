import { beforeEach, describe, expect, it } from "vitest";
import { FAILOVER, MOVE, PROJECT, SimulatedApi, V1 } from "./simulated.js";

const ROOT = "/1.0/cloud/project";
const IP = "146.59.143.231";

let api: SimulatedApi;
let first: string;
let second: string;
beforeEach(async () => {
  api = new SimulatedApi();
  const networks = [{ autoAssignPublicIp: true }];
  first = (await api.makeInstance({ name: "node-01", networks })).id;
  second = (await api.makeInstance({ name: "node-02", networks })).id;
  await api.post(`${FAILOVER}/fo-1/attach`, { instanceId: first });
  api.clock.advance(MOVE);
});

/** What one call answers; the tool ends at the first that is no success. */
async function ask(path: string) {
  const { status, body } = await api.get(path);
  expect([path, status]).toEqual([path, 200]);
  return body;
}

/** The calls that ipmoveOvh makes in the end, whatever it was given: the holder, the POST, and looks until `ok`. */
async function move(ip: { id: string; routedTo: string }, instanceId: string): Promise<string> {
  const holder = await ask(`${V1}/instance/${ip.routedTo}`);
  const attached = await api.post(`${FAILOVER}/${ip.id}/attach`, { instanceId });
  expect(attached.status).toBe(200);
  for (let looks = 0, now = attached.body; now.status !== "ok"; looks++) {
    expect(looks).toBeLessThan(100);
    api.clock.advance(1000);
    now = await ask(`${FAILOVER}/${ip.id}`);
  }
  return holder.name;
}

// Names, ids and their order are those of the tool of the guide; it reads no other fields.
describe("the calls of ipmoveOvh", () => {
  it("move the address by names", async () => {
    const [id] = await ask(ROOT);
    expect(await ask(`${ROOT}/${id}`)).toMatchObject({ project_id: PROJECT, description: "example" });
    const ip = (await ask(FAILOVER)).find((one: { ip: string }) => one.ip === IP);
    const target = (await ask(`${V1}/instance`)).find((one: { name: string }) => one.name === "node-02");
    expect(await move(ip, target.id)).toBe("node-01");
    expect(await ask(`${FAILOVER}/fo-1`)).toMatchObject({ routedTo: second, status: "ok" });
  });

  it("move it by ids", async () => {
    expect((await ask(`${ROOT}/${PROJECT}`)).project_id).toBe(PROJECT);
    const ip = await ask(`${FAILOVER}/fo-1`);
    expect((await ask(`${V1}/instance/${second}`)).name).toBe("node-02");
    expect(await move(ip, second)).toBe("node-01");
    expect(await ask(`${FAILOVER}/fo-1`)).toMatchObject({ routedTo: second, status: "ok" });
  });

  it.each([
    ["a project", `${ROOT}/nope`],
    ["an address", `${FAILOVER}/nope`],
    ["an instance", `${V1}/instance/nope`],
    ["the holder of an address that is routed to nothing", `${V1}/instance/`],
  ])("end where %s is not there", async (_, path) => {
    expect((await api.get(path)).status).toBe(404);
  });
});
