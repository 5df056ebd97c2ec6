import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../lib/simulator/clock.js";
import type { OvhProject } from "../../../lib/simulator/ovh-api/api.js";
import { type ServedApi, serveApi } from "../../../lib/simulator/ovh-api/http.js";
import { seededRandom } from "../../../lib/simulator/random.js";
import { error, FAILOVER, type Json, PROJECT, SimulatedApi, simulatedProject, V2 } from "./simulated.js";

const CLIENT = "/1.0/me/api/oauth2/client";
const POLICY = "/v2/iam/policy";
const account = { name: "edges", description: "moves the IP", flow: "CLIENT_CREDENTIALS", callbackUrls: [] };

const policy = (identity: string, changes: object = {}) => ({
  name: "edges",
  identities: [identity],
  resources: [{ urn: `urn:v1:eu:resource:publicCloudProject:${PROJECT}` }],
  permissions: {
    allow: [{ action: "publicCloudProject:apiovh:ip/failover/get" }],
    except: null,
    deny: null,
  },
  permissionsGroups: null,
  ...changes,
});
const from = (ip: string) => ({ operator: "MATCH", values: { "request.IP": ip } });

describe("a service account", () => {
  let api: SimulatedApi;
  beforeEach(() => {
    api = new SimulatedApi();
  });

  it("is made with a secret that only the first answer has", async () => {
    const made = await api.post(CLIENT, account);
    expect(made.body).toEqual({
      clientId: expect.stringMatching(/^EU\.[0-9a-f]{16}$/),
      clientSecret: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    const { clientId } = made.body;
    expect((await api.get(`${CLIENT}/${clientId}`)).body).toEqual({
      ...account,
      clientId,
      createdAt: expect.any(String),
      identity: `urn:v1:eu:identity:credential:xx1111-ovh/oauth2-${clientId}`,
    });
    expect((await api.get(CLIENT)).body).toEqual([clientId]);
  });

  it("changes its name and is deleted", async () => {
    const { clientId } = (await api.post(CLIENT, account)).body;
    const path = `${CLIENT}/${clientId}`;
    expect((await api.put(path, { ...account, name: "others" })).status).toBe(200);
    expect((await api.get(path)).body.name).toBe("others");
    expect((await api.delete(path)).status).toBe(200);
    expect(await api.get(path)).toMatchObject({
      status: 404,
      body: error("NotFound", `OAuth2 client ${clientId} does not exist`),
    });
  });

  it.each([
    ["a flow of its own", { flow: "PASSWORD" }],
    ["no description", { description: undefined }],
    ["no callback where its flow needs one", { flow: "AUTHORIZATION_CODE" }],
  ])("is not made with %s", async (_, changes) => {
    expect((await api.post(CLIENT, { ...account, ...changes })).status).toBe(400);
  });
});

describe("a policy", () => {
  let api: SimulatedApi;
  let identity: string;
  beforeEach(async () => {
    api = new SimulatedApi();
    const { clientId } = (await api.post(CLIENT, account)).body;
    ({ identity } = (await api.get(`${CLIENT}/${clientId}`)).body);
  });

  it("is made, read, changed and deleted", async () => {
    const { body: made } = await api.post(POLICY, policy(identity, { conditions: from("192.0.2.1") }));
    expect(made).toMatchObject({ name: "edges", owner: "xx1111-ovh", readOnly: false });
    const path = `${POLICY}/${made.id}`;
    expect((await api.get(path)).body).toEqual(made);
    expect((await api.put(path, policy(identity, { name: "other" }))).body).toMatchObject({ name: "other" });
    expect((await api.get(path)).body).not.toHaveProperty("conditions");
    await api.delete(path);
    expect((await api.get(path)).status).toBe(404);
  });

  it("has a name of its own", async () => {
    await api.post(POLICY, policy(identity));
    expect(await api.post(POLICY, policy(identity))).toMatchObject({
      status: 409,
      body: error("Conflict", "A policy named edges already exists"),
    });
  });

  it.each([
    ["an identity that does not exist", { identities: ["urn:v1:eu:identity:nobody"] }],
    ["no resource", { resources: [] }],
    ["MATCH without values", { conditions: { operator: "MATCH" } }],
    ["MATCH with conditions", { conditions: { ...from("1.1.1.1"), conditions: [from("1.1.1.2")] } }],
    ["OR without conditions", { conditions: { operator: "OR" } }],
  ])("is refused with %s", async (_, changes) => {
    expect((await api.post(POLICY, policy(identity, changes))).status).toBe(400);
  });
});

describe("a service account with a policy", () => {
  let clock: ManualClock;
  let project: OvhProject;
  let api: ServedApi;
  let made: { clientId: string; clientSecret: string };

  beforeEach(async () => {
    clock = new ManualClock();
    project = simulatedProject({ clock });
    api = await serveApi({ project, clock, random: seededRandom(2) });
    made = project.iam.createClient(account);
  });
  afterEach(() => api.close());

  const root = () => api.endpoint.replace("/1.0", "");
  const token = async () => {
    const { clientId, clientSecret } = made;
    const body = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
      scope: "all",
    });
    const answer = await fetch(`${root()}/auth/oauth2/token`, { method: "POST", body });
    return ((await answer.json()) as Json).access_token as string;
  };
  const call = async (method: string, path: string) => {
    const headers = { Authorization: `Bearer ${await token()}` };
    const body = method === "POST" ? "{}" : undefined;
    return (await fetch(`${root()}${path}`, { method, headers, body })).status;
  };
  const allow = (changes: object = {}) =>
    project.iam.createPolicy(policy(project.iam.identityOf(made.clientId), changes));

  it("may do nothing before it has one", async () => {
    expect(await call("GET", FAILOVER)).toBe(403);
  });

  it("may do what is allowed and nothing else", async () => {
    allow();
    expect(await call("GET", `${FAILOVER}/fo-1`)).toBe(200);
    expect(await call("POST", `${FAILOVER}/fo-1/attach`)).toBe(403);
    expect(await call("GET", `${V2}/network`)).toBe(403);
  });

  it("may do it from the addresses of its conditions alone", async () => {
    const { id } = allow({
      conditions: { operator: "OR", conditions: [from("192.0.2.1"), from("127.0.0.1")] },
    });
    expect(await call("GET", `${FAILOVER}/fo-1`)).toBe(200);
    project.iam.changePolicy(
      id,
      policy(project.iam.identityOf(made.clientId), { conditions: from("192.0.2.1") }),
    );
    expect(await call("GET", `${FAILOVER}/fo-1`)).toBe(403);
  });

  it.each([
    ["a policy that denies it", { permissions: { allow: [{ action: "*" }], deny: [{ action: "*/get" }] } }],
    ["an exception", { permissions: { allow: [{ action: "*" }], except: [{ action: "*/get" }] } }],
    ["another project", { resources: [{ urn: "urn:v1:eu:resource:publicCloudProject:other" }] }],
    ["a policy that has ended", { expiredAt: "1999-01-01T00:00:00Z" }],
    [
      "a condition on what is not simulated",
      { conditions: { operator: "MATCH", values: { "date(UTC)": "x" } } },
    ],
    ["NOT its own address", { conditions: { operator: "NOT", conditions: [from("127.0.0.1")] } }],
  ])("may not do it with %s", async (_, changes) => {
    allow(changes);
    expect(await call("GET", `${FAILOVER}/fo-1`)).toBe(403);
  });

  it("may do nothing more once it is deleted", async () => {
    const { id } = allow();
    project.iam.deletePolicy(id);
    project.iam.deleteClient(made.clientId);
    expect(await call("GET", `${FAILOVER}/fo-1`)).toBe(401);
  });
});
