import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually, failure, nodesRun, result, TestNode } from "./nodes.js";

const USAGE = failure("usage: ifconfig [-AaC] [-M lladdr] [interface] [address_family]\n");
const FAILOVER_IP = "146.59.143.231";
const CARP = "inet 10.25.0.10 netmask 255.255.0.0 broadcast 10.25.255.255 vhid 1 carpdev vio2 pass secret";

let node: TestNode;
const sh = (command: string) => node.sh(command);

beforeAll(async () => {
  if (nodesRun) node = await TestNode.boot();
});
afterAll(() => node?.end());
afterEach(async () => {
  for (const name of [...node.machine.kernel.interfaces.keys()]) {
    if (name.startsWith("carp")) node.machine.kernel.destroy(name);
  }
  node.machine.kernel.groups.set("carp", 0);
  node.machine.kernel.setUp("vio2", false);
  await sh(`ifconfig vio0 inet ${FAILOVER_IP} -alias`);
});

const VIO0 = `vio0: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500
	lladdr fa:16:3e:00:00:01
	index 1 priority 0 llprio 3
	media: Ethernet autoselect
	status: active
	inet 127.77.0.11 netmask 0xffffff00 broadcast 127.77.0.255
`;
const ALIAS = `	inet ${FAILOVER_IP} netmask 0xffffffff
`;
const VIO1 = `vio1: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500
	lladdr fa:16:3e:00:00:02
	index 2 priority 0 llprio 3
	media: Ethernet autoselect
	status: active
	inet 10.10.0.11 netmask 0xffffff00 broadcast 10.10.0.255
`;
const VIO2 = `vio2: flags=8802<BROADCAST,SIMPLEX,MULTICAST> mtu 1500
	lladdr fa:16:3e:00:00:03
	index 3 priority 0 llprio 3
	media: Ethernet autoselect
	status: no carrier
`;

describe.skipIf(!nodesRun)("ifconfig that shows interfaces", () => {
  it.each(["ifconfig", "ifconfig -a", "ifconfig -A"])("shows all of them by %s", async (command) => {
    expect(await sh(command)).toEqual(result({ stdout: VIO0 + VIO1 + VIO2 }));
  });

  it("shows an alias by its interface and by -A, but not by -a", async () => {
    await sh(`ifconfig vio0 inet ${FAILOVER_IP}/32 alias`);
    expect(await sh("ifconfig vio0")).toEqual(result({ stdout: VIO0 + ALIAS }));
    expect(await sh("ifconfig -A")).toEqual(result({ stdout: VIO0 + ALIAS + VIO1 + VIO2 }));
    expect(await sh("ifconfig -a")).toEqual(result({ stdout: VIO0 + VIO1 + VIO2 }));
    expect(await sh("ifconfig")).toEqual(result({ stdout: VIO0 + VIO1 + VIO2 }));
  });

  it("shows the members of a group, or the interfaces of a driver", async () => {
    expect(await sh("ifconfig vio")).toEqual(result({ stdout: VIO0 + VIO1 + VIO2 }));
    await sh("ifconfig carp0 create; ifconfig vio1 group inside");
    expect((await sh("ifconfig inside")).stdout).toMatch(/^vio1: .*\n(\t.*\n)*$/);
    expect((await sh("ifconfig carp")).stdout).toMatch(/^carp0: .*\n(\t.*\n)*$/);
    await sh("ifconfig vio1 -group inside");
  });

  it("shows no carrier on an interface that is down, as vio(4) has it", async () => {
    await sh("ifconfig vio1 down");
    expect((await sh("ifconfig vio1")).stdout).toMatch(/^vio1: flags=8802<(.*\n)*\tstatus: no carrier\n/);
    await sh("ifconfig vio1 up");
    expect((await sh("ifconfig vio1")).stdout).toContain("\n\tstatus: active\n");
  });

  it("shows a carrier that is gone", async () => {
    node.machine.kernel.setCable("vio1", false);
    expect((await sh("ifconfig vio1")).stdout).toContain("\n\tstatus: no carrier\n");
    node.machine.kernel.setCable("vio1", true);
    expect((await sh("ifconfig vio1")).stdout).toContain("\n\tstatus: active\n");
  });

  it.each([
    "nosuch0",
    "nosuch",
    "carp0",
  ])("does not know %s, and says so without its own name", async (name) => {
    expect(await sh(`ifconfig ${name}`)).toEqual(failure(`${name}: no such interface\n`));
  });
});

describe.skipIf(!nodesRun)("ifconfig and a carp interface", () => {
  it("shows no carp line before there is a vhid", async () => {
    expect(await sh("ifconfig carp0 create; ifconfig carp0 group edgefault; ifconfig carp0")).toEqual(
      result({
        stdout: `carp0: flags=8802<BROADCAST,SIMPLEX,MULTICAST> mtu 1500
	lladdr 00:00:00:00:00:00
	index 4 priority 15 llprio 3
	groups: carp edgefault
	status: invalid
`,
      }),
    );
  });

  it("shows its state, and its settings but the password", async () => {
    await sh(`ifconfig vio2 up; ifconfig carp0 group edgefault; ifconfig carp0 ${CARP} advbase 1 advskew 0`);
    expect(await sh("ifconfig carp0")).toEqual(
      result({
        stdout: `carp0: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500
	lladdr 00:00:5e:00:01:01
	index 4 priority 15 llprio 3
	carp: BACKUP carpdev vio2 vhid 1 advbase 1 advskew 0
	groups: carp edgefault
	status: backup
	inet 10.25.0.10 netmask 0xffff0000 broadcast 10.25.255.255
`,
      }),
    );
    await sh("ifconfig carp0 advbase 0 advskew 10");
    await eventually("carp0 is master", async () => (await sh("ifconfig carp0")).stdout.includes("MASTER"));
    expect((await sh("ifconfig carp0")).stdout).toContain("\n\tstatus: master\n");
    await sh("ifconfig carp0 down");
    expect(await sh("ifconfig carp0 | head -n 1")).toEqual(
      result({ stdout: "carp0: flags=8802<BROADCAST,SIMPLEX,MULTICAST> mtu 1500\n" }),
    );
    expect((await sh("ifconfig carp0")).stdout).toMatch(
      /\n\tcarp: INIT carpdev vio2 .*\n(.*\n)*\tstatus: invalid\n/,
    );
  });

  it("shows it up but not running while its carpdev has no link", async () => {
    await sh(`ifconfig vio2 up; ifconfig carp0 ${CARP}`);
    node.machine.kernel.setCable("vio2", false);
    expect((await sh("ifconfig carp0 | head -n 1")).stdout).toBe(
      "carp0: flags=8803<UP,BROADCAST,SIMPLEX,MULTICAST> mtu 1500\n",
    );
    node.machine.kernel.setCable("vio2", true);
  });

  it("creates it with any first argument, and only then", async () => {
    expect(await sh("ifconfig carp0")).toEqual(failure("carp0: no such interface\n"));
    expect(await sh("ifconfig carp0 group edgefault; ifconfig -g edgefault")).toEqual(
      result({ stdout: "edgefault: carp demote count 0\n" }),
    );
  });

  it("destroys it once", async () => {
    expect(await sh("ifconfig carp0 create; ifconfig carp0 destroy; ifconfig carp0")).toEqual(
      failure("carp0: no such interface\n"),
    );
    expect(await sh("ifconfig vio0 destroy")).toEqual(failure("ifconfig: SIOCIFDESTROY: Invalid argument\n"));
  });

  it("changes skew, interval and groups while it runs", async () => {
    await sh(`ifconfig vio2 up; ifconfig carp0 ${CARP} advbase 1 advskew 1`);
    expect(await sh("ifconfig carp0 group edgefault; ifconfig carp0 advbase 2 advskew 99")).toEqual(result());
    expect((await sh("ifconfig carp0")).stdout).toContain(
      "\n\tcarp: BACKUP carpdev vio2 vhid 1 advbase 2 advskew 99\n\tgroups: carp edgefault\n",
    );
  });

  it("cuts a password after 19 characters, silently", async () => {
    expect(await sh(`ifconfig carp0 pass ${"x".repeat(19)}yz`)).toEqual(result());
    expect(node.machine.kernel.find("carp0")?.carp?.pass).toBe("x".repeat(19));
  });

  it("acts from left to right, and on the address last", async () => {
    expect(await sh(`ifconfig carp0 ${CARP} advskew 5 vhid 300`)).toEqual(
      failure("ifconfig: vhid 300: too large\n"),
    );
    expect(node.machine.kernel.find("carp0")).toMatchObject({
      addresses: [],
      carp: { vhid: 1, carpdev: "vio2", advskew: 5 },
    });
  });

  it("an address without `alias` replaces the first one: a running master goes through INIT", async () => {
    await sh(`ifconfig vio2 up; ifconfig carp0 ${CARP} advbase 0 advskew 10`);
    await eventually("carp0 is master", async () => (await sh("ifconfig carp0")).stdout.includes("MASTER"));
    await sh(`ifconfig carp0 ${CARP}`);
    expect((await sh("ifconfig carp0")).stdout).toContain("carp: BACKUP");
  });

  it("an address without `alias` takes the first one away", async () => {
    await sh("ifconfig vio2 inet 10.0.0.1/24; ifconfig vio2 inet 10.0.0.2/24");
    const { addresses } = node.machine.kernel.find("vio2") as { addresses: unknown[] };
    expect(addresses.splice(0)).toEqual([{ address: "10.0.0.2", prefix: 24 }]);
  });

  it.each([
    ["vhid 0", "ifconfig: vhid 0: too small"],
    ["vhid 256", "ifconfig: vhid 256: too large"],
    ["vhid x", "ifconfig: vhid x: invalid"],
    ["vhid", "ifconfig: 'vhid' requires argument"],
    ["advbase 255", "ifconfig: advbase 255: too large"],
    ["advskew 255", "ifconfig: advskew 255: too large"],
    ["advskew", "ifconfig: 'advskew' requires argument"],
    ["carppeer", "ifconfig: 'carppeer' requires argument"],
    [
      "carppeer edge-b",
      "ifconfig: error in parsing address string: non-recoverable failure in name resolution",
    ],
    ["carppeer 2001:db8::1", "ifconfig: only IPv4 addresses supported for the carppeer"],
    ["pass", "ifconfig: 'pass' requires argument"],
    ["carpdev vio9", "ifconfig: carp0: SIOCSVH: Invalid argument"],
    ["carpdev", "ifconfig: 'carpdev' requires argument"],
    ["group g1", "ifconfig: setifgroup: group names may not end in a digit"],
    ["group abcdefghijklmnop", "ifconfig: setifgroup: group name too long"],
    ["-group other", "ifconfig: other: SIOCDIFGROUP: No such file or directory"],
    ["advskw 5", "ifconfig: advskw: bad value"],
    ["inet 10.25.0", "ifconfig: 10.25.0: bad value"],
    ["add 10.25.0.1", "ifconfig: add: bad value"],
  ])("refuses `carp0 %s`", async (words, message) => {
    expect(await sh(`ifconfig carp0 ${words}`)).toEqual(failure(`${message}\n`));
  });

  it("shows to whom it advertises only where that is not the group", async () => {
    await sh(`ifconfig carp0 ${CARP} carppeer 10.25.0.12`);
    const line = async () => /^\tcarp: .*$/m.exec((await sh("ifconfig carp0")).stdout)?.[0];
    expect(await line()).toMatch(/ carpdev vio2 vhid 1 advbase 1 advskew 0 carppeer 10\.25\.0\.12$/);
    expect(await sh("ifconfig carp0 -carppeer")).toEqual(result());
    expect(await line()).toMatch(/ advskew 0$/);
    expect(await sh("ifconfig vio0 carppeer 10.25.0.12")).toEqual(
      failure("ifconfig: vio0: SIOCGVH: Inappropriate ioctl for device\n"),
    );
  });

  it("takes the ends of each range", async () => {
    for (const words of ["vhid 1", "vhid 255", "advbase 0", "advbase 254", "advskew 0", "advskew 254"]) {
      expect(await sh(`ifconfig carp0 ${words}`), words).toEqual(result());
    }
    expect(await sh("ifconfig carp0 group abcdefghijklmno")).toEqual(result());
  });

  it.each([
    ["vhid 1", "ifconfig: vio0: SIOCGVH: Inappropriate ioctl for device"],
    ["advskew 1", "ifconfig: vio0: SIOCGVH: Inappropriate ioctl for device"],
  ])("refuses `vio0 %s`, which is no carp interface", async (words, message) => {
    expect(await sh(`ifconfig vio0 ${words}`)).toEqual(failure(`${message}\n`));
  });
});

describe.skipIf(!nodesRun)("ifconfig and the FailOver IP's alias", () => {
  it.each([
    ["an edge's pass", `ifconfig vio0 inet alias ${FAILOVER_IP} netmask 255.255.255.255`],
    ["a prefix length", `ifconfig vio0 inet ${FAILOVER_IP}/32 alias`],
    ["no mask at all", `ifconfig vio0 inet alias ${FAILOVER_IP}`],
  ])("adds it by %s", async (_, command) => {
    expect(await sh(command)).toEqual(result());
    expect((await sh("ifconfig vio0")).stdout).toBe(VIO0 + ALIAS);
    expect(node.machine.hasAddress(FAILOVER_IP)).toBe(true);
  });

  it("tells others of it", async () => {
    const before = node.changes;
    await sh(`ifconfig vio0 inet ${FAILOVER_IP}/32 alias`);
    expect(node.changes).toBeGreaterThan(before);
  });

  it("adds it again without a word, at the end of the list", async () => {
    await sh(`ifconfig vio0 inet ${FAILOVER_IP}/32 alias; ifconfig vio0 inet 198.51.100.7/32 alias`);
    expect(await sh(`ifconfig vio0 inet ${FAILOVER_IP}/32 alias`)).toEqual(result());
    expect((await sh("ifconfig vio0 | sed -n 's/^.inet \\([^ ]*\\) .*/\\1/p'")).stdout).toBe(
      `127.77.0.11\n198.51.100.7\n${FAILOVER_IP}\n`,
    );
    await sh("ifconfig vio0 inet 198.51.100.7 -alias");
  });

  it.each([
    ["the address before the word", `inet ${FAILOVER_IP} -alias`],
    ["the address after the word", `inet -alias ${FAILOVER_IP}`],
    ["a prefix before the word", `inet ${FAILOVER_IP}/32 -alias`],
    ["the word delete", `inet ${FAILOVER_IP} delete`],
  ])("removes it by %s", async (_, words) => {
    await sh(`ifconfig vio0 inet ${FAILOVER_IP}/32 alias`);
    expect(await sh(`ifconfig vio0 ${words}`)).toEqual(result());
    expect((await sh("ifconfig vio0")).stdout).toBe(VIO0);
    expect(node.machine.hasAddress(FAILOVER_IP)).toBe(false);
  });

  it("takes no prefix after -alias", async () => {
    expect(await sh(`ifconfig vio0 inet -alias ${FAILOVER_IP}/32`)).toEqual(
      failure(`ifconfig: ${FAILOVER_IP}/32: bad value\n`),
    );
  });

  it("cannot remove what is not there", async () => {
    expect(await sh(`ifconfig vio0 inet ${FAILOVER_IP} -alias`)).toEqual(
      failure("ifconfig: SIOCDIFADDR: Can't assign requested address\n"),
    );
  });

  it("removes the first address where none is given, as an empty variable would", async () => {
    await sh("ifconfig vio2 inet 10.0.0.1/24 alias; ifconfig vio2 inet 10.0.0.2/24 alias");
    expect(await sh("ip=; ifconfig vio2 inet $ip -alias; ifconfig vio2 | grep inet")).toEqual(
      result({ stdout: "\tinet 10.0.0.2 netmask 0xffffff00 broadcast 10.0.0.255\n" }),
    );
    await sh("ifconfig vio2 -alias");
  });

  it.each([
    ["a name that is no address", "vio0 typo", "ifconfig: typo: bad value"],
    ["a mask with holes", "vio0 inet 10.0.0.1 netmask 255.0.255.0", "ifconfig: 255.0.255.0: bad value"],
    ["two addresses", "vio0 10.0.0.1 10.0.0.2", "ifconfig: 10.0.0.2: bad value"],
  ])("refuses %s", async (_, words, message) => {
    expect(await sh(`ifconfig ${words}`)).toEqual(failure(`${message}\n`));
  });

  it("cannot make an interface of a driver that has none to give", async () => {
    const { status } = await sh("ifconfig nosuch0 inet 10.0.0.1/32 alias");
    expect(status).toBe(1);
    expect((await sh("ifconfig nosuch0")).stderr).toBe("nosuch0: no such interface\n");
  });
});

describe.skipIf(!nodesRun)("ifconfig and the counter of a group", () => {
  it("shows it", async () => {
    expect(await sh("ifconfig -g carp")).toEqual(result({ stdout: "carp: carp demote count 0\n" }));
  });

  it("changes it by what is given, or by one", async () => {
    const shown = async () => (await sh("ifconfig -g carp")).stdout;
    await sh("ifconfig -g carp carpdemote 128");
    expect(await shown()).toBe("carp: carp demote count 128\n");
    await sh("ifconfig -g carp carpdemote");
    expect(await shown()).toBe("carp: carp demote count 129\n");
    await sh("ifconfig -g carp -carpdemote");
    await sh("ifconfig -g carp -carpdemote 100");
    expect(await shown()).toBe("carp: carp demote count 28\n");
    await sh("ifconfig -g carp carpdemote 0");
    expect(await shown()).toBe("carp: carp demote count 28\n");
  });

  it.each([
    "carpdemote 64",
    "carpdemote",
    "carpdemote 0",
  ])("says nothing by `-g carp %s`, which succeeds", async (words) => {
    expect(await sh(`ifconfig -g carp ${words}`)).toEqual(result());
  });

  it("writes each change into the syslog", async () => {
    await sh("ifconfig -g carp carpdemote 64; ifconfig -g carp -carpdemote 64");
    expect(node.logged().slice(-2)).toEqual([
      "kernel: carp: carp demoted by 64 to 64",
      "kernel: carp: carp demoted by -64 to 0",
    ]);
  });

  it.each([
    ["-g nosuch", "ifconfig: nosuch: SIOCGIFGATTR: No such file or directory"],
    ["-g nosuch carpdemote 1", "ifconfig: nosuch: SIOCSIFGATTR: No such file or directory"],
    ["-g carp -carpdemote 1", "ifconfig: carp: SIOCSIFGATTR: Invalid argument"],
    ["-g carp carpdemote 129", "ifconfig: carp: invalid carp demotion: too large"],
    ["-g carp -carpdemote 129", "ifconfig: carp: invalid carp demotion: too large"],
    ["-g carp carpdemote -1", "ifconfig: carp: invalid carp demotion: too small"],
    ["-g carp carpdemote x", "ifconfig: carp: invalid carp demotion: invalid"],
  ])("refuses `ifconfig %s`", async (words, message) => {
    expect(await sh(`ifconfig ${words}`)).toEqual(failure(`${message}\n`));
    expect(node.machine.kernel.groups.get("carp")).toBe(0);
  });

  it("refuses to go above 255", async () => {
    await sh("ifconfig -g carp carpdemote 128; ifconfig -g carp carpdemote 127");
    expect(await sh("ifconfig -g carp carpdemote 1")).toEqual(
      failure("ifconfig: carp: SIOCSIFGATTR: Invalid argument\n"),
    );
    expect(node.machine.kernel.groups.get("carp")).toBe(255);
  });
});

describe.skipIf(!nodesRun)("ifconfig's flags", () => {
  it.each(["-s", "--all", "-x", "-g"])("do not include %s", async (flags) => {
    expect(await sh(`ifconfig ${flags}`)).toEqual(USAGE);
  });
});
