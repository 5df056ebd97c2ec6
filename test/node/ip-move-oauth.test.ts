import { afterEach, describe, expect, it, vi } from "vitest";
import { FAILOVER, HOST, IP, LOOK, POST, SECRETS, useBench } from "./bench.js";
import { ACCEPTED, arrived, claim as claimOn, POSTED, RESULT, refused } from "./claim.js";
import { answer, type RawAnswer, type RawRequest, RawServer } from "./raw-server.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();
const claim = (flags?: string) => claimOn(bench, flags);

const TOKEN_FILE = "/var/run/ip-move.token";
const ASK = "POST /auth/oauth2/token";
const TOKEN = "eyJhbGciOi.J.token";
const granted = (fields: object = {}) =>
  answer(
    200,
    JSON.stringify({ access_token: TOKEN, token_type: "Bearer", expires_in: 3599, scope: "all", ...fields }),
  );

let server: RawServer | undefined;
afterEach(() => server?.close());

/** Lets OVH be a server that gives out a token and routes the IP here. */
async function serviceAccount(
  token: RawAnswer = granted(),
  endpoint = "ovh-eu",
  api: (request: RawRequest) => RawAnswer | undefined = () => undefined,
): Promise<RawServer> {
  server = new RawServer(bench.certificate, (request) => {
    if (request.line === ASK) return token;
    return (
      api(request) ?? answer(200, JSON.stringify({ id: "fo-1", ip: IP, status: "ok", routedTo: bench.here }))
    );
  });
  const port = await server.listen();
  bench.lead(HOST, port);
  bench.lead("www.ovh.com", port);
  bench.machine.sandbox.write(
    "/etc/ovh.conf",
    `[default]\nendpoint=${endpoint}\n[${endpoint}]\nclient_id=service-1\nclient_secret=${SECRETS.clientSecret}\n`,
    0o600,
  );
  await bench.become("MASTER");
  return server;
}
const lines = () => server?.requests.map(({ line }) => line);

describe("a service account", () => {
  it("asks for a token, with a form, and shows it to the API", async () => {
    const { requests } = await serviceAccount();
    expect(await bench.run("ip-move check")).toEqual({
      status: 0,
      stdout: `${IP} is routed to this instance\n`,
      stderr: "",
    });
    expect(lines()).toEqual([ASK, LOOK]);
    expect(requests[0]?.body).toBe(
      `grant_type=client_credentials&scope=all&client_id=service-1&client_secret=${SECRETS.clientSecret}`,
    );
    expect(Object.fromEntries(requests[0]?.headers ?? [])).toEqual({
      host: "www.ovh.com",
      connection: "close",
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded",
      "content-length": String(requests[0]?.body.length),
    });
    expect(Object.fromEntries(requests[1]?.headers ?? [])).toEqual({
      host: HOST,
      connection: "close",
      accept: "application/json",
      "user-agent": "ip-move",
      authorization: `Bearer ${TOKEN}`,
    });
  });

  it("keeps the token for the next runs, for root alone to read", async () => {
    await serviceAccount();
    await bench.run("ip-move check");
    expect((await bench.run(`ls -l ${TOKEN_FILE}`)).stdout).toMatch(/^-rw------- /);
    expect(await bench.run("ip-move check")).toMatchObject({ status: 0 });
    expect(await claim()).toEqual({ status: 0, stdout: "", said: [POSTED, ACCEPTED, arrived(1)] });
    expect(lines()).toEqual([ASK, LOOK, LOOK, POST]);
  });

  it("keeps it a minute less than it is valid", async () => {
    await serviceAccount(granted({ expires_in: 3599 }));
    const before = Math.floor(Date.now() / 1000);
    await bench.run("ip-move check");
    const [until, token] = (bench.machine.sandbox.read(TOKEN_FILE) ?? "").trim().split(" ");
    expect(token).toBe(TOKEN);
    expect(Number(until) - 3539).toBeGreaterThanOrEqual(before);
    expect(Number(until) - 3539).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000));
  });

  it.each([
    ["is valid for a minute", granted({ expires_in: 60 })],
    ["does not say for how long it is valid", granted({ expires_in: undefined })],
    ["says so in words", granted({ expires_in: "an hour" })],
  ])("does not keep a token that %s, and uses it", async (_, token) => {
    await serviceAccount(token);
    expect(await bench.run("ip-move check")).toMatchObject({ status: 0 });
    expect(bench.machine.sandbox.read(TOKEN_FILE)).toBeUndefined();
  });

  it.each([
    ["has expired", () => `${Math.floor(Date.now() / 1000) - 1} old-token service-1\n`, 0o600],
    ["is of another account", () => `${Math.floor(Date.now() / 1000) + 600} old-token service-0\n`, 0o600],
    ["others can read", () => `${Math.floor(Date.now() / 1000) + 600} old-token service-1\n`, 0o644],
    ["is cut", () => `${Math.floor(Date.now() / 1000) + 600} old-token service-1`, 0o600],
    ["is empty", () => "", 0o600],
  ])("asks for another where the one it kept %s", async (_, text, mode) => {
    await serviceAccount();
    bench.machine.sandbox.write(TOKEN_FILE, text(), mode);
    expect(await bench.run("ip-move check")).toMatchObject({ status: 0 });
    expect(lines()).toEqual([ASK, LOOK]);
    expect(server?.requests[1]?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
  });

  it("escapes what is no letter in the form", async () => {
    const { requests } = await serviceAccount();
    const conf = bench.machine.sandbox.read("/etc/ovh.conf") ?? "";
    bench.machine.sandbox.write("/etc/ovh.conf", conf.replace("service-1", "a&b=c+d/é"), 0o600);
    expect(await bench.run("ip-move check")).toMatchObject({ status: 1 });
    bench.machine.sandbox.write("/etc/ovh.conf", conf.replace("service-1", "a&b=c+d/e%~_.-"), 0o600);
    expect(await bench.run("ip-move check")).toMatchObject({ status: 0 });
    expect(new URLSearchParams(requests[0]?.body).get("client_id")).toBe("a&b=c+d/e%~_.-");
  });

  it("asks the endpoint's own host where that is none of OVH's three", async () => {
    await serviceAccount(granted(), `https://${HOST}/1.0`);
    expect(await bench.run("ip-move check")).toMatchObject({ status: 0 });
    expect(server?.requests[0]?.headers.get("host")).toBe(HOST);
  });

  it("prefers an application key where there are both", async () => {
    await serviceAccount();
    const conf = bench.machine.sandbox.read("/etc/ovh.conf") ?? "";
    bench.machine.sandbox.write(
      "/etc/ovh.conf",
      `${conf}application_key=edge-application-key\napplication_secret=edge-application-secret\nconsumer_key=edge-consumer-key\n`,
      0o600,
    );
    expect(await bench.run("ip-move check")).toMatchObject({ status: 0 });
    expect(lines()).toEqual([LOOK]);
  });

  it("is in no argument list", async () => {
    await serviceAccount();
    const seen = new Set<string>();
    let ended = false;
    void bench.run("ip-move claim -settle 2").then(() => {
      ended = true;
    });
    await bench.until(() => {
      for (const { words } of bench.processes()) seen.add(words.join(" "));
      return ended;
    }, "the claim ends");
    expect([...seen].join("\n")).not.toContain(SECRETS.clientSecret);
    expect([...seen].join("\n")).not.toContain(TOKEN);
  });
});

describe("a token that OVH does not give", () => {
  const unknownClient = answer(401, JSON.stringify({ error: "invalid_client", message: "unknown client" }));

  it("for wrong credentials: a claim is refused, exit 3, with no POST to the API", async () => {
    await serviceAccount(unknownClient);
    const reason = "OVH refuses the credentials: HTTP 401: unknown client";
    expect(await claim()).toEqual({ status: 3, stdout: "", said: [refused(reason)] });
    expect(lines()).toEqual([ASK]);
    expect(bench.json(RESULT)).toMatchObject({ refused: 1, status: 3 });
    expect(bench.machine.sandbox.read(TOKEN_FILE)).toBeUndefined();
  });

  it("for wrong credentials: a check says so, exit 3", async () => {
    await serviceAccount(unknownClient);
    expect(await bench.run("ip-move check")).toEqual({
      status: 3,
      stdout: "",
      stderr: "ip-move: check: OVH refuses the credentials: HTTP 401: unknown client\n",
    });
  });

  it.each([
    ["no JSON", "<html>"],
    ["no token", "{}"],
    [
      "a token with a line end, which would be a header of its own",
      JSON.stringify({ access_token: "x\r\nX-Y: z" }),
    ],
    ["an empty token", JSON.stringify({ access_token: "" })],
  ])("because the answer has %s: a check says so, exit 5", async (_, body) => {
    await serviceAccount(answer(200, body));
    const { status, stderr } = await bench.run("ip-move check");
    expect(status).toBe(5);
    expect(stderr).toMatch(/^ip-move: check: OAuth2: the answer has no token\n$/);
    expect(lines()).toEqual([ASK]);
  });

  it("because the answer has a list in its place: a check says so, exit 5", async () => {
    await serviceAccount(answer(200, JSON.stringify({ access_token: ["x"] })));
    expect(await bench.run("ip-move check")).toMatchObject({ status: 5 });
  });

  // No POST went out: it cannot have had an effect, and must not cost a token of rule 9.
  it.each([
    ["the answer has none", answer(200, "{}")],
    ["OVH fails there", answer(503, "{}")],
    ["OVH does not answer there", ""],
  ])("because %s: a claim is refused, not of unknown outcome", async (_, token) => {
    await serviceAccount(token);
    await claim("-deadline 8");
    expect(lines()).not.toContain(POST);
    expect(bench.json(RESULT)).toMatchObject({ refused: 1 });
  });

  it("because the one it kept was withdrawn: the next run asks for another", async () => {
    await serviceAccount(granted(), "ovh-eu", ({ headers }) =>
      headers.get("authorization") === "Bearer withdrawn" ? answer(401, "{}") : undefined,
    );
    bench.machine.sandbox.write(
      TOKEN_FILE,
      `${Math.floor(Date.now() / 1000) + 600} withdrawn service-1\n`,
      0o600,
    );
    expect(await bench.run("ip-move check")).toMatchObject({ status: 3 });
    expect(await bench.run("ip-move check")).toMatchObject({ status: 0 });
    expect(server?.requests.at(-1)?.line).toBe(`GET ${FAILOVER}`);
  });
});
