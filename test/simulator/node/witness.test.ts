import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { processesOf } from "../../../lib/simulator/node/processes.js";
import type { ShimCall } from "../../../lib/simulator/node/shim.js";
import { eventually, nodesRun, TestNode } from "./nodes.js";

describe.runIf(nodesRun)("a witness of a node", () => {
  let node: TestNode;
  const calls: ShimCall[] = [];
  const ends: string[] = [];
  const lines: string[] = [];
  let refuses = (_: ShimCall) => false;

  beforeAll(async () => {
    node = await TestNode.boot();
    node.machine.witness = {
      begins: (call) => {
        calls.push(call);
        return refuses(call) ? undefined : call;
      },
      ended: ({ name, args }, status) => ends.push(`${name} ${args.join(" ")}: ${status}`),
      logged: (tag, text) => lines.push(`${tag}: ${text.trimEnd()}`),
    };
  });
  afterAll(() => node.end());

  it("sees each command with its status", async () => {
    await node.sh("ifconfig vio0; ifconfig vio9");
    expect(ends.slice(-2)).toEqual(["ifconfig vio0: 0", "ifconfig vio9: 1"]);
  });

  it("sees which program called", async () => {
    await node.sh("sh -c 'echo $$ >/tmp/pid; ifconfig vio0 >/dev/null; true'");
    expect(calls.at(-1)?.caller).toBe(Number(node.machine.sandbox.read("/tmp/pid")));
  });

  it("sees what is logged", async () => {
    await node.sh("logger -t me hello");
    await eventually("the line is seen", () => lines.includes("me: hello"));
  });

  it("can keep a command from being carried out", async () => {
    refuses = ({ args }) => args.includes("down");
    const { status } = await node.sh("ifconfig vio1 down");
    refuses = () => false;
    expect(status).toBe(137);
    expect(node.machine.kernel.find("vio1")?.up).toBe(true);
  });

  it("finds the node's processes and no others, as the host and the node know them", async () => {
    const other = spawn("sleep", ["30"]);
    const child = node.machine.sandbox.spawn("echo $$ >/tmp/pid; exec sleep 30");
    const words = () =>
      processesOf(node.machine.sandbox.firstProcess).filter((one) => one.words.at(-1) === "30");
    await eventually("it sleeps", () => words().length > 0);
    const found = words();
    expect(found).toHaveLength(1);
    expect(found[0]?.id).toBe(Number(node.machine.sandbox.read("/tmp/pid")));
    expect(found[0]?.pid).not.toBe(other.pid);
    expect(found[0]?.age).toBeGreaterThanOrEqual(0);
    expect(found[0]?.age).toBeLessThan(30);
    process.kill(found[0]?.pid as number, "SIGKILL");
    other.kill();
    await new Promise((resolve) => child.once("close", resolve));
    expect(words()).toEqual([]);
  });

  it("finds no process of a node that is off", () => {
    expect(processesOf(undefined)).toEqual([]);
  });
});

describe.runIf(nodesRun)("a node that is played with", () => {
  let node: TestNode;
  beforeAll(async () => {
    node = await TestNode.boot();
  });
  afterAll(() => node.end());

  it("keeps a cable out over a boot", async () => {
    node.machine.kernel.setCable("vio1", false);
    node.machine.powerOff();
    await node.machine.boot();
    expect(node.machine.kernel.linkState("vio1")).toBe("down");
    expect(node.machine.kernel.linkState("vio0")).toBe("up");
    node.machine.kernel.setCable("vio1", true);
  });

  it("lets time go by on the monotonic clock of its Perl programs, and on no other", async () => {
    const clocks =
      "perl -e 'use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC); print clock_gettime(CLOCK_MONOTONIC), q( ), time()'";
    const read = async () => (await node.out(clocks)).split(" ").map(Number) as [number, number];
    const before = await read();
    node.machine.passTime(900);
    node.machine.passTime(100);
    const after = await read();
    expect(after[0] - before[0]).toBeGreaterThanOrEqual(1000);
    expect(after[0] - before[0]).toBeLessThan(1900);
    expect(after[1] - before[1]).toBeLessThan(900);
  });

  it("runs one ifstated, however often it is started", async () => {
    node.machine.sandbox.write(
      "/etc/ifstated.conf",
      'state watch {\n\tinit {\n\t\trun "logger -t w began"\n\t}\n}\n',
    );
    await Promise.all([node.machine.startIfstated(), node.machine.startIfstated()]);
    expect(node.logged().filter((line) => line === "w: began")).toHaveLength(1);
    node.machine.stopIfstated();
  });
});
