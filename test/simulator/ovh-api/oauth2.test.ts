import { beforeEach, describe, expect, it } from "vitest";
import { edgeAccess, FULL_ACCESS } from "../../../lib/simulator/ovh-api/seed.js";
import { type Answer, error, FAILOVER, type Json, PROJECT, SimulatedApi, UUID, V2 } from "./simulated.js";

const HOST = "http://ovh.example";
const TOKEN = `${HOST}/auth/oauth2/token`;

let api: SimulatedApi;
beforeEach(() => {
  const clients = [
    { clientId: "deployer", clientSecret: "s1", rules: FULL_ACCESS },
    { clientId: "edge", clientSecret: "s2", rules: edgeAccess(PROJECT, "fo-1") },
  ];
  api = new SimulatedApi({ seed: { clients } });
});

const credentials = {
  grant_type: "client_credentials",
  client_id: "deployer",
  client_secret: "s1",
  scope: "all",
};

/** Asks for a token with a form. */
const ask = (form: Record<string, string>, url = TOKEN): Promise<Answer> =>
  api.send(url, { method: "POST", body: new URLSearchParams(form) });

const tokenOf = async (client_id: string, client_secret: string): Promise<string> =>
  (await ask({ ...credentials, client_id, client_secret })).body.access_token;

/** A call by a token. */
const call = (token: string, path: string, init: RequestInit = {}): Promise<Answer> =>
  api.send(`${HOST}${path}`, { ...init, headers: { Authorization: `Bearer ${token}` } });

const refused = (status: number, errorClass: string, message: string) => ({
  status,
  body: error(errorClass, message),
});

describe("an OAuth2 token", () => {
  it("is given for client credentials, for an hour", async () => {
    const { status, body } = await ask(credentials);
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(UUID),
      token_type: "Bearer",
      expires_in: 3600,
      scope: "all",
    });
  });

  it("is another one each time, and does not end the one before", async () => {
    const [first, second] = [await tokenOf("deployer", "s1"), await tokenOf("deployer", "s1")];
    expect(first).not.toBe(second);
    for (const token of [first, second]) expect(await call(token, FAILOVER)).toMatchObject({ status: 200 });
  });

  it.each<[what: string, form: Json, status: number, errorClass: string, message: string]>([
    ["an unknown client", { client_id: "x" }, 401, "Unauthorized", "invalid_client"],
    ["a wrong secret", { client_secret: "x" }, 401, "Unauthorized", "invalid_client"],
    ["the secret of another client", { client_secret: "s2" }, 401, "Unauthorized", "invalid_client"],
    ["another grant", { grant_type: "password" }, 400, "BadRequest", "unsupported_grant_type"],
  ])("is refused to %s", async (_, form, status, errorClass, message) => {
    expect(await ask({ ...credentials, ...form })).toMatchObject(refused(status, errorClass, message));
  });

  it("is refused to an empty form", async () => {
    expect(await api.send(TOKEN, { method: "POST" })).toMatchObject(
      refused(400, "BadRequest", "unsupported_grant_type"),
    );
  });

  it("lets calls of both versions in, reading and writing", async () => {
    const token = await tokenOf("deployer", "s1");
    expect(await call(token, FAILOVER)).toMatchObject({ status: 200, body: [{ id: "fo-1" }] });
    const body = JSON.stringify({ name: "ops", publicKey: "ssh-ed25519 AAAA" });
    expect(await call(token, `${V2}/sshKey`, { method: "POST", body })).toMatchObject({ status: 201 });
  });

  it("tells in /auth/details what it may do", async () => {
    const { body } = await call(await tokenOf("deployer", "s1"), "/1.0/auth/details");
    expect(body).toMatchObject({ account: "xx1111-ovh", allowedRoutes: FULL_ACCESS });
  });

  it("grants what its client may do and nothing else", async () => {
    const token = await tokenOf("edge", "s2");
    expect(await call(token, `${FAILOVER}/fo-1`)).toMatchObject({ status: 200 });
    expect(await call(token, FAILOVER)).toMatchObject(
      refused(403, "Forbidden", "This call has not been granted"),
    );
  });

  it("ends to the millisecond", async () => {
    const token = await tokenOf("deployer", "s1");
    api.clock.advance(3_600_000 - 1);
    expect(await call(token, FAILOVER)).toMatchObject({ status: 200 });
    api.clock.advance(1);
    expect(await call(token, FAILOVER)).toMatchObject(
      refused(401, "Unauthorized", "Invalid or expired token"),
    );
  });

  it("can be made to end sooner", async () => {
    api.project.oauth2.lifetime = 5;
    const { access_token, expires_in } = (await ask(credentials)).body;
    expect(expires_in).toBe(5);
    api.clock.advance(5000);
    expect(await call(access_token, FAILOVER)).toMatchObject({ status: 401 });
  });

  it("is refused when nobody gave it", async () => {
    expect(await call("made-up", FAILOVER)).toMatchObject(
      refused(401, "Unauthorized", "Invalid or expired token"),
    );
  });

  it.each([
    "Basic ZTpz",
    "Bearer",
    "Bearer a b",
    "bearer",
  ])("is not what the header %j holds: signatures are asked for", async (authorization) => {
    const answer = await api.send(`${HOST}${FAILOVER}`, { headers: { Authorization: authorization } });
    expect(answer).toMatchObject(refused(401, "Unauthorized", "You must login first"));
  });
});
