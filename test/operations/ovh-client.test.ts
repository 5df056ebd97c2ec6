import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OvhClient, OvhError } from "../../lib/operations/ovh-client.js";
import { ManualClock } from "../../lib/simulator/clock.js";
import type { OvhProject } from "../../lib/simulator/ovh-api/api.js";
import { type ServedApi, serveApi } from "../../lib/simulator/ovh-api/http.js";
import { seededRandom } from "../../lib/simulator/random.js";
import { FAILOVER, KEY, PROJECT, simulatedProject, V2 } from "../simulator/ovh-api/simulated.js";

const LIST = FAILOVER.replace("/1.0", "");
const credentials = { applicationKey: "ak", applicationSecret: "as", consumerKey: "ck" };

let clock: ManualClock;
let project: OvhProject;
let api: ServedApi;
beforeEach(async () => {
  clock = new ManualClock();
  project = simulatedProject({ clock });
  api = await serveApi({ project, clock, random: seededRandom(2) });
});
afterEach(() => api.close());

const client = (changes: object = {}) =>
  new OvhClient({ endpoint: api.endpoint, ...credentials, ...changes });

/** The error that a request ends in. */
const failure = async (request: Promise<unknown>): Promise<OvhError> =>
  request.then(
    () => Promise.reject(new Error("the request succeeded")),
    (error: OvhError) => error,
  );

describe("a client of OVH's API", () => {
  it("is let in, although its own clock is years away from the API's", async () => {
    clock.advance(5 * 365 * 24 * 60 * 60_000);
    expect(await client().get(LIST)).toMatchObject([{ id: "fo-1" }]);
  });

  it("asks for the time once, before anything else", async () => {
    const one = client();
    await one.get(LIST);
    await one.get(LIST);
    expect(api.journal.entries.map(({ path }) => path)).toEqual(["/1.0/auth/time", FAILOVER, FAILOVER]);
  });

  it("signs bodies, queries and escaped names", async () => {
    const one = client();
    const path = `${V2}/sshKey`;
    const made = await one.post(path, { name: "clé of/ops", publicKey: "ssh-ed25519 AAAA é" });
    expect(made).toMatchObject({ name: "clé of/ops" });
    expect(await one.get(`${path}/${encodeURIComponent("clé of/ops")}`)).toEqual(made);
    expect(
      await one.get(`${V2}/reference/instance/flavor?region=${encodeURIComponent("SBG5")}`),
    ).toHaveLength(6);
  });

  it("answers nothing where the API does", async () => {
    const one = client();
    await one.post(`${V2}/sshKey`, { name: "ops", publicKey: "ssh-ed25519 AAAA" });
    expect(await one.delete(`${V2}/sshKey/ops`)).toBeUndefined();
  });

  it.each([
    ["/cloud/project", "/1.0/cloud/project"],
    ["/v1/cloud/project", "/v1/cloud/project"],
    [`${V2}/network`, `${V2}/network`],
  ])("asks for %s below its endpoint as %s", async (path, asked) => {
    await client().get(path);
    expect(api.journal.entries.map((entry) => entry.path)).toContain(asked);
  });

  it("takes an endpoint without a version as it is", async () => {
    const endpoint = api.endpoint.replace("/1.0", "");
    expect(await client({ endpoint }).get("/cloud/project")).toEqual([PROJECT]);
    expect(await client({ endpoint }).get(`${V2}/network`)).toEqual([]);
  });

  it.each([
    ["ovh-eu", "https://eu.api.ovh.com"],
    ["ovh-ca", "https://ca.api.ovh.com"],
    ["ovh-us", "https://api.us.ovhcloud.com"],
  ])("knows the endpoint %s", async (endpoint, host) => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (url: string) => {
      asked.push(url);
      return new Response("0");
    });
    try {
      await client({ endpoint }).get("/cloud/project");
      await client({ endpoint }).get("/v2/x");
    } finally {
      vi.unstubAllGlobals();
    }
    expect(asked).toEqual([
      `${host}/1.0/auth/time`,
      `${host}/1.0/cloud/project`,
      `${host}/1.0/auth/time`,
      `${host}/v2/x`,
    ]);
  });

  it("names the version of v2 schemas, and says what it sends", async () => {
    const sent: Record<string, RequestInit["headers"]> = {};
    vi.stubGlobal("fetch", async (url: string, { headers, method }: RequestInit) => {
      sent[`${method} ${new URL(url).pathname}`] = headers;
      return new Response("0");
    });
    try {
      await client().get("/cloud/project");
      await client().post("/v2/x", {});
    } finally {
      vi.unstubAllGlobals();
    }
    expect(sent["GET /1.0/cloud/project"]).not.toHaveProperty("X-Schemas-Version");
    expect(sent["GET /1.0/cloud/project"]).not.toHaveProperty("Content-Type");
    expect(sent["POST /v2/x"]).toMatchObject({
      Accept: "application/json",
      "Content-Type": "application/json;charset=utf-8",
      "X-Schemas-Version": "0.0",
    });
  });
});

describe("an error of OVH's API", () => {
  it("has the status, class, message and query id", async () => {
    const error = await failure(client().get(`${LIST}/fo-9`));
    expect(error).toBeInstanceOf(OvhError);
    expect(error).toMatchObject({ status: 404, errorClass: "Client::NotFound" });
    expect(error.queryId).toMatch(/^EU\.ext-1\./);
    expect(error.message).toBe(
      'OVHcloud API error (status code 404): Client::NotFound: "This service does not exist: failover IP fo-9" ' +
        `(X-OVH-Query-Id: ${error.queryId})`,
    );
  });

  it("has the body for its message where that is not JSON", async () => {
    project.faults.fail("GET", "/failover", { status: 502, body: "<html>\nbad gateway" });
    const error = await failure(client().get(LIST));
    expect(error.message.replace(/ \(X-OVH-Query-Id: [^)]*\)$/, "")).toBe(
      'OVHcloud API error (status code 502): : "<html>\\nbad gateway"',
    );
  });

  it.each([
    ["an unknown application key", { applicationKey: "x" }, 403, "This application key is invalid"],
    ["an unknown consumer key", { consumerKey: "x" }, 403, "This credential is not valid"],
    ["a wrong secret", { applicationSecret: "x" }, 400, "Invalid signature"],
  ])("is what %s gets", async (_, changes, status, message) => {
    const error = await failure(client(changes).get(LIST));
    expect(error.status).toBe(status);
    expect(error.message).toContain(JSON.stringify(message));
  });

  it("is what a key gets that may not make the call", async () => {
    Object.assign(project.seed, { keys: [{ ...KEY, rules: [] }] });
    expect(await failure(client().get(LIST))).toMatchObject({ status: 403, errorClass: "Client::Forbidden" });
  });

  it("stops a client at once when the time cannot be learnt, and the next request asks again", async () => {
    project.faults.fail("GET", "/auth/time", { status: 500, times: 1 });
    const one = client();
    expect(await failure(one.get(LIST))).toMatchObject({ status: 500 });
    expect(await one.get(LIST)).toMatchObject([{ id: "fo-1" }]);
  });
});
