import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { breakForAWhile, breakOnAll } from "../../lib/operations/drill/lasting-fault.js";
import type { RemoteEdge } from "../../lib/operations/remote-edge.js";
import { processesOf } from "../../lib/simulator/node/processes.js";
import { eventually, nodesRun, TestNode } from "../simulator/node/nodes.js";

let node: TestNode;
let reached: boolean;
const edge = {
  name: "edge-a",
  run: async (command: string) => {
    if (!reached) throw new Error("edge-a cannot be reached at 192.0.2.1:22: timeout");
    return node.sh(command);
  },
  close: async () => {},
} as unknown as RemoteEdge;

const FAULT = { now: "echo now >>/tmp/fault", after: "echo after >>/tmp/fault" };
const happened = () => node.machine.sandbox.read("/tmp/fault");
const marks = async () => (await node.sh("ls -d /var/run/edge-drill.*")).stdout;
const waits = () =>
  processesOf(node.machine.sandbox.firstProcess).some(({ words }) => words.join(" ").includes("edge-drill"));
const nothingWaits = () => eventually("nothing waits to mend it", () => !waits());

beforeAll(async () => {
  if (nodesRun) node = await TestNode.boot();
});
afterAll(() => node?.end());
beforeEach(async () => {
  reached = true;
  await node.sh("rm -f /tmp/fault /var/run/edge-drill.*");
  await nothingWaits();
});

describe.skipIf(!nodesRun)("a fault that lasts", () => {
  it("is mended once by who made it, and nothing is left that waits", async () => {
    const mend = await breakForAWhile(edge, { ...FAULT, cut: 100 });
    expect(happened()).toBe("now\n");
    expect(waits()).toBe(true);
    await mend();
    expect([happened(), await marks()]).toEqual(["now\nafter\n", ""]);
    await nothingWaits();
    expect(happened()).toBe("now\nafter\n");
    await mend();
    expect(happened()).toBe("now\nafter\n");
  });

  it("is mended by the edge itself where nobody else does", async () => {
    await breakForAWhile(edge, { ...FAULT, cut: 1 });
    await nothingWaits();
    expect([happened(), await marks()]).toEqual(["now\nafter\n", ""]);
  });

  it("happens later where it cuts off who asks for it, who is answered before", async () => {
    const mend = await breakForAWhile(edge, { ...FAULT, cut: 1, lead: 0.2 });
    await eventually("it happens", () => happened() !== undefined);
    reached = false;
    const mended = mend();
    await nothingWaits();
    reached = true;
    await mended;
    expect([happened(), await marks()]).toEqual(["now\nafter\n", ""]);
  });

  it("is mended at once where the command that makes it fails half-way, which is said", async () => {
    const fault = { now: "echo now >>/tmp/fault && ls /nowhere", after: FAULT.after, cut: 100 };
    await expect(breakForAWhile(edge, fault)).rejects.toThrow(
      /^edge-a: echo now >>\/tmp\/fault && ls \/nowhere failed with status \d: ls: .*\/nowhere/,
    );
    expect([happened(), await marks()]).toEqual(["now\nafter\n", ""]);
    await nothingWaits();
  });

  it("is refused while an earlier one is there, which is named", async () => {
    const mend = await breakForAWhile(edge, { ...FAULT, cut: 100 });
    const mark = (await marks()).trim();
    await expect(breakForAWhile(edge, { ...FAULT, cut: 100 })).rejects.toThrow(
      `edge-a has still to mend what an earlier drill broke; it does so by itself, or by sh ${mark}`,
    );
    expect(happened()).toBe("now\n");
    await mend();
  });

  it("keeps its mark, with what mends it, where that fails", async () => {
    await breakForAWhile(edge, { now: "true", after: "ls /nowhere", cut: 1 });
    await nothingWaits();
    expect(await node.out("cat /var/run/edge-drill.*")).toBe("ls /nowhere\n");
  });
});

describe("faults on several edges", () => {
  it("are all mended, the others too where one cannot be", async () => {
    const mended: string[] = [];
    const one = async () => {
      mended.push("one");
      throw new Error("edge-a is not mended");
    };
    const two = async () => void mended.push("two");
    const mend = await breakOnAll([Promise.resolve(one), Promise.resolve(two)]);
    await expect(mend()).rejects.toThrow("edge-a is not mended");
    expect(mended).toEqual(["one", "two"]);
  });

  it("are none where one cannot be made", async () => {
    const mended: string[] = [];
    const two = async () => void mended.push("two");
    await expect(
      breakOnAll([Promise.reject(new Error("edge-a: ifconfig failed")), Promise.resolve(two)]),
    ).rejects.toThrow("edge-a: ifconfig failed");
    expect(mended).toEqual(["two"]);
  });
});
