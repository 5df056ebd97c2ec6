import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, failure, nodesRun, TestNode } from "./nodes.js";

const CARP =
  "ifconfig vio2 up; ifconfig carp0 vhid 1 carpdev vio2 pass secret inet 10.20.0.1/24 advskew 0 up";
let node: TestNode;

beforeAll(async () => {
  if (nodesRun) node = await TestNode.boot();
});
afterAll(() => node?.end());

const bowOuts = () => node.advertised.filter(({ advertisement }) => advertisement.advbase === 255).length;

describe.skipIf(!nodesRun)("reboot", () => {
  it.each([
    ["tells the others that a master leaves", "reboot", 1],
    ["tells nobody with -q", "reboot -nq", 0],
  ])("%s", async (_, command, told) => {
    await node.out(CARP);
    await eventually("it is master", () => node.machine.kernel.carpState("carp0") === "MASTER");
    const [before, { kernel }] = [bowOuts(), node.machine];
    await node.sh(command);
    await eventually("it is back", () => node.machine.kernel !== kernel && node.machine.reachable);
    expect(bowOuts() - before).toBe(told);
  });

  it("has no flag -f", async () => {
    expect(await node.sh("reboot -f")).toEqual(failure("usage: reboot [-dlnpq]\n"));
  });
});
