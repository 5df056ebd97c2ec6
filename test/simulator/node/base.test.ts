import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually, failure, nodesRun, result, TestNode } from "./nodes.js";

let node: TestNode;
const sh = (command: string, input?: string) => node.sh(command, input);

beforeAll(async () => {
  if (nodesRun) node = await TestNode.boot();
});
afterAll(() => node?.end());

describe.skipIf(!nodesRun)("sha256", () => {
  const TEXT = "one\ntwo\\ \u00e9\n";
  const DIGEST = createHash("sha256").update(TEXT).digest("hex");
  beforeEach(() => node.machine.sandbox.write("/tmp/file", TEXT));

  it.each([
    ["of a file, with its name", "sha256 /tmp/file", `SHA256 (/tmp/file) = ${DIGEST}\n`],
    ["of a file, alone", "sha256 -q /tmp/file", `${DIGEST}\n`],
    ["of a file, with its name after one blank", "sha256 -r /tmp/file", `${DIGEST} /tmp/file\n`],
    ["of standard input", "sha256 </tmp/file", `${DIGEST}\n`],
    ["of standard input by the name of -", "cat /tmp/file | sha256 -", `${DIGEST}\n`],
    ["of several files", "sha256 -q /tmp/file /tmp/file", `${DIGEST}\n${DIGEST}\n`],
    ["of a file whose name begins with a dash", "cd /tmp; cp file ./-x; sha256 -q -- -x", `${DIGEST}\n`],
  ])("tells the digest %s", async (_, command, stdout) => {
    expect(await sh(command)).toEqual(result({ stdout }));
  });

  it("fails with a file that is not there, and goes on with the others", async () => {
    const { status, stdout, stderr } = await sh("sha256 -q /tmp/nothing /tmp/file");
    expect([status, stdout]).toEqual([1, `${DIGEST}\n`]);
    expect(stderr).toMatch(/^sha256: cannot open \/tmp\/nothing: /);
  });

  it("says why it cannot open a file", async () => {
    expect(await sh("sha256 /tmp/nothing")).toEqual(
      failure("sha256: cannot open /tmp/nothing: No such file or directory\n"),
    );
  });

  it.each(["--check", "-z", "-a 256 /tmp/file"])("has no flag %s", async (flags) => {
    expect(await sh(`sha256 ${flags}`)).toEqual(
      failure("usage: sha256 [-bcpqrtx] [-C checklist] [-h hashfile] [-s string] [file ...]\n"),
    );
  });

  it("cannot be quiet and reversed at once", async () => {
    expect((await sh("sha256 -q -r /tmp/file")).status).toBe(1);
  });

  it("takes a string by -s", async () => {
    expect(await sh("sha256 -s one")).toEqual(
      result({ stdout: `SHA256 ("one") = ${createHash("sha256").update("one").digest("hex")}\n` }),
    );
  });
});

describe.skipIf(!nodesRun)("netstart", () => {
  const hostname = (name: string, text: string, mode = 0o640) =>
    node.machine.sandbox.write(`/etc/hostname.${name}`, text, mode);
  const EDGE = `group edgefault
group edgedrain
inet 10.25.0.10 255.255.0.0 10.25.255.255 vhid 1 carpdev vio2 pass secret_1-x advbase 1 advskew 50
up
`;
  beforeEach(async () => {
    await sh("ifconfig carp0 destroy; ifconfig vio2 down; rm -f /tmp/*");
  });

  it("starts an edge's carpdev and carp interface by their files", async () => {
    hostname("vio2", "up\n");
    hostname("carp0", EDGE);
    expect(await sh("sh /etc/netstart vio2; sh /etc/netstart carp0")).toEqual(result());
    expect((await sh("ifconfig carp0")).stdout).toContain(`
	carp: BACKUP carpdev vio2 vhid 1 advbase 1 advskew 50
	groups: carp edgefault edgedrain
	status: backup
	inet 10.25.0.10 netmask 0xffff0000 broadcast 10.25.255.255
`);
    expect(node.machine.kernel.find("carp0")?.carp?.pass).toBe("secret_1-x");
  });

  it("joins the groups before carp begins, so that a demotion counts from the first advertisement", async () => {
    hostname("carp0", EDGE);
    await sh("ifconfig vio2 up; ifconfig carp0 group edgefault; ifconfig -g edgefault carpdemote 64");
    node.advertised.length = 0;
    await sh("sh /etc/netstart carp0; ifconfig carp0 advbase 0");
    await eventually("carp0 advertises", () => node.advertised.length > 0);
    expect(node.advertised[0]?.advertisement.demotion).toBe(64);
  });

  it("keeps a counter, which a destroyed carp0 loses", async () => {
    hostname("carp0", EDGE);
    await sh(
      "ifconfig vio2 up; sh /etc/netstart carp0; ifconfig -g edgefault carpdemote 64; sh /etc/netstart carp0",
    );
    expect(await node.out("ifconfig -g edgefault")).toBe("edgefault: carp demote count 64\n");
    await sh("ifconfig carp0 destroy; sh /etc/netstart carp0");
    expect(await node.out("ifconfig -g edgefault")).toBe("edgefault: carp demote count 0\n");
  });

  it.each([
    ["a semicolon", "a;touch${IFS}/tmp/run;true"],
    ["backticks", "a`touch${IFS}/tmp/run`"],
    ["a substitution", "$(touch${IFS}/tmp/run)a"],
  ])("runs what stands behind %s in a password, as root", async (_, password) => {
    hostname("carp0", EDGE.replace("secret_1-x", password));
    await sh("sh /etc/netstart carp0");
    expect(await sh("ls -ln /tmp/run | awk '{ print $3 }'")).toEqual(result({ stdout: "0\n" }));
  });

  it("runs a line that begins with an exclamation mark", async () => {
    hostname("vio2", "!touch /tmp/run\nup\n");
    expect(await sh("sh /etc/netstart vio2; ls /tmp")).toEqual(result({ stdout: "run\n" }));
  });

  it("leaves comments and blank lines alone, and needs no last newline", async () => {
    hostname("vio2", "# up it goes\n\nup");
    expect(await sh("sh /etc/netstart vio2; ifconfig vio2 | head -n 1")).toEqual(
      result({ stdout: "vio2: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500\n" }),
    );
  });

  it.each([
    0o644, 0o666, 0o641,
  ])("complains of a file that others can use (%o), and repairs it", async (mode) => {
    hostname("vio2", "up\n", mode);
    expect(await sh("sh /etc/netstart vio2; ls -ln /etc/hostname.vio2 | cut -c 8-10")).toEqual(
      result({
        stdout: "WARNING: /etc/hostname.vio2 is insecure, fixing permissions\n---\n",
      }),
    );
  });

  it.each([0o640, 0o600])("says nothing of a file that is private (%o)", async (mode) => {
    hostname("vio2", "up\n", mode);
    expect(await sh("sh /etc/netstart vio2")).toEqual(result());
  });

  it("says on standard output that a file is missing, and ends with 0", async () => {
    expect(await sh("sh /etc/netstart carp9")).toEqual(
      result({ stdout: "netstart: /etc/hostname.carp9: No such file or directory\n" }),
    );
  });

  it("skips what cannot be the name of an interface", async () => {
    expect(await sh("sh /etc/netstart ../x 'a b' Vio0")).toEqual(result());
  });

  it("does not end with the status of ifconfig", async () => {
    hostname("carp0", "vhid 300\nup\n");
    const { status, stderr } = await sh("sh /etc/netstart carp0");
    expect([status, stderr]).toEqual([0, "ifconfig: vhid 300: too large\n"]);
  });

  it("prints by -n what it would do, the password included", async () => {
    hostname("carp0", EDGE);
    const { stdout } = await sh("sh /etc/netstart -n carp0");
    expect(stdout).toBe(`ifconfig carp0 group edgefault
ifconfig carp0 group edgedrain
ifconfig carp0 inet 10.25.0.10 netmask 255.255.0.0 broadcast 10.25.255.255 vhid 1 carpdev vio2 pass secret_1-x advbase 1 advskew 50
ifconfig carp0 up
`);
    expect(node.machine.kernel.groups.has("edgefault")).toBe(false);
  });

  it("by -n prints only: it neither creates an interface nor runs what is in a password", async () => {
    hostname("carp0", EDGE.replace("secret_1-x", "a;touch${IFS}/tmp/run;true"));
    await sh("sh /etc/netstart -n carp0");
    expect(await sh("ls /tmp; ifconfig carp0")).toEqual(failure("carp0: no such interface\n"));
  });
});
