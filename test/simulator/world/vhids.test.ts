import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { staticPath } from "../../../lib/edge/static-files.js";
import { EdgeSyncDecider } from "../../../lib/simulator/world/decider.js";
import { World, type WorldOptions } from "../../../lib/simulator/world/world.js";
import { CONF } from "../explore/workshop.js";

let decider: EdgeSyncDecider;
beforeAll(() => {
  decider = new EdgeSyncDecider(staticPath("edge-sync"));
});
afterAll(() => decider.close());

const [FIRST, SECOND] = ["146.59.143.231", "146.59.143.232"];

/** Two IPs on two vhids of edges that have been up for a while, the second preferred on the second edge. */
async function settled(edges: 2 | 3, options: Partial<WorldOptions> = {}): Promise<World> {
  const advskews = edges === 2 ? [1, 50] : [1, 50, 100];
  const more = [{ address: SECOND, advskews: edges === 2 ? [50, 1] : [100, 1, 50] }];
  const made = new World({ advskews, more, decider, ifstatedConf: CONF.several, ...options });
  await made.advance(60_000);
  return made;
}

const served = (made: World) => [FIRST, SECOND].map((ip) => made.answeringFor(ip)?.name);
const roles = (made: World) => made.edges.map(({ vhids }) => vhids.map(({ role }) => role).join(" "));
const aliases = (made: World) => made.edges.map(({ vhids }) => vhids.map(({ hasAlias }) => hasAlias));
const posts = (made: World) => made.edges.map(({ vhids }) => vhids.map(({ posts }) => posts));

describe("a world of two FailOver IPs on two vhids", () => {
  it("elects another edge for each after a cold start, and claims nothing that is there already", async () => {
    const made = await settled(2);
    expect(roles(made)).toEqual(["MASTER BACKUP", "BACKUP MASTER"]);
    expect(served(made)).toEqual(["edge-1", "edge-2"]);
    expect(aliases(made)).toEqual([
      [true, false],
      [false, true],
    ]);
    expect(made.project.failoverIps.attaches).toEqual([]);
  });

  it("moves the IP of the edge that loses its power, and leaves the other where it is", async () => {
    const made = await settled(2);
    made.edge("edge-1").powerOff();
    await made.until(() => made.answeringFor(FIRST)?.name === "edge-2", "edge-2 does not answer", 60_000);
    expect(served(made)).toEqual(["edge-2", "edge-2"]);
    expect(posts(made)).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });

  it("gives both to the edge that is left, whose claims run side by side", async () => {
    const made = await settled(3);
    made.edge("edge-1").powerOff();
    made.edge("edge-2").powerOff();
    const began = made.now;
    await made.until(() => posts(made)[2]?.join() === "1,1", "not both claimed", 60_000);
    expect(made.now - began).toBeLessThan(10_000);
    await made.until(() => served(made).join() === "edge-3,edge-3", "edge-3 does not answer", 60_000);
  });

  it("goes on with one while OVH is late with the other", async () => {
    const made = await settled(3);
    made.edge("edge-3").line.fail("POST", { late: 15_000 });
    made.edge("edge-1").powerOff();
    made.edge("edge-2").powerOff();
    const named = () => [FIRST, SECOND].filter((ip) => made.answeringFor(ip)?.name === "edge-3").length;
    await made.until(() => named() === 1, "neither answers", 20_000);
    await made.until(() => named() === 2, "the late one does not answer", 60_000);
    expect(posts(made)[2]).toEqual([1, 1]);
  });

  it.each([
    "external",
    "internal",
    "carp",
  ] as const)("moves one IP when its master loses its %s link, and both come to rest", async (link) => {
    const made = await settled(3);
    made.faults.cut("edge-2", link);
    await made.until(() => made.answeringFor(SECOND)?.name === "edge-3", "edge-3 does not answer", 120_000);
    made.faults.mend("edge-2", link);
    await made.advance(120_000);
    expect(served(made)).toEqual(["edge-1", "edge-3"]);
    expect(posts(made)).toEqual([
      [0, 0],
      [0, 0],
      [0, 1],
    ]);
    expect(made.edges.map(({ kernel }) => kernel.groups.get("edgefault"))).toEqual([0, 0, 0]);
    expect(aliases(made)).toEqual([
      [true, false],
      [false, false],
      [false, true],
    ]);
  });

  it("counts the kernel's own demotion once for each vhid, and no reason of edge-sync's for it", async () => {
    const made = await settled(2);
    made.faults.cut("edge-2", "carp");
    await made.advance(60_000);
    expect(made.edge("edge-2").kernel.groups.get("edgefault")).toBe(2);
    expect(made.edge("edge-2").kernel.groups.get("edgedrain")).toBe(2);
  });

  it("drains an edge of both IPs", async () => {
    const made = await settled(2);
    made.edge("edge-1").drained = true;
    await made.until(() => served(made).join() === "edge-2,edge-2", "not drained", 120_000);
    made.edge("edge-1").drained = false;
    made.edge("edge-2").drained = true;
    await made.until(() => served(made).join() === "edge-1,edge-1", "not drained", 120_000);
  });

  it("bounds the claims of each IP in a partition, and ends with one master of each", async () => {
    const made = await settled(2);
    made.partition(["edge-1"]);
    await made.advance(3_600_000);
    for (const of of posts(made).flat()) expect(of).toBeLessThanOrEqual(3 + 4);
    made.heal();
    await made.advance(1_200_000);
    for (const vhid of [0, 1]) {
      const masters = made.edges.filter(({ vhids }) => vhids[vhid]?.role === "MASTER");
      expect(masters.map(({ name }) => name)).toEqual([served(made)[vhid]]);
    }
  });

  it("is at rest for twenty minutes of three edges, asking the deployed program alone", async () => {
    const before = decider.asked;
    const made = await settled(3);
    await made.advance(1_200_000);
    expect(served(made)).toEqual(["edge-1", "edge-2"]);
    expect(posts(made).flat()).toEqual([0, 0, 0, 0, 0, 0]);
    expect(decider.asked - before).toBeGreaterThan(3 * 120);
  });
});
