import { beforeEach, describe, expect, it } from "vitest";
import { KINDS } from "./kinds.js";
import { DURATIONS, error, type Json, SimulatedApi, UUID } from "./simulated.js";

const MADE_AT = "2026-01-01T00:00:00Z";
const LATER = "2026-01-01T00:00:03Z";

let api: SimulatedApi;
beforeEach(() => {
  api = new SimulatedApi();
});

const ALL = Object.entries(KINDS);

describe.each(ALL)("creating a v2 resource: %s", (_, prepare) => {
  it("answers 202 with a pending envelope", async () => {
    const { path, spec } = await prepare(api);
    const { status, body } = await api.post(path, { targetSpec: spec });
    expect(status).toBe(202);
    expect(body).toEqual({
      id: expect.stringMatching(UUID),
      checksum: expect.stringMatching(/^[0-9a-f]{32}$/),
      createdAt: MADE_AT,
      updatedAt: MADE_AT,
      resourceStatus: "CREATING",
      currentTasks: [
        {
          id: expect.stringMatching(UUID),
          type: "CREATE",
          status: "RUNNING",
          link: `${path}/${body.id}`,
          errors: [],
        },
      ],
      targetSpec: spec,
      currentState: null,
    });
  });

  it("is CREATING until the last millisecond of its task, then READY without a task", async () => {
    const { path, spec } = await prepare(api);
    const { body: made } = await api.post(path, { targetSpec: spec });
    api.clock.advance(DURATIONS.create - 1);
    const pending = (await api.get(`${path}/${made.id}`)).body;
    expect(pending.resourceStatus).toBe("CREATING");
    expect(pending.currentTasks).toEqual(made.currentTasks);
    expect(pending.currentState).toBeNull();
    api.clock.advance(1);
    const { status, body } = await api.get(`${path}/${made.id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: made.id,
      checksum: made.checksum,
      createdAt: MADE_AT,
      resourceStatus: "READY",
      currentTasks: [],
      targetSpec: spec,
      currentState: { name: spec.name, location: { region: "SBG5" } },
    });
  });

  it("is ready at the time its task ended, however late one looks", async () => {
    const { path, spec } = await prepare(api);
    const { body: made } = await api.post(path, { targetSpec: spec });
    api.clock.advance(60 * 60_000);
    await api.get(`${path}/${made.id}`);
    // The answer for one instance group is the only one without updatedAt.
    const [listed] = (await api.get(path)).body;
    expect(listed.updatedAt).toBe(LATER);
  });

  it("ends in ERROR with the message in its task, and stays there", async () => {
    const { path, spec, fail } = await prepare(api);
    fail("No valid host was found");
    const { body: made } = await api.post(path, { targetSpec: spec });
    expect(made.resourceStatus).toBe("CREATING");
    api.clock.advance(DURATIONS.create);
    const failed = {
      resourceStatus: "ERROR",
      currentTasks: [
        {
          id: expect.stringMatching(UUID),
          type: "CREATE",
          status: "ERROR",
          link: `${path}/${made.id}`,
          errors: [{ message: "No valid host was found" }],
        },
      ],
      targetSpec: spec,
      currentState: null,
    };
    expect((await api.get(`${path}/${made.id}`)).body).toMatchObject(failed);
    api.clock.advance(60 * 60_000);
    expect((await api.get(`${path}/${made.id}`)).body).toMatchObject(failed);
  });

  it("fails once only", async () => {
    const { path, spec, fail } = await prepare(api);
    fail("No valid host was found");
    await api.post(path, { targetSpec: spec });
    await api.post(path, { targetSpec: { ...spec, vlanId: undefined } });
    api.clock.advance(DURATIONS.create);
    const { body } = await api.get(path);
    expect(body.map((one: Json) => one.resourceStatus)).toEqual(["ERROR", "READY"]);
  });

  it("lists what there is, in the order it was made", async () => {
    const { path, spec } = await prepare(api);
    expect(await api.get(path)).toMatchObject({ status: 200, body: [] });
    const first = (await api.post(path, { targetSpec: spec })).body;
    const second = (await api.post(path, { targetSpec: { ...spec, name: "other", vlanId: undefined } })).body;
    expect((await api.get(path)).body.map((one: Json) => one.id)).toEqual([first.id, second.id]);
  });

  it("refuses a body without a targetSpec", async () => {
    const { path, spec } = await prepare(api);
    const refusal = { status: 400, body: error("BadRequest", "Missing targetSpec") };
    for (const body of [spec, null, [], 1, "1", { targetSpec: null }, { targetSpec: "text" }]) {
      expect(await api.post(path, body)).toMatchObject(refusal);
    }
    expect((await api.get(path)).body).toEqual([]);
  });

  it("refuses what is not JSON", async () => {
    const { path } = await prepare(api);
    for (const body of ["", "{", "targetSpec=1"]) {
      expect(await api.post(path, body)).toMatchObject({
        status: 400,
        body: error("BadRequest", "Invalid JSON received"),
      });
    }
  });

  it("refuses an empty name", async () => {
    const { path, spec } = await prepare(api);
    expect(await api.post(path, { targetSpec: { ...spec, name: "" } })).toMatchObject({
      status: 400,
      body: error("BadRequest", "Invalid parameter name: Too small: expected string to have >=1 characters"),
    });
  });

  it("refuses a region that the project does not have", async () => {
    const { path, spec } = await prepare(api);
    expect(await api.post(path, { targetSpec: { ...spec, location: { region: "BHS5" } } })).toMatchObject({
      status: 404,
      body: error("NotFound", "Region BHS5 does not exist"),
    });
  });
});

describe.each(ALL)("deleting a v2 resource: %s", (_, prepare) => {
  it("answers 202 without a body, is DELETING, then answers 404", async () => {
    const { name, path, spec } = await prepare(api);
    const { id, checksum } = await api.make(path, spec);
    expect(await api.delete(`${path}/${id}`)).toMatchObject({ status: 202, body: undefined });
    api.clock.advance(DURATIONS.delete - 1);
    expect(await api.get(`${path}/${id}`)).toMatchObject({
      status: 200,
      body: {
        checksum,
        resourceStatus: "DELETING",
        currentTasks: [{ type: "DELETE", status: "RUNNING", link: `${path}/${id}`, errors: [] }],
      },
    });
    api.clock.advance(1);
    const gone = { status: 404, body: error("NotFound", `The ${name} ${id} does not exist`) };
    expect(await api.get(`${path}/${id}`)).toMatchObject(gone);
    expect(await api.delete(`${path}/${id}`)).toMatchObject(gone);
    expect((await api.get(path)).body).toEqual([]);
  });

  it("does not begin again when it is asked for again", async () => {
    const { path, spec } = await prepare(api);
    const { id } = await api.make(path, spec);
    await api.delete(`${path}/${id}`);
    api.clock.advance(DURATIONS.delete - 1);
    expect(await api.delete(`${path}/${id}`)).toMatchObject({ status: 202 });
    api.clock.advance(1);
    expect(await api.get(`${path}/${id}`)).toMatchObject({ status: 404 });
  });

  it("removes what is still being made", async () => {
    const { path, spec } = await prepare(api);
    const { id } = (await api.post(path, { targetSpec: spec })).body;
    await api.delete(`${path}/${id}`);
    expect((await api.get(`${path}/${id}`)).body.resourceStatus).toBe("DELETING");
    api.clock.advance(DURATIONS.delete);
    expect(await api.get(`${path}/${id}`)).toMatchObject({ status: 404 });
    api.clock.advance(DURATIONS.create);
    expect(await api.get(`${path}/${id}`)).toMatchObject({ status: 404 });
  });

  it("removes what ended in ERROR", async () => {
    const { path, spec, fail } = await prepare(api);
    fail("No valid host was found");
    const { id } = await api.make(path, spec);
    await api.remove(`${path}/${id}`);
    expect(await api.get(`${path}/${id}`)).toMatchObject({ status: 404 });
  });

  it("answers 404 for what never was", async () => {
    const { name, path } = await prepare(api);
    const refusal = { status: 404, body: error("NotFound", `The ${name} nothing does not exist`) };
    expect(await api.get(`${path}/nothing`)).toMatchObject(refusal);
    expect(await api.delete(`${path}/nothing`)).toMatchObject(refusal);
    expect(await api.put(`${path}/nothing`, { checksum: "", targetSpec: {} })).toMatchObject(refusal);
  });
});

describe("the identity of what is made", () => {
  it("differs between two things that were asked for alike", async () => {
    const [first, second] = [await api.makeGroup(), await api.makeGroup()];
    expect(first.id).not.toBe(second.id);
    expect(first.checksum).not.toBe(second.checksum);
  });

  it("is the same in each simulation with the same seed", async () => {
    const other = new SimulatedApi();
    expect(await other.makeGroup()).toEqual(await api.makeGroup());
  });
});
