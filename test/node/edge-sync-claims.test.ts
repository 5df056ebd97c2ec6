import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { HASTE, HOST, IN_GREAT_HASTE, IN_REAL_TIME, IP, LOOK, POST, SECRETS, useBench } from "./bench.js";

vi.setConfig({ testTimeout: 30_000 });

const bench = useBench();
const RUN = "/var/run/edge-sync";

const log = () => bench.log("edge-sync");
const memory = () => bench.json(`${RUN}/memory.json`) ?? {};
const posts = () => bench.requests().filter((request) => request === POST).length;
const begun = () => log().filter((line) => line === `edge-sync: claim start ip=${IP}`).length;

async function pass(environment: Readonly<Record<string, string>> = {}): Promise<void> {
  expect(await bench.run("edge-sync", environment)).toEqual({ status: 0, stdout: "", stderr: "" });
  await bench.quiet();
}
/** Pass after pass, as the polls of a longer time. */
async function passUntil(condition: () => boolean, what: string): Promise<void> {
  for (let n = 0; n < 100 && !condition(); n++) await bench.run("edge-sync");
  await bench.until(condition, what);
  await bench.quiet();
}
const processOf = (...words: readonly string[]) => {
  const [found] = bench.processes().filter((process) => words.every((word) => process.words.includes(word)));
  if (found === undefined) throw new Error(`no process ${words.join(" ")}`);
  return found.id;
};

/** A backup that becomes master and claims in the background. */
async function claiming(environment: Readonly<Record<string, string>> = {}): Promise<void> {
  await pass(environment);
  await bench.become("MASTER");
  expect(await bench.run("edge-sync", environment)).toMatchObject({ status: 0 });
}

describe("a backup that becomes master", () => {
  it("puts the alias on and brings the IP here", async () => {
    await claiming();
    await bench.quiet();
    expect(bench.routedTo()).toBe(bench.here);
    expect(bench.machine.hasAddress(IP)).toBe(true);
    expect(memory()).toMatchObject({ role: "MASTER", known: "here", tokens: 2 });
    expect(posts()).toBe(1);
    expect(log()).toEqual([
      `edge-sync: alias=on ip=${IP} reason="master"`,
      `edge-sync: claim start ip=${IP}`,
    ]);
  });

  it("does so from nothing: a first pass as master", async () => {
    await bench.become("MASTER");
    await pass();
    expect(bench.routedTo()).toBe(bench.here);
    expect(posts()).toBe(1);
  });

  it("claims nothing where the IP is here", async () => {
    await bench.reset({ routedTo: "here" });
    await claiming();
    await bench.quiet();
    expect(posts()).toBe(0);
    expect(memory()).toMatchObject({ known: "here", tokens: 3 });
  });

  it("waits for a move that takes a while, without a check meanwhile", async () => {
    bench.project.failoverIps.behaviour.moveDuration = 20_000 / HASTE;
    await claiming();
    for (let n = 0; n < 3; n++) await bench.run("edge-sync");
    await bench.quiet();
    expect(memory()).toMatchObject({ known: "here", tokens: 2 });
    expect(posts()).toBe(1);
    // Before, at the change of role, while the claim looks, and when it ended.
    expect(bench.requests().filter((request) => request === LOOK).length).toBeLessThanOrEqual(10);
  });

  it("gives the IP up when it is backup again: the alias goes once OVH has moved it away", async () => {
    await claiming();
    await bench.quiet();
    await bench.become("BACKUP");
    await pass();
    expect(bench.machine.hasAddress(IP)).toBe(true);
    bench.project.failoverIps.attach("fo-1", { instanceId: bench.other });
    await passUntil(() => memory().known === "elsewhere", "a check says elsewhere");
    expect(bench.machine.hasAddress(IP)).toBe(false);
    expect(posts()).toBe(1);
  });
});

describe("a claim that OVH refuses", () => {
  it.each([
    ["409", { status: 409 }, 10],
    ["429 with Retry-After", { status: 429, headers: { "Retry-After": "240" } }, 240],
    ["403", { status: 403 }, 300],
  ])("with %s is not tried again at once, and costs no token", async (_, fault, pause) => {
    bench.project.faults.fail("POST", "/attach", fault);
    await claiming(IN_REAL_TIME);
    await bench.quiet();
    expect(begun()).toBe(1);
    expect(memory()).toMatchObject({ known: "elsewhere", tokens: 3, refused: 1 });
    const { retry_at: retryAt, last_claim: lastClaim } = memory() as {
      retry_at: number;
      last_claim: { at: number };
    };
    expect(retryAt - lastClaim.at).toBeCloseTo(pause, 3);
  });

  it("is tried again after that, and then brings the IP here", async () => {
    bench.project.faults.fail("POST", "/attach", { status: 409, times: 1 });
    await claiming();
    await bench.quiet();
    await passUntil(() => bench.routedTo() === bench.here, "the second claim arrives");
    expect(posts()).toBe(2);
    expect(memory()).toMatchObject({ tokens: 2, known: "here" });
  });
});

describe("a claim that fails before its POST", () => {
  it("for a connection that is not there costs no token, and is tried again at the next poll", async () => {
    const deaf = createServer((socket) => socket.on("error", () => {}));
    await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
    try {
      await pass();
      bench.lead(HOST, (deaf.address() as AddressInfo).port);
      await bench.become("MASTER");
      await bench.run("edge-sync", IN_GREAT_HASTE);
      await bench.until(() => memory().refused === 1, "the claim gives up");
      expect(begun()).toBe(1);
      const {
        tokens,
        known,
        retry_at: retryAt,
        last_claim: last,
      } = memory() as never as {
        tokens: number;
        known: string;
        retry_at: number;
        last_claim: { at: number };
      };
      expect({ tokens, known, last }).toMatchObject({
        tokens: 3,
        known: "elsewhere",
        last: { status: 5, refused: 1, posted: 0 },
      });
      expect(retryAt - last.at).toBeCloseTo(10, 3);
      expect(posts()).toBe(0);
    } finally {
      deaf.close();
      bench.lead(HOST, bench.api.httpsPort as number);
    }
    await passUntil(() => bench.routedTo() === bench.here, "the next claim arrives");
    expect(memory()).toMatchObject({ tokens: 2, known: "here" });
  });

  it("for its configuration is not tried again at once, and again", async () => {
    await pass(IN_REAL_TIME);
    await bench.run("edge-sync poll", IN_REAL_TIME);
    await bench.quiet();
    bench.credentials("edge", 0o644);
    await bench.become("MASTER");
    await bench.run("edge-sync", IN_REAL_TIME);
    const calm = bench.calm();
    try {
      await bench.until(() => begun() > 1 || calm(), "claims begin, or none does");
      expect(begun()).toBe(1);
    } finally {
      await bench.become("BACKUP");
      await bench.quiet();
    }
  });

  it("for another claim that a person has begun is not tried again at once, and again", async () => {
    await pass(IN_REAL_TIME);
    await bench.become("MASTER");
    const person = bench.run("ip-move claim -settle 9", IN_REAL_TIME);
    await bench.until(
      () => bench.machine.sandbox.read("/var/run/ip-move.lock") !== undefined,
      "a person's claim has begun",
    );
    await bench.run("edge-sync", IN_REAL_TIME);
    const calm = bench.calm(/-settle 9|nc -c/);
    try {
      await bench.until(() => begun() > 1 || calm(), "claims begin, or none does");
      expect(begun()).toBe(1);
    } finally {
      await bench.become("BACKUP");
      for (const { id, words } of bench.processes())
        if (words.includes("-settle")) process.kill(id, "SIGKILL");
      await person;
      await bench.quiet();
    }
  });
});

describe("a move by another edge that is under way", () => {
  it("is looked at once a poll, not without a pause", async () => {
    await bench.reset({ failover: { moveDuration: 60_000 } });
    bench.project.failoverIps.attach("fo-1", { instanceId: bench.instance("edge-c") });
    await bench.run("edge-sync", IN_REAL_TIME);
    const calm = bench.calm();
    try {
      await bench.until(() => bench.requests().length > 3 || calm(), "checks begin, or none does");
      expect(bench.requests()).toEqual([LOOK]);
    } finally {
      bench.project.failoverIps.finishMoves();
      await bench.quiet();
    }
  });
});

describe("a claim that is killed", () => {
  it("after its POST: its outcome is unknown, it costs a token, and a look tells where the IP is", async () => {
    bench.project.failoverIps.behaviour.moveDuration = 500;
    await claiming();
    await bench.until(() => bench.json(`${RUN}/claim.json`)?.phase === "verify", "the POST was accepted");
    process.kill(processOf("/usr/local/sbin/ip-move", "claim"), "SIGKILL");
    await passUntil(() => memory().known === "here", "a check says here");
    expect(memory()).toMatchObject({ tokens: 2, last_claim: { posted: 1, result: "none" } });
    expect(posts()).toBe(1);
  });

  it("in its POST: it costs a token, and another is made when a look says that the IP is elsewhere", async () => {
    bench.project.faults.fail("POST", "/attach", { delay: 400, status: 503, times: 1 });
    await claiming();
    await bench.until(() => bench.json(`${RUN}/claim.json`)?.phase === "post", "the POST goes out");
    process.kill(processOf("/usr/local/sbin/ip-move", "claim"), "SIGKILL");
    await passUntil(() => bench.routedTo() === bench.here, "the next claim arrives");
    // It may have been killed just before its POST, which then is counted all the same.
    expect(begun()).toBeGreaterThan(1);
    expect(memory()).toMatchObject({ tokens: 3 - begun(), known: "here" });
    expect(bench.project.failoverIps.attaches).toHaveLength(1);
  });

  it("while it settles: it costs nothing, and another is made", async () => {
    bench.configure({ settle: 20 });
    await claiming();
    await bench.until(() => bench.json(`${RUN}/claim.json`)?.phase === "settle", "the claim settles");
    bench.configure({ settle: 0 });
    process.kill(processOf("/usr/local/sbin/ip-move", "claim"), "SIGKILL");
    await passUntil(() => bench.routedTo() === bench.here, "the next claim arrives");
    expect(memory()).toMatchObject({ tokens: 2, known: "here" });
    expect(posts()).toBe(1);
  });

  it("with the one that watches over it: the next pass sees that it is gone", async () => {
    bench.project.failoverIps.behaviour.moveDuration = 500;
    await claiming();
    await bench.until(() => bench.json(`${RUN}/claim.json`)?.phase === "verify", "the POST was accepted");
    const claim = processOf("/usr/local/sbin/ip-move", "claim");
    process.kill(processOf("/usr/local/sbin/edge-sync"), "SIGKILL");
    process.kill(claim, "SIGKILL");
    await passUntil(() => memory().known === "here", "a check says here");
    expect(memory()).toMatchObject({ tokens: 2, last_claim: { posted: 1, result: "none" } });
    expect(posts()).toBe(1);
  });

  it("before it has left a word: it may have sent its POST", async () => {
    await pass();
    await bench.become("MASTER");
    const program = bench.machine.sandbox.read("/usr/local/sbin/ip-move") as string;
    bench.machine.sandbox.write("/usr/local/sbin/ip-move", "#!/bin/sh\nkill -9 $$\n", 0o555);
    try {
      await bench.run("edge-sync");
      await bench.until(() => memory().tokens === 2, "the pass after it has seen that");
      expect(memory()).toMatchObject({ known: "?" });
    } finally {
      bench.machine.sandbox.write("/usr/local/sbin/ip-move", program, 0o555);
      await bench.quiet();
    }
  });

  it("leaves no lock behind", async () => {
    bench.project.faults.fail("POST", "/attach", { delay: 400 });
    await claiming();
    await bench.until(() => bench.json(`${RUN}/claim.json`)?.phase === "post", "the POST goes out");
    process.kill(processOf("/usr/local/sbin/ip-move", "claim"), "SIGKILL");
    await bench.quiet();
    for (const lock of [
      `${RUN}/claim.lock`,
      `${RUN}/check.lock`,
      `${RUN}/run.lock`,
      "/var/run/ip-move.lock",
    ]) {
      const free = `perl -MFcntl=:flock -e 'open(F, "<", "${lock}") or exit 2; exit !flock(F, LOCK_EX | LOCK_NB)'`;
      expect({ lock, status: (await bench.run(free)).status }).toEqual({ lock, status: 0 });
    }
  });
});

describe("a claim that hangs", () => {
  it.each([
    "settle",
    "verify",
  ])("in its phase %s is ended a minute after its deadline, and the IP comes all the same", async (phase) => {
    bench.configure({ settle: phase === "settle" ? 20 : 0, deadline: 10 });
    bench.project.failoverIps.behaviour.moveDuration = 500;
    await claiming();
    await bench.until(() => bench.json(`${RUN}/claim.json`)?.phase === phase, `the claim is in ${phase}`);
    process.kill(processOf("/usr/local/sbin/ip-move", "claim"), "SIGSTOP");
    const ended = "edge-sync: ip-move claim hung and was ended after 70 s";
    await bench.until(() => log().includes(ended), "it is ended");
    bench.configure({ settle: 0 });
    await passUntil(() => memory().known === "here", "the IP is here");
    expect(memory()).toMatchObject({ tokens: 2 });
    expect(posts()).toBe(1);
  });
});

describe("what edge-sync and what it starts show of themselves", () => {
  it("has no secret in any argument list", async () => {
    bench.project.failoverIps.behaviour.moveDuration = 5000 / HASTE;
    await claiming();
    const seen = new Set<string>();
    await bench.until(() => {
      const processes = bench.processes();
      for (const { words } of processes) seen.add(words.join(" "));
      return processes.length === 0;
    }, "the claim ends");
    await bench.quiet();
    expect([...seen].some((words) => words.includes("ip-move claim -q -result"))).toBe(true);
    for (const secret of Object.values(SECRETS)) expect([...seen].join("\n")).not.toContain(secret);
  });

  it("has nothing but lines of plain text in syslog", async () => {
    await claiming();
    await bench.quiet();
    for (const line of bench.log("edge-sync", "ip-move")) expect(line).toMatch(/^[\x20-\x7e]+$/);
    expect(bench.log("ip-move").length).toBeGreaterThan(1);
  });
});
