import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { FAILOVER, HASTE, IP, LOOK, POST, useBench } from "./bench.js";
import { ACCEPTED, arrived, claim as claimOn, POSTED, RESULT, TOO_LATE, timeless } from "./claim.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();
const claim = (flags?: string) => claimOn(bench, flags);
const source = readFileSync(new URL("../../lib/edge/static/ip-move", import.meta.url), "utf8");

describe("ip-move claim", () => {
  it("brings the IP here with one POST, where OVH is done at once", async () => {
    await bench.become("MASTER");
    expect(await claim()).toEqual({ status: 0, stdout: "", said: [POSTED, ACCEPTED, arrived(1)] });
    expect(bench.routedTo()).toBe(bench.here);
    await expect
      .poll(() => bench.api.journal.entries)
      .toMatchObject([
        { method: "POST", path: `${FAILOVER}/attach`, body: JSON.stringify({ instanceId: bench.here }) },
      ]);
  });

  it("looks until the IP is here, where OVH takes its time", async () => {
    await bench.become("MASTER");
    bench.project.failoverIps.behaviour.moveDuration = 3000 / HASTE;
    expect(await claim()).toMatchObject({ status: 0 });
    expect(bench.routedTo()).toBe(bench.here);
    expect(bench.requests()[0]).toBe(POST);
    expect(new Set(bench.requests().slice(1))).toEqual(new Set([LOOK]));
  });

  it("says the same in syslog, with how long each phase took", async () => {
    await bench.become("MASTER");
    await claim("-q");
    await bench.quiet();
    expect(bench.log("ip-move").map((line) => timeless(`${line}\n`)[0])).toEqual([
      POSTED,
      ACCEPTED,
      arrived(1),
    ]);
  });

  it("sends nothing where the edge was put on hold since edge-sync decided", async () => {
    await bench.become("MASTER");
    bench.machine.sandbox.write("/var/db/edge/hold", JSON.stringify({ reason: "upgrade" }), 0o600);
    expect(await claim()).toEqual({
      status: 7,
      stdout: "",
      said: ["ip-move: no claim: this edge is on hold"],
    });
    expect(bench.requests()).toEqual([]);
  });

  it("says nothing on standard error with -q", async () => {
    await bench.become("MASTER");
    expect(await claim("-q")).toEqual({ status: 0, stdout: "", said: [] });
  });

  it("writes down how it went, for edge-sync alone to read", async () => {
    await bench.become("MASTER");
    await claim();
    expect(bench.json(RESULT)).toEqual({
      done: 1,
      phase: "verify",
      accepted: 1,
      post_ms: expect.any(Number),
      ms: expect.any(Number),
      requests: 1,
      status: 0,
      reason: `${IP} is routed to this instance`,
    });
    expect((await bench.run(`ls -l ${RESULT}`)).stdout).toMatch(/^-rw------- /);
  });

  it("is no trouble for an IP that is here already: the POST changes nothing", async () => {
    await bench.reset({ routedTo: "here" });
    await bench.become("MASTER");
    expect(await claim()).toMatchObject({ status: 0, said: [POSTED, ACCEPTED, arrived(1)] });
  });

  it.each([
    ["nothing", ""],
    ["an instance that is gone", "8c1e0b7a-0000-4000-8000-000000000000"],
  ])("takes over an IP that is routed to %s", async (_, routedTo) => {
    await bench.reset({ routedTo });
    await bench.become("MASTER");
    expect(await claim()).toMatchObject({ status: 0 });
    expect(bench.routedTo()).toBe(bench.here);
  });

  it("asks for nothing but this one IP: an edge's key may do no more", async () => {
    await bench.become("MASTER");
    bench.project.failoverIps.behaviour.moveDuration = 3000 / HASTE;
    await claim();
    expect(bench.requests().filter((request) => request !== POST && request !== LOOK)).toEqual([]);
  });
});

describe("rule 8: the claim settles, and looks whether carp0 is still MASTER and the edge healthy", () => {
  it.each(["BACKUP", "INIT"] as const)("asks for nothing when carp0 is %s", async (state) => {
    await bench.become(state);
    expect(await claim()).toEqual({ status: 2, stdout: "", said: [`ip-move: no claim: carp0 is ${state}`] });
    expect(bench.requests()).toEqual([]);
    expect(bench.json(RESULT)).toMatchObject({ done: 1, phase: "settle", status: 2, requests: 0 });
  });

  it("asks for nothing when there is no carp0", async () => {
    bench.configure({ carp: "carp9" });
    const { status, said } = await claim();
    expect({ status, said }).toEqual({
      status: 2,
      said: ["carp9: no such interface", "ip-move: no claim: carp9 is none"],
    });
    expect(bench.requests()).toEqual([]);
  });

  it("asks for nothing when carp0 is MASTER no longer once it has settled", async () => {
    await bench.become("MASTER");
    bench.configure({ settle: 20 });
    const claimed = claim();
    await bench.until(() => bench.json(RESULT)?.phase === "settle", "the claim settles");
    await bench.become("BACKUP");
    expect(await claimed).toMatchObject({ status: 2, said: ["ip-move: no claim: carp0 is BACKUP"] });
    expect(bench.requests()).toEqual([]);
  });

  it("claims when carp0 has become MASTER once it has settled", async () => {
    const claimed = claim("-settle 20");
    await bench.until(() => bench.json(RESULT)?.phase === "settle", "the claim settles");
    await bench.become("MASTER");
    expect(await claimed).toMatchObject({ status: 0 });
  });

  it("writes down that the POST goes out before it does", async () => {
    await bench.become("MASTER");
    bench.project.faults.fail("POST", "/attach", { delay: 300 });
    const claimed = claim();
    await bench.until(() => bench.json(RESULT)?.phase === "post", "the POST goes out");
    expect(bench.json(RESULT)).toEqual({ phase: "post" });
    expect(await claimed).toMatchObject({ status: 0 });
  });

  describe("with -guard, the file in which edge-sync says how the edge is", () => {
    it.each([
      ["unhealthy", "unhealthy\n"],
      ["healthy without an end of line", "healthy"],
      ["empty", ""],
      ["missing", undefined],
    ])("asks for nothing when it is %s", async (_, text) => {
      await bench.become("MASTER");
      if (text !== undefined) bench.machine.sandbox.write("/var/run/health", text);
      expect(await claim("-guard /var/run/health")).toMatchObject({
        status: 2,
        said: ["ip-move: no claim: this edge is not healthy"],
      });
      expect(bench.requests()).toEqual([]);
    });

    it("claims when it says healthy", async () => {
      await bench.become("MASTER");
      bench.machine.sandbox.write("/var/run/health", "healthy\n");
      expect(await claim("-guard /var/run/health")).toMatchObject({ status: 0 });
    });

    it("reads it after it has settled, not before", async () => {
      await bench.become("MASTER");
      bench.machine.sandbox.write("/var/run/health", "healthy\n");
      const claimed = claim("-guard /var/run/health -settle 20");
      await bench.until(() => bench.json(RESULT)?.phase === "settle", "the claim settles");
      bench.machine.sandbox.write("/var/run/health", "unhealthy\n");
      expect(await claimed).toMatchObject({ status: 2 });
    });
  });

  it("-n says what it would do and does nothing", async () => {
    await bench.become("MASTER");
    expect(await bench.run("ip-move claim -n")).toEqual({
      status: 0,
      stdout: `would attach ${IP} (fo-1) to ${bench.here}\n`,
      stderr: "",
    });
    await bench.become("BACKUP");
    expect(await bench.run("ip-move claim -n")).toEqual({
      status: 2,
      stdout: "",
      stderr: "ip-move: no claim: carp0 is BACKUP\n",
    });
    expect(bench.requests()).toEqual([]);
    expect(bench.routedTo()).toBe(bench.other);
  });
});

describe("how a move ends", () => {
  it("somewhere else, because it failed: exit 6", async () => {
    await bench.become("MASTER");
    bench.project.failoverIps.behaviour.moveDuration = 2000 / HASTE;
    bench.project.failoverIps.nextMoves("fails");
    expect(await claim()).toEqual({
      status: 6,
      stdout: "",
      said: [POSTED, ACCEPTED, `ip-move: claim: ${IP} is routed to ${bench.other}`],
    });
    expect(bench.json(RESULT)).toMatchObject({ done: 1, accepted: 1, status: 6 });
  });

  it("somewhere else, because another moved it meanwhile: exit 6", async () => {
    await bench.reset({ failover: { whilePending: "overwrite", moveDuration: 5000 } });
    const third = bench.instance("edge-c");
    await bench.become("MASTER");
    const claimed = claim();
    await bench.until(() => bench.requests().length > 1, "the claim looks");
    bench.project.failoverIps.behaviour.moveDuration = 0;
    bench.project.failoverIps.attach("fo-1", { instanceId: third });
    expect(await claimed).toMatchObject({
      status: 6,
      said: [POSTED, ACCEPTED, `ip-move: claim: ${IP} is routed to ${third}`],
    });
  });

  it("nowhere: exit 6", async () => {
    await bench.reset({ routedTo: "" });
    await bench.become("MASTER");
    bench.project.failoverIps.behaviour.moveDuration = 1000 / HASTE;
    bench.project.failoverIps.nextMoves("fails");
    expect(await claim()).toMatchObject({
      status: 6,
      said: [POSTED, ACCEPTED, `ip-move: claim: ${IP} is routed to nothing`],
    });
  });

  it.each([
    ["-deadline", "-deadline 2", {}],
    ["edge.conf", "", { deadline: 2 }],
  ])("never: exit 5 at the deadline of %s", async (_, flags, settings) => {
    await bench.become("MASTER");
    bench.configure(settings);
    bench.project.failoverIps.nextMoves("never ends");
    bench.project.failoverIps.behaviour.moveDuration = 1000;
    expect(await claim(flags)).toEqual({
      status: 5,
      stdout: "",
      said: [POSTED, ACCEPTED, TOO_LATE],
    });
    expect(bench.requests().filter((request) => request === POST)).toHaveLength(1);
    expect(bench.json(RESULT)).toMatchObject({ done: 1, accepted: 1, status: 5 });
  });
});

describe("one claim at a time", () => {
  it("a second one leaves at once: exit 75", async () => {
    await bench.become("MASTER");
    const first = claim("-settle 40");
    await bench.until(() => bench.json(RESULT)?.phase === "settle", "the claim settles");
    expect(await bench.run("ip-move claim")).toEqual({
      status: 75,
      stdout: "",
      stderr: "ip-move: another claim is under way\n",
    });
    expect(await first).toMatchObject({ status: 0 });
    expect(bench.requests()).toEqual([POST]);
  });

  it("a check goes on beside it", async () => {
    await bench.become("MASTER");
    const first = claim("-settle 40");
    await bench.until(() => bench.json(RESULT)?.phase === "settle", "the claim settles");
    expect(await bench.run("ip-move check")).toMatchObject({ status: 6 });
    await first;
  });

  it("one that was killed leaves no lock and no process", async () => {
    await bench.become("MASTER");
    void claim("-settle 200");
    await bench.until(() => bench.json(RESULT)?.phase === "settle", "the claim settles");
    for (const { id, words } of bench.processes())
      if (words[1] === "/usr/local/sbin/ip-move") process.kill(id, "SIGKILL");
    await bench.quiet();
    expect(await claim()).toMatchObject({ status: 0 });
  });

  it("leaves no process and no temporary file", async () => {
    await bench.become("MASTER");
    await claim();
    await bench.quiet();
    expect((await bench.run("ls /var/run /tmp")).stdout.split("\n")).toEqual([
      "/tmp:",
      "",
      "/var/run:",
      "claim.json",
      "ip-move.lock",
      "",
    ]);
  });
});

describe("how often a claim asks", () => {
  it.each([
    [10, 4],
    [60, 12],
  ])("a move of %i s costs at most %i requests", async (seconds, most) => {
    await bench.become("MASTER");
    bench.project.failoverIps.behaviour.moveDuration = (1000 * seconds) / HASTE;
    expect(await claim()).toMatchObject({ status: 0 });
    expect(bench.requests().length).toBeLessThanOrEqual(most);
    expect(bench.requests().length).toBeGreaterThan(2);
  });

  it("pauses that never get shorter than the third, so that no minute has more than 60 requests", () => {
    const list = /my @pauses = \(([^)]*)\);/.exec(source)?.[1] ?? "";
    const pauses = list.split(",").map(Number);
    expect(pauses).toEqual([1, 3, 6.5, 6, 7, 8, 9, 10, 11]);
    let [at, requests] = [0, 1];
    const needed = (seconds: number) => {
      [at, requests] = [0, 1];
      for (const pause of [...pauses, ...Array(100).fill(12)]) {
        at += pause;
        requests++;
        if (at >= seconds) break;
      }
      return requests;
    };
    expect([needed(0), needed(10), needed(60), needed(120)]).toEqual([2, 4, 10, 15]);
  });
});

describe("the exit statuses of ip-move", () => {
  it("are these", () => {
    const constants = /use constant \{\n([^}]*HERE[^}]*)\};/.exec(source)?.[1] ?? "";
    expect(
      Object.fromEntries(
        [...constants.matchAll(/(\w+) => (\d+)/g)].map(([, name, value]) => [name, Number(value)]),
      ),
    ).toEqual({
      HERE: 0,
      USAGE: 1,
      NOT_MASTER: 2,
      CREDENTIALS: 3,
      NOT_FOUND: 4,
      UNKNOWN: 5,
      ELSEWHERE: 6,
      REFUSED: 7,
      PENDING: 8,
      TLS: 9,
      BUSY: 75,
    });
  });
});
