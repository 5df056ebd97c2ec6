import { describe, expect, it, vi } from "vitest";
import { IN_REAL_TIME, IP, LOOK, useBench } from "./bench.js";

vi.setConfig({ testTimeout: 30_000 });

const bench = useBench();
const RUN = "/var/run/edge-sync";
const DONE = { status: 0, stdout: "", stderr: "" };

const log = () => bench.log("edge-sync");
const memory = () => bench.json(`${RUN}/memory.json`) ?? {};
const counters = () => Object.fromEntries(bench.machine.kernel.groups);
const running = (...words: readonly string[]) =>
  bench.processes().filter((process) => words.every((word) => process.words.includes(word)));

const IN_HASTE = {};
const sync = (command = "", pace: Readonly<Record<string, string>> = IN_REAL_TIME) =>
  bench.run(`edge-sync ${command}`, pace);

/** A pass and all that it starts. */
async function pass(command = "", pace: Readonly<Record<string, string>> = IN_REAL_TIME) {
  const result = await sync(command, pace);
  await bench.quiet();
  return result;
}
/** Pass after pass, as the polls of a longer time. */
async function passUntil(condition: () => boolean, what: string): Promise<void> {
  for (let n = 0; n < 100 && !condition(); n++) await pass("", IN_HASTE);
  await bench.until(condition, what);
}

/** Puts a program in the place of one of the system's while `during` goes on. */
async function instead(path: string, script: string, during: () => Promise<void>): Promise<void> {
  const { sandbox } = bench.machine;
  const real = sandbox.read(path) as string;
  const [folder, name] = [path.slice(0, path.lastIndexOf("/")), path.slice(path.lastIndexOf("/") + 1)];
  sandbox.write(`${folder}/real/${name}`, real, 0o555);
  sandbox.write(path, `#!/bin/sh\n${script.replace("REAL", `${folder}/real/${name}`)}\n`, 0o555);
  try {
    await during();
  } finally {
    await bench.run("rm -f /tmp/block");
    sandbox.write(path, real, 0o555);
  }
}
/** Waits as long as /tmp/block is there, and notes each call. */
const BLOCKED = `echo "$*" >>/tmp/calls
while [ -e /tmp/block ]; do sleep 0.02; done
exec REAL "$@"`;
const calls = (words: string) =>
  (bench.machine.sandbox.read("/tmp/calls") ?? "").split("\n").filter((line) => line === words).length;
const block = () => bench.machine.sandbox.write("/tmp/block", "");

describe("a pass of edge-sync", () => {
  it("looks, and asks OVH in the background", async () => {
    expect(await pass()).toEqual(DONE);
    expect(bench.requests()).toEqual([LOOK]);
    expect(memory()).toMatchObject({ role: "BACKUP", known: "elsewhere", tokens: 3, answered: 1 });
  });

  it("does nothing the second time", async () => {
    await pass();
    await pass();
    expect(bench.requests()).toEqual([LOOK]);
    expect(log()).toEqual([]);
  });

  it("demotes when a link is lost, and takes it back when it was healthy for long enough", async () => {
    await pass("", IN_HASTE);
    for (const name of ["vio0", "vio1"]) {
      bench.machine.kernel.setCable(name, false);
      await pass("", IN_HASTE);
      expect(counters()).toEqual({ carp: 0, edgefault: 64, edgedrain: 0 });
      bench.machine.kernel.setCable(name, true);
      await passUntil(() => counters().edgefault === 0, "the demotion is taken back");
      expect(counters()).toEqual({ carp: 0, edgefault: 0, edgedrain: 0 });
    }
  });

  it("says why it demotes", async () => {
    await pass();
    bench.machine.kernel.setCable("vio1", false);
    await pass();
    expect(log()).toEqual([expect.stringContaining('demote group=edgefault by=64 reason="internal link"')]);
  });

  it("puts the alias on and takes it off", async () => {
    await bench.reset({ routedTo: "here" });
    await pass();
    expect(bench.machine.hasAddress(IP)).toBe(true);
    bench.project.failoverIps.add("fo-1", IP, bench.other);
    await bench.run(`rm -r ${RUN}`);
    await pass();
    expect(bench.machine.hasAddress(IP)).toBe(false);
    expect(log()).toEqual([
      `edge-sync: alias=on ip=${IP} reason="routed here"`,
      `edge-sync: alias=off ip=${IP} reason="routed elsewhere"`,
    ]);
  });

  it("says when a command fails, with what it said", async () => {
    await bench.become("MASTER");
    await instead(
      "/sbin/ifconfig",
      `case $2 in inet) echo "ifconfig: no"; exit 1 ;; esac\nexec REAL "$@"`,
      async () => {
        bench.project.failoverIps.add("fo-1", IP, bench.here);
        await pass();
      },
    );
    expect(log()[0]).toBe(`edge-sync: alias=on ip=${IP} reason="master" failed: ifconfig: no`);
  });

  it("takes rc's demotion with nothing in /var/run for a boot: edgefault first", async () => {
    bench.machine.kernel.demote("carp", 128);
    await pass();
    expect(counters()).toEqual({ carp: 128, edgefault: 64, edgedrain: 0 });
    expect(log()).toEqual([expect.stringContaining('demote group=edgefault by=64 reason="boot"')]);
  });

  it("takes rc's demotion for no boot where it remembers something", async () => {
    await pass();
    bench.machine.kernel.demote("carp", 128);
    await pass();
    expect(counters()).toEqual({ carp: 128, edgefault: 0, edgedrain: 0 });
  });

  it.each(["", "{", "[1]", "null"])("begins anew where its memory is %j", async (text) => {
    await pass();
    bench.machine.sandbox.write(`${RUN}/memory.json`, text);
    expect(await pass()).toEqual(DONE);
    expect(memory()).toMatchObject({ known: "elsewhere", tokens: 3 });
  });

  it.each(["check.json", "probe.json", "claim.json"])("is not confused by a %s that is cut", async (file) => {
    await pass();
    bench.machine.sandbox.write(`${RUN}/${file}`, '{"ok":1,"at":');
    expect(await pass()).toEqual(DONE);
    expect(counters()).toMatchObject({ edgefault: 0 });
  });

  it("keeps what it remembers to root", async () => {
    await pass();
    expect((await bench.run(`ls -ld ${RUN}`)).stdout).toMatch(/^drwx------ /);
    expect((await bench.run(`find ${RUN} -type f -perm /077`)).stdout).toBe("");
  });

  it("does not wait for OVH", async () => {
    bench.project.faults.fail("GET", "/failover", { delay: 500 });
    await sync();
    await bench.until(() => running("/usr/local/sbin/ip-move", "check").length === 1, "the check goes on");
    await bench.quiet();
    expect(memory()).toMatchObject({ known: "elsewhere" });
  });

  it("holds up no other pass while OVH takes its time", async () => {
    bench.project.faults.fail("GET", "/failover", { delay: 1500 });
    await sync();
    await bench.until(() => running("/usr/local/sbin/ip-move", "check").length === 1, "the check goes on");
    bench.machine.kernel.setCable("vio0", false);
    expect(await sync()).toEqual(DONE);
    expect(running("/usr/local/sbin/ip-move", "check")).toHaveLength(1);
    expect(counters()).toMatchObject({ edgefault: 64 });
    await bench.quiet();
  });

  it("leaves no file of its caller open in what goes on in the background", async () => {
    bench.project.faults.fail("GET", "/failover", { delay: 500 });
    // The pipe ends when the last one who holds it has closed it.
    await bench.run("edge-sync | cat", IN_REAL_TIME);
    await bench.until(() => running("/usr/local/sbin/ip-move", "check").length === 1, "the check goes on");
    await bench.quiet();
  });

  it("ends a check that hangs", async () => {
    await instead("/usr/local/sbin/ip-move", "exec sleep 1000", async () => {
      await sync("", IN_HASTE);
      await bench.until(() => running("sleep", "1000").length === 1, "the check hangs");
      await bench.until(() => memory().unanswered === 1, "the pass after it has seen that");
    });
    expect(bench.json(`${RUN}/check.json`)).toMatchObject({ status: 5 });
    expect(log()).toContain("edge-sync: ip-move check hung and was ended after 60 s");
    // The next one may hang already.
    for (const { id } of running("sleep", "1000")) process.kill(id, "SIGKILL");
    await bench.quiet();
  });
});

describe("passes at the same time", () => {
  it("one runs, one waits, and a third leaves at once", async () => {
    await pass();
    await instead("/sbin/ifconfig", BLOCKED, async () => {
      block();
      const first = sync();
      await bench.until(() => calls("-A") === 1, "the first pass looks");
      const second = sync();
      await bench.until(() => running("/usr/local/sbin/edge-sync").length === 2, "the second pass waits");
      // It may not have come to its lock yet: whichever of the two waits, the other leaves.
      const third = sync();
      expect(await Promise.race([second, third])).toEqual(DONE);
      expect(calls("-A")).toBe(1);
      await bench.run("rm /tmp/block");
      expect(await Promise.all([first, second, third])).toEqual([DONE, DONE, DONE]);
      await bench.quiet();
      expect(calls("-A")).toBe(2);
    });
  });

  it("a trigger during a pass means one more pass, which sees what happened meanwhile", async () => {
    await pass();
    const lateEnd = `REAL "$@"; status=$?; echo looked >>/tmp/calls; while [ -e /tmp/block ]; do sleep 0.02; done; exit $status`;
    await instead("/sbin/ifconfig", lateEnd, async () => {
      block();
      const first = sync();
      // The first pass has seen the links; what comes now it cannot know.
      await bench.until(() => calls("looked") === 1, "the first pass has seen the links");
      bench.machine.kernel.setCable("vio0", false);
      const second = sync();
      await bench.until(() => running("/usr/local/sbin/edge-sync").length === 2, "the second pass waits");
      await bench.run("rm /tmp/block");
      await Promise.all([first, second]);
      await bench.quiet();
    });
    expect(counters()).toMatchObject({ edgefault: 64 });
  });

  it("many triggers at once are a few passes, and none is left", async () => {
    await pass();
    await instead("/sbin/ifconfig", BLOCKED, async () => {
      await bench.run("for i in 1 2 3 4 5 6 7 8; do edge-sync & done; wait", IN_REAL_TIME);
      await bench.quiet();
      expect(calls("-A")).toBeGreaterThanOrEqual(1);
      expect(calls("-A")).toBeLessThanOrEqual(8);
    });
    expect(log()).toEqual([]);
    expect(bench.requests()).toEqual([LOOK]);
  });
});

describe("a pass that hangs is ended, and leaves no lock and no process", () => {
  const ENDED = "edge-sync: a pass hung and was ended";

  it("as it waits for one that does not end", async () => {
    await pass("", IN_HASTE);
    const holder = bench.run(
      `PERL5OPT= exec perl -MFcntl=:flock -e 'open(F, ">", "${RUN}/run.lock"); flock(F, LOCK_EX); open(O, ">", "/tmp/locked"); close(O); sleep 1 while -e "/tmp/locked"'`,
    );
    await bench.until(() => bench.machine.sandbox.read("/tmp/locked") !== undefined, "the lock is taken");
    try {
      expect(await sync("", IN_HASTE)).toEqual({ ...DONE, status: 1 });
      await bench.until(() => log().includes(ENDED), "the log says so");
      expect(log()).toEqual([ENDED]);
    } finally {
      await bench.run("rm /tmp/locked");
      await holder;
    }
    await bench.quiet();
    expect(await pass("", IN_HASTE)).toEqual(DONE);
  });

  // Perl waits for a child whose output it reads, even as it exits.
  it("as it waits for a command", async () => {
    await pass("", IN_HASTE);
    await instead("/sbin/ifconfig", BLOCKED, async () => {
      block();
      const hung = sync("", IN_HASTE);
      await bench.until(() => log().includes(ENDED), "the alarm has rung");
      let ended = false;
      void hung.then(() => {
        ended = true;
      });
      await bench.until(() => ended && bench.processes().length === 0, "the pass has ended", 2);
    });
  });

  it("and the next pass does its work", async () => {
    await pass("", IN_HASTE);
    await instead(
      "/sbin/ifconfig",
      'if mkdir /tmp/once 2>/dev/null; then exec sleep 1000; fi; exec REAL "$@"',
      async () => {
        void sync("", IN_HASTE);
        await bench.until(() => log().includes(ENDED), "the alarm has rung");
        bench.machine.kernel.setCable("vio0", false);
        void sync("", IN_HASTE);
        try {
          await bench.until(() => counters().edgefault === 64, "the next pass demotes", 3);
        } finally {
          for (const { id } of running("sleep", "1000")) process.kill(id, "SIGKILL");
          await bench.quiet();
        }
      },
    );
  });

  it("a pass that was killed leaves its work to the next one", async () => {
    await pass();
    bench.machine.kernel.setCable("vio0", false);
    await instead("/sbin/ifconfig", BLOCKED, async () => {
      block();
      void sync();
      await bench.until(() => calls("-A") === 1, "the pass looks");
      for (const { id } of running("/usr/local/sbin/edge-sync")) process.kill(id, "SIGKILL");
      await bench.run("rm /tmp/block");
      await bench.quiet();
    });
    expect(counters()).toMatchObject({ edgefault: 0 });
    expect(await pass()).toEqual(DONE);
    expect(counters()).toMatchObject({ edgefault: 64 });
  });

  it("a pass that was killed as it acted: what is not done is decided again, but no claim is made twice", async () => {
    await pass();
    await bench.become("MASTER");
    const blocked = BLOCKED.replace("while [", `[ "$2" != inet ] || while [`);
    await instead("/sbin/ifconfig", blocked, async () => {
      block();
      void sync();
      const alias = `vio0 inet alias ${IP} netmask 255.255.255.255`;
      await bench.until(() => calls(alias) === 1, "the pass puts the alias on");
      for (const { id } of bench.processes()) process.kill(id, "SIGKILL");
      await bench.quiet();
    });
    expect(memory()).toMatchObject({ role: "MASTER", claim: { started: expect.any(Number) } });
    expect(bench.machine.hasAddress(IP)).toBe(false);
    await pass();
    expect(bench.machine.hasAddress(IP)).toBe(true);
    // For all that it knows the claim may have sent its POST; it cost one token, the next another.
    await bench.until(() => bench.routedTo() === bench.here, "a check, and then a claim");
    await bench.quiet();
    expect(memory()).toMatchObject({ known: "here", tokens: 1 });
  });
});

describe("edge-sync poll", () => {
  const probe = () => bench.json(`${RUN}/probe.json`);

  it("probes, passes, and returns before either has ended", async () => {
    await instead("/sbin/ping", BLOCKED, async () => {
      block();
      expect(await sync("poll")).toEqual(DONE);
      await bench.until(
        () => calls("-n -q -c 2 -w 1 192.0.2.1") + calls("-n -q -c 2 -w 1 192.0.2.2") === 2,
        "both targets are probed",
      );
      expect(probe()).toBeUndefined();
      await bench.until(() => memory().role === "BACKUP", "a pass has run");
    });
    await bench.quiet();
    expect(probe()).toEqual({ at: expect.any(Number), ok: 1 });
  });

  it("is content with one target that answers", async () => {
    await instead("/sbin/ping", 'case $* in *192.0.2.1) exit 1 ;; esac\nexec REAL "$@"', () =>
      pass("poll").then(() => {}),
    );
    expect(probe()).toMatchObject({ ok: 1 });
  });

  it("sees that none answers", async () => {
    await pass();
    bench.pings = false;
    await pass("poll");
    expect(probe()).toMatchObject({ ok: 0 });
    // The API answers: that is health enough.
    expect(counters()).toMatchObject({ edgefault: 0 });
  });

  it("demotes where neither a target nor OVH answers", async () => {
    bench.pings = false;
    bench.lead("eu.api.ovh.com", "no such name");
    await pass("poll");
    expect(counters()).toMatchObject({ edgefault: 64 });
    expect(log()).toEqual([
      expect.stringContaining('demote group=edgefault by=64 reason="no probe target and no API answers"'),
    ]);
  });

  it("ends a ping that hangs", async () => {
    await instead("/sbin/ping", "exec sleep 1000", async () => {
      await sync("poll", IN_HASTE);
      await bench.until(() => running("sleep", "1000").length === 2, "both targets are probed");
      await bench.quiet();
    });
    expect(probe()).toMatchObject({ ok: 0 });
  });

  it("does not probe while a probe is under way", async () => {
    await instead("/sbin/ping", BLOCKED, async () => {
      block();
      await sync("poll");
      await bench.until(() => calls("-n -q -c 2 -w 1 192.0.2.1") === 1, "the targets are probed");
      await sync("poll");
      await sync("poll");
    });
    await bench.quiet();
    expect(calls("-n -q -c 2 -w 1 192.0.2.1")).toBe(1);
  });

  it("passes once more when the targets fall silent", async () => {
    await pass("poll");
    bench.pings = false;
    // OVH's last answer still counts: the edge stays as healthy as it was, by a pass that knows.
    await pass("poll");
    expect(probe()).toMatchObject({ ok: 0 });
    expect(counters()).toMatchObject({ edgefault: 0 });
    bench.lead("eu.api.ovh.com", "no such name");
    await passUntil(() => counters().edgefault === 64, "the edge is demoted");
  });
});

describe("edge-sync cron", () => {
  it("says that ifstated is not running, and polls in its place", async () => {
    expect(await pass("cron")).toEqual(DONE);
    expect(log()).toEqual(["edge-sync: ifstated is not running: link changes are only seen once a minute"]);
    expect(bench.json(`${RUN}/probe.json`)).toMatchObject({ ok: 1 });
    expect(bench.requests()).toEqual([LOOK]);
  });

  it("says nothing while it runs", async () => {
    bench.machine.sandbox.write("/etc/ifstated.conf", 'state watch {\n\trun ":"\n}\n', 0o600);
    await bench.machine.startIfstated();
    try {
      await pass("cron");
      expect(log()).toEqual([]);
    } finally {
      bench.machine.stopIfstated();
    }
  });
});
