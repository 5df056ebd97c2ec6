import { beforeEach, describe, expect, it, vi } from "vitest";
import { HASTE, HOST, IP, LOOK, POST, PROJECT, useBench } from "./bench.js";
import { timeless } from "./claim.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();
beforeEach(() => bench.credentials("person"));

const V1 = "GET /1.0/cloud/project";
const HOLD = "this edge is on hold; edge-sync release, or -force";

/** A person at the prompt; `there` is the target that is meant. */
async function move(flags: string) {
  const { status, stdout, stderr } = await bench.run(`ip-move ${flags}`);
  return { status, stdout, said: timeless(stderr) };
}
const byId = () => `-project-id ${PROJECT} -ip-id fo-1 -instance-id ${bench.here}`;
const byName = () => `-project "our project" -ip ${IP} -instance edge-a`;
const moved = () => [`ip-move: ${IP} is routed to ${bench.here} ms=…`];

describe("ip-move with the flags of ipmoveOvh", () => {
  it("moves by ids: a look, a POST, a look", async () => {
    expect(await move(byId())).toEqual({ status: 0, stdout: "", said: moved() });
    expect(bench.requests()).toEqual([LOOK, POST, LOOK]);
    expect(bench.routedTo()).toBe(bench.here);
  });

  it("moves by names, which it looks up", async () => {
    expect(await move(byName())).toEqual({ status: 0, stdout: "", said: moved() });
    expect(bench.requests()).toEqual([
      V1,
      `${V1}/${PROJECT}`,
      `${V1}/${PROJECT}/ip/failover`,
      `${V1}/${PROJECT}/instance`,
      LOOK,
      POST,
      LOOK,
    ]);
  });

  it.each([
    ["-log-level debug", "-log-level debug"],
    ["-log-level=info", "-log-level=info"],
    ["two dashes and =", ""],
  ])("takes %s too", async (_, flags) => {
    const spelled = flags === "" ? byId().replace(/-(\S+) (\S+)/g, "--$1=$2") : `${flags} ${byId()}`;
    expect(await move(spelled)).toMatchObject({ status: 0 });
  });

  it("says each request with -log-level debug", async () => {
    const path = `/cloud/project/${PROJECT}/ip/failover/fo-1`;
    expect(await move(`-log-level debug ${byId()}`)).toEqual({
      status: 0,
      stdout: "",
      said: [`ip-move: GET ${path}`, `ip-move: POST ${path}/attach`, `ip-move: GET ${path}`, ...moved()],
    });
  });

  it("takes an empty flag for none, as ipmoveOvh does", async () => {
    expect(await move(`-project-id "" -ip-id= -instance-id "" ${byName()}`)).toMatchObject({ status: 0 });
    expect(await move(`${byId().replace("-ip-id fo-1", "-ip-id ''")}`)).toEqual({
      status: 1,
      stdout: "",
      said: ["ip-move: -ip or -ip-id is needed"],
    });
    expect(await move("-project ''")).toMatchObject({
      status: 1,
      said: ["ip-move: -project or -project-id is needed"],
    });
  });

  it("prefers an id to a name", async () => {
    expect(await move(`${byId()} -project nobody -ip 192.0.2.1 -instance nobody`)).toMatchObject({
      status: 0,
    });
    expect(bench.requests()).toEqual([LOOK, POST, LOOK]);
  });

  it("does nothing where the IP is there already", async () => {
    await bench.reset({ routedTo: "here" });
    bench.credentials("person");
    expect(await move(byId())).toEqual({
      status: 0,
      stdout: "",
      said: [`ip-move: ${IP} is routed to ${bench.here} already`],
    });
    expect(bench.requests()).toEqual([LOOK]);
  });

  it("moves to any instance, whatever carp0 is here", async () => {
    await bench.become("MASTER");
    const third = bench.instance("edge-c");
    expect(await move(`-project-id ${PROJECT} -ip-id fo-1 -instance edge-c`)).toMatchObject({ status: 0 });
    expect(bench.routedTo()).toBe(third);
  });

  it.each([
    ["nothing", ""],
    ["an instance that is gone, where ipmoveOvh gives up", "8c1e0b7a-0000-4000-8000-000000000000"],
  ])("moves an IP that is routed to %s", async (_, routedTo) => {
    await bench.reset({ routedTo });
    bench.credentials("person");
    expect(await move(byId())).toMatchObject({ status: 0, said: moved() });
  });

  it("-n says what it would do and does nothing", async () => {
    expect(await move(`-n ${byName()}`)).toEqual({
      status: 0,
      stdout: `would attach ${IP} (fo-1) to ${bench.here}\n`,
      said: [],
    });
    expect(bench.requests()).not.toContain(POST);
  });

  it("needs no /etc/edge.conf", async () => {
    await bench.run("rm /etc/edge.conf");
    expect(await move(byId())).toMatchObject({ status: 0 });
  });

  it("waits for a move that takes a while", async () => {
    bench.project.failoverIps.behaviour.moveDuration = 10_000 / HASTE;
    expect(await move(byId())).toMatchObject({ status: 0 });
    expect(bench.requests().length).toBeLessThanOrEqual(5);
  });

  it("waits no longer than -deadline: exit 5, where ipmoveOvh waits for ever", async () => {
    bench.project.failoverIps.nextMoves("never ends");
    bench.project.failoverIps.behaviour.moveDuration = 1000;
    expect(await move(`-deadline 5 ${byId()}`)).toEqual({
      status: 5,
      stdout: "",
      said: [`ip-move: not routed to ${bench.here} after … s`],
    });
  });

  it("says where it ended, when the move failed: exit 6", async () => {
    bench.project.failoverIps.nextMoves("fails");
    bench.project.failoverIps.behaviour.moveDuration = 1000 / HASTE;
    expect(await move(byId())).toEqual({
      status: 6,
      stdout: "",
      said: [`ip-move: ${IP} is routed to ${bench.other}`],
    });
  });

  it("looks after a POST whose outcome is unknown, and sends no other", async () => {
    bench.project.faults.fail("POST", "/attach", { dropReply: true });
    expect(await move(byId())).toEqual({
      status: 0,
      stdout: "",
      said: [`ip-move: the outcome is unknown: no answer from ${HOST}`, ...moved()],
    });
    expect(bench.requests().filter((request) => request === POST)).toHaveLength(1);
    expect(bench.project.failoverIps.attaches).toHaveLength(1);
  });

  it("asks OVH's time once where the clock is wrong", async () => {
    await bench.reset({ clock: { now: () => Date.now() + 3_600_000 } });
    bench.credentials("person");
    expect(await move(byId())).toMatchObject({ status: 0 });
    expect(bench.requests()).toEqual([LOOK, "GET /1.0/auth/time", LOOK, POST, LOOK]);
  });
});

describe("what it is not given or does not find", () => {
  const all = () => ({
    project: `-project-id ${PROJECT}`,
    ip: "-ip-id fo-1",
    instance: `-instance-id ${bench.here}`,
  });
  const flags = (changes: Partial<ReturnType<typeof all>>) =>
    Object.values({ ...all(), ...changes }).join(" ");

  it.each([
    ["project", { project: "" }, "-project or -project-id is needed"],
    ["ip", { ip: "" }, "-ip or -ip-id is needed"],
    ["instance", { instance: "" }, "-instance or -instance-id is needed"],
  ] as const)("is told: no %s, exit 1", async (_, changes, message) => {
    expect(await move(flags(changes))).toEqual({ status: 1, stdout: "", said: [`ip-move: ${message}`] });
    expect(bench.requests()).not.toContain(POST);
  });

  it.each([
    ["project of that description", { project: "-project nobody" }, "no project is described as nobody"],
    ["FailOver IP", { ip: "-ip 192.0.2.7" }, "the project has no FailOver IP 192.0.2.7"],
    ["instance of that name", { instance: "-instance nobody" }, "the project has no instance nobody"],
  ] as const)("is told: no %s, exit 4", async (_, changes, message) => {
    expect(await move(flags(changes))).toEqual({ status: 4, stdout: "", said: [`ip-move: ${message}`] });
    expect(bench.requests()).not.toContain(POST);
  });

  it("is told: a project id that OVH does not know, exit 4", async () => {
    expect(await move(flags({ project: "-project-id another" }))).toEqual({
      status: 4,
      stdout: "",
      said: [
        "ip-move: FailOver IP: OVH does not know it: HTTP 404: This service does not exist: project another",
      ],
    });
  });

  it("is told: an instance id that OVH does not know, exit 7", async () => {
    expect(await move(flags({ instance: "-instance-id gone" }))).toEqual({
      status: 7,
      stdout: "",
      said: ["ip-move: OVH refuses: HTTP 400: Instance gone does not exist or has no address yet"],
    });
  });

  it("is told: a name that several instances have, exit 1", async () => {
    bench.instance("edge-a");
    expect(await move(flags({ instance: "-instance edge-a" }))).toEqual({
      status: 1,
      stdout: "",
      said: ["ip-move: several instances are named edge-a; use -instance-id"],
    });
  });

  it.each([
    ["-project-id", { project: "-project-id a/b" }, "a/b"],
    ["-ip-id", { ip: "-ip-id ../x" }, "../x"],
    ["-instance-id", { instance: "-instance-id 'a b'" }, "a b"],
  ] as const)("%s takes an id, not a path: exit 1", async (_, changes, value) => {
    expect(await move(flags(changes))).toEqual({
      status: 1,
      stdout: "",
      said: [`ip-move: not an id: ${value}`],
    });
    expect(bench.requests()).toEqual([]);
  });

  it("is told: look-ups that the key has no right to, exit 3", async () => {
    bench.credentials("edge");
    expect(await move(byName())).toEqual({
      status: 3,
      stdout: "",
      said: ["ip-move: projects: OVH refuses the credentials: HTTP 403: This call has not been granted"],
    });
  });

  it.each([
    ["<html>", "ip-move: FailOver IPs: the answer is not JSON"],
    ["null", "ip-move: FailOver IPs: the answer is not JSON"],
  ])("does not believe %s in place of a list: exit 5", async (body, line) => {
    bench.project.faults.fail("GET", "/failover", { status: 200, body });
    expect(await move(flags({ ip: `-ip ${IP}` }))).toEqual({ status: 5, stdout: "", said: [line] });
  });

  // Perl's own "Not an ARRAY reference" with exit 255 in place of a sentence.
  it("does not believe an object in place of a list: exit 5", async () => {
    bench.project.faults.fail("GET", "/failover", { status: 200, body: "{}" });
    expect(await move(flags({ ip: `-ip ${IP}` }))).toEqual({
      status: 5,
      stdout: "",
      said: [expect.stringMatching(/^ip-move: FailOver IPs: the answer is not /)],
    });
  });

  it("does not believe a FailOver IP without a status: exit 5", async () => {
    bench.project.faults.fail("GET", "/failover", { status: 200, body: "{}" });
    expect(await move(byId())).toMatchObject({ status: 5 });
    expect(bench.requests()).not.toContain(POST);
  });

  it("refuses where OVH refuses the POST: exit 7", async () => {
    bench.project.faults.fail("POST", "/attach", { status: 409 });
    expect(await move(byId())).toMatchObject({
      status: 7,
      said: ["ip-move: OVH refuses: HTTP 409: simulated fault"],
    });
  });

  it("looks where OVH fails at the POST, whose outcome is then unknown", async () => {
    bench.project.faults.fail("POST", "/attach", { status: 504 });
    expect(await move(byId())).toMatchObject({ status: 6 });
    expect(bench.requests()).toEqual([LOOK, POST, LOOK]);
  });
});

describe("under a hold", () => {
  const hold = (fields: object) =>
    bench.machine.sandbox.write("/var/db/edge/hold", JSON.stringify(fields), 0o600);

  it("it refuses, exit 7, and asks for nothing", async () => {
    hold({ reason: "upgrade", until: Math.floor(Date.now() / 1000) + 60 });
    expect(await move(byId())).toEqual({ status: 7, stdout: "", said: [`ip-move: ${HOLD}`] });
    expect(bench.requests()).toEqual([]);
  });

  it("it moves with -force", async () => {
    hold({ reason: "upgrade" });
    expect(await move(`-force ${byId()}`)).toMatchObject({ status: 0, said: moved() });
  });

  it("that has ended it moves", async () => {
    hold({ reason: "upgrade", until: Math.floor(Date.now() / 1000) - 60 });
    expect(await move(byId())).toMatchObject({ status: 0 });
  });

  it("a mark that cannot be read is a hold", async () => {
    bench.machine.sandbox.write("/var/db/edge/hold", "");
    expect(await move(byId())).toMatchObject({ status: 7 });
  });
});
