import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bundle } from "../../lib/edge/bundle.js";
import { type Authority, makeAuthority } from "../../lib/simulator/certificates.js";
import { ManualClock, systemClock } from "../../lib/simulator/clock.js";
import { type ServedApi, serveApi } from "../../lib/simulator/ovh-api/http.js";
import { Journal } from "../../lib/simulator/ovh-api/journal.js";
import { ovhRoutes } from "../../lib/simulator/ovh-api/routes.js";
import { type ApiKey, edgeAccess } from "../../lib/simulator/ovh-api/seed.js";
import { seededRandom } from "../../lib/simulator/random.js";
import { filled, rendered, VALUES } from "../edge/bundles.js";
import { onNode, type TestNode } from "../edge/node.js";
import { PROJECT, signed, simulatedProject } from "../simulator/ovh-api/simulated.js";

const EDGE = rendered({ project: PROJECT, "claim.healthyFor": 1, "probe.interval": 5 });
const IP = "146.59.143.231";
const faultOf = ({ machine }: TestNode) => machine.kernel.groups.get("edgefault");
const logOf = ({ machine }: TestNode) => machine.syslog.map(({ tag, text }) => `${tag}: ${text.trimEnd()}`);

/** OVH, which routes the IP to the node of these tests. */
let authority: Authority;
let api: ServedApi;
beforeAll(async () => {
  authority = await makeAuthority();
  const { applicationKey, applicationSecret, consumerKey, failoverIpId, instanceId } = VALUES;
  const rules = edgeAccess(PROJECT, failoverIpId);
  const project = simulatedProject({
    clock: systemClock,
    seed: { keys: [{ applicationKey, applicationSecret, consumerKey, rules }] },
  });
  project.failoverIps.add(failoverIpId, IP, instanceId);
  const tls = await authority.issue(["eu.api.ovh.com"]);
  api = await serveApi({ project, clock: systemClock, random: seededRandom(1), tls });
});
afterAll(() => api?.close());

/** Runs a test on a node in service as master, which reaches OVH as long as its pf lets it out. */
const onMaster = (test: (node: TestNode) => Promise<void>) =>
  onNode(
    async (node) => {
      node.write("/etc/ssl/cert.pem", authority.ca);
      await node.installed(EDGE, "master");
      await eventually(() =>
        expect([node.role, faultOf(node), node.machine.hasAddress(IP)]).toEqual(["MASTER", 0, true]),
      );
      await test(node);
    },
    {
      resolve: (machine) =>
        machine.reachable ? { address: "127.0.0.1", port: api.httpsPort as number } : "unreachable",
    },
  );
const eventually = (expectation: () => void) => vi.waitFor(expectation, { timeout: 30_000, interval: 50 });

describe.concurrent("an edge whose pf.conf no longer loads when it boots", { timeout: 90_000 }, () => {
  it("is a black hole that carp passes: it stays demoted, and says so, until pf.conf is mended", () =>
    onMaster(async (node) => {
      const conf = node.read("/etc/pf.conf");
      node.write("/etc/pf.conf", `pas in on vio0\n${conf}`, 0o600);
      await node.restart();
      expect(logOf(node)).toContain("rc: /etc/pf.conf:1: syntax error");
      expect(node.machine.pf.rules).toEqual(["block all", "pass proto carp"]);
      // It hears nobody, so that it is master; demoted by 64, it is for as long only as another edge is gone.
      await eventually(() => expect([node.role, faultOf(node)]).toEqual(["MASTER", 64]));
      await eventually(() =>
        expect(JSON.parse(node.read("/var/run/edge-sync/probe.json"))).toMatchObject({ ok: 0 }),
      );
      await node.settled();
      expect(faultOf(node)).toBe(64);
      // By its first pass, or when the probe and a check have ended.
      expect(logOf(node).join("\n")).toMatch(
        /^edge-sync: demote group=edgefault by=64 reason="(boot|no probe target and no API answers)"$/m,
      );
      expect((await node.say("edge-sync status")).said).toContain("health       not healthy");

      node.write("/etc/pf.conf", conf, 0o600);
      await node.run("pfctl -f /etc/pf.conf");
      await eventually(() => expect(faultOf(node)).toBe(0));
      // A pass logs what it has done.
      await eventually(() =>
        expect(logOf(node)).toContain('edge-sync: promote group=edgefault by=64 reason="healthy"'),
      );
    }));
});

describe.concurrent("a wall clock that is set back by an hour", { timeout: 90_000 }, () => {
  it("on an edge in service changes nothing: a lost link is seen, and its return", () =>
    onMaster(async (node) => {
      node.machine.stepClock(-3600);
      node.machine.kernel.setCable("vio1", false);
      await eventually(() => expect(faultOf(node)).toBe(64));
      node.machine.kernel.setCable("vio1", true);
      await eventually(() => expect(faultOf(node)).toBe(0));
      expect([node.role, node.machine.hasAddress(IP)]).toEqual(["MASTER", true]);
    }));

  it("makes a hold an hour longer, which goes on warning", () =>
    onNode(async (node) => {
      await node.installed(EDGE);
      await node.run("edge-sync hold --reason test --minutes 1");
      node.machine.stepClock(-3600);
      await node.run("edge-sync pass");
      expect(JSON.parse((await node.run("edge-sync status --json")).stdout).hold).toMatchObject({
        reason: "test",
      });
      expect(logOf(node)).toContain(
        "edge-sync: on hold: test; this edge does not fail over until edge-sync release",
      );
      await node.run("edge-sync release");
      expect(node.exists("/var/db/edge/hold")).toBe(false);
    }));
});

describe.concurrent("a program on an edge that somebody has changed", { timeout: 60_000 }, () => {
  const SBIN = "/usr/local/sbin";
  it.each([
    ["edge-sync", 'system("touch /tmp/owned");\n'],
    ["ip-move", "# a comment\n"],
    ["edge-install", "exit 0\n"],
  ])("is put right by the next delivery, which says so: %s", (name, addition) =>
    onNode(async (node) => {
      node.peer();
      await node.installed(EDGE);
      const path = `${SBIN}/${name}`;
      const sound = node.read(path);
      const [first, ...rest] = sound.split("\n");
      node.write(path, [first, addition, ...rest].join("\n"), 0o755);
      expect(await node.deliver(EDGE)).toEqual({
        status: 0,
        said: [`edge-install: ${path}: written`, "edge-install: done"],
        complained: [],
      });
      expect([node.read(path), node.mode(path)]).toEqual([sound, "0555"]);
    }));

  it("is no way for a bundle whose program was changed after it was made", () =>
    onNode(async (node) => {
      node.peer();
      await node.installed(EDGE);
      const before = node.files([SBIN]);
      const sound = node.read(`${SBIN}/ip-move`);
      const spoiled = filled(EDGE).replace(sound, () => sound.replace("'POST'", "'PUT'"));
      const { status, complained } = await node.deliverText(spoiled, bundle(EDGE).installer);
      expect(status).toBe(1);
      expect(complained[0]).toMatch(
        /^edge-install: \/usr\/local\/sbin\/ip-move is not what was sent: sha256 [0-9a-f]{64}, expected [0-9a-f]{64}; deploy again$/,
      );
      expect(node.files([SBIN])).toEqual(before);
    }));
});

describe("the key of an edge that was stolen", () => {
  const edge: ApiKey = {
    applicationKey: "edge",
    applicationSecret: "s",
    consumerKey: "c",
    rules: edgeAccess(PROJECT, "fo-1"),
  };
  const clock = new ManualClock();
  const project = simulatedProject({ clock, seed: { keys: [edge] }, isReady: () => true });
  const app = ovhRoutes({ project, clock, journal: new Journal(clock, seededRandom(1)) });
  const call = async (method: string, path: string, body = "") => {
    const url = `https://eu.api.ovh.com${path}`;
    const headers = signed(method, url, body, Math.floor(clock.now() / 1000), edge);
    const answer = await app.request(url, { method, headers, ...(body === "" ? {} : { body }) });
    return { status: answer.status, message: ((await answer.json()) as { message?: string }).message };
  };
  /** Every call that the API has, with this project and this FailOver IP in its path. */
  const calls = app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => [
      method,
      path
        .replace(":project", PROJECT)
        .replace(/:(id|network|name|ip)/g, (_, name) => (name === "id" ? "fo-1" : "x")),
    ]);

  it("can make two of the API's calls, and no other", async () => {
    const granted: string[] = [];
    for (const [method, path] of calls as [string, string][]) {
      const { status, message } = await call(method, path, method === "POST" ? "{}" : "");
      if (status === 403) expect(message).toBe("This call has not been granted");
      else granted.push(`${method} ${path.replace(/^\/(1\.0|v1)/, "")}`);
    }
    expect(calls.length).toBeGreaterThan(40);
    const failover = `/cloud/project/${PROJECT}/ip/failover/fo-1`;
    // What needs no key at all is the time, and the token of a service account.
    expect([...new Set(granted)].sort()).toEqual([
      "GET /auth/time",
      `GET ${failover}`,
      "POST /auth/oauth2/token",
      `POST ${failover}/attach`,
    ]);
  });

  it("cannot reach another FailOver IP or another project", async () => {
    project.failoverIps.add("fo-2", "146.59.143.232");
    for (const path of [
      `/1.0/cloud/project/${PROJECT}/ip/failover/fo-2/attach`,
      "/1.0/cloud/project/another/ip/failover/fo-1/attach",
    ])
      expect(await call("POST", path, '{"instanceId":"mine"}')).toEqual({
        status: 403,
        message: "This call has not been granted",
      });
  });

  it("can route this IP to any instance of the project; the master claims it back at its next check", async () => {
    const path = `/1.0/cloud/project/${PROJECT}/ip/failover/fo-1/attach`;
    expect(await call("POST", path, '{"instanceId":"any"}')).toMatchObject({ status: 200 });
    expect(project.failoverIps.attaches.at(-1)).toMatchObject({ instanceId: "any" });
  });
});
