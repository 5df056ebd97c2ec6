import { beforeEach, describe, expect, it } from "vitest";
import { error, SimulatedApi, V2 } from "./simulated.js";

const INSTANCES = `${V2}/compute/instance`;
const GROUPS = `${V2}/compute/instanceGroup`;
const region = { region: "SBG5" };

let api: SimulatedApi;
beforeEach(() => {
  api = new SimulatedApi();
});

const refused = (errorClass: string, status: number, message: string) => ({
  status,
  body: error(errorClass, message),
});

describe("an instance group", () => {
  it("is what was asked for, without members", async () => {
    const { targetSpec, currentState } = await api.makeGroup();
    expect(targetSpec).toEqual({ name: "edges", policy: "ANTI_AFFINITY", location: region });
    expect(currentState).toEqual({ ...targetSpec, members: [] });
  });

  it("shows the instances that are in it now", async () => {
    const group = await api.makeGroup();
    const members = async () => (await api.get(`${GROUPS}/${group.id}`)).body.currentState.members;
    const first = await api.makeInstance({ group: { id: group.id } });
    await api.makeInstance();
    const second = await api.makeInstance({ group: { id: group.id } });
    expect(await members()).toEqual([{ id: first.id }, { id: second.id }]);
    await api.remove(`${INSTANCES}/${first.id}`);
    expect(await members()).toEqual([{ id: second.id }]);
  });

  it("shows no updatedAt when it is asked for by its id", async () => {
    const { id } = await api.makeGroup();
    expect(Object.keys((await api.get(`${GROUPS}/${id}`)).body).sort()).toEqual([
      "checksum",
      "createdAt",
      "currentState",
      "currentTasks",
      "id",
      "resourceStatus",
      "targetSpec",
    ]);
  });

  it.each([
    ["no policy", { policy: undefined }, "policy: Invalid option"],
    ["an unknown policy", { policy: "SOFT" }, "policy: Invalid option"],
  ])("is refused with %s", async (_, spec, message) => {
    const targetSpec = { name: "edges", location: region, ...spec };
    expect(await api.post(GROUPS, { targetSpec })).toMatchObject(
      refused("BadRequest", 400, `Invalid parameter ${message}: expected one of "AFFINITY"|"ANTI_AFFINITY"`),
    );
  });

  it("is refused without a location", async () => {
    expect(await api.post(GROUPS, { targetSpec: { name: "edges", policy: "AFFINITY" } })).toMatchObject(
      refused(
        "BadRequest",
        400,
        "Invalid parameter location: Invalid input: expected object, received undefined",
      ),
    );
  });
});
