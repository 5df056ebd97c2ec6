import { beforeEach, describe, expect, it } from "vitest";
import { edgeAccess } from "../../../lib/simulator/ovh-api/seed.js";
import { DURATIONS, error, FAILOVER, type Json, PROJECT, SimulatedApi, UUID, V1, V2 } from "./simulated.js";

const KEYS = `${V2}/sshKey`;
const FLAVORS = `${V2}/reference/instance/flavor`;
const IMAGES = `${V2}/reference/instance/image`;
const ops = { name: "ops", publicKey: "ssh-ed25519 AAAA ops@example" };
const at = "2026-01-01T00:00:00Z";

let api: SimulatedApi;
beforeEach(() => {
  api = new SimulatedApi();
});

describe("an SSH key", () => {
  it("is made at once and answered without an envelope", async () => {
    const made = { ...ops, createdAt: at, updatedAt: at };
    expect(await api.post(KEYS, ops)).toMatchObject({ status: 201, body: made });
    const { status, body } = await api.get(`${KEYS}/ops`);
    expect([status, body]).toEqual([200, made]);
    expect((await api.get(KEYS)).body).toEqual([made]);
  });

  it("is known by its name, whatever characters it has", async () => {
    const name = "ops of edge/1 é";
    await api.post(KEYS, { ...ops, name });
    expect((await api.get(`${KEYS}/${encodeURIComponent(name)}`)).body.name).toBe(name);
  });

  it("keeps its public key byte for byte", async () => {
    const publicKey = "ssh-rsa AAAA \t comment with  blanks\n";
    await api.post(KEYS, { name: "ops", publicKey });
    expect((await api.get(`${KEYS}/ops`)).body.publicKey).toBe(publicKey);
  });

  it("is gone at once when it is deleted", async () => {
    await api.post(KEYS, ops);
    expect(await api.delete(`${KEYS}/ops`)).toMatchObject({ status: 204, body: undefined });
    const gone = { status: 404, body: error("NotFound", "SSH key ops does not exist") };
    expect(await api.get(`${KEYS}/ops`)).toMatchObject(gone);
    expect(await api.delete(`${KEYS}/ops`)).toMatchObject(gone);
    expect((await api.get(KEYS)).body).toEqual([]);
  });

  it("is refused when its name is taken", async () => {
    await api.post(KEYS, ops);
    expect(await api.post(KEYS, { ...ops, publicKey: "ssh-rsa BBBB" })).toMatchObject({
      status: 409,
      body: error("Conflict", "SSH key ops already exists"),
    });
  });

  it.each([
    ["no name", { publicKey: ops.publicKey }, "name: Invalid input: expected string, received undefined"],
    ["no public key", { name: "ops" }, "publicKey: Invalid input: expected string, received undefined"],
    ["a private key", { ...ops, publicKey: "-----BEGIN" }, "publicKey: not a public key"],
    ["half a public key", { ...ops, publicKey: "ssh-ed25519" }, "publicKey: not a public key"],
    ["a body that is a list", [], "body: Invalid input: expected object, received array"],
  ])("is refused with %s", async (_, body, message) => {
    expect(await api.post(KEYS, body)).toMatchObject({
      status: 400,
      body: error("BadRequest", `Invalid parameter ${message}`),
    });
  });

  it.each(["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"])("can be of type %s", async (type) => {
    expect(await api.post(KEYS, { ...ops, publicKey: `${type} AAAA` })).toMatchObject({ status: 201 });
  });
});

describe("the flavors", () => {
  it("are those of a region when it is named", async () => {
    const { status, body } = await api.get(`${FLAVORS}?region=SBG5`);
    expect(status).toBe(200);
    expect(body.map((flavor: Json) => flavor.name)).toEqual([
      "d2-2",
      "d2-4",
      "b3-8",
      "b3-16",
      "c3-4",
      "c3-8",
    ]);
    expect(body[2]).toEqual({
      id: expect.stringMatching(UUID),
      name: "b3-8",
      vcpus: 2,
      ram: 8192,
      disk: 50,
      swap: 0,
      ephemeral: 0,
      isPublic: true,
      description: "2 vCPU, 8 GiB",
      location: { region: "SBG5" },
    });
  });

  it("are those of all regions when none is named", async () => {
    const { body } = await api.get(FLAVORS);
    expect(body).toHaveLength(12);
    expect(new Set(body.map((flavor: Json) => flavor.id)).size).toBe(12);
  });

  it("are none in a region that the project does not have", async () => {
    expect(await api.get(`${FLAVORS}?region=BHS5`)).toMatchObject({ status: 200, body: [] });
  });

  it("have the same ids in each simulation", async () => {
    expect((await new SimulatedApi().get(FLAVORS)).body).toEqual((await api.get(FLAVORS)).body);
  });
});

describe("the images", () => {
  it("are those of a region when it is named", async () => {
    const { status, body } = await api.get(`${IMAGES}?region=GRA11`);
    const common = {
      id: expect.stringMatching(UUID),
      status: "ACTIVE",
      minDisk: 10,
      minRam: 0,
      size: 734003200,
      createdAt: at,
      updatedAt: at,
      location: { region: "GRA11" },
    };
    expect(status).toBe(200);
    expect(body).toEqual([
      { ...common, name: "OpenBSD 7.8", visibility: "PRIVATE" },
      { ...common, name: "Debian 12", visibility: "PUBLIC" },
    ]);
  });

  it("are those of all regions when none is named", async () => {
    const { body } = await api.get(IMAGES);
    expect(new Set(body.map((image: Json) => image.id)).size).toBe(4);
  });

  it("are none in a region that the project does not have", async () => {
    expect(await api.get(`${IMAGES}?region=BHS5`)).toMatchObject({ status: 200, body: [] });
  });

  it("have other ids and dates once they are published anew, each time", async () => {
    const edition = async () =>
      (await api.get(`${IMAGES}?region=SBG5`)).body.find((image: Json) => image.name === "Debian 12");
    const other = await api.idOf("image", "OpenBSD 7.8");
    const first = await edition();
    api.project.republishImage("Debian 12");
    const second = await edition();
    api.project.republishImage("Debian 12");
    const third = await edition();
    expect(new Set([first.id, second.id, third.id]).size).toBe(3);
    expect([first, second, third].map(({ createdAt }) => createdAt)).toEqual([
      "2026-01-01T00:00:00Z",
      "2026-01-02T00:00:00Z",
      "2026-01-03T00:00:00Z",
    ]);
    expect(await api.idOf("image", "OpenBSD 7.8")).toBe(other);
  });

  it("are unknown to new instances under an id from before", async () => {
    const targetSpec = await api.instanceSpec();
    api.project.republishImage("OpenBSD 7.8");
    expect(await api.post(`${V2}/compute/instance`, { targetSpec })).toMatchObject({
      status: 404,
      body: error("NotFound", `Image ${targetSpec.image.id} does not exist`),
    });
  });

  it("stay what running instances were made from when they are published anew", async () => {
    const before = await api.makeInstance();
    api.project.republishImage("OpenBSD 7.8");
    const { id, checksum, targetSpec } = before;
    const change = { checksum, targetSpec: { ...targetSpec, name: "renamed" } };
    expect(await api.put(`${V2}/compute/instance/${id}`, change)).toMatchObject({ status: 202 });
    api.clock.advance(DURATIONS.update);
    const { currentState } = (await api.get(`${V2}/compute/instance/${id}`)).body;
    expect(currentState.image).toEqual(before.currentState.image);
  });
});

describe("the project", () => {
  it("is listed and described", async () => {
    expect((await api.get("/1.0/cloud/project")).body).toEqual([PROJECT]);
    expect((await api.get(V1)).body).toEqual({ project_id: PROJECT, description: "example", status: "ok" });
  });

  it.each([
    "/1.0/cloud/project/other",
    "/1.0/cloud/project/other/ip/failover",
    "/1.0/cloud/project/other/ip/failover/fo-1",
    "/1.0/cloud/project/other/instance",
    "/1.0/cloud/project/other/instance/x",
    "/v2/publicCloud/project/other/sshKey",
    "/v2/publicCloud/project/other/network",
    "/v2/publicCloud/project/other/network/x/subnet",
    "/v2/publicCloud/project/other/compute/instance",
    "/v2/publicCloud/project/other/compute/instanceGroup/x",
    "/v2/publicCloud/project/other/reference/instance/flavor",
    "/v2/publicCloud/project/other/publicIp/additional",
  ])("is the only one: %s is not found", async (path) => {
    expect(await api.get(path)).toMatchObject({
      status: 404,
      body: error("NotFound", "This service does not exist: project other"),
    });
  });

  it("has nothing left over at the start, nor of a FailOver IP", () => {
    expect(api.project.leftovers()).toEqual([]);
  });

  it("tells what was left over", async () => {
    await api.post(KEYS, ops);
    const network = await api.makeNetwork();
    const group = await api.makeGroup();
    const instance = await api.makeInstance();
    expect(api.project.leftovers()).toEqual([
      `instance ${instance.id}`,
      `instance group ${group.id}`,
      `network ${network.id}`,
      "SSH key ops",
    ]);
    await api.delete(`${V2}/compute/instance/${instance.id}`);
    expect(api.project.leftovers()).toContain(`instance ${instance.id}`);
    api.clock.advance(DURATIONS.delete);
    expect(api.project.leftovers()).not.toContain(`instance ${instance.id}`);
  });
});

describe("the versions of the API", () => {
  it.each(["/1.0", "/v1", ""])("answer v1 paths below %j", async (prefix) => {
    const path = FAILOVER.replace("/1.0", prefix);
    expect(await api.get(path)).toMatchObject({ status: 200, body: [{ id: "fo-1" }] });
    expect(await api.get(`${prefix}/cloud/project`)).toMatchObject({ status: 200, body: [PROJECT] });
  });

  it.each([
    ["GET", "/1.0/nothing"],
    ["GET", `/1.0${V2}/network`],
    ["GET", V2],
    ["POST", FAILOVER],
    ["DELETE", `${FAILOVER}/fo-1`],
    ["PUT", KEYS],
  ])("do not know %s %s", async (method, path) => {
    expect(await api.call(method, path)).toMatchObject({
      status: 404,
      body: error("NotFound", "Got an invalid (or empty) URL"),
    });
  });
});

describe("an additional IP", () => {
  const ADDITIONAL = `${V2}/publicIp/additional`;
  const ip = "146.59.143.231";

  it("is the FailOver IP under its v2 path", async () => {
    const free = {
      id: ip,
      checksum: "",
      resourceStatus: "READY",
      currentTasks: [],
      currentState: { id: ip, ip, ipBlock: `${ip}/32`, associatedResource: null },
    };
    expect((await api.get(ADDITIONAL)).body).toEqual([free]);
    expect((await api.get(`${ADDITIONAL}/${ip}`)).body).toEqual(free);
  });

  it("is UPDATING while it moves, then names its instance", async () => {
    const { id } = await api.makeInstance();
    await api.post(`${FAILOVER}/fo-1/attach`, { instanceId: id });
    expect((await api.get(`${ADDITIONAL}/${ip}`)).body).toMatchObject({
      resourceStatus: "UPDATING",
      currentState: { associatedResource: null },
    });
    api.project.failoverIps.finishMoves();
    expect((await api.get(`${ADDITIONAL}/${ip}`)).body).toMatchObject({
      resourceStatus: "READY",
      currentState: { associatedResource: { id, type: "INSTANCE" } },
    });
  });

  it("is not found by another address", async () => {
    expect(await api.get(`${ADDITIONAL}/146.59.143.232`)).toMatchObject({
      status: 404,
      body: error("NotFound", "Additional IP 146.59.143.232 does not exist"),
    });
  });
});

describe("what an edge's key may do", () => {
  it("is to look at its FailOver IP and to attach it", () => {
    expect(edgeAccess(PROJECT, "fo-1")).toEqual([
      { method: "GET", path: `/cloud/project/${PROJECT}/ip/failover/fo-1` },
      { method: "POST", path: `/cloud/project/${PROJECT}/ip/failover/fo-1/attach` },
    ]);
  });
});
