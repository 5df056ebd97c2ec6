import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeAuthority } from "../../../lib/simulator/certificates.js";
import { ManualClock } from "../../../lib/simulator/clock.js";
import type { OvhProject } from "../../../lib/simulator/ovh-api/api.js";
import type { Fault } from "../../../lib/simulator/ovh-api/faults.js";
import { type ServedApi, serveApi } from "../../../lib/simulator/ovh-api/http.js";
import type { JournalEntry } from "../../../lib/simulator/ovh-api/journal.js";
import { seededRandom } from "../../../lib/simulator/random.js";
import { error, FAILOVER, type Json, signed, simulatedProject, V2 } from "./simulated.js";

const SSH_KEYS = `${V2}/sshKey`;
const ops = { name: "ops", publicKey: "ssh-ed25519 AAAA ops" };

let clock: ManualClock;
let project: OvhProject;
let api: ServedApi;
beforeEach(async () => {
  clock = new ManualClock();
  project = simulatedProject({ clock });
  api = await serveApi({ project, clock, random: seededRandom(2) });
});
afterEach(() => api.close());

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** Sends a signed request on a connection of its own. */
function begin(method: string, path: string, body?: unknown): ClientRequest {
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = signed(method, `http://127.0.0.1:${api.httpPort}${path}`, text, clock.now() / 1000);
  const request = httpRequest({ host: "127.0.0.1", port: api.httpPort, method, path, headers, agent: false });
  request.end(text);
  return request;
}

/** The whole answer. @throws Error when the connection ends before it */
function reply(request: ClientRequest): Promise<Reply> {
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
  });
}

const call = (method: string, path: string, body?: unknown) => reply(begin(method, path, body));

/** The journal, once it has `count` entries: it is written when an answer is out, not before. */
async function journal(count: number): Promise<JournalEntry[]> {
  while (api.journal.entries.length < count) await new Promise((resolve) => setImmediate(resolve));
  return api.journal.entries;
}

/** What comes over a connection until the server ends it. */
function rawReply(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(api.httpPort, "127.0.0.1", () => socket.write(text));
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
  });
}

describe("the served API", () => {
  it("is a v1 endpoint on loopback", () => {
    expect(api.endpoint).toBe(`http://127.0.0.1:${api.httpPort}/1.0`);
    expect(api.httpsPort).toBeUndefined();
  });

  it("answers as JSON", async () => {
    const { status, headers, text } = await call("GET", FAILOVER);
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("application/json");
    expect(headers["x-ovh-queryid"]).toMatch(/^EU\.ext-1\./);
    expect(JSON.parse(text)).toMatchObject([{ id: "fo-1" }]);
  });

  it("takes bodies, queries and escaped names as they were signed", async () => {
    const named = { ...ops, name: "clé of/ops" };
    expect((await call("POST", SSH_KEYS, named)).status).toBe(201);
    expect((await call("GET", `${SSH_KEYS}/${encodeURIComponent(named.name)}`)).status).toBe(200);
    const flavors = await call("GET", `${V2}/reference/instance/flavor?region=SBG5&x=a%20b`);
    expect(JSON.parse(flavors.text)).toHaveLength(6);
  });

  it("answers errors with their status and body", async () => {
    const { status, headers, text } = await call("GET", `${FAILOVER}/fo-9`);
    expect(status).toBe(404);
    expect(headers["x-ovh-queryid"]).toMatch(/^EU\.ext-1\./);
    expect(JSON.parse(text)).toEqual(error("NotFound", "This service does not exist: failover IP fo-9"));
  });

  it("answers many requests at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => call("POST", SSH_KEYS, { ...ops, name: `ops-${n}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    expect(project.listSshKeys()).toHaveLength(20);
  });

  it("can listen on a port that is asked for, if it is free", async () => {
    const options = { project, clock, random: seededRandom(3) };
    await expect(serveApi({ ...options, port: api.httpPort })).rejects.toThrow(
      `port ${api.httpPort} of 127.0.0.1 is taken; choose another with --port`,
    );
    const { httpPort: port } = api;
    await api.close();
    api = await serveApi({ ...options, port });
    expect(api.httpPort).toBe(port);
  });

  it("does not answer any more when it is closed, and lets go of its connections", async () => {
    const socket = connect(api.httpPort, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const ended = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {});
    await api.close();
    await ended;
    await expect(call("GET", FAILOVER)).rejects.toThrow("ECONNREFUSED");
  });

  it("outlives a client that goes away in the middle of its request", async () => {
    const others = process.listeners("unhandledRejection");
    const lost: unknown[] = [];
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", (reason) => lost.push(reason));
    try {
      const socket = connect(api.httpPort, "127.0.0.1");
      await new Promise<void>((resolve) => {
        socket.write(`POST ${SSH_KEYS} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{`, () => resolve());
      });
      socket.resetAndDestroy();
      // The server has seen the end of the first connection once it answers on another.
      for (let n = 0; n < 5; n++) await call("GET", FAILOVER);
      expect(lost).toEqual([]);
    } finally {
      process.removeAllListeners("unhandledRejection");
      for (const listener of others) process.on("unhandledRejection", listener);
    }
  });
});

describe("the journal of the served API", () => {
  it("has each request with its answer's status, but no header", async () => {
    await call("POST", SSH_KEYS, ops);
    await call("GET", `${V2}/reference/instance/flavor?region=SBG5`);
    await call("GET", `${FAILOVER}/fo-9`);
    const common = { at: clock.now(), body: "", queryId: expect.any(String) };
    expect(await journal(3)).toEqual([
      { ...common, method: "POST", path: SSH_KEYS, body: JSON.stringify(ops), status: 201 },
      { ...common, method: "GET", path: `${V2}/reference/instance/flavor`, status: 200 },
      { ...common, method: "GET", path: `${FAILOVER}/fo-9`, status: 404 },
    ]);
    expect(JSON.stringify(api.journal.entries)).not.toContain("$1$");
  });

  it("has the id that was sent with each answer", async () => {
    const { headers } = await call("GET", FAILOVER);
    expect(await journal(1)).toMatchObject([{ queryId: headers["x-ovh-queryid"] }]);
  });

  it("does not have the secret of a service account", async () => {
    const form = "grant_type=client_credentials&client_id=edge&client_secret=hidden";
    const head = `Host: x\r\nConnection: close\r\nContent-Length: ${form.length}`;
    await rawReply(`POST /auth/oauth2/token HTTP/1.1\r\n${head}\r\n\r\n${form}`);
    expect(JSON.stringify(await journal(1))).not.toContain("hidden");
  });

  it("has requests that are refused for their signature", async () => {
    await rawReply("GET /1.0/cloud/project HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(await journal(1)).toMatchObject([{ method: "GET", path: "/1.0/cloud/project", status: 401 }]);
  });

  it("has the status of a fault", async () => {
    project.faults.fail("GET", "/failover", { status: 503 });
    await call("GET", FAILOVER);
    expect(await journal(1)).toMatchObject([{ method: "GET", path: FAILOVER, status: 503, queryId: "" }]);
  });

  it("has the status 0 for an answer that was dropped", async () => {
    project.faults.fail("GET", "/failover", { dropReply: true });
    await call("GET", FAILOVER).catch(() => {});
    expect(await journal(1)).toMatchObject([{ method: "GET", path: FAILOVER, status: 0 }]);
  });
});

describe("a fault with a status", () => {
  it("answers in place of the API, as often as it is told to", async () => {
    project.faults.fail("POST", "/sshKey", { status: 503, times: 2 });
    for (let n = 0; n < 2; n++) {
      const { status, headers, text } = await call("POST", SSH_KEYS, ops);
      expect([status, headers["content-type"]]).toEqual([503, "application/json"]);
      expect(JSON.parse(text)).toEqual({ class: "Server::Simulated503", message: "simulated fault" });
    }
    expect(project.listSshKeys()).toEqual([]);
    expect((await call("POST", SSH_KEYS, ops)).status).toBe(201);
  });

  it("answers with a body and headers of its own", async () => {
    project.faults.fail("GET", "/failover", {
      status: 429,
      body: "<html>slow down</html>",
      headers: { "content-type": "text/html", "retry-after": "7" },
    });
    const { status, headers, text } = await call("GET", FAILOVER);
    expect([status, text]).toEqual([429, "<html>slow down</html>"]);
    expect(headers).toMatchObject({ "content-type": "text/html", "retry-after": "7" });
  });

  it("can answer a success that is none", async () => {
    project.faults.fail("POST", "/attach", { status: 200, body: "{" });
    const { status, text } = await call("POST", `${FAILOVER}/fo-1/attach`, { instanceId: "x" });
    expect([status, text]).toEqual([200, "{"]);
  });

  it("spares other methods and paths", async () => {
    project.faults.fail("POST", "/attach", { status: 503 });
    expect((await call("GET", FAILOVER)).status).toBe(200);
  });
});

describe("a fault with a delay", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** The answer, after it was seen to wait for exactly `delay`. */
  async function held(fault: Fault & { delay: number }): Promise<Reply> {
    project.faults.fail("POST", "/sshKey", fault);
    const before = vi.getTimerCount();
    let answered = false;
    const answer = reply(begin("POST", SSH_KEYS, ops)).finally(() => {
      answered = true;
    });
    while (vi.getTimerCount() === before) await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(fault.delay - 1);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    expect(project.listSshKeys()).toEqual([]);
    vi.advanceTimersByTime(1);
    return answer;
  }

  it("holds the request back, then lets it take its effect", async () => {
    expect((await held({ delay: 60_000 })).status).toBe(201);
    expect(project.listSshKeys()).toHaveLength(1);
  });

  it("holds another fault back", async () => {
    expect((await held({ delay: 60_000, status: 504 })).status).toBe(504);
    expect(project.listSshKeys()).toEqual([]);
  });
});

describe("a fault that drops the reply", () => {
  it("ends the connection after the request took effect", async () => {
    project.faults.fail("POST", "/sshKey", { dropReply: true, times: 1 });
    await expect(call("POST", SSH_KEYS, ops)).rejects.toThrow("socket hang up");
    expect(project.listSshKeys()).toMatchObject([ops]);
    expect((await call("POST", SSH_KEYS, ops)).status).toBe(409);
  });

  it("sends not a single byte", async () => {
    project.faults.fail("GET", "/auth/time", { dropReply: true });
    expect(await rawReply("GET /1.0/auth/time HTTP/1.1\r\nHost: x\r\n\r\n")).toBe("");
  });
});

describe("a fault that cuts the answer", () => {
  const TIME = "GET /1.0/auth/time HTTP/1.1\r\nHost: x\r\n\r\n";
  const whole = () => rawReply(TIME.replace("Host", "Connection: close\r\nHost"));

  it.each([1, 15, 40, 100])("lets %i bytes of it through, then ends the connection", async (truncateAt) => {
    project.faults.fail("GET", "/auth/time", { truncateAt });
    const received = await rawReply(TIME);
    expect(received).toHaveLength(truncateAt);
    expect("HTTP/1.1 200 OK\r\n".startsWith(received.slice(0, 17))).toBe(true);
  });

  it("can cut it in the middle of its body", async () => {
    const { length } = await whole();
    project.faults.fail("GET", "/auth/time", { truncateAt: length - 3 });
    const received = await rawReply(TIME.replace("Host", "Connection: close\r\nHost"));
    expect(received).toMatch(/\r\n\r\n1767225$/);
  });

  it("leaves a client with half an answer", async () => {
    project.faults.fail("GET", "/failover", { truncateAt: 300 });
    await expect(call("GET", FAILOVER)).rejects.toThrow(/aborted|socket hang up/);
  });

  it("lets the request take its effect", async () => {
    project.faults.fail("POST", "/sshKey", { truncateAt: 10 });
    await expect(call("POST", SSH_KEYS, ops)).rejects.toThrow();
    expect(project.listSshKeys()).toMatchObject([ops]);
  });

  it("leaves the next answer on the same connection whole when its own was shorter", async () => {
    const { length } = await whole();
    project.faults.fail("GET", "/auth/time", { truncateAt: length + 50, times: 1 });
    const received = await rawReply(`${TIME}${TIME.replace("Host", "Connection: close\r\nHost")}`);
    expect(received.match(/\r\n\r\n1767225600/g)).toHaveLength(2);
  });
});

describe("HTTPS", () => {
  let secure: ServedApi;
  let ca: string;
  beforeEach(async () => {
    const authority = await makeAuthority();
    ca = authority.ca;
    const tls = await authority.issue(["127.0.0.1"]);
    secure = await serveApi({ project, clock, random: seededRandom(3), tls });
  });
  afterEach(() => secure.close());

  function callSecurely(path: string, authority: string | undefined): Promise<Reply> {
    const port = secure.httpsPort as number;
    const headers = signed("GET", `https://127.0.0.1:${port}${path}`, "", clock.now() / 1000);
    const request = httpsRequest({ host: "127.0.0.1", port, path, headers, ca: authority, agent: false });
    request.end();
    return reply(request);
  }

  it("answers what is signed for https", async () => {
    const { status, text } = await callSecurely(FAILOVER, ca);
    expect([status, JSON.parse(text)]).toMatchObject([200, [{ id: "fo-1" }]] as Json);
    expect(secure.journal.entries.map(({ path }) => path)).toContain(FAILOVER);
  });

  it("has a port of its own beside that of HTTP", () => {
    expect(secure.httpsPort).toBeTypeOf("number");
    expect(secure.httpsPort).not.toBe(secure.httpPort);
    expect(secure.endpoint).toBe(`http://127.0.0.1:${secure.httpPort}/1.0`);
  });

  it("is not believed by a client that does not know its authority", async () => {
    await expect(callSecurely(FAILOVER, undefined)).rejects.toThrow("unable to verify the first certificate");
  });

  it("has the same faults", async () => {
    project.faults.fail("GET", "/failover", { status: 503, times: 1 });
    expect((await callSecurely(FAILOVER, ca)).status).toBe(503);
    project.faults.fail("GET", "/failover", { dropReply: true, times: 1 });
    await expect(callSecurely(FAILOVER, ca)).rejects.toThrow("socket hang up");
    expect((await callSecurely(FAILOVER, ca)).status).toBe(200);
  });
});
