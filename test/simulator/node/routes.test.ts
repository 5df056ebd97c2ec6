import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { failure, nodesRun, result, TestNode } from "./nodes.js";

const USAGE = "usage: route [-dnqtv] [-T rtable] command [[modifier ...] arg ...]\n";
const NAME = "eu.api.ovh.com";
let node: TestNode;

beforeAll(async () => {
  if (!nodesRun) return;
  node = await TestNode.boot({
    ca: "none",
    speed: 1000,
    addresses: { [NAME]: ["198.51.100.11", "2001:db8:77::11"] },
    resolve: () => "unreachable",
  });
});
afterAll(() => node?.end());
beforeEach(async () => {
  for (const host of ["9.9.9.9", "198.51.100.11", "2001:db8:77::11"])
    await node.sh(`route -qn delete -host ${host}`);
});

describe.skipIf(!nodesRun)("route", () => {
  it("says what it has done, with an error on standard output too", async () => {
    const add = "route -n add -host 9.9.9.9 127.0.0.1 -reject";
    const change = (verb: string, problem = "") => `${verb} host 9.9.9.9: gateway 127.0.0.1${problem}\n`;
    expect(await node.sh(add)).toEqual(result({ stdout: change("add") }));
    expect(await node.sh(add)).toEqual(result({ status: 1, stdout: change("add", ": File exists") }));
    const remove = "route -n delete -host 9.9.9.9 127.0.0.1";
    expect(await node.sh(remove)).toEqual(result({ stdout: change("delete") }));
    expect(await node.sh(remove)).toEqual(result({ status: 1, stdout: change("delete", ": not in table") }));
  });

  it("says nothing with -q, and tells by its status", async () => {
    expect(await node.sh("route -qn add -inet6 -host 2001:db8:77::11 ::1 -reject")).toEqual(result());
    expect(await node.sh("route -qn add -host 2001:db8:77::11 ::1 -reject")).toEqual(result({ status: 1 }));
  });

  it("deletes a route by its own gateway, or by none", async () => {
    await node.out("route -qn add -host 9.9.9.9 127.0.0.1 -reject");
    expect((await node.sh("route -n delete -host 9.9.9.9 127.0.0.2")).stdout).toBe(
      "delete host 9.9.9.9: gateway 127.0.0.2: not in table\n",
    );
    expect((await node.sh("route -n delete -host 9.9.9.9")).stdout).toBe("delete host 9.9.9.9\n");
  });

  it.each([
    ["", USAGE],
    ["-x add", USAGE],
    ["-qn", USAGE],
    ["append -host 9.9.9.9", `route: botched keyword: append\n${USAGE}`],
    ["add -host 9.9.9.9 127.0.0.1 --reject", `route: botched keyword: -reject\n${USAGE}`],
    ["add -hosts 9.9.9.9 127.0.0.1", `route: botched keyword: hosts\n${USAGE}`],
    ["add -host 9.9.9.9 127.0.0.1 -reject 3", USAGE],
    ["add -host 9.9.9 127.0.0.1 -reject", "route: 9.9.9: bad address\n"],
    ["add -inet -host ::1 127.0.0.1 -reject", "route: ::1: bad address\n"],
    [
      "add 9.9.9.0/24 127.0.0.1 -reject",
      "route: the simulated one plays -nq add -host ... -reject and -nq delete -host ...\n",
    ],
    ["show", "route: the simulated one plays -nq add -host ... -reject and -nq delete -host ...\n"],
  ])("refuses `route %s`", async (words, stderr) => {
    expect(await node.sh(`route ${words}`)).toEqual(failure(stderr));
  });
});

describe.skipIf(!nodesRun)("a reject route", () => {
  it("lets no ping out, which says so for each", async () => {
    expect((await node.sh("ping -n -q -c 1 -w 1 9.9.9.9")).status).toBe(0);
    await node.out("route -qn add -host 9.9.9.9 127.0.0.1 -reject");
    expect(await node.sh("ping -n -q -c 2 -w 1 9.9.9.9")).toEqual({
      status: 1,
      stdout:
        "ping: wrote 9.9.9.9 64 chars, ret=-1\n".repeat(2) +
        "--- 9.9.9.9 ping statistics ---\n2 packets transmitted, 0 packets received, 100.0% packet loss\n",
      stderr: "ping: sendmsg: No route to host\n".repeat(2),
    });
  });

  it("ends a connection at once, as soon as there is one for each address of a name", async () => {
    await node.out("route -qn add -host 198.51.100.11 127.0.0.1 -reject");
    const { stderr } = await node.sh(`nc -c -v -w 1 ${NAME} 443 </dev/null`);
    expect(stderr).toContain("Operation timed out");
    await node.out("route -qn add -inet6 -host 2001:db8:77::11 ::1 -reject");
    expect(await node.sh(`nc -c -v ${NAME} 443 </dev/null`)).toEqual(
      failure(
        ["198.51.100.11", "2001:db8:77::11"]
          .map((at) => `nc: connect to ${NAME} (${at}) port 443 (tcp) failed: No route to host\n`)
          .join(""),
      ),
    );
  });

  it("is forgotten at a boot", async () => {
    await node.out("route -qn add -host 9.9.9.9 127.0.0.1 -reject");
    node.machine.powerOff();
    await node.machine.boot();
    expect((await node.sh("ping -n -q -c 1 -w 1 9.9.9.9")).status).toBe(0);
  });
});

describe.skipIf(!nodesRun)("getent", () => {
  it.each([
    [
      `hosts ${NAME}`,
      0,
      `${"198.51.100.11".padEnd(39)} ${NAME}\n${"2001:db8:77::11".padEnd(39)} ${NAME}\n`,
      "",
    ],
    ["hosts 9.9.9.9", 0, `${"9.9.9.9".padEnd(39)} 9.9.9.9\n`, ""],
    ["hosts nowhere.example", 2, "", ""],
    ["hosts", 3, "", "getent: Enumeration not supported on hosts\n"],
    ["ahosts x", 1, "", "getent: unknown database: ahosts\n"],
    ["passwd root", 1, "", "getent: the simulated one plays hosts, not passwd\n"],
    ["", 1, "", "usage: getent database [key ...]\n"],
  ])("`getent %s` ends with %i", async (words, status, stdout, stderr) => {
    expect(await node.sh(`getent ${words}`)).toEqual({ status, stdout, stderr });
  });
});
