import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually, failure, nodesRun, result, TestNode } from "./nodes.js";

const WATCH = 'state watch {\n\tinit {\n\t\trun "logger -t watch began"\n\t}\n}\n';
const BROKEN = 'state watch { run "true" }\n';

let node: TestNode;
const sh = (command: string) => node.sh(command);
const write = (text: string) => node.machine.sandbox.write("/etc/ifstated.conf", text, 0o600);

beforeAll(async () => {
  if (nodesRun) node = await TestNode.boot();
});
afterAll(() => node?.end());
afterEach(() => {
  node.machine.stopIfstated();
  node.machine.setEnabled(false);
});

describe.skipIf(!nodesRun)("rcctl", () => {
  it("tells by words and status whether ifstated runs", async () => {
    write(WATCH);
    expect(await sh("rcctl check ifstated")).toEqual(result({ status: 1, stdout: "ifstated(failed)\n" }));
    await sh("rcctl -f start ifstated");
    expect(await sh("rcctl check ifstated")).toEqual(result({ stdout: "ifstated(ok)\n" }));
  });

  it("enables and disables without a word", async () => {
    expect(await sh("rcctl enable ifstated; cat /etc/rc.conf.local")).toEqual(
      result({ stdout: "ifstated_flags=\n" }),
    );
    expect(await sh("rcctl get ifstated status")).toEqual(result());
    expect(await sh("rcctl disable ifstated; cat /etc/rc.conf.local")).toEqual(result());
    expect(await sh("rcctl get ifstated status")).toEqual(result({ status: 1 }));
  });

  it.each(["enable", "disable"])("leaves the other lines of rc.conf.local alone by %s", async (verb) => {
    node.machine.sandbox.write("/etc/rc.conf.local", "ntpd_flags=-s\n");
    await sh(`rcctl ${verb} ifstated`);
    expect(node.machine.sandbox.read("/etc/rc.conf.local")).toContain("ntpd_flags=-s\n");
  });

  it("does not start what is disabled, unless it is forced to", async () => {
    write(WATCH);
    expect(await sh("rcctl start ifstated")).toEqual(
      failure("/etc/rc.d/ifstated: need -f to force start since ifstated_flags=NO\n"),
    );
    expect(await sh("rcctl -f start ifstated")).toEqual(result({ stdout: "ifstated(ok)\n" }));
  });

  it("says nothing when it starts what runs or stops what does not", async () => {
    write(WATCH);
    expect(await sh("rcctl enable ifstated; rcctl start ifstated")).toEqual(
      result({ stdout: "ifstated(ok)\n" }),
    );
    expect(await sh("rcctl start ifstated")).toEqual(result());
    expect(await sh("rcctl stop ifstated")).toEqual(result({ stdout: "ifstated(ok)\n" }));
    expect(await sh("rcctl stop ifstated")).toEqual(result());
  });

  it("restarts in two lines what runs, and in one what does not", async () => {
    write(WATCH);
    await sh("rcctl enable ifstated; rcctl start ifstated");
    expect(await sh("rcctl restart ifstated")).toEqual(result({ stdout: "ifstated(ok)\nifstated(ok)\n" }));
    await sh("rcctl stop ifstated");
    expect(await sh("rcctl restart ifstated")).toEqual(result({ stdout: "ifstated(ok)\n" }));
    expect(node.machine.ifstatedRuns).toBe(true);
  });

  it("calls a reload ok whatever the daemon thinks of the file", async () => {
    write(WATCH);
    await sh("rcctl enable ifstated; rcctl start ifstated");
    write(BROKEN);
    expect(await sh("rcctl reload ifstated")).toEqual(result({ stdout: "ifstated(ok)\n" }));
    await eventually("the daemon has refused its file", () =>
      node.logged().includes("ifstated: unable to reload config"),
    );
    expect(await sh("rcctl check ifstated")).toEqual(result({ stdout: "ifstated(ok)\n" }));
  });

  it("cannot reload what does not run", async () => {
    expect(await sh("rcctl reload ifstated")).toEqual(result({ status: 1, stdout: "ifstated(failed)\n" }));
  });

  it("says nothing at all with -q", async () => {
    expect(await sh("rcctl -q check ifstated")).toEqual(result({ status: 1 }));
  });

  it("knows no other service", async () => {
    expect(await sh("rcctl check nosuch")).toEqual(failure("rcctl: service nosuch does not exist\n", 2));
  });

  it.each([
    ["status ifstated", "rcctl: unknown action status\n"],
    ["", "usage: rcctl get|getdef|set service | daemon [variable [arguments]]\n"],
    ["check", "usage: rcctl get|getdef|set service | daemon [variable [arguments]]\n"],
  ])("refuses `rcctl %s`", async (words, message) => {
    expect(await sh(`rcctl ${words}`)).toEqual(failure(message));
  });
});

describe.skipIf(!nodesRun)("ifstated -n", () => {
  it("says on standard error that a file is good", async () => {
    write(WATCH);
    for (const command of [
      "ifstated -n",
      "ifstated -nf /etc/ifstated.conf",
      "ifstated -n -f/etc/ifstated.conf",
    ]) {
      expect(await sh(command), command).toEqual(result({ stderr: "configuration OK\n" }));
    }
    expect(node.machine.ifstatedRuns).toBe(false);
  });

  it.each([
    ["an action before a brace", BROKEN, "/tmp/try.conf:1: syntax error"],
    [
      "an interface that does not exist",
      'state a {\n\tif carp9.link.up\n\t\trun "x"\n}\n',
      "/tmp/try.conf:2: unknown interface carp9\n/tmp/try.conf:4: syntax error",
    ],
    ["an init-state that no state bears", `init-state b\n${WATCH}`, "ifstated: invalid start state b"],
  ])("refuses %s", async (_, text, message) => {
    node.machine.sandbox.write("/tmp/try.conf", text);
    expect(await sh("ifstated -nf /tmp/try.conf")).toEqual(failure(`${message}\n`));
  });

  it("knows an interface as soon as it is created", async () => {
    node.machine.sandbox.write("/tmp/try.conf", 'state a {\n\tif carp0.link.up\n\t\trun "x"\n}\n');
    expect((await sh("ifstated -nf /tmp/try.conf")).status).toBe(1);
    expect(await sh("ifconfig carp0 create; ifstated -nf /tmp/try.conf")).toEqual(
      result({ stderr: "configuration OK\n" }),
    );
    await sh("ifconfig carp0 destroy");
  });

  it("does not find a file that is not there", async () => {
    expect(await sh("ifstated -nf /etc/nothing")).toEqual(
      failure("ifstated: pushfile: /etc/nothing: No such file or directory\n"),
    );
  });

  it.each(["--check", "-t", "-n extra", "-h"])("refuses `ifstated %s`", async (words) => {
    expect(await sh(`ifstated ${words}`)).toEqual(
      failure("usage: ifstated [-dhinv] [-D macro=value] [-f file]\n"),
    );
  });

  it("takes definitions by -D", async () => {
    node.machine.sandbox.write("/tmp/try.conf", 'state a {\n\tif $ext.link.up\n\t\trun "x"\n}\n');
    expect(await sh("ifstated -n -D ext=vio0 -f /tmp/try.conf")).toEqual(
      result({ stderr: "configuration OK\n" }),
    );
  });
});

describe.skipIf(!nodesRun)("the running ifstated", () => {
  const start = async (text: string) => {
    write(text);
    node.machine.syslog.length = 0;
    expect(await sh("rcctl enable ifstated; rcctl start ifstated")).toEqual(
      result({ stdout: "ifstated(ok)\n" }),
    );
  };
  const count = (line: string) => node.logged().filter((one) => one === line).length;
  const logs = (line: string, times = 1) =>
    eventually(`the syslog has "${line}" ${times} times`, () => count(line) >= times);

  it("tells its steps to the syslog", async () => {
    await start(WATCH);
    expect(node.logged()).toEqual([
      "ifstated: initial state: watch",
      "ifstated: changing state to watch",
      "watch: began",
      "ifstated: started",
    ]);
  });

  it("runs its commands by the shell, as root, and does not wait for what they leave behind", async () => {
    await start(
      'state watch {\n\tinit {\n\t\trun "sleep 60 & logger -t who $(id -u) \\"$PATH\\" | cat"\n\t}\n}\n',
    );
    expect(node.logged()).toContain("ifstated: started");
    expect(node.logged().find((line) => line.startsWith("who: "))).toMatch(/^who: 0 \/sbin:/);
  });

  it("sees each change of a link that it names", async () => {
    await start(
      'state watch {\n\tif vio1.link.up\n\t\trun "logger -t watch up"\n\tif vio1.link.down\n\t\trun "logger -t watch down"\n}\n',
    );
    await logs("watch: up");
    node.machine.kernel.setCable("vio1", false);
    await logs("watch: down");
    node.machine.kernel.setCable("vio1", true);
    await logs("watch: up", 2);
    // An interface that is set down keeps its link.
    await sh("ifconfig vio1 down; ifconfig vio1 up");
    node.machine.kernel.setCable("vio1", false);
    await logs("watch: down", 2);
    node.machine.kernel.setCable("vio1", true);
    await logs("watch: up", 3);
    const seen = node.logged().filter((line) => line.startsWith("watch: "));
    expect(seen).toEqual(["up", "down", "up", "down", "up"].map((word) => `watch: ${word}`));
  });

  it("sees carp0 go and come", async () => {
    await sh("ifconfig vio2 up; ifconfig carp0 create");
    await start(
      'state watch {\n\tif carp0.link.down\n\t\trun "logger -t watch down"\n\tif carp0.link.up\n\t\trun "logger -t watch up"\n}\n',
    );
    await sh("ifconfig carp0 10.25.0.10/16 vhid 1 carpdev vio2 advbase 0 advskew 5");
    await logs("watch: up");
    await sh("ifconfig carp0 destroy");
    await logs("ifstated: interface carp0 departed");
    await logs("watch: down");
    await sh("ifconfig carp0 create");
    await logs("ifstated: interface carp0 arrived");
    await sh("ifconfig carp0 destroy");
  });

  it("runs a test at its start and at each interval", async () => {
    await start('state watch {\n\tif "logger -t poll tick" every 1\n\t\trun "true"\n}\n');
    await logs("poll: tick", 2);
  });

  it("goes through a reload, and keeps its old file when the new one is broken", async () => {
    await start(WATCH);
    await sh("rcctl reload ifstated");
    await logs("watch: began", 2);
    write(BROKEN);
    await sh("rcctl reload ifstated");
    await logs("ifstated: unable to reload config");
    expect(node.machine.ifstatedRuns).toBe(true);
    write(WATCH);
    await sh("rcctl reload ifstated");
    await logs("watch: began", 3);
  });

  it("ends when a reload takes its init-state away", async () => {
    await start(`init-state watch\n${WATCH}`);
    write(WATCH.replace("watch {", "other {"));
    await sh("rcctl reload ifstated");
    await logs("ifstated: invalid start state watch");
    expect(await sh("rcctl check ifstated")).toEqual(result({ status: 1, stdout: "ifstated(failed)\n" }));
  });

  it("does not start with a broken file", async () => {
    write(BROKEN);
    await sh("rcctl -f start ifstated");
    expect(node.machine.ifstatedRuns).toBe(false);
    expect(node.logged().at(-1)).toBe("ifstated: unable to load config");
  });

  it("does nothing more once it is stopped", async () => {
    await start('state watch {\n\tif vio1.link.down\n\t\trun "logger -t watch down"\n}\n');
    await sh("rcctl stop ifstated");
    node.machine.kernel.setCable("vio1", false);
    node.machine.kernel.setCable("vio1", true);
    await sh("rcctl start ifstated");
    expect(count("watch: down")).toBe(0);
  });
});
