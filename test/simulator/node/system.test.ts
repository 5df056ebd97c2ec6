import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually, failure, nodesRun, result, TestNode } from "./nodes.js";

let node: TestNode;
const sh = (command: string, input?: string) => node.sh(command, input);

beforeAll(async () => {
  if (nodesRun) node = await TestNode.boot();
});
afterAll(() => node?.end());

describe.skipIf(!nodesRun)("sysctl", () => {
  const PREEMPT = "net.inet.carp.preempt";
  beforeEach(() => {
    node.machine.kernel.preempt = false;
  });

  it("reads a value, with its name or without", async () => {
    expect(await sh(`sysctl ${PREEMPT}`)).toEqual(result({ stdout: `${PREEMPT}=0\n` }));
    expect(await sh(`sysctl -n ${PREEMPT}`)).toEqual(result({ stdout: "0\n" }));
  });

  it("sets a value and tells the old one, even when that is the same", async () => {
    expect(await sh(`sysctl ${PREEMPT}=1`)).toEqual(result({ stdout: `${PREEMPT}: 0 -> 1\n` }));
    expect(await sh(`sysctl ${PREEMPT}=1`)).toEqual(result({ stdout: `${PREEMPT}: 1 -> 1\n` }));
    expect(await sh(`sysctl -n ${PREEMPT}`)).toEqual(result({ stdout: "1\n" }));
    expect(node.machine.kernel.preempt).toBe(true);
  });

  it("sets a value tersely with -n, and silently with -q", async () => {
    expect(await sh(`sysctl -n ${PREEMPT}=1`)).toEqual(result({ stdout: "1\n" }));
    expect(await sh(`sysctl -q ${PREEMPT}=0`)).toEqual(result());
    expect(node.machine.kernel.preempt).toBe(false);
  });

  it.each([
    ["a name that does not exist", "net.inet.carp.nonsense", "net.inet.carp.nonsense is invalid"],
    ["a name of nothing", "nonsense=1", "nonsense is invalid"],
    ["a value that cannot be", `${PREEMPT}=x`, "net.inet.carp.preempt: value is invalid: x"],
    ["blanks around =", `${PREEMPT} = 1`, "is invalid"],
  ])("warns of %s, and ends with 0 all the same", async (_, words, message) => {
    const { status, stderr } = await sh(`sysctl ${words}`);
    expect(status).toBe(0);
    expect(stderr).toContain(message);
    expect(node.machine.kernel.preempt).toBe(false);
  });

  it.each(["--all", "-w1", "-p /etc/sysctl.conf"])("has no flag %s", async (words) => {
    expect(await sh(`sysctl ${words}`)).toEqual(
      failure("usage: sysctl [-Aanq] [-f file] [name[=value] ...]\n"),
    );
  });
});

describe.skipIf(!nodesRun)("logger", () => {
  it.each([
    ["its words, with a tag", "logger -t edge-sync one two", "edge-sync: one two"],
    ["a priority", "logger -p daemon.err -t ip-move lost", "ip-move: lost"],
    ["a message that begins with a dash", "logger -t x -- -n", "x: -n"],
    ["a flag after the message", "logger -t x y -t z", "x: y -t z"],
  ])("writes %s into the syslog", async (_, command, line) => {
    expect(await sh(command)).toEqual(result());
    expect(node.logged().at(-1)).toBe(line);
  });

  it("writes to standard error as well with -s", async () => {
    expect(await sh("logger -st x hello")).toEqual(result({ stderr: "x: hello\n" }));
  });

  it("writes a daemon's words to /var/log/daemon, others to /var/log/messages", async () => {
    await sh("logger -p daemon.info -t x of-a-daemon; logger -t x of-a-user");
    expect(await node.out("grep -c 'edge-a x: of-a-daemon$' /var/log/daemon")).toBe("1\n");
    expect(await node.out("grep -c 'edge-a x: of-a-user$' /var/log/messages")).toBe("1\n");
  });

  it("takes a line for each line of its input", async () => {
    await sh("logger -t x", "first\n\nsecond\n");
    expect(node.logged().slice(-2)).toEqual(["x: first", "x: second"]);
  });

  it("ends with 0 after it has read its input", async () => {
    expect(await sh("logger -t x", "first\n")).toEqual(result());
  });

  it.each(["--tag x y", "-n host y", "-e y", "-S 10 y", "-t"])("refuses `logger %s`", async (words) => {
    expect(await sh(`logger ${words}`)).toEqual(
      failure("usage: logger [-is] [-f file] [-p pri] [-t tag] [message ...]\n"),
    );
  });

  it("refuses a priority that does not exist", async () => {
    expect(await sh("logger -p nonsense -t x y")).toEqual(
      failure("logger: unknown priority name: nonsense.\n"),
    );
  });
});

describe.skipIf(!nodesRun)("what is sent to /dev/log", () => {
  const perl = (code: string) => node.out(`perl -MSys::Syslog=openlog,syslog,setlogsock -e '${code}'`);

  it("arrives with its tag, whoever sends it", async () => {
    await perl(
      'setlogsock("native"); openlog("edge-sync", "pid,ndelay", "daemon"); syslog("notice", "%s", "alias=on ip=1.2.3.4")',
    );
    const line = "edge-sync: alias=on ip=1.2.3.4";
    await eventually("the line is in the syslog", () => node.logged().at(-1) === line);
    expect(await node.out("grep -c 'edge-sync: alias=on' /var/log/daemon")).toBe("1\n");
  });

  it("is one line each, whatever is in it", async () => {
    await perl(
      'setlogsock("native"); openlog("x", "", "user"); syslog("info", "%s", "one\\ntwo: three [4]")',
    );
    await eventually("a line is in the syslog", () => node.logged().at(-1)?.startsWith("x: one") === true);
    expect(node.logged().at(-1)).toBe("x: one two: three [4]");
  });
});

describe.skipIf(!nodesRun)("crontab", () => {
  const TABLE = "/var/cron/tabs/root";
  const LINE = "* * * * * /usr/local/sbin/edge-sync cron >/dev/null 2>&1 # cdktf-ovh-edge\n";
  const install = (text: string) => {
    node.machine.sandbox.write("/tmp/table", text);
    return sh("crontab /tmp/table");
  };

  it("puts three comment lines of its own before what it installs", async () => {
    expect(await install(`# mine\n${LINE}`)).toEqual(result());
    expect(node.machine.sandbox.read(TABLE)).toMatch(
      /^# DO NOT EDIT THIS FILE - edit the master and reinstall\.\n# \(\/tmp\/table installed on .*\)\n# \(Cron version V5\.0\)\n# mine\n\* \* \* /,
    );
    expect(await sh(`ls -l ${TABLE} | cut -c 1-10`)).toEqual(result({ stdout: "-rw-------\n" }));
  });

  it("lists what was installed, without its own three lines", async () => {
    await install(`# one\n# two\n# three\n# four\n${LINE}`);
    expect(await sh("crontab -l")).toEqual(result({ stdout: `# one\n# two\n# three\n# four\n${LINE}` }));
  });

  it("drops up to three leading comments of a table that it did not install, whatever they say", async () => {
    node.machine.sandbox.write(TABLE, `# one\n# two\n# three\n# four\n${LINE}`);
    expect(await sh("crontab -l")).toEqual(result({ stdout: `# four\n${LINE}` }));
    node.machine.sandbox.write(TABLE, `# one\n${LINE}# two\n`);
    expect(await sh("crontab -l")).toEqual(result({ stdout: `${LINE}# two\n` }));
  });

  it("lists nothing where there is no table, and says so", async () => {
    await sh(`rm ${TABLE}`);
    expect(await sh("crontab -l")).toEqual(failure("crontab: no crontab for root\n"));
  });

  it.each([
    ["lists, ranges, steps and names", "0,30 8-18/2 * jan mon echo x\n"],
    ["a random minute", "~ 3 * * * echo x\n"],
    ["flags before the command", "* * * * * -ns echo x\n"],
    ["a nickname", "@daily echo x\n@reboot echo y\n"],
    ["variables", "SHELL=/bin/ksh\nMAILTO = root\n"],
    ["nothing", ""],
  ])("installs %s", async (_, text) => {
    expect(await install(text)).toEqual(result());
    expect((await sh("crontab -l")).stdout).toBe(text);
  });

  it.each([
    ["a line that is no entry", `${LINE}what is this\n`, 2],
    ["too few fields", "* * * * echo\n", 1],
    ["a nickname that it does not know", "@every echo x\n", 1],
  ])("refuses %s, and keeps the old table", async (_, text, line) => {
    await install(LINE);
    expect(await install(text)).toEqual(
      failure(`"/tmp/table":${line}: bad minute\ncrontab: errors in crontab file, unable to install\n`),
    );
    expect((await sh("crontab -l")).stdout).toBe(LINE);
  });

  it("refuses a table without its last newline", async () => {
    await install(LINE);
    expect((await install(LINE.trimEnd())).status).toBe(1);
    expect((await sh("crontab -l")).stdout).toBe(LINE);
  });

  it("takes a table from standard input by the name of -", async () => {
    expect(await sh("crontab -", LINE)).toEqual(result());
  });

  it("refuses a broken table from standard input with the same words", async () => {
    expect(await sh("crontab -", "what is this\n")).toEqual(
      failure('"-":1: bad minute\ncrontab: errors in crontab file, unable to install\n'),
    );
  });

  it("takes the table away by -r", async () => {
    await install(LINE);
    expect(await sh("crontab -r")).toEqual(result());
    expect(node.machine.sandbox.read(TABLE)).toBeUndefined();
  });

  it("needs a file", async () => {
    expect(await sh("crontab")).toEqual(
      failure("crontab: usage error: file name must be specified for replace\n"),
    );
    expect(await sh("crontab /tmp/nothing")).toEqual(
      failure("crontab: /tmp/nothing: No such file or directory\n"),
    );
  });

  it.each(["-i", "--list", "-T"])("has no flag %s", async (flag) => {
    expect(await sh(`crontab ${flag}`)).toEqual(failure("usage: crontab [-u user] [-e | -l | -r] [file]\n"));
  });
});

describe.skipIf(!nodesRun)("uname and hostname", () => {
  it.each([
    ["uname", "OpenBSD\n"],
    ["uname -sr", "OpenBSD 7.8\n"],
    ["uname -rs", "OpenBSD 7.8\n"],
    ["uname -m", "amd64\n"],
    ["hostname", "edge-a\n"],
    ["hostname -s", "edge-a\n"],
  ])("%s prints %j", async (command, stdout) => {
    expect(await sh(command)).toEqual(result({ stdout }));
  });

  it("uname has no -o", async () => {
    expect(await sh("uname -o")).toEqual(failure("usage: uname [-amnprsv]\n"));
  });

  it("uname -n is the name that hostname prints", async () => {
    expect(await sh("uname -n")).toEqual(result({ stdout: "edge-a\n" }));
  });

  it("hostname has no -f", async () => {
    expect((await sh("hostname -f")).status).toBe(1);
  });
});
