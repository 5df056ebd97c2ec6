import { beforeEach, describe, expect, it } from "vitest";
import { DURATIONS, error, PROJECT, SimulatedApi, V2 } from "./simulated.js";

const VRACK = "/1.0/vrack/pn-12345";

let api: SimulatedApi;
beforeEach(() => {
  api = new SimulatedApi({ seed: { account: { vrack: "pn-12345", inVrack: false } } });
});

const attach = () => api.post(`${VRACK}/cloudProject`, { project: PROJECT });

describe("a vRack", () => {
  it("has a project once its task is done, which is not found any more then", async () => {
    const { id, serviceName, status } = (await attach()).body;
    expect([serviceName, status]).toEqual(["pn-12345", "init"]);
    expect((await api.get(`${VRACK}/cloudProject/${PROJECT}`)).status).toBe(404);
    api.clock.advance(1);
    expect((await api.get(`${VRACK}/task/${id}`)).body).toMatchObject({ status: "doing" });
    expect((await attach()).body).toEqual(
      error("Conflict", `Project ${PROJECT} has a task that is not done`),
    );
    api.clock.advance(DURATIONS.create);
    expect((await api.get(`${VRACK}/task/${id}`)).status).toBe(404);
    expect((await api.get(`${VRACK}/cloudProject/${PROJECT}`)).body).toEqual({
      vrack: "pn-12345",
      project: PROJECT,
    });
    expect((await attach()).body).toEqual(
      error("Conflict", `Project ${PROJECT} is already in vrack pn-12345`),
    );
  });

  it("is what a private network needs, and keeps its project as long as there is one", async () => {
    const targetSpec = { name: "carp", location: { region: "SBG5" }, vlanId: 25 };
    const ask = () => api.post(`${V2}/network`, { targetSpec });
    expect((await ask()).body).toEqual(
      error("Conflict", "The project is in no vRack: a private network needs one"),
    );
    await attach();
    api.clock.advance(DURATIONS.create);
    const { id } = (await ask()).body;
    api.clock.advance(DURATIONS.create);
    const detach = () => api.delete(`${VRACK}/cloudProject/${PROJECT}`);
    expect((await detach()).body).toEqual(error("Conflict", `The project still has private network ${id}`));
    await api.remove(`${V2}/network/${id}`);
    expect(api.project.leftovers()).toEqual(["project in vrack pn-12345"]);
    await detach();
    api.clock.advance(DURATIONS.create);
    expect(api.project.leftovers()).toEqual([]);
  });

  it("that is not the account's does not exist", async () => {
    expect((await api.post("/1.0/vrack/pn-1/cloudProject", { project: PROJECT })).body).toEqual(
      error("NotFound", "This service does not exist: vrack pn-1"),
    );
  });
});
