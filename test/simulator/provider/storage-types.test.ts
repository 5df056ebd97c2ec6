import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PROJECT } from "../ovh-api/simulated.js";
import { TestedType, TestedTypes } from "./tested-types.js";

let types: TestedTypes;
let user: TestedType;
let key: TestedType;
let policy: TestedType;
let bucket: TestedType;
beforeEach(async () => {
  types = await TestedTypes.start();
  const type = (name: string) => new TestedType(`ovh_cloud_project_${name}`, types.context);
  [user, key, policy, bucket] = [
    type("user"),
    type("user_s3_credential"),
    type("user_s3_policy"),
    type("storage"),
  ];
});
afterEach(() => types.stop());

const makeUser = () => user.create({ description: "state", role_names: ["objectstore_operator"] });

describe("ovh_cloud_project_user", () => {
  it("keeps the password of its creation, which no read tells", async () => {
    const made = await makeUser();
    expect(made).toMatchObject({
      service_name: PROJECT,
      status: "ok",
      description: "state",
      role_names: ["objectstore_operator"],
      openstack_rc: { OS_AUTH_URL: "https://auth.cloud.ovh.net/v3", OS_TENANT_ID: PROJECT },
    });
    expect(made.password).toMatch(/^[0-9a-f]{32}$/);
    expect(await user.read(made)).toEqual(made);
  });

  it("asks which roles there are before it asks for a user", async () => {
    await expect(user.create({ role_names: ["king"] })).rejects.toThrow('role "king" does not exist');
    expect(types.project.users.list()).toEqual([]);
  });

  it("changes its roles, and its password when it is told to", async () => {
    const made = await makeUser();
    const changed = await user.update(made, { role_names: ["administrator"], password_reset: "1" });
    expect(types.project.users.list()[0]?.roles.map(({ name }) => name)).toEqual(["administrator"]);
    expect(changed.password).not.toBe(made.password);
    expect(changed.id).toBe(made.id);
  });

  it("is gone after its destruction", async () => {
    const made = await makeUser();
    await user.delete(made);
    expect(await user.read(made)).toBeNull();
  });
});

describe("ovh_cloud_project_user_s3_credential", () => {
  it("has its secret, and the user's id for its internal one", async () => {
    const user_id = (await makeUser()).id;
    const made = await key.create({ user_id });
    const [known] = types.project.users.listKeys(String(user_id));
    expect(made).toMatchObject({
      id: known?.access,
      access_key_id: known?.access,
      internal_user_id: user_id,
    });
    expect(made.secret_access_key).toMatch(/^[0-9a-f]{32}$/);
    expect(await key.read(made)).toEqual(made);
  });

  it("that is gone is an error", async () => {
    const made = await key.create({ user_id: (await makeUser()).id });
    await key.delete(made);
    await expect(key.read(made)).rejects.toThrow("does not exist");
    await expect(key.delete(made)).rejects.toThrow("does not exist");
  });
});

describe("ovh_cloud_project_user_s3_policy", () => {
  it("is replaced as a whole, keeps its spelling, and is empty after its destruction", async () => {
    const user_id = (await makeUser()).id;
    const text = '{ "Statement": [] }';
    const made = await policy.create({ user_id, policy: text });
    expect(made).toMatchObject({ id: `${PROJECT}/${String(user_id)}`, policy: text });
    types.project.users.setPolicy(String(user_id), { policy: '{"Statement":[]}' });
    expect(await policy.read(made)).toEqual(made);
    types.project.users.setPolicy(String(user_id), { policy: '{"Statement":[1]}' });
    expect(await policy.read(made)).toMatchObject({ policy: '{"Statement":[1]}' });
    await policy.delete(made);
    expect(types.project.users.getPolicy(String(user_id))).toEqual({ policy: '{"Statement":[]}' });
  });
});

describe("ovh_cloud_project_storage", () => {
  const asked = {
    region_name: "SBG",
    name: "edge-state",
    versioning: { status: "enabled" },
    encryption: { sse_algorithm: "AES256" },
  };

  it("asks for what is configured and for nothing else", async () => {
    const made = await bucket.create(asked);
    expect(types.bodies("POST", `/1.0/cloud/project/${PROJECT}/region/SBG/storage`)).toEqual([
      { name: "edge-state", versioning: { status: "enabled" }, encryption: { sseAlgorithm: "AES256" } },
    ]);
    expect(made).toMatchObject({ ...asked, id: `${PROJECT}/SBG/edge-state`, region: "SBG", objects: [] });
  });

  it("lists its objects, unless they are to be hidden", async () => {
    const [shown, hidden] = [await bucket.create(asked), { ...asked, hide_objects: true }];
    types.project.buckets.store("SBG", "edge-state", "state", 10);
    expect(await bucket.read(shown)).toMatchObject({ objects: [{ key: "state" }], objects_count: 1 });
    expect(await bucket.read({ ...shown, ...hidden })).toMatchObject({ objects: null, objects_count: 1 });
  });

  it("is emptied and deleted by its destruction, versions and all", async () => {
    const made = await bucket.create(asked);
    for (const size of [1, 2]) types.project.buckets.store("SBG", "edge-state", "state", size);
    await bucket.delete(made);
    expect(await bucket.read(made)).toBeNull();
    await bucket.delete(made);
  });

  it("changes in place what can be changed", async () => {
    const made = await bucket.create(asked);
    const changed = await bucket.update(made, { versioning: { status: "suspended" } });
    expect(changed).toMatchObject({ versioning: { status: "suspended" }, id: made.id });
  });
});
