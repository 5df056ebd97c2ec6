import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NoNamespacesError, Sandbox } from "../../../lib/simulator/node/sandbox.js";
import { failure, nodesRun, result, TestNode } from "./nodes.js";

let node: TestNode;
const sh = (command: string, input?: string) => node.sh(command, input);

beforeAll(async () => {
  if (nodesRun) node = await TestNode.boot();
});
afterAll(() => node?.end());

describe.skipIf(!nodesRun)("what runs on a node", () => {
  it("is root there", async () => {
    expect(await sh("id -u; id -un; id -g; id -gn; pwd")).toEqual(
      result({ stdout: "0\nroot\n0\nwheel\n/root\n" }),
    );
  });

  it("has an environment of its own", async () => {
    process.env.NODE_TEST_LEAK = "secret";
    const { stdout } = await sh("env | sed 's/=.*//' | sort");
    delete process.env.NODE_TEST_LEAK;
    expect(stdout).not.toContain("NODE_");
    expect(stdout.split("\n")).toEqual(expect.arrayContaining(["HOME", "PATH"]));
    expect(await node.out('echo "$HOME $PATH"')).toBe(
      "/root /sbin:/usr/sbin:/bin:/usr/bin:/usr/X11R6/bin:/usr/local/sbin:/usr/local/bin\n",
    );
  });

  it("gets its standard input, and ends with its own status", async () => {
    expect(await sh("cat; exit 7", "one\ntwo")).toEqual(result({ status: 7, stdout: "one\ntwo" }));
    expect(await sh("echo out; echo err >&2; kill -9 $$")).toEqual({
      status: 137,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  it("is alone: it sees no process of this machine, and none of its files", async () => {
    const libraries = ["lib", ...(existsSync("/usr/lib64") ? ["lib64"] : [])];
    expect((await node.out("ls /")).trim().split("\n")).toEqual([
      "bin",
      "dev",
      "etc",
      "home",
      ...libraries,
      "root",
      "sbin",
      "simulator",
      "tmp",
      "usr",
      "var",
    ]);
    expect((await sh(`test -e ${fileURLToPath(import.meta.url)}`)).status).toBe(1);
  });

  it("owns its files", async () => {
    await node.out("mkdir -p /etc/x; echo one >/etc/x/y; chown root:wheel /etc/x/y; chmod 640 /etc/x/y");
    expect(await sh("ls -ln /etc/x/y | cut -c 1-10; ls -l /etc/x/y | awk '{ print $3, $4 }'")).toEqual(
      result({ stdout: "-rw-r-----\nroot wheel\n" }),
    );
    expect(node.machine.sandbox.read("/etc/x/y")).toBe("one\n");
    expect(statSync(node.machine.sandbox.path("/etc/x/y")).mode & 0o777).toBe(0o640);
  });

  it.each(["/usr/lib/x", "/usr/share/x", "/simulator/host/x"])("cannot write %s", async (path) => {
    const { status, stderr } = await sh(`touch ${path}`);
    expect(status).toBe(1);
    expect(stderr).toContain("Read-only file system");
    expect(existsSync(path.replace("/simulator/host", "/usr/bin"))).toBe(false);
  });

  it("can write everything else", async () => {
    const folders =
      "/ /bin /sbin /etc /root /tmp /usr/bin /usr/sbin /usr/local/sbin /var/db /var/run /var/log";
    expect(await sh(`for d in ${folders}; do touch $d/probe && rm $d/probe || echo $d; done`)).toEqual(
      result(),
    );
  });

  it("has the devices that programs open", async () => {
    expect(
      await sh("echo x >/dev/null; head -c 3 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c"),
    ).toEqual(result({ stdout: "3\n3\n" }));
  });
});

describe.skipIf(!nodesRun)("the programs of a node", () => {
  it("include all that the shipped ones use", async () => {
    const used =
      "awk cat chmod chown cmp cp crontab echo grep head ifconfig ifstated kill ln ls mkdir mv nc perl pfctl ping " +
      "rcctl readlink rm rmdir scp sed sh sha256 sleep sort sync sysctl tail tr wc";
    expect(await sh(`for p in ${used}; do command -v $p >/dev/null || echo $p; done`)).toEqual(result());
  });

  it.each([
    ["of Linux", "ip ss systemctl apt dpkg unshare nsenter mount setpriv lsof nproc"],
    [
      "that OpenBSD has not, or not so",
      "flock setsid sha256sum md5sum base64 tac shuf stat timeout bash dash",
    ],
    ["that OpenBSD has in packages only", "python3 node git curl wget jq ssh-copy-id rsync"],
  ])("do not include those %s", async (_, names) => {
    expect(await sh(`for p in ${names}; do command -v $p; done; true`)).toEqual(result());
  });

  it("stand where OpenBSD keeps them", async () => {
    const places =
      "/sbin/ifconfig /sbin/ping /sbin/pfctl /sbin/sysctl /sbin/reboot /usr/sbin/rcctl /usr/sbin/ifstated " +
      "/usr/bin/nc /usr/bin/logger /usr/bin/crontab /usr/bin/netstat /usr/bin/perl /bin/sh /bin/ksh /bin/sha256 " +
      "/bin/hostname /etc/netstart";
    expect(await sh(`for p in ${places}; do test -f $p || echo $p; done`)).toEqual(result());
  });

  it("include Perl with the modules of OpenBSD's base", async () => {
    const modules =
      "JSON::PP Digest::SHA Time::HiRes IPC::Open2 IPC::Open3 Sys::Syslog OpenBSD::Pledge OpenBSD::Unveil";
    expect(await sh(`for m in ${modules}; do perl -M$m -e 1 || echo $m; done`)).toEqual(result());
  });

  it("say so when the machine behind them does not answer", async () => {
    await node.out(
      "cp /sbin/ifconfig /tmp/ifconfig; sed -i 's|/simulator/socket|/simulator/nothing|' /tmp/ifconfig",
    );
    expect(await sh("/tmp/ifconfig")).toEqual(
      failure("ifconfig: the machine is off: No such file or directory\n", 71),
    );
  });

  it("answer many at once", async () => {
    expect(
      await sh(
        "i=0; while [ $i -lt 20 ]; do ifconfig vio0 | grep -c lladdr & i=$((i+1)); done | awk '{ n += $1 } END { print n }'",
      ),
    ).toEqual(result({ stdout: "20\n" }));
  });

  it("take words with blanks, newlines, quotes and nothing in them", async () => {
    await node.out(`logger -t x -- 'a  b' '' "\\"c'"`);
    expect(node.logged().at(-1)).toBe(`x: a  b  "c'`);
  });

  it.each([
    ["ifconfig carp0 create; ifconfig carp0 | head -n 1", /^carp0: flags=/],
    ["logger -s -t x carp0 2>&1", /^x: carp0\n$/],
  ])("take a word for a word although a file has the same name: %s", async (command, printed) => {
    const { stdout } = await sh(`mkdir -p /tmp/names; cd /tmp/names; touch carp0; ${command}`);
    expect(stdout).toMatch(printed);
  });

  it("find a file by its name within the folder that they are called from", async () => {
    node.machine.sandbox.write("/tmp/table", "@daily true\n");
    expect(await sh("cd /tmp && crontab table && crontab -l")).toEqual(result({ stdout: "@daily true\n" }));
  });
});

describe.skipIf(!nodesRun)("OpenBSD's own modules", () => {
  const perl = (module: string, code: string) => sh(`perl -MOpenBSD::${module} -e '${code}'`);

  it("take what OpenBSD's take", async () => {
    expect(
      await perl("Pledge", 'pledge(qw(stdio rpath wpath cpath flock proc exec)) and print "ok"'),
    ).toEqual(result({ stdout: "ok" }));
    expect(
      await perl("Unveil", 'unveil("/etc", "r"); unveil("/usr/bin/nc", "x"); unveil() and print "ok"'),
    ).toEqual(result({ stdout: "ok" }));
  });

  it.each([
    ["a promise that does not exist", "Pledge", 'pledge("stdio", "inett")', "pledge: inett: no such promise"],
    ["a path that is not absolute", "Unveil", 'unveil("etc", "r")', "unveil: etc is not absolute"],
    ["a permission that does not exist", "Unveil", 'unveil("/etc", "rz")', "unveil: bad permissions rz"],
    [
      "an unveil after the last one",
      "Unveil",
      'unveil("/etc", "r"); unveil(); unveil("/var", "r")',
      "unveil: called again after it was locked",
    ],
  ])("refuse %s", async (_, module, code, message) => {
    const { status, stderr } = await perl(module, code);
    expect(status).not.toBe(0);
    expect(stderr).toBe(`${message}\n`);
  });
});

describe("a machine without namespaces", () => {
  it("says what to do", () => {
    expect(new NoNamespacesError("unshare: unshare failed: Operation not permitted\n").message).toBe(
      "simulated nodes need user and mount namespaces, which this machine refuses: unshare: unshare failed: " +
        "Operation not permitted; allow them with sysctl kernel.unprivileged_userns_clone=1 or " +
        "kernel.apparmor_restrict_unprivileged_userns=0, or run as root",
    );
  });
});

describe.skipIf(!nodesRun)("a sandbox", () => {
  it("cannot start where its folder was not laid out", async () => {
    const sandbox = new Sandbox(
      join(node.folder, "nothing"),
      async () => 0,
      () => {},
    );
    await expect(sandbox.start()).rejects.toThrow("listen EACCES");
    sandbox.stop();
  });
});
