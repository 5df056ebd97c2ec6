import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { HASTE, HOST, IN_REAL_TIME, IP, LOOK, POST, useBench } from "./bench.js";
import {
  ACCEPTED,
  arrived,
  claim as claimOn,
  elsewhere,
  POSTED,
  RESULT,
  TOO_LATE,
  timeless,
  unknown,
} from "./claim.js";
import { answer, chunked, type RawAnswer, RawServer } from "./raw-server.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();
const claim = (flags?: string) => claimOn(bench, flags);
const NO_ANSWER = `no answer from ${HOST}`;

const posts = () => bench.requests().filter((request) => request === POST);

describe("a POST whose outcome is unknown is looked at, and never sent again", () => {
  it("when the connection ends after it had its effect: the IP is here", async () => {
    await bench.become("MASTER");
    bench.project.faults.fail("POST", "/attach", { dropReply: true });
    expect(await claim()).toEqual({ status: 0, stdout: "", said: [POSTED, unknown(NO_ANSWER), arrived(2)] });
    await expect.poll(() => bench.requests()).toEqual([POST, LOOK]);
    expect(bench.project.failoverIps.attaches).toHaveLength(1);
    expect(bench.json(RESULT)).toMatchObject({ done: 1, accepted: 0, status: 0 });
    expect(bench.json(RESULT)).not.toHaveProperty("refused");
  });

  it("when the connection ends after it had its effect, and the move takes a while", async () => {
    await bench.become("MASTER");
    bench.project.failoverIps.behaviour.moveDuration = 20_000 / HASTE;
    bench.project.faults.fail("POST", "/attach", { dropReply: true });
    expect(await claim()).toMatchObject({ status: 0 });
    expect(posts()).toHaveLength(1);
    expect(bench.project.failoverIps.attaches).toHaveLength(1);
  });

  it.each([1, 20, 100, 250])("when the answer is cut after %i bytes", async (truncateAt) => {
    await bench.become("MASTER");
    bench.project.faults.fail("POST", "/attach", { truncateAt });
    expect(await claim()).toEqual({
      status: 0,
      stdout: "",
      said: [POSTED, unknown("answer cut short"), arrived(2)],
    });
    expect(bench.project.failoverIps.attaches).toHaveLength(1);
    expect(posts()).toHaveLength(1);
  });

  it.each([500, 502, 503, 504])("when OVH fails with %i before it had an effect: exit 6", async (status) => {
    await bench.become("MASTER");
    bench.project.faults.fail("POST", "/attach", { status });
    expect(await claim()).toMatchObject({ status: 6, stdout: "" });
    expect(bench.requests()).toEqual([POST, LOOK]);
    expect(bench.json(RESULT)).toMatchObject({ done: 1, accepted: 0, status: 6 });
    expect(bench.json(RESULT)).not.toHaveProperty("refused");
  });

  it("when a gateway answers with a page of HTML", async () => {
    await bench.become("MASTER");
    bench.project.faults.fail("POST", "/attach", {
      status: 502,
      body: "<html><head><title>502 Bad Gateway</title></head></html>",
      headers: { "content-type": "text/html" },
    });
    expect(await claim()).toEqual({
      status: 6,
      stdout: "",
      said: [POSTED, unknown("OVH fails: HTTP 502: a page of HTML"), elsewhere(bench)],
    });
    expect(bench.requests()).toEqual([POST, LOOK]);
  });

  it("says that it is unknown when OVH fails", async () => {
    await bench.become("MASTER");
    bench.project.faults.fail("POST", "/attach", { status: 503 });
    expect((await claim()).said).toEqual([
      POSTED,
      unknown("OVH fails: HTTP 503: simulated fault"),
      elsewhere(bench),
    ]);
  });

  it("is none when nc finds no way to OVH: nothing was sent, and it costs no token", async () => {
    await bench.become("MASTER");
    bench.lead(HOST, "unreachable");
    // In haste the wait for an answer would end before nc's for a connection.
    const { status, stderr } = await bench.run(`ip-move claim -result ${RESULT}`, IN_REAL_TIME);
    expect({ status, said: timeless(stderr) }).toEqual({
      status: 5,
      said: [
        `ip-move: claim not sent ms=… no connection to ${HOST}: nc: connect to ${HOST} (192.0.2.1) port 443 (tcp) failed: Operation timed out`,
      ],
    });
    expect(bench.requests()).toEqual([]);
    expect(bench.json(RESULT)).toMatchObject({ done: 1, refused: 1, status: 5 });
  });

  it.each([
    "read",
    "write",
  ])("when nc says that its TLS %s failed: the handshake was done before", async (what) => {
    await bench.become("MASTER");
    const { sandbox } = bench.machine;
    const nc = sandbox.read("/usr/bin/nc") as string;
    const failure = `nc: tls ${what} failed (${what} failed: Connection reset by peer)`;
    sandbox.write(
      "/usr/bin/nc",
      `#!/bin/sh\necho "TLS handshake negotiated" >&2\nread -r request\necho "${failure}" >&2\nexit 1\n`,
      0o555,
    );
    try {
      expect(await claim("-deadline 20")).toEqual({
        status: 5,
        stdout: "",
        said: [POSTED, unknown(`${NO_ANSWER}: ${failure}`), TOO_LATE],
      });
      expect(bench.json(RESULT)).not.toHaveProperty("refused");
    } finally {
      sandbox.write("/usr/bin/nc", nc, 0o555);
    }
  });

  it("when OVH goes away after the POST and comes back before the deadline", async () => {
    await bench.become("MASTER");
    bench.project.faults.fail("POST", "/attach", { dropReply: true });
    bench.project.failoverIps.behaviour.moveDuration = 300;
    const claimed = claim();
    await bench.until(() => posts().length === 1, "the POST has had its effect");
    bench.lead(HOST, "no such name");
    await bench.until(() => bench.json(RESULT)?.phase === "verify", "the claim looks");
    bench.lead(HOST, bench.api.httpsPort as number);
    expect(await claimed).toMatchObject({ status: 0 });
    expect(posts()).toHaveLength(1);
  });
});

describe("a POST that cannot have been sent costs no token", () => {
  const unsent = `ip-move: claim not sent ms=… no connection to ${HOST}`;

  // The claim settles for so long that its nc has given up when the POST is due.
  it("when nothing listens", async () => {
    await bench.become("MASTER");
    const server = new RawServer(bench.certificate, () => "");
    bench.lead(HOST, await server.listen());
    await server.close();
    const why = `nc: connect to ${HOST} (127.0.0.1) port 443 (tcp) failed: Connection refused`;
    expect(await claim("-settle 20")).toEqual({ status: 5, stdout: "", said: [`${unsent}: ${why}`] });
    expect(bench.json(RESULT)).toMatchObject({ done: 1, refused: 1, status: 5 });
  });

  it("when the host's name is unknown", async () => {
    await bench.become("MASTER");
    bench.lead(HOST, "no such name");
    expect(await claim("-settle 20")).toEqual({
      status: 5,
      stdout: "",
      said: [`${unsent}: nc: getaddrinfo for host '${HOST}' port 443: no address associated with name`],
    });
    expect(bench.json(RESULT)).toMatchObject({ done: 1, refused: 1, status: 5 });
  });
});

describe("what is no HTTP answer", () => {
  let server: RawServer | undefined;
  afterEach(() => server?.close());

  const ip = (routedTo: string) => JSON.stringify({ id: "fo-1", ip: IP, status: "ok", routedTo });
  /** Lets the API be a server that answers the POST with these bytes, and each look with a sound answer. */
  async function answering(
    first: RawAnswer,
    then: RawAnswer = answer(200, ip(bench.other)),
  ): Promise<RawServer> {
    server = new RawServer(bench.certificate, ({ line }) => (line === POST ? first : then));
    bench.lead(HOST, await server.listen());
    await bench.become("MASTER");
    return server;
  }
  const lines = () => server?.requests.map(({ line }) => line);

  const here = () => ip(bench.here);
  const malformed: readonly (readonly [string, () => RawAnswer, string])[] = [
    ["no answer at all", () => "", NO_ANSWER],
    ["some bytes", () => "\u0000\u0001\u0002 hello\r\n\r\n", "not an HTTP answer"],
    ["another protocol", () => "SSH-2.0-OpenSSH_9.9\r\n\r\n", "not an HTTP answer"],
    ["HTTP/2", () => `HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\n{}`, "not an HTTP answer"],
    ["a status that is none", () => "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", "not an HTTP answer"],
    ["a header without a colon", () => "HTTP/1.1 200 OK\r\nContent-Length 2\r\n\r\n{}", "malformed header"],
    [
      "a folded header",
      () => "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
      "malformed header",
    ],
    [
      "lines that end in a bare newline",
      () => `HTTP/1.1 200 OK\nContent-Length: 2\n\n{}`,
      "answer cut short",
    ],
    ["headers only", () => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "answer cut short"],
    ["half of the headers", () => "HTTP/1.1 200 OK\r\nContent-Le", "answer cut short"],
    ["half of the body", () => answer(200, here()).slice(0, -5), "answer cut short"],
    [
      "no length",
      () => `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${here()}`,
      "an answer without a length",
    ],
    ["two lengths", () => answer(200, here(), "Content-Length: 2"), "two lengths"],
    [
      "a length that is no number",
      () => "HTTP/1.1 200 OK\r\nContent-Length: 0x10\r\n\r\n{}",
      "malformed length",
    ],
    ["a length below zero", () => "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", "malformed length"],
    [
      "a length above a mebibyte",
      () => "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n{",
      "malformed length",
    ],
    ["headers without an end", () => `HTTP/1.1 200 OK\r\nX: ${"x".repeat(20_000)}`, "headers too long"],
    ["chunks without the last one", () => chunked(200, here()).slice(0, -5), "answer cut short"],
    ["half of a chunk", () => chunked(200, here()).slice(0, -20), "answer cut short"],
    [
      "a chunk that is longer than it says",
      () => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n0\r\n\r\n`,
      "malformed chunk",
    ],
    [
      "a chunk whose size is no number",
      () => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nsize of the chunk\r\n{}\r\n0\r\n\r\n`,
      "malformed chunk",
    ],
    ["chunks above a mebibyte", () => chunked(200, ...Array(20).fill("x".repeat(60_000))), "answer too long"],
  ];

  it.each(malformed)("%s: the outcome is unknown", async (_, first, reason) => {
    await answering(first());
    expect(await claim()).toEqual({
      status: 6,
      stdout: "",
      said: [POSTED, unknown(reason), elsewhere(bench)],
    });
    expect(lines()).toEqual([POST, LOOK]);
  });

  // One for each way of reading an answer: they are the same as a claim's.
  const some = malformed.filter(
    ([, , reason], n) => malformed.findIndex((other) => other[2] === reason) === n,
  );

  it.each(some)("%s: a check does not believe it", async (_, then, reason) => {
    await answering("", then());
    expect(await bench.run("ip-move check")).toEqual({
      status: 5,
      stdout: "",
      stderr: `ip-move: check: ${reason}\n`,
    });
    expect(lines()).toEqual([LOOK]);
  });

  /** Something that is no answer yet: the wait is for a whole one. */
  const drip = (socket: TLSSocket) => {
    const drops = setInterval(() => socket.write("H"), 100);
    socket.on("close", () => clearInterval(drops));
  };

  it("silence: after 20 s it looks", async () => {
    await answering(drip);
    expect(await claim()).toEqual({
      status: 6,
      stdout: "",
      said: [POSTED, unknown("no answer within 20 s"), elsewhere(bench)],
    });
    expect(lines()).toEqual([POST, LOOK]);
    await bench.quiet();
  });

  it("silence beyond the deadline of the claim: it waits no longer than that", async () => {
    await answering(drip);
    const { status, said } = await claim("-deadline 12");
    expect({ status, said: said.map((line) => line.replace(/within \d+ s/, "within … s")) }).toEqual({
      status: 5,
      said: [POSTED, unknown("no answer within … s"), TOO_LATE],
    });
    expect(Number(/within (\d+) s/.exec(said[1] as string)?.[1])).toBeLessThanOrEqual(12);
    expect(lines()).toEqual([POST]);
    await bench.quiet();
  });

  it("an answer that never ends: it is cut off, and no process is left", async () => {
    await answering((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n`);
      const flood = () => {
        while (!socket.destroyed && socket.write(`ffff\r\n${"x".repeat(0xffff)}\r\n`)) {}
      };
      socket.on("drain", flood);
      flood();
    });
    expect(await claim()).toMatchObject({
      status: 6,
      said: [POSTED, unknown("answer too long"), elsewhere(bench)],
    });
    await bench.quiet();
  });

  it.each<readonly [string, () => RawAnswer]>([
    ["in chunks", () => chunked(200, here().slice(0, 10), here().slice(10))],
    [
      "in chunks with extensions and trailers",
      () =>
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${here().length.toString(16)};a=b\r\n${here()}\r\n0\r\nX-T: 1\r\n\r\n`,
    ],
    ["byte by byte", () => [...answer(200, here())]],
    [
      "with headers in any case and with blanks",
      () => `HTTP/1.1 200\r\ncONTENT-lENGTH: \t ${here().length} \r\n\r\n${here()}`,
    ],
    ["after 100 Continue", () => `HTTP/1.1 100 Continue\r\n\r\n${answer(200, here())}`],
    ["with the same length twice", () => answer(200, here(), `Content-Length: ${here().length}`)],
    ["with more bytes after its end", () => `${answer(200, here())}HTTP/1.1 500 X\r\n\r\n`],
    ["as HTTP/1.0", () => answer(200, here()).replace("HTTP/1.1", "HTTP/1.0")],
    ["without the end of the connection", () => (socket) => void socket.write(answer(200, here()))],
  ])("while an answer is whole %s", async (_, first) => {
    await answering(first());
    expect(await claim()).toEqual({ status: 0, stdout: "", said: [POSTED, ACCEPTED, arrived(1)] });
    await bench.quiet();
  });

  it("or 204 without a body: it looks", async () => {
    await answering("HTTP/1.1 204 No Content\r\n\r\n", answer(200, ip(bench.here)));
    expect(await claim()).toMatchObject({ status: 0, said: [POSTED, ACCEPTED, arrived(2)] });
  });
});

describe("what ip-move sends", () => {
  it("is signed, asks for the end of the connection, and names the host without its usual port", async () => {
    const server = new RawServer(bench.certificate, () =>
      answer(200, JSON.stringify({ ip: IP, status: "ok", routedTo: bench.here })),
    );
    try {
      bench.lead(HOST, await server.listen());
      await bench.become("MASTER");
      await claim();
      const [request] = server.requests;
      expect(request?.line).toBe(POST);
      expect(request?.body).toBe(JSON.stringify({ instanceId: bench.here }));
      expect(Object.fromEntries(request?.headers ?? [])).toEqual({
        host: HOST,
        connection: "close",
        accept: "application/json",
        "user-agent": "ip-move",
        "content-type": "application/json;charset=utf-8",
        "content-length": String(request?.body.length),
        "x-ovh-application": "edge-application-key",
        "x-ovh-consumer": "edge-consumer-key",
        "x-ovh-timestamp": expect.stringMatching(/^\d{10}$/),
        "x-ovh-signature": expect.stringMatching(/^\$1\$[0-9a-f]{40}$/),
      });
      // It opened one connection, before it looked at carp0, and used that.
      expect(server.connections).toBe(1);
    } finally {
      await server.close();
    }
  });
});
