import { describe, expect, it, vi } from "vitest";
import { FAILOVER, HOST, IP, LOOK, PROJECT, useBench } from "./bench.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();

describe("ip-move check", () => {
  it("exits 0 when the IP is here", async () => {
    await bench.reset({ routedTo: "here" });
    expect(await bench.run("ip-move check")).toEqual({
      status: 0,
      stdout: `${IP} is routed to this instance\n`,
      stderr: "",
    });
    expect(bench.requests()).toEqual([LOOK]);
  });

  it("exits 6 when it is elsewhere, and says where", async () => {
    expect(await bench.run("ip-move check")).toEqual({
      status: 6,
      stdout: `${IP} is routed to ${bench.other}\n`,
      stderr: "",
    });
  });

  it("exits 6 when it is routed to an instance that is gone", async () => {
    await bench.reset({ routedTo: "gone" });
    expect(await bench.run("ip-move check")).toMatchObject({
      status: 6,
      stdout: `${IP} is routed to gone\n`,
    });
  });

  it("exits 6 when it is routed to nothing", async () => {
    await bench.reset({ routedTo: "" });
    expect(await bench.run("ip-move check")).toMatchObject({
      status: 6,
      stdout: `${IP} is routed to nothing\n`,
    });
  });

  it("exits 8 while it is being moved, wherever it was", async () => {
    for (const routedTo of ["here", "other"]) {
      await bench.reset({ routedTo, failover: { moveDuration: 60_000, toHolder: "pending" } });
      bench.project.failoverIps.attach("fo-1", { instanceId: bench.here });
      expect(await bench.run("ip-move check")).toMatchObject({ status: 8, stdout: `${IP} is being moved\n` });
    }
  });

  it.each([
    [400, 7, "OVH refuses: HTTP 400: simulated fault"],
    [401, 3, "OVH refuses the credentials: HTTP 401: simulated fault"],
    [403, 3, "OVH refuses the credentials: HTTP 403: simulated fault"],
    [404, 4, "OVH does not know it: HTTP 404: simulated fault"],
    [429, 7, "OVH refuses: HTTP 429: simulated fault"],
    [302, 5, "unexpected redirection: HTTP 302: simulated fault"],
    [500, 5, "OVH fails: HTTP 500: simulated fault"],
    [503, 5, "OVH fails: HTTP 503: simulated fault"],
  ])("HTTP %i is exit %i", async (code, status, reason) => {
    bench.project.faults.fail("GET", "/failover", { status: code });
    expect(await bench.run("ip-move check")).toEqual({
      status,
      stdout: "",
      stderr: `ip-move: check: ${reason}\n`,
    });
    // One look: another is the next check's business.
    expect(bench.requests()).toEqual([LOOK]);
  });

  it.each([
    ["a page of HTML", "\n<!DOCTYPE html><html></html>", "a page of HTML"],
    ["half of an object", '{"ip":"146.59.143.231","status":"ok"', "malformed JSON"],
    ["two objects", "{}{}", "malformed JSON"],
    ["nothing", "", "malformed JSON"],
    ["a list", "[]"],
    ["null", "null"],
    ["an object without a status", JSON.stringify({ ip: IP, routedTo: "x" })],
    ["a status that is no text", JSON.stringify({ ip: IP, status: {}, routedTo: "x" })],
    ["a route that is no text", JSON.stringify({ ip: IP, status: "ok", routedTo: ["x"] })],
    ["another IP", JSON.stringify({ ip: "192.0.2.7", status: "ok", routedTo: "x" })],
  ])("does not believe %s: exit 5", async (_, body, what = "not a FailOver IP") => {
    bench.project.faults.fail("GET", "/failover", { status: 200, body });
    expect(await bench.run("ip-move check")).toEqual({
      status: 5,
      stdout: "",
      stderr: `ip-move: check: the answer is ${what}\n`,
    });
  });

  it("takes a missing route for none", async () => {
    bench.project.faults.fail("GET", "/failover", {
      status: 200,
      body: JSON.stringify({ ip: IP, status: "ok", routedTo: null }),
    });
    expect(await bench.run("ip-move check")).toMatchObject({
      status: 6,
      stdout: `${IP} is routed to nothing\n`,
    });
  });

  it("exits 5 where there is no way to OVH", async () => {
    bench.lead(HOST, "no such name");
    expect(await bench.run("ip-move check")).toEqual({
      status: 5,
      stdout: "",
      stderr: `ip-move: check: no connection to ${HOST}: nc: getaddrinfo for host '${HOST}' port 443: no address associated with name\n`,
    });
  });

  it("exits 4 for an IP of another project", async () => {
    bench.credentials("person");
    bench.configure({ project: "another" });
    expect(await bench.run("ip-move check")).toEqual({
      status: 4,
      stdout: "",
      stderr:
        "ip-move: check: OVH does not know it: HTTP 404: This service does not exist: project another\n",
    });
    bench.configure({ ip_id: "fo-9" });
    expect(await bench.run("ip-move check")).toMatchObject({ status: 4 });
    expect(bench.requests()).toEqual([
      `GET /1.0/cloud/project/another/ip/failover/fo-1`,
      `GET /1.0/cloud/project/${PROJECT}/ip/failover/fo-9`,
    ]);
  });

  it("says nothing with -q, and its exit status all", async () => {
    expect(await bench.run("ip-move check -q")).toEqual({ status: 6, stdout: "", stderr: "" });
    bench.project.faults.fail("GET", "/failover", { status: 503 });
    expect(await bench.run("ip-move check -q")).toEqual({ status: 5, stdout: "", stderr: "" });
  });

  it("writes to syslog what went wrong, and nothing when nothing did", async () => {
    await bench.run("ip-move check");
    await bench.quiet();
    expect(bench.log("ip-move")).toEqual([]);
    bench.project.faults.fail("GET", "/failover", { status: 503 });
    await bench.run("ip-move check");
    await bench.quiet();
    expect(bench.log("ip-move")).toEqual(["ip-move: check: OVH fails: HTTP 503: simulated fault"]);
  });

  it("does not care for carp0 or for a hold", async () => {
    bench.machine.sandbox.write("/var/db/edge/hold", "{}");
    await bench.become("INIT");
    expect(await bench.run("ip-move check")).toMatchObject({ status: 6 });
  });

  it("leaves no process", async () => {
    await bench.run("ip-move check");
    await bench.quiet();
  });
});

describe("ip-move status", () => {
  it("says where the IP is and what carp0 is, with check's exit status", async () => {
    expect(await bench.run("ip-move status")).toEqual({
      status: 6,
      stdout: `${IP} is routed to ${bench.other}\ncarp0 is BACKUP\n`,
      stderr: "",
    });
    await bench.become("MASTER");
    await bench.reset({ routedTo: "here" });
    expect(await bench.run("ip-move status")).toMatchObject({
      status: 0,
      stdout: `${IP} is routed to this instance\ncarp0 is BACKUP\n`,
    });
  });

  it("says what carp0 is even where OVH does not answer", async () => {
    bench.lead(HOST, "no such name");
    expect(await bench.run("ip-move status")).toEqual({
      status: 5,
      stdout: `no connection to ${HOST}: nc: getaddrinfo for host '${HOST}' port 443: no address associated with name\ncarp0 is BACKUP\n`,
      stderr: "",
    });
  });

  it("asks only for this IP", async () => {
    await bench.run("ip-move status");
    expect(bench.requests()).toEqual([`GET ${FAILOVER}`]);
  });
});
