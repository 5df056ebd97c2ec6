import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { eventually, nodesRun, result, TestNode } from "./nodes.js";

const CARP0 =
  "group edgefault\ninet 10.25.0.10 255.255.0.0 10.25.255.255 vhid 1 carpdev vio2 pass secret advbase 0 advskew 20\nup\n";
const BOOT_RULES = ["block all", "pass proto carp"];

let node: TestNode | undefined;
afterEach(() => {
  node?.end();
  node = undefined;
});

/** A node that boots with these files on its disk. */
async function boot(files: Readonly<Record<string, string>> = {}, speed?: number): Promise<TestNode> {
  node = await TestNode.boot({
    speed,
    prepare: (machine) => {
      for (const [path, content] of Object.entries(files)) machine.sandbox.write(path, content, 0o600);
    },
  });
  return node;
}

const EDGE = { "/etc/hostname.vio2": "up\n", "/etc/hostname.carp0": CARP0 };
const enabled = (conf: string) => ({
  "/etc/rc.conf.local": "ifstated_flags=\n",
  "/etc/ifstated.conf": conf,
});
const onInit = (command: string) => enabled(`state watch {\n\tinit {\n\t\trun "${command}"\n\t}\n}\n`);

/** Command lines of processes on this machine that hold a text. */
function processes(text: string): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return line.includes(text) ? [line] : [];
    } catch {
      return [];
    }
  });
}

describe.skipIf(!nodesRun)("a machine that boots", () => {
  it("has the addresses that its networks give it, and the third interface down", async () => {
    const { machine } = await boot();
    expect(
      [...machine.kernel.interfaces.values()].map(({ name, lladdr, up, addresses }) => [
        name,
        lladdr,
        up,
        addresses.map(({ address, prefix }) => `${address}/${prefix}`).join(),
      ]),
    ).toEqual([
      ["vio0", "fa:16:3e:00:00:01", true, "127.77.0.11/24"],
      ["vio1", "fa:16:3e:00:00:02", true, "10.10.0.11/24"],
      ["vio2", "fa:16:3e:00:00:03", false, ""],
    ]);
  });

  it("starts the interfaces that have a hostname file, the carpdev before carp0", async () => {
    const { machine } = await boot(EDGE);
    expect(machine.kernel.find("vio2")?.up).toBe(true);
    expect(machine.kernel.find("carp0")).toMatchObject({ up: true, groups: ["carp", "edgefault"] });
    expect(machine.kernel.carpState("carp0")).not.toBe("INIT");
  });

  it("holds a demotion of 128 while its daemons start, and takes it back after them", async () => {
    const { machine, logged } = await boot({
      ...EDGE,
      ...onInit("logger -t at-start $(ifconfig -g carp)"),
    }).then((made) => ({ machine: made.machine, logged: made.logged() }));
    expect(logged).toContain("at-start: carp: carp demote count 128");
    expect(machine.kernel.groups.get("carp")).toBe(0);
  });

  it("advertises with that demotion until then", async () => {
    const starting = new TestNode({
      speed: 1,
      prepare: ({ sandbox }) => {
        for (const [path, content] of Object.entries(EDGE)) sandbox.write(path, content, 0o640);
      },
    });
    node = starting;
    await starting.machine.boot();
    await eventually(
      "it advertises without it",
      () => starting.advertised.at(-1)?.advertisement.demotion === 0,
    );
    expect(starting.advertised[0]?.advertisement).toMatchObject({ demotion: 128, pass: "secret" });
  });

  it("empties /tmp and /var/run, and nothing else", async () => {
    const { machine } = await boot({
      "/tmp/a/b": "x",
      "/var/run/edge-sync/memory.json": "{}",
      "/var/db/edge/drain": "{}",
      "/etc/edge.conf": "x",
      "/root/kept": "x",
    });
    const left = ["/tmp/a", "/var/run/edge-sync", "/var/db/edge/drain", "/etc/edge.conf", "/root/kept"];
    expect(left.filter((path) => machine.sandbox.read(path) !== undefined)).toEqual(left.slice(2));
    expect(readdirSync(machine.sandbox.path("/tmp"))).toEqual([]);
    expect(readdirSync(machine.sandbox.path("/var/run"))).toEqual([]);
  });

  it("loads its pf.conf", async () => {
    const { machine } = await boot({ "/etc/pf.conf": "block\npass on vio0\n" });
    expect(machine.pf.rules).toEqual(["block", "pass on vio0"]);
    expect(machine.reachable).toBe(true);
  });

  it.each([
    ["has a syntax error", "pass\nlet it pass\n", "rc: /etc/pf.conf:2: syntax error"],
    [
      "includes a file that is missing",
      'include "/etc/pf.edge.conf"\npass\n',
      "rc: pfctl: pushfile: /etc/pf.edge.conf: No such file or directory; /etc/pf.conf:1: failed to include file /etc/pf.edge.conf",
    ],
  ])("keeps rc's own rules when pf.conf %s: a master that answers nobody", async (_, text, message) => {
    const made = await boot({ ...EDGE, "/etc/pf.conf": text });
    expect(made.machine.pf.rules).toEqual(BOOT_RULES);
    expect(made.machine.reachable).toBe(false);
    expect(made.logged()).toContain(message);
    await eventually("carp0 is master", () => made.machine.kernel.carpState("carp0") === "MASTER");
  });

  it.each([
    ["0", "net.inet.carp.preempt=0\n", false],
    ["1", "net.inet.carp.preempt=1 # cdktf-ovh-edge\n", true],
    ["0 without a line", "", false],
    ["0 with the line in a comment", "#net.inet.carp.preempt=1\n", false],
  ])("takes preempt=%s from sysctl.conf", async (_, text, preempt) => {
    const { machine } = await boot({ "/etc/sysctl.conf": text });
    expect(machine.kernel.preempt).toBe(preempt);
  });

  it("starts ifstated when it is enabled", async () => {
    const made = await boot(onInit("true"));
    expect(made.machine.ifstatedRuns).toBe(true);
    expect(made.logged()).toContain("ifstated: started");
  });

  it.each([
    "",
    "ifstated_flags=NO\n",
    "ntpd_flags=\n",
  ])("does not start ifstated with %j in rc.conf.local", async (text) => {
    const { machine } = await boot({ ...onInit("true"), "/etc/rc.conf.local": text });
    expect(machine.ifstatedRuns).toBe(false);
  });

  it("goes on without ifstated when its file is broken", async () => {
    const made = await boot(enabled('state a { run "x" }\n'));
    expect(made.machine.running).toBe(true);
    expect(made.logged()).toContain("ifstated: unable to load config");
  });

  it("begins each minute what root's crontab has for each minute", async () => {
    const made = await boot(
      { "/var/cron/tabs/root": "0 * * * * logger -t hourly x\n* * * * * logger -t minute x\n" },
      600,
    );
    await eventually("cron has begun twice", () => made.logged().length >= 2);
    expect(new Set(made.logged())).toEqual(new Set(["minute: x"]));
  });

  it("can be reached as long as its first interface has a link", async () => {
    const { machine } = await boot();
    expect(machine.reachable).toBe(true);
    machine.kernel.setCable("vio0", false);
    expect(machine.reachable).toBe(false);
    machine.kernel.setCable("vio0", true);
    machine.kernel.setUp("vio0", false);
    expect(machine.reachable).toBe(false);
  });
});

describe.skipIf(!nodesRun)("a machine that is switched off", () => {
  it("leaves no process behind", async () => {
    const made = await boot({
      ...EDGE,
      ...enabled(
        'state a {\n\tinit {\n\t\trun "sleep 86398.5 &"\n\t}\n}\nif "sleep 86397.5 & true" every 1\n\trun "true"\n',
      ),
    });
    await made.out("sleep 86399.5 >/dev/null 2>&1 &");
    const [mine, ...others] = ["86399.5", "86398.5", "86397.5"].map((time) => `sleep ${time}`) as [string];
    await eventually("all of them run", () => [mine, ...others].every((text) => processes(text).length > 0));
    expect(processes(made.folder).length).toBeGreaterThan(0);
    made.machine.powerOff();
    await eventually("nothing of it runs any more", () =>
      [mine, ...others, made.folder].every((text) => processes(text).length === 0),
    );
  });

  it("ends the commands that run, and takes no others", async () => {
    const { machine } = await boot();
    const running = machine.sandbox.run("sleep 86396.5");
    await eventually("the command runs", () => processes("sleep 86396.5").length > 0);
    machine.powerOff();
    expect(await running).toEqual(result({ status: 137 }));
    expect(() => machine.sandbox.spawn("true")).toThrow(new Error("the machine is off"));
    expect([machine.running, machine.ifstatedRuns, machine.reachable]).toEqual([false, false, false]);
  });

  it("tells nobody but those who watch the region", async () => {
    const made = await boot(EDGE);
    await eventually("carp0 is master", () => made.machine.kernel.carpState("carp0") === "MASTER");
    expect(made.machine.hasAddress("10.25.0.10")).toBe(true);
    made.advertised.length = 0;
    const { changes } = made;
    made.machine.powerOff();
    expect(made.advertised).toEqual([]);
    expect(made.changes).toBeGreaterThan(changes);
    expect(made.machine.hasAddress("10.25.0.10")).toBe(false);
    expect(made.machine.kernel.find("carp0")).toBeUndefined();
  });

  it("has its disk when it is switched on again, and nothing of its kernel", async () => {
    const made = await boot();
    await made.out("touch /etc/kept /tmp/gone; ifconfig vio0 inet 198.51.100.7/32 alias");
    await made.sh("ifconfig -g carp carpdemote 5");
    made.machine.powerOff();
    await made.machine.boot();
    expect(await made.sh("ls /etc/kept /tmp; ifconfig -g carp; ifconfig vio0 | grep -c inet")).toEqual(
      result({ stdout: "/etc/kept\n\n/tmp:\ncarp: carp demote count 0\n1\n" }),
    );
  });

  it("ends its boot when that has only begun", async () => {
    const starting = new TestNode();
    node = starting;
    let ended = false;
    const end = () => {
      ended = true;
    };
    void starting.machine.boot().then(end, end);
    starting.machine.powerOff();
    await eventually("the boot has ended", () => ended, 2000);
  });

  it("can be switched on again although it was off in the midst of its boot", async () => {
    const starting = new TestNode({ speed: 2 });
    node = starting;
    const first = starting.machine.boot();
    await eventually("the machine runs", () => starting.machine.running);
    starting.machine.powerOff();
    const second = starting.machine.boot();
    await Promise.all([first, second]);
    expect(starting.machine.kernel.groups.get("carp")).toBe(0);
  });
});

describe.skipIf(!nodesRun)("a machine that reboots", () => {
  it("bows out first, and comes up again", async () => {
    const made = await boot(EDGE);
    await eventually("carp0 is master", () => made.machine.kernel.carpState("carp0") === "MASTER");
    made.advertised.length = 0;
    const before = made.machine.kernel;
    void made.sh("reboot");
    await eventually("it has another kernel", () => made.machine.kernel !== before && made.machine.running);
    expect(made.advertised.map(({ advertisement }) => advertisement.advbase)).toContain(255);
    await eventually("it is master again", () => made.machine.kernel.carpState("carp0") === "MASTER");
  });
});

describe.skipIf(!nodesRun)("a test of ifstated that runs for longer than its interval", () => {
  it("is killed: there is one shell of it at any time", async () => {
    const test = "! test -e /tmp/slow || sleep 86395.5; true";
    const made = await boot(enabled(`state a {\n\tif "${test}" every 1\n\t\trun "true"\n}\n`));
    await made.out("touch /tmp/slow");
    // What its shell started goes on, as ifstated kills the shell only.
    const count = (begin: string) =>
      processes("sleep 86395.5").filter((line) => line.startsWith(begin)).length;
    await eventually("it has been begun twice", () => count("sleep") >= 2);
    await eventually("there is one shell", () => count("/bin/sh") === 1, 500);
  });
});

describe.skipIf(!nodesRun)("a command that a machine does not have", () => {
  it("is not there, so that the shell says so", async () => {
    const made = await boot();
    const { status, stderr } = await made.sh("flock /tmp/x true");
    expect(status).toBe(127);
    expect(stderr).toMatch(/flock: (inaccessible or )?not found/);
  });
});
