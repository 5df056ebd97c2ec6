import { beforeEach, describe, expect, it } from "vitest";
import { signature } from "../../../lib/simulator/ovh-api/auth.js";
import { type ApiKey, edgeAccess } from "../../../lib/simulator/ovh-api/seed.js";
import { error, FAILOVER, KEY, PROJECT, SimulatedApi, signed, V2 } from "./simulated.js";

const HOST = "http://ovh.example";
const URL = `${HOST}${FAILOVER}`;

let api: SimulatedApi;
let now: number;
beforeEach(() => {
  api = new SimulatedApi();
  now = api.clock.now() / 1000;
});

const refused = (status: number, errorClass: string, message: string) => ({
  status,
  body: error(errorClass, message),
});

describe("a signature", () => {
  it("is made as OVH describes it", () => {
    const key: ApiKey = { applicationKey: "a", applicationSecret: "s", consumerKey: "c", rules: [] };
    // sha1 of s+c+POST+https://eu.api.ovh.com/1.0/x?a=b+{}+1700000000
    expect(signature(key, "POST", "https://eu.api.ovh.com/1.0/x?a=b", "{}", 1_700_000_000)).toBe(
      "$1$6541dbebe257db79fa0f566c7a08f8ef37f733b4",
    );
  });

  it("lets a request in when it is right", async () => {
    expect(await api.send(URL, { headers: signed("GET", URL, "", now) })).toMatchObject({ status: 200 });
  });

  it("covers the query as it was sent", async () => {
    const url = `${HOST}${V2}/reference/instance/flavor?region=SBG5&x=a%20b+c`;
    expect(await api.send(url, { headers: signed("GET", url, "", now) })).toMatchObject({ status: 200 });
  });

  it("covers the path as it was sent", async () => {
    const url = `${HOST}${V2}/sshKey/a%20b%2Fc`;
    expect(await api.send(url, { headers: signed("GET", url, "", now) })).toMatchObject(
      refused(404, "NotFound", "SSH key a b/c does not exist"),
    );
  });

  it("covers the body as it was sent, beyond ASCII too", async () => {
    const url = `${HOST}${V2}/sshKey`;
    const body = '{"name": "clé",\n "publicKey": "ssh-ed25519 AAAA é"}';
    const headers = signed("POST", url, body, now);
    expect(await api.send(url, { method: "POST", headers, body })).toMatchObject({ status: 201 });
  });

  it.each([
    ["another method", signed("POST", URL, "", 1_767_225_600)],
    ["another path", signed("GET", `${URL}/fo-1`, "", 1_767_225_600)],
    ["another scheme", signed("GET", URL.replace("http:", "https:"), "", 1_767_225_600)],
    ["another query", signed("GET", `${URL}?a=b`, "", 1_767_225_600)],
    ["another body", signed("GET", URL, "{}", 1_767_225_600)],
    ["another secret", signed("GET", URL, "", 1_767_225_600, { ...KEY, applicationSecret: "other" })],
    ["another time", { ...signed("GET", URL, "", 1_767_225_601), "X-Ovh-Timestamp": "1767225600" }],
    ["nothing", { ...signed("GET", URL, "", 1_767_225_600), "X-Ovh-Signature": "" }],
    ["a wrong version", { ...signed("GET", URL, "", 1_767_225_600), "X-Ovh-Signature": "$2$abc" }],
  ])("does not let a request in when it is of %s", async (_, headers) => {
    expect(await api.send(URL, { headers })).toMatchObject(refused(400, "BadRequest", "Invalid signature"));
  });

  it("does not let a changed body in", async () => {
    const url = `${HOST}${V2}/sshKey`;
    const headers = signed("POST", url, '{"name":"a"}', now);
    expect(await api.send(url, { method: "POST", headers, body: '{"name":"b"}' })).toMatchObject(
      refused(400, "BadRequest", "Invalid signature"),
    );
    expect(api.project.listSshKeys()).toEqual([]);
  });
});

describe("the credentials", () => {
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(signed("GET", URL, "", now)).filter(([name]) => !names.includes(name)));

  it("are asked for when there are none", async () => {
    expect(await api.send(URL)).toMatchObject(refused(401, "Unauthorized", "You must login first"));
    expect(await api.send(`${HOST}/nothing`)).toMatchObject({ status: 401 });
  });

  it.each([
    ["the application key", "X-Ovh-Application", refused(401, "Unauthorized", "You must login first")],
    ["the consumer key", "X-Ovh-Consumer", refused(403, "Forbidden", "This credential is not valid")],
    ["the timestamp", "X-Ovh-Timestamp", refused(400, "BadRequest", "Missing signature")],
    ["the signature", "X-Ovh-Signature", refused(400, "BadRequest", "Missing signature")],
  ])("are refused without %s", async (_, header, answer) => {
    expect(await api.send(URL, { headers: without(header) })).toMatchObject(answer);
  });

  it("are refused with an application key that nobody has", async () => {
    const headers = signed("GET", URL, "", now, { ...KEY, applicationKey: "other" });
    expect(await api.send(URL, { headers })).toMatchObject(
      refused(403, "Forbidden", "This application key is invalid"),
    );
  });

  it("are refused with a consumer key that nobody has", async () => {
    const headers = signed("GET", URL, "", now, { ...KEY, consumerKey: "other" });
    expect(await api.send(URL, { headers })).toMatchObject(
      refused(403, "Forbidden", "This credential is not valid"),
    );
  });

  it("are refused with the consumer key of another application", async () => {
    const other: ApiKey = { ...KEY, applicationKey: "ak-2", consumerKey: "ck-2" };
    api = new SimulatedApi({ seed: { keys: [KEY, other] } });
    const headers = signed("GET", URL, "", now, { ...KEY, consumerKey: "ck-2" });
    expect(await api.send(URL, { headers })).toMatchObject(
      refused(403, "Forbidden", "This credential is not valid"),
    );
  });

  it("are those of each of an application's consumers", async () => {
    const other: ApiKey = { ...KEY, consumerKey: "ck-2" };
    api = new SimulatedApi({ seed: { keys: [KEY, other] } });
    for (const key of [KEY, other]) {
      expect(await api.send(URL, { headers: signed("GET", URL, "", now, key) })).toMatchObject({
        status: 200,
      });
    }
  });
});

describe("the clock of a request", () => {
  it.each([-30, -1, 1, 30])("may be off by %i seconds", async (skew) => {
    expect(await api.send(URL, { headers: signed("GET", URL, "", now + skew) })).toMatchObject({
      status: 200,
    });
  });

  it.each([-3600, -31, 31, 3600])("may not be off by %i seconds", async (skew) => {
    expect(await api.send(URL, { headers: signed("GET", URL, "", now + skew) })).toMatchObject(
      refused(400, "BadRequest", "Query out of time"),
    );
  });

  it("is not told from a wrong signature when both are wrong", async () => {
    const headers = signed("GET", URL, "", now + 3600, { ...KEY, applicationSecret: "other" });
    expect(await api.send(URL, { headers })).toMatchObject(refused(400, "BadRequest", "Invalid signature"));
  });

  it("makes an old request useless", async () => {
    const headers = signed("GET", URL, "", now);
    api.clock.advance(31_000);
    expect(await api.send(URL, { headers })).toMatchObject(refused(400, "BadRequest", "Query out of time"));
  });

  it("can be learnt without credentials, in whole seconds", async () => {
    api.clock.advance(1999);
    for (const prefix of ["/1.0", "/v1", ""]) {
      const { status, body } = await api.send(`${HOST}${prefix}/auth/time`);
      expect([status, body]).toEqual([200, 1_767_225_601]);
    }
  });

  it("is refused when it is no number", async () => {
    expect(await api.send(URL, { headers: signed("GET", URL, "", "now") })).toMatchObject({ status: 400 });
  });

  it("is refused when it is NaN, even if the signature is of NaN", async () => {
    expect(await api.send(URL, { headers: signed("GET", URL, "", "NaN") })).toMatchObject({ status: 400 });
  });
});

describe("the rights of a key", () => {
  /** What a key with the rights of an edge gets. */
  async function asEdge(method: string, path: string, body = "") {
    const url = `${HOST}${path}`;
    const headers = signed(method, url, body, now);
    return api.send(url, { method, headers, body: body === "" ? undefined : body });
  }
  beforeEach(() => {
    const rules = edgeAccess(PROJECT, "fo-1");
    api = new SimulatedApi({ seed: { keys: [{ ...KEY, rules }] } });
    api.project.failoverIps.add("fo-2", "146.59.143.232");
  });

  it.each([
    ["GET", `${FAILOVER}/fo-1`, 200],
    ["GET", `${FAILOVER.replace("/1.0", "/v1")}/fo-1`, 200],
    ["GET", `${FAILOVER.replace("/1.0", "")}/fo-1`, 200],
    ["POST", `${FAILOVER}/fo-1/attach`, 400],
  ])("grant %s %s", async (method, path, status) => {
    const body = method === "POST" ? '{"instanceId":"nothing"}' : "";
    expect(await asEdge(method, path, body)).toMatchObject({ status });
  });

  it.each([
    ["GET", FAILOVER],
    ["GET", `${FAILOVER}/fo-2`],
    ["GET", `${FAILOVER}/fo-11`],
    ["GET", `${FAILOVER}/fo-1/attach`],
    ["POST", `${FAILOVER}/fo-1`],
    ["POST", `${FAILOVER}/fo-2/attach`],
    ["GET", "/1.0/cloud/project"],
    ["GET", `${V2}/network`],
    ["DELETE", `${V2}/compute/instance/x`],
  ])("do not grant %s %s", async (method, path) => {
    expect(await asEdge(method, path)).toMatchObject(
      refused(403, "Forbidden", "This call has not been granted"),
    );
  });

  it("are not looked at before the signature is right", async () => {
    const url = `${HOST}${V2}/network`;
    const headers = { ...signed("GET", url, "", now), "X-Ovh-Signature": "$1$no" };
    expect(await api.send(url, { headers })).toMatchObject(refused(400, "BadRequest", "Invalid signature"));
  });

  it.each([
    ["/cloud/*", "/cloud/project", true],
    ["/cloud/project/*/ip/failover", `/cloud/project/${PROJECT}/ip/failover`, true],
    ["/cloud/project/*/ip", `/cloud/project/${PROJECT}/ip/failover`, false],
    ["/cloud.project", "/cloud/project", false],
    ["/*", "/auth/details", true],
    ["*", "/auth/details", true],
    ["", "/auth/details", false],
  ])("by the rule %j and the path %j: %s", async (pattern, path, granted) => {
    api = new SimulatedApi({ seed: { keys: [{ ...KEY, rules: [{ method: "GET", path: pattern }] }] } });
    expect((await asEdge("GET", `/1.0${path}`)).status).toBe(granted ? 200 : 403);
  });

  it("are told by /auth/details", async () => {
    const rules = [{ method: "GET", path: "/*" }] as const;
    api = new SimulatedApi({ seed: { keys: [{ ...KEY, rules }] } });
    expect((await asEdge("GET", "/1.0/auth/details")).body).toEqual({
      account: "xx1111-ovh",
      allowedRoutes: rules,
      description: "simulated account",
      identities: [],
      method: "account",
      roles: [],
      user: null,
    });
  });

  it("are not told by /auth/details to those who are not known", async () => {
    expect(await api.send(`${HOST}/1.0/auth/details`)).toMatchObject(
      refused(401, "Unauthorized", "You must login first"),
    );
  });
});

describe("X-Ovh-QueryID", () => {
  const QUERY_ID = /^EU\.ext-1\.[0-9a-f]{8}\.1767225600$/;

  it.each([
    ["an answer", FAILOVER],
    ["a thing that is not found", `${FAILOVER}/fo-9`],
    ["an address that is not known", "/1.0/nothing"],
  ])("is on %s", async (_, path) => {
    expect((await api.get(path)).queryId).toMatch(QUERY_ID);
  });

  it("is on a refusal and on the time", async () => {
    expect((await api.send(URL)).queryId).toMatch(QUERY_ID);
    expect((await api.send(`${HOST}/1.0/auth/time`)).queryId).toMatch(QUERY_ID);
  });

  it("is another one each time", async () => {
    expect((await api.get(FAILOVER)).queryId).not.toBe((await api.get(FAILOVER)).queryId);
  });
});
