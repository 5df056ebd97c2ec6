import { beforeEach, describe, expect, it } from "vitest";
import { KINDS } from "./kinds.js";
import { DURATIONS, error, type Json, SimulatedApi, V2 } from "./simulated.js";

const MADE_AT = "2026-01-01T00:00:00Z";
const LATER = "2026-01-01T00:00:03Z";
const CHANGEABLE = Object.entries(KINDS).filter(([name]) => name !== "instance group");

let api: SimulatedApi;
beforeEach(() => {
  api = new SimulatedApi();
});

describe.each(CHANGEABLE)("changing a v2 resource: %s", (_, prepare) => {
  it("is UPDATING with its new targetSpec and its old state, then READY", async () => {
    const { path, spec, change } = await prepare(api);
    const before = await api.make(path, spec);
    const answer = await api.put(`${path}/${before.id}`, { checksum: before.checksum, targetSpec: change });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      id: before.id,
      createdAt: MADE_AT,
      updatedAt: LATER,
      resourceStatus: "UPDATING",
      currentTasks: [{ type: "UPDATE", status: "RUNNING", link: `${path}/${before.id}`, errors: [] }],
      targetSpec: { ...spec, name: "renamed" },
      currentState: before.currentState,
    });
    api.clock.advance(DURATIONS.update - 1);
    expect((await api.get(`${path}/${before.id}`)).body.resourceStatus).toBe("UPDATING");
    api.clock.advance(1);
    expect((await api.get(`${path}/${before.id}`)).body).toEqual({
      ...before,
      checksum: answer.body.checksum,
      updatedAt: "2026-01-01T00:00:05Z",
      targetSpec: { ...spec, name: "renamed" },
      currentState: { ...before.currentState, name: "renamed" },
    });
  });

  it("has another checksum after it changed", async () => {
    const { path, spec, change } = await prepare(api);
    const before = await api.make(path, spec);
    const { body } = await api.put(`${path}/${before.id}`, { checksum: before.checksum, targetSpec: change });
    expect(body.checksum).toMatch(/^[0-9a-f]{32}$/);
    expect(body.checksum).not.toBe(before.checksum);
  });

  it("refuses a stale checksum with 409 and changes nothing", async () => {
    const { name, path, spec, change } = await prepare(api);
    const { id, checksum } = await api.make(path, spec);
    await api.put(`${path}/${id}`, { checksum, targetSpec: change });
    api.clock.advance(DURATIONS.update);
    const before = (await api.get(`${path}/${id}`)).body;
    expect(
      await api.put(`${path}/${id}`, { checksum, targetSpec: { ...change, name: "again" } }),
    ).toMatchObject({
      status: 409,
      body: error("Conflict", `The ${name} has changed since it was read: checksum mismatch`),
    });
    expect((await api.get(`${path}/${id}`)).body).toEqual(before);
  });

  it.each([
    ["the creation", async () => {}],
    [
      "another change",
      async (path: string, change: Json) => {
        api.clock.advance(DURATIONS.create);
        const { checksum } = (await api.get(path)).body;
        await api.put(path, { checksum, targetSpec: change });
      },
    ],
    [
      "the deletion",
      async (path: string) => {
        api.clock.advance(DURATIONS.create);
        await api.delete(path);
      },
    ],
  ])("refuses a change with 409 while %s is pending", async (_what, begin) => {
    const { name, path, spec, change } = await prepare(api);
    const { id } = (await api.post(path, { targetSpec: spec })).body;
    await begin(`${path}/${id}`, change);
    const { checksum } = (await api.get(`${path}/${id}`)).body;
    expect(
      await api.put(`${path}/${id}`, { checksum, targetSpec: { ...change, name: "again" } }),
    ).toMatchObject({ status: 409, body: error("Conflict", `The ${name} has a task that is not done`) });
  });

  it("refuses a change without a checksum or without a targetSpec", async () => {
    const { path, spec, change } = await prepare(api);
    const { id, checksum } = await api.make(path, spec);
    expect(await api.put(`${path}/${id}`, { targetSpec: change })).toMatchObject({
      status: 400,
      body: error("BadRequest", "Missing checksum"),
    });
    expect(await api.put(`${path}/${id}`, { checksum })).toMatchObject({
      status: 400,
      body: error("BadRequest", "Missing targetSpec"),
    });
  });

  it("refuses a change whose body is null with 400", async () => {
    const { path, spec } = await prepare(api);
    const { id } = await api.make(path, spec);
    expect(await api.put(`${path}/${id}`, "null")).toMatchObject({ status: 400 });
  });

  it("can be changed again once it is READY", async () => {
    const { path, spec, change } = await prepare(api);
    let { id, checksum } = await api.make(path, spec);
    for (const name of ["second", "third"]) {
      await api.put(`${path}/${id}`, { checksum, targetSpec: { ...change, name } });
      api.clock.advance(DURATIONS.update);
      const { body } = await api.get(`${path}/${id}`);
      expect(body).toMatchObject({ resourceStatus: "READY", currentState: { name } });
      checksum = body.checksum;
    }
  });

  it("does not show a state beside ERROR when it is changed after it failed", async () => {
    const { path, spec, change, fail } = await prepare(api);
    fail("No valid host was found");
    const { id, checksum } = await api.make(path, spec);
    await api.put(`${path}/${id}`, { checksum, targetSpec: change });
    api.clock.advance(DURATIONS.update);
    const { resourceStatus, currentState } = (await api.get(`${path}/${id}`)).body;
    expect(resourceStatus === "ERROR" && currentState !== null).toBe(false);
  });
});

describe("an instance group", () => {
  it("cannot be changed", async () => {
    const { id, checksum, targetSpec } = await api.makeGroup();
    expect(await api.put(`${V2}/compute/instanceGroup/${id}`, { checksum, targetSpec })).toMatchObject({
      status: 400,
      body: error("BadRequest", "An instance group cannot be changed"),
    });
  });
});
