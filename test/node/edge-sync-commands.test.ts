import { readdirSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { IN_REAL_TIME, IP, POST, useBench } from "./bench.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();
const USAGE = `usage: edge-sync [pass | poll | cron]
       edge-sync hold [--reason text] [--minutes n | --forever]
       edge-sync release
       edge-sync drain [--reason text]
       edge-sync undrain
       edge-sync status [--json]
       edge-sync metrics
       edge-sync --decide
`;
const DONE = { status: 0, stdout: "", stderr: "" };

/** Runs edge-sync and waits until what it started in the background has ended too. */
async function sync(command = "") {
  const result = await bench.run(`edge-sync ${command}`);
  await bench.quiet();
  return result;
}
const counters = () => Object.fromEntries(bench.machine.kernel.groups);
const mark = (name: "hold" | "drain") => bench.json(`/var/db/edge/${name}`);
const seconds = () => Math.floor(Date.now() / 1000);
const log = () => bench.log("edge-sync");

describe("edge-sync hold", () => {
  it("leaves a mark with a reason and an end in half an hour", async () => {
    const before = seconds();
    expect(await sync("hold")).toEqual(DONE);
    const { since, until, reason } = mark("hold") as { since: number; until: number; reason: string };
    expect(reason).toBe("by hand");
    expect(since).toBeGreaterThanOrEqual(before);
    expect(since).toBeLessThanOrEqual(seconds());
    expect(until - since).toBe(1800);
    expect((await bench.run("ls -l /var/db/edge/hold")).stdout).toMatch(/^-rw------- /);
  });

  it("says so, and warns", async () => {
    await sync("hold --reason 'upgrade to 7.9'");
    expect(log()).toEqual([
      'edge-sync: hold reason="upgrade to 7.9"',
      "edge-sync: on hold: upgrade to 7.9; this edge does not fail over until edge-sync release",
    ]);
  });

  it.each([
    ["--minutes 5", 300],
    ["--minutes=5", 300],
    ["--minutes 99999", 99999 * 60],
  ])("takes %s", async (flags, length) => {
    await sync(`hold ${flags}`);
    const { since, until } = mark("hold") as { since: number; until: number };
    expect(until - since).toBe(length);
  });

  it("has no end with --forever", async () => {
    await sync("hold --forever --reason 'first installation'");
    expect(mark("hold")).toEqual({ reason: "first installation", since: expect.any(Number) });
  });

  it.each(["0", "-1", "1.5", "soon", "''", "100000"])("does not take --minutes %s", async (minutes) => {
    const shown = minutes === "''" ? "" : minutes;
    expect(await sync(`hold --minutes=${minutes}`)).toEqual({
      status: 1,
      stdout: "",
      stderr: `edge-sync: --minutes must be a whole number above 0, got ${shown}\n`,
    });
    expect(mark("hold")).toBeUndefined();
  });

  it("keeps a reason to one line of plain text", async () => {
    await sync("hold --reason \"$(printf 'two\\nlines\\033[31m and \\303\\251')\"");
    expect(mark("hold")?.reason).toBe("two lines [31m and  ");
  });

  it("takes the place of an earlier one", async () => {
    await sync("hold --forever --reason one");
    await sync("hold --minutes 1 --reason two");
    expect(mark("hold")).toMatchObject({ reason: "two", until: expect.any(Number) });
  });

  it("keeps an edge from acting: no POST, no alias, no demotion", async () => {
    await sync("hold");
    await bench.become("MASTER");
    bench.machine.kernel.setCable("vio1", false);
    await sync();
    await sync();
    expect(bench.requests()).not.toContain(POST);
    expect(bench.machine.hasAddress(IP)).toBe(false);
    expect(counters()).toMatchObject({ edgefault: 0, edgedrain: 0 });
    bench.machine.kernel.setCable("vio1", true);
    await sync("drain");
    expect(counters()).toMatchObject({ edgefault: 0, edgedrain: 0 });
  });

  it("keeps the alias of an edge that the IP is routed away from", async () => {
    bench.machine.kernel.addAddress("vio0", { address: IP, prefix: 32 });
    await sync("hold");
    await sync();
    expect(bench.json("/var/run/edge-sync/memory.json")).toMatchObject({ known: "elsewhere" });
    expect(bench.machine.hasAddress(IP)).toBe(true);
    await sync("release");
    expect(bench.machine.hasAddress(IP)).toBe(false);
  });

  it("outlives a reboot", async () => {
    await sync("hold --forever");
    bench.machine.powerOff();
    await bench.machine.boot();
    await sync();
    expect(JSON.parse((await bench.run("edge-sync status --json")).stdout)).toMatchObject({
      hold: { reason: "by hand" },
    });
  });

  it("is over when its time has come", async () => {
    bench.machine.sandbox.write(
      "/var/db/edge/hold",
      JSON.stringify({ reason: "x", until: seconds() - 1 }),
      0o600,
    );
    await bench.become("MASTER");
    await sync();
    expect(bench.routedTo()).toBe(bench.here);
    expect((await bench.run("edge-sync status")).stdout).toContain("hold         no\n");
  });

  it.each(["", "{", "[]"])("is one even where its mark is %j", async (text) => {
    bench.machine.sandbox.write("/var/db/edge/hold", text, 0o600);
    await bench.become("MASTER");
    await sync();
    expect(bench.requests()).not.toContain(POST);
    expect(log()).toEqual([
      "edge-sync: on hold: an unreadable mark; this edge does not fail over until edge-sync release",
    ]);
  });
});

describe("edge-sync release", () => {
  it("ends a hold, says so, and acts at once", async () => {
    await sync("hold");
    await bench.become("MASTER");
    await sync();
    expect(await sync("release")).toEqual(DONE);
    expect(mark("hold")).toBeUndefined();
    expect(bench.routedTo()).toBe(bench.here);
    expect(log()).toContain("edge-sync: release");
  });

  it("says nothing where there is no hold", async () => {
    expect(await sync("release")).toEqual(DONE);
    expect(log()).toEqual([]);
  });
});

describe("edge-sync drain and undrain", () => {
  it("adds 16 to edgedrain, and no other group's counter", async () => {
    expect(await sync("drain --reason 'new disk'")).toEqual(DONE);
    expect(counters()).toEqual({ carp: 0, edgefault: 0, edgedrain: 16 });
    expect(mark("drain")).toEqual({ reason: "new disk", since: expect.any(Number) });
  });

  // The simulated ifconfig fails after a demotion has had its effect.
  it("says what it does, one line for each", async () => {
    await sync("drain --reason 'new disk'");
    await sync("undrain");
    expect(log()).toEqual([
      'edge-sync: drain reason="new disk"',
      'edge-sync: demote group=edgedrain by=16 reason="drain"',
      "edge-sync: undrain",
      'edge-sync: promote group=edgedrain by=16 reason="undrain"',
    ]);
  });

  it("adds it once", async () => {
    await sync("drain");
    await sync("drain --reason again");
    await sync();
    expect(counters()).toMatchObject({ edgedrain: 16 });
    expect(mark("drain")).toMatchObject({ reason: "again" });
  });

  it("takes it back", async () => {
    await sync("drain");
    expect(await sync("undrain")).toEqual(DONE);
    expect(counters()).toEqual({ carp: 0, edgefault: 0, edgedrain: 0 });
    expect(mark("drain")).toBeUndefined();
  });

  it("takes nothing back that is not there", async () => {
    expect(await sync("undrain")).toEqual(DONE);
    expect(counters()).toMatchObject({ edgedrain: 0 });
    expect(log()).toEqual([]);
  });

  it("leaves the kernel's own demotion in the counter", async () => {
    bench.machine.kernel.setCable("vio2", false);
    expect(counters()).toEqual({ carp: 1, edgefault: 1, edgedrain: 1 });
    await sync("drain");
    expect(counters()).toEqual({ carp: 1, edgefault: 1, edgedrain: 17 });
    await sync("undrain");
    bench.machine.kernel.setCable("vio2", true);
    expect(counters()).toEqual({ carp: 0, edgefault: 0, edgedrain: 0 });
  });

  it("is kept over a reboot", async () => {
    await sync("drain");
    bench.machine.powerOff();
    await bench.machine.boot();
    expect(counters()).toMatchObject({ edgedrain: 0 });
    await sync();
    expect(counters()).toMatchObject({ edgedrain: 16 });
  });

  it("goes on serving as master", async () => {
    await sync("drain");
    await bench.become("MASTER");
    await sync();
    await sync();
    expect(bench.routedTo()).toBe(bench.here);
    expect(bench.machine.hasAddress(IP)).toBe(true);
  });
});

describe("a mark whose writer was killed", () => {
  it("leaves nothing after the next pass, but for one that is being written", async () => {
    bench.machine.sandbox.write("/var/db/edge/hold.new", '{"rea');
    bench.machine.sandbox.write("/var/db/edge/drain.new", "");
    await bench.run("mkdir -p /var/run/edge-sync");
    const writer = bench.run(
      `perl -MFcntl=:flock -e 'open(my $fh, ">>", "/var/run/edge-sync/mark.lock"); flock($fh, LOCK_EX); open(my $t, ">", "/tmp/writes"); close($t); select(undef, undef, undef, 0.01) until -e "/tmp/written"'`,
      IN_REAL_TIME,
    );
    await bench.until(() => bench.machine.sandbox.read("/tmp/writes") !== undefined, "somebody writes");
    const left = () =>
      readdirSync(bench.machine.sandbox.path("/var/db/edge")).filter((name) => name !== ".keep");
    expect(await bench.run("edge-sync")).toMatchObject({ status: 0 });
    expect(left().toSorted()).toEqual(["drain.new", "hold.new"]);
    bench.machine.sandbox.write("/tmp/written", "");
    await writer;
    await sync();
    expect(left()).toEqual([]);
  });
});

describe("edge-sync status", () => {
  it("says what there is before any pass", async () => {
    expect((await bench.run("edge-sync status")).stdout).toBe(`carp         BACKUP
health       not healthy
inputs       external up, internal up, probe none, API none
ip           ${IP} is ?, alias off
demotion     edgedrain 0, edgefault 0, carp 0
tokens       3
hold         no
drain        no
last claim   none
`);
  });

  it("says what there is after a claim, a hold and a drain", async () => {
    await bench.become("MASTER");
    await sync();
    await sync("drain --reason 'new disk'");
    await sync("hold --reason upgrade");
    bench.machine.kernel.demote("edgefault", 1);
    const { stdout, stderr, status } = await bench.run("edge-sync status");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.replace(/\d+ (s ago|ms)/g, "… $1")).toBe(`carp         MASTER
health       healthy
inputs       external up, internal up, probe none, API answers
ip           ${IP} is here (… s ago), alias on
demotion     edgedrain 16, edgefault 0 (kernel +1), carp 0
tokens       2
hold         upgrade, for 30 min more
drain        new disk
last claim   … s ago: here, answered after … ms, ended after … ms, 1 request
`);
  });

  it("says of a hold without an end that it has none, and of a refused claim how it ended", async () => {
    await bench.become("MASTER");
    bench.project.faults.fail("POST", "/attach", { status: 403, times: 1 });
    await sync();
    await sync("hold --forever --reason 'first installation'");
    const { stdout } = await bench.run("edge-sync status");
    expect(stdout).toContain("hold         first installation, without an end\n");
    expect(stdout.replace(/\d+ (s ago|ms)/g, "… $1")).toContain(
      "last claim   … s ago: not accepted, exit 3, ended after … ms, 1 request\n",
    );
  });

  it("says what is wrong", async () => {
    await bench.become("INIT");
    bench.machine.kernel.setCable("vio0", false);
    bench.machine.sandbox.write("/var/run/edge-sync/probe.json", JSON.stringify({ at: 0, ok: 0 }));
    bench.lead("eu.api.ovh.com", "no such name");
    await sync();
    expect((await bench.run("edge-sync status")).stdout).toBe(`carp         INIT
health       not healthy
inputs       external down, internal up, probe failed, API silent
ip           ${IP} is ?, alias off
demotion     edgedrain 0, edgefault 64, carp 0
tokens       3
hold         no
drain        no
last claim   none
`);
  });

  it("says where a group or carp0 is missing", async () => {
    bench.configure({ carp: "carp9" });
    bench.machine.kernel.groups.delete("edgedrain");
    try {
      const { stdout } = await bench.run("edge-sync status");
      expect(stdout).toContain("carp         NONE\n");
      expect(stdout).toContain("demotion     edgedrain missing, edgefault 0, carp 0\n");
    } finally {
      bench.machine.kernel.groups.set("edgedrain", 0);
    }
  });

  it("--json says the same for programs", async () => {
    await bench.become("MASTER");
    await sync();
    const { stdout, stderr, status } = await bench.run("edge-sync status --json");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      alias: 1,
      api: "answers",
      blind: 0,
      carp: "MASTER",
      carp_demotion: 0,
      demotion: {
        edgedrain: { count: 0, kernel: 0, present: 0 },
        edgefault: { count: 0, kernel: 0, present: 0 },
      },
      drain: null,
      external: "up",
      healthy: 1,
      hold: null,
      internal: "up",
      ip: IP,
      known: "here",
      known_age: expect.any(Number),
      last_claim: {
        accepted: 1,
        age: expect.any(Number),
        ms: expect.any(Number),
        post_ms: expect.any(Number),
        posted: 1,
        requests: 1,
        result: "here",
        status: 0,
      },
      probe: "none",
      settled: 1,
      tokens: 2,
    });
  });

  it("changes nothing", async () => {
    await bench.become("MASTER");
    await sync("status");
    expect((await bench.run("ls /var/run /var/db/edge")).stdout).toBe("/var/db/edge:\n\n/var/run:\n");
    expect(bench.requests()).toEqual([]);
    expect(log()).toEqual([]);
  });
});

describe("the command line of edge-sync", () => {
  it.each(["-h", "--help"])("explains itself with %s", async (flag) => {
    expect(await sync(flag)).toEqual({ status: 0, stdout: USAGE, stderr: "" });
  });

  it.each([
    "halt",
    "hold --for 5",
    "hold 5",
    "hold --reason",
    "release now",
    "drain --minutes 5",
    "status --xml",
  ])("explains itself on standard error with %s: exit 1", async (command) => {
    expect(await sync(command)).toEqual({ status: 1, stdout: "", stderr: USAGE });
    expect((await bench.run("ls /var/db/edge")).stdout).toBe("");
  });

  it.each([
    "ip",
    "instance",
    "external",
    "internal",
    "carp",
    "probe",
  ])("needs %s in /etc/edge.conf", async (key) => {
    bench.configure({ [key]: undefined });
    expect(await sync()).toEqual({
      status: 1,
      stdout: "",
      stderr: `edge-sync: /etc/edge.conf must name ${key}; deploy again\n`,
    });
    expect(log()).toEqual([`edge-sync: /etc/edge.conf must name ${key}; deploy again`]);
  });

  it("needs /etc/edge.conf", async () => {
    await bench.run("rm /etc/edge.conf");
    expect(await sync()).toEqual({
      status: 1,
      stdout: "",
      stderr: "edge-sync: /etc/edge.conf cannot be read: No such file or directory; a deploy writes it\n",
    });
  });

  it("needs key=value in each line of it", async () => {
    bench.machine.sandbox.write("/etc/edge.conf", "# comment\n\nip 1.2.3.4\n");
    expect(await sync()).toMatchObject({
      status: 1,
      stderr: "edge-sync: /etc/edge.conf:3: must be key=value\n",
    });
  });
});
