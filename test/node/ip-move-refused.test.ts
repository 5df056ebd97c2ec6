import { describe, expect, it, vi } from "vitest";
import { IP, LOOK, POST, useBench } from "./bench.js";
import {
  ACCEPTED,
  arrived,
  claim as claimOn,
  elsewhere,
  POSTED,
  RESULT,
  refused,
  TOO_LATE,
} from "./claim.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();
const claim = (flags?: string) => claimOn(bench, flags);
const body = (message: unknown) => JSON.stringify({ class: "Client::X", message });

describe("a POST that OVH refuses had no effect: the claim ends at once, and is told from one that costs a token", () => {
  it.each([
    [400, "busy", 7, "OVH refuses: HTTP 400: busy"],
    [401, "You must login first", 3, "OVH refuses the credentials: HTTP 401: You must login first"],
    [
      403,
      "This call has not been granted",
      3,
      "OVH refuses the credentials: HTTP 403: This call has not been granted",
    ],
    [404, "This service does not exist", 4, "OVH does not know it: HTTP 404: This service does not exist"],
    [409, "An operation is pending", 7, "OVH refuses: HTTP 409: An operation is pending"],
    [422, "no", 7, "OVH refuses: HTTP 422: no"],
    [429, "too many", 7, "OVH refuses: HTTP 429: too many"],
    [301, "moved", 5, "unexpected redirection: HTTP 301: moved"],
    [302, "moved", 5, "unexpected redirection: HTTP 302: moved"],
    [307, "moved", 5, "unexpected redirection: HTTP 307: moved"],
  ])("HTTP %i", async (code, message, status, reason) => {
    await bench.become("MASTER");
    bench.project.faults.fail("POST", "/attach", {
      status: code,
      body: body(message),
      headers: code < 400 ? { location: "https://elsewhere.example/" } : {},
    });
    expect(await claim()).toEqual({ status, stdout: "", said: [POSTED, refused(reason)] });
    expect(bench.requests()).toEqual([POST]);
    expect(bench.routedTo()).toBe(bench.other);
    expect(bench.json(RESULT)).toEqual({
      done: 1,
      phase: "post",
      refused: 1,
      status,
      reason,
      requests: 1,
      ms: expect.any(Number),
    });
  });

  it("a real refusal while another's move is pending: 409", async () => {
    await bench.reset({ failover: { moveDuration: 60_000 } });
    bench.project.failoverIps.attach("fo-1", { instanceId: bench.instance("edge-c") });
    await bench.become("MASTER");
    expect(await claim()).toMatchObject({
      status: 7,
      said: [POSTED, refused(`OVH refuses: HTTP 409: An operation is pending on ${IP}`)],
    });
  });

  it("a real refusal of an instance that has no address yet: 400", async () => {
    bench.configure({ instance: "not-yet" });
    await bench.become("MASTER");
    expect(await claim()).toMatchObject({
      status: 7,
      said: [POSTED, refused("OVH refuses: HTTP 400: Instance not-yet does not exist or has no address yet")],
    });
  });

  it("a real refusal of a wrong key: 403", async () => {
    const conf = bench.machine.sandbox.read("/etc/ovh.conf") ?? "";
    bench.machine.sandbox.write(
      "/etc/ovh.conf",
      conf.replace(/consumer_key=.*/, "consumer_key=wrong"),
      0o600,
    );
    await bench.become("MASTER");
    expect(await claim()).toMatchObject({
      status: 3,
      said: [POSTED, refused("OVH refuses the credentials: HTTP 403: This credential is not valid")],
    });
  });

  it("a real refusal of an IP of another project: the key has no right to ask", async () => {
    bench.configure({ project: "another" });
    await bench.become("MASTER");
    expect(await claim()).toMatchObject({ status: 3 });
    bench.credentials("person");
    expect(await claim()).toMatchObject({
      status: 4,
      said: [POSTED, refused("OVH does not know it: HTTP 404: This service does not exist: project another")],
    });
  });

  describe("429 with Retry-After, which edge-sync honours", () => {
    it.each([
      ["17", { retry: 17 }],
      ["86400", { retry: 86400 }],
      ["0", { retry: 0 }],
      ["", {}],
      ["soon", {}],
      ["-5", {}],
      ["1.5", {}],
      ["9999999", {}],
      ["Wed, 21 Oct 2026 07:28:00 GMT", {}],
    ])("%j", async (value, told) => {
      await bench.become("MASTER");
      bench.project.faults.fail("POST", "/attach", { status: 429, headers: { "Retry-After": value } });
      await claim();
      const { retry } = bench.json(RESULT) ?? {};
      expect(retry === undefined ? {} : { retry }).toEqual(told);
    });

    it("not with another status", async () => {
      await bench.become("MASTER");
      bench.project.faults.fail("POST", "/attach", { status: 409, headers: { "Retry-After": "17" } });
      await claim();
      expect(bench.json(RESULT)).not.toHaveProperty("retry");
    });
  });

  describe("what OVH says of it", () => {
    it.each([
      ["no message", "{}", "HTTP 400"],
      ["an empty message", body(""), "HTTP 400"],
      ["a message that is no text", body({ a: 1 }), "HTTP 400"],
      ["a list", "[1]", "HTTP 400"],
      ["no JSON", "Bad Request", "HTTP 400"],
      ["a page of HTML", "<html><h1>Bad Request</h1></html>", "HTTP 400: a page of HTML"],
      ["nothing", "", "HTTP 400"],
      ["lines and colours", body("one\ntwo\u001b[31mred\u0007"), "HTTP 400: one two [31mred "],
      ["words that are not ASCII", body("l’adresse été"), "HTTP 400: l adresse  t "],
      ["a long text", body("x".repeat(500)), `HTTP 400: ${"x".repeat(150)}`],
    ])("with %s, it is one short line", async (_, text, said) => {
      await bench.become("MASTER");
      bench.project.faults.fail("POST", "/attach", { status: 400, body: text });
      expect((await claim()).said).toEqual([POSTED, refused(`OVH refuses: ${said}`)]);
    });
  });
});

describe("a look that OVH refuses after the POST was accepted", () => {
  const whenMoving = async () => {
    await bench.become("MASTER");
    bench.project.failoverIps.behaviour.moveDuration = 200;
  };

  it.each([
    [401, 3, "ip-move: OVH refuses the credentials: HTTP 401: x"],
    [403, 3, "ip-move: OVH refuses the credentials: HTTP 403: x"],
    [404, 4, "ip-move: OVH does not know it: HTTP 404: x"],
  ])("for good, with %i: the claim ends, and its POST counts", async (code, status, line) => {
    await whenMoving();
    bench.project.faults.fail("GET", "/failover", { status: code, body: body("x") });
    expect(await claim()).toEqual({ status, stdout: "", said: [POSTED, ACCEPTED, line] });
    expect(bench.json(RESULT)).toMatchObject({ accepted: 1, phase: "verify", status });
    expect(bench.json(RESULT)).not.toHaveProperty("refused");
  });

  it.each([400, 409, 429, 500, 503, 302])("for now, with %i: it looks again", async (code) => {
    await whenMoving();
    bench.project.faults.fail("GET", "/failover", { status: code, times: 2 });
    expect(await claim()).toMatchObject({ status: 0, said: [POSTED, ACCEPTED, expect.any(String)] });
    expect(bench.requests().filter((request) => request === POST)).toHaveLength(1);
    expect(bench.requests().filter((request) => request === LOOK).length).toBeGreaterThanOrEqual(3);
  });

  it("for now and till the deadline: exit 5", async () => {
    await whenMoving();
    bench.project.faults.fail("GET", "/failover", { status: 503 });
    expect(await claim("-deadline 8")).toEqual({ status: 5, stdout: "", said: [POSTED, ACCEPTED, TOO_LATE] });
  });

  it("tells of another IP than the one asked for: it is not believed", async () => {
    await whenMoving();
    bench.project.faults.fail("GET", "/failover", {
      status: 200,
      times: 1,
      body: JSON.stringify({ id: "fo-1", ip: "192.0.2.7", status: "ok", routedTo: bench.other }),
    });
    expect(await claim()).toMatchObject({ status: 0 });
  });
});

describe("an answer to the POST that is a success and says", () => {
  it.each([
    ["nothing", ""],
    ["no JSON", "{x"],
    ["a list", "[]"],
    ["nothing of the IP", "{}"],
    ["another IP", JSON.stringify({ ip: "192.0.2.7", status: "ok", routedTo: "?" })],
  ])("%s: it looks", async (_, text) => {
    await bench.become("MASTER");
    bench.project.faults.fail("POST", "/attach", { status: 200, body: text });
    // This fault stands in for the effect too.
    expect(await claim()).toEqual({ status: 6, stdout: "", said: [POSTED, ACCEPTED, elsewhere(bench)] });
    expect(bench.requests()).toEqual([POST, LOOK]);
  });

  it("that the IP is elsewhere: it looks", async () => {
    await bench.become("MASTER");
    bench.project.faults.fail("POST", "/attach", {
      status: 200,
      body: JSON.stringify({ ip: IP, status: "ok", routedTo: bench.other }),
    });
    expect(await claim()).toMatchObject({ status: 6 });
    expect(bench.requests()).toEqual([POST, LOOK]);
  });

  it.each([200, 201, 202])("that the IP is here, with %i: it believes it", async (status) => {
    await bench.become("MASTER");
    bench.project.faults.fail("POST", "/attach", {
      status,
      body: JSON.stringify({ ip: IP, status: "ok", routedTo: bench.here }),
    });
    expect(await claim()).toMatchObject({ status: 0, said: [POSTED, ACCEPTED, arrived(1)] });
  });
});
