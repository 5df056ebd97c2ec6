import { beforeEach, describe, expect, it } from "vitest";
import { DURATIONS, error, type Json, PROJECT, SimulatedApi, V1 } from "./simulated.js";

const USERS = `${V1}/user`;
const BUCKETS = `${V1}/region/SBG/storage`;

let api: SimulatedApi;
beforeEach(() => {
  api = new SimulatedApi();
});

/** A user that is ready. */
async function makeUser(roles = ["objectstore_operator"]): Promise<Json> {
  const { body } = await api.post(USERS, { description: "state", roles });
  api.clock.advance(DURATIONS.create);
  return body;
}

describe("a user of a project", () => {
  it("is being created, then there; its password is told once", async () => {
    const { status, body } = await api.post(USERS, { description: "state", roles: ["objectstore_operator"] });
    const { password, ...user } = body;
    expect(status).toBe(200);
    expect(password).toMatch(/^[0-9a-f]{32}$/);
    expect(user).toMatchObject({
      id: expect.any(Number),
      username: expect.stringMatching(/^user-[0-9a-f]{12}$/),
      status: "creating",
    });
    expect((await api.get(`${USERS}/${user.id}`)).body).toEqual(user);
    api.clock.advance(DURATIONS.create);
    expect((await api.get(USERS)).body).toEqual([{ ...user, status: "ok" }]);
  });

  it("is deleted after a while", async () => {
    const { id } = await makeUser();
    await api.delete(`${USERS}/${id}`);
    expect((await api.get(`${USERS}/${id}`)).body.status).toBe("deleting");
    api.clock.advance(DURATIONS.delete);
    expect((await api.get(`${USERS}/${id}`)).status).toBe(404);
  });

  it("has roles that exist, by name at first and by id later", async () => {
    const { roles } = (await api.get(`${V1}/role`)).body;
    expect((await api.post(USERS, { roles: ["king"] })).body).toEqual(
      error("BadRequest", "Invalid parameter roles: king is no role"),
    );
    const { id } = await makeUser();
    const { id: roleId } = roles.find(({ name }: Json) => name === "administrator");
    const changed = await api.put(`${USERS}/${id}/role`, { rolesIds: [roleId] });
    expect(changed.body.roles.map(({ name }: Json) => name)).toEqual(["administrator"]);
    expect((await api.put(`${USERS}/${id}/role`, { rolesIds: ["x"] })).status).toBe(400);
  });

  it("tells OpenStack's client where its project is, for a region", async () => {
    const { id, username } = await makeUser();
    const { content } = (await api.get(`${USERS}/${id}/openrc?region=SBG5`)).body;
    expect(content).toContain(`export OS_TENANT_ID=${PROJECT}\n`);
    expect(content).toContain(`export OS_USERNAME="${username}"\n`);
    expect((await api.get(`${USERS}/${id}/openrc`)).status).toBe(400);
  });
});

describe("an S3 key", () => {
  it("is made for a user that is ready, and tells its secret when it is asked for", async () => {
    const { body: early } = await api.post(USERS, { roles: [] });
    expect((await api.call("POST", `${USERS}/${early.id}/s3Credentials`)).status).toBe(409);
    const { id } = await makeUser();
    const { body: key } = await api.call("POST", `${USERS}/${id}/s3Credentials`);
    const { secret, ...shown } = key;
    expect(key.tenantId).toBe(PROJECT);
    expect((await api.get(`${USERS}/${id}/s3Credentials`)).body).toEqual([shown]);
    expect((await api.get(`${USERS}/${id}/s3Credentials/${key.access}`)).body).toEqual(shown);
    expect((await api.call("POST", `${USERS}/${id}/s3Credentials/${key.access}/secret`)).body).toEqual({
      secret,
    });
    await api.delete(`${USERS}/${id}/s3Credentials/${key.access}`);
    expect((await api.call("POST", `${USERS}/${id}/s3Credentials/${key.access}/secret`)).status).toBe(404);
  });

  it("may do what its user's policy says, which is JSON with statements", async () => {
    const { id } = await makeUser();
    const policy = JSON.stringify({ Statement: [{ Sid: "x" }] });
    expect((await api.get(`${USERS}/${id}/policy`)).body).toEqual({ policy: '{"Statement":[]}' });
    expect((await api.post(`${USERS}/${id}/policy`, { policy })).status).toBe(200);
    expect((await api.get(`${USERS}/${id}/policy`)).body).toEqual({ policy });
    for (const wrong of ["{", "{}", "null"]) {
      expect((await api.post(`${USERS}/${id}/policy`, { policy: wrong })).status, wrong).toBe(400);
    }
  });
});

describe("a bucket", () => {
  const make = (body: object) => api.post(BUCKETS, { name: "edge-state", ...body });

  it("is there at once, with what was asked for", async () => {
    const { id } = await makeUser();
    const asked = { versioning: { status: "enabled" }, encryption: { sseAlgorithm: "AES256" } };
    const { status, body } = await make({ ownerId: id, ...asked });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...asked,
      ownerId: id,
      region: "SBG",
      virtualHost: "https://edge-state.s3.sbg.io.cloud.ovh.net/",
      objectsCount: 0,
    });
    expect((await api.get(`${BUCKETS}/edge-state`)).body).toEqual(body);
    expect((await api.get(BUCKETS)).body).toEqual([body]);
  });

  it("has neither versions nor encryption where they were not asked for", async () => {
    expect((await make({})).body).toMatchObject({
      versioning: { status: "disabled" },
      encryption: { sseAlgorithm: "plaintext" },
    });
  });

  it.each([
    ["a name that is taken", "SBG", {}, 409],
    ["a name that is none", "SBG", { name: "Edge_State" }, 400],
    ["an owner that does not exist", "SBG", { name: "other", ownerId: 7 }, 404],
    ["a region without Object Storage", "SBG5", { name: "other" }, 404],
    ["a region in lower case", "sbg", { name: "other" }, 404],
  ])("is refused for %s", async (_, region, body, status) => {
    await make({});
    const path = `${V1}/region/${region}/storage`;
    expect((await api.post(path, { name: "edge-state", ...body })).status).toBe(status);
  });

  it("is refused to a user who has nothing to do with Object Storage", async () => {
    const { id } = await makeUser(["compute_operator"]);
    expect((await make({ ownerId: id })).body).toEqual(
      error("BadRequest", `Invalid parameter ownerId: user ${id} may not use Object Storage`),
    );
    expect((await api.get(BUCKETS)).body).toEqual([]);
  });

  it("can have its versions suspended, but no more disabled", async () => {
    await make({ versioning: { status: "enabled" } });
    const put = (status: string) => api.put(`${BUCKETS}/edge-state`, { versioning: { status } });
    expect((await put("disabled")).status).toBe(400);
    expect((await put("suspended")).status).toBe(200);
    expect((await api.get(`${BUCKETS}/edge-state`)).body.versioning).toEqual({ status: "suspended" });
  });

  it("is deleted when every version of what was in it is gone", async () => {
    await make({ versioning: { status: "enabled" } });
    api.project.buckets.store("SBG", "edge-state", "state", 10);
    api.project.buckets.store("SBG", "edge-state", "state", 20);
    expect((await api.delete(`${BUCKETS}/edge-state`)).status).toBe(409);
    const all = (await api.get(`${BUCKETS}/edge-state/object?withVersions=true`)).body;
    expect(all.map(({ isLatest, size }: Json) => [isLatest, size])).toEqual([
      [false, 10],
      [true, 20],
    ]);
    expect((await api.get(`${BUCKETS}/edge-state/object`)).body).toHaveLength(1);
    await api.post(`${BUCKETS}/edge-state/bulkDeleteObjects`, { objects: all });
    expect((await api.delete(`${BUCKETS}/edge-state`)).status).toBe(200);
    expect(api.project.leftovers()).toEqual([]);
  });

  it("and everything else belongs to one project", async () => {
    for (const path of ["role", "user", "user/1/policy", "region/SBG/storage"]) {
      expect((await api.get(`/1.0/cloud/project/${"0".repeat(32)}/${path}`)).body.message, path).toMatch(
        /This service does not exist/,
      );
    }
  });
});
