import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../../lib/config/load.js";
import { ifstatedConf } from "../../../lib/edge/ifstated.js";
import { staticPath } from "../../../lib/edge/static-files.js";
import { EdgeSyncDecider } from "../../../lib/simulator/world/decider.js";
import { World, type WorldOptions } from "../../../lib/simulator/world/world.js";

const example = fileURLToPath(new URL("../../../edge.config.example.json", import.meta.url));
const conf = ifstatedConf(parseConfig(JSON.parse(readFileSync(example, "utf8")))).content;
let decider: EdgeSyncDecider;

beforeAll(() => {
  decider = new EdgeSyncDecider(staticPath("edge-sync"));
});
afterAll(() => decider.close());

const world = (options: Partial<WorldOptions> = {}) =>
  new World({ advskews: [1, 50], decider, ifstatedConf: conf, ...options });

/** A world whose edges have been up for a while. */
async function settled(options: Partial<WorldOptions> = {}): Promise<World> {
  const made = world(options);
  await made.advance(60_000);
  return made;
}

const roles = ({ edges }: World) => edges.map(({ role }) => role);
const aliases = ({ edges }: World) => edges.map(({ hasAlias }) => hasAlias);

describe("a world of edges", () => {
  it("elects the preferred edge after a cold start, and claims nothing that it has already", async () => {
    const { edges, holder, project } = await settled();
    expect(edges.map(({ role }) => role)).toEqual(["MASTER", "BACKUP"]);
    expect(holder?.name).toBe("edge-1");
    expect(project.failoverIps.attaches).toEqual([]);
  });

  it("tells the same story twice for one seed, and another one for another", async () => {
    const story = async (seed: number) => {
      const made = world({ seed, advskews: [1, 50, 100] });
      made.loss = 0.2;
      await made.advance(120_000);
      made.edge("edge-1").powerOff();
      await made.advance(120_000);
      return made.story();
    };
    expect(await story(7)).toBe(await story(7));
    expect(await story(7)).not.toBe(await story(8));
  });

  it("moves the FailOver IP when the master loses its power, within carp's time and one poll", async () => {
    const made = await settled();
    made.edge("edge-1").powerOff();
    const began = made.now;
    await made.until(() => made.project.failoverIps.attaches.length === 1, "no claim", 60_000);
    expect(made.now - began).toBeLessThanOrEqual(3 * (1000 + (1000 * 50) / 256) + 500);
    await made.until(() => made.answering?.name === "edge-2", "edge-2 does not answer", 60_000);
    expect(made.edge("edge-2").posts).toBe(1);
  });

  it.each([
    ["external link", (made: World) => made.edge("edge-1").kernel.setCable("vio0", false)],
    ["internal link", (made: World) => made.edge("edge-1").kernel.setCable("vio1", false)],
    ["CARP link", (made: World) => made.edge("edge-1").kernel.setCable("vio2", false)],
    ["carp0 down", (made: World) => made.edge("edge-1").kernel.setUp("carp0", false)],
  ])("moves the FailOver IP when the master loses its %s", async (_, fault) => {
    const made = await settled();
    fault(made);
    await made.until(() => made.answering?.name === "edge-2", "edge-2 does not answer", 120_000);
    expect(made.edge("edge-2").posts).toBe(1);
  });

  it("moves the FailOver IP when the master reaches neither a probe target nor the API", async () => {
    const made = await settled();
    const { edges } = made;
    (edges[0] as (typeof edges)[0]).probesAnswer = false;
    (edges[0] as (typeof edges)[0]).apiReachable = false;
    await made.until(() => made.answering?.name === "edge-2", "edge-2 does not answer", 120_000);
  });

  it.each([
    0, 4, 9, 14, 19, 24, 29,
  ])("does so within a poll, its pings, OVH's 10 s for a connection and an election, %i s after it was at rest", async (seconds) => {
    const made = await settled();
    await made.advance(seconds * 1000);
    const first = made.edge("edge-1");
    first.probesAnswer = false;
    first.apiReachable = false;
    await made.until(() => made.edge("edge-2").posts === 1, "edge-2 sends no POST", 26_000);
  });

  it("has one master again after the pf of the first blocked CARP, and the IP where that one is", async () => {
    const made = await settled();
    const first = made.edge("edge-1");
    first.passesCarp = false;
    await made.until(() => made.answering?.name === "edge-2", "edge-2 does not answer", 120_000);
    expect(roles(made)).toEqual(["MASTER", "MASTER"]);
    expect([...first.kernel.groups.values()]).toEqual([1, 1, 1]);
    first.passesCarp = true;
    await made.advance(120_000);
    expect(roles(made)).toEqual(["BACKUP", "MASTER"]);
    expect(made.answering?.name).toBe("edge-2");
    expect(aliases(made)).toEqual([false, true]);
  });

  it("moves nothing when only the probe targets are silent", async () => {
    const made = await settled();
    made.edge("edge-1").probesAnswer = false;
    await made.advance(300_000);
    expect(made.holder?.name).toBe("edge-1");
    expect(made.project.failoverIps.attaches).toEqual([]);
  });

  it("moves nothing when the API answers nobody for ten minutes", async () => {
    const made = await settled();
    made.apiAnswers = false;
    await made.advance(600_000);
    made.apiAnswers = true;
    await made.advance(60_000);
    expect(made.answering?.name).toBe("edge-1");
    expect(made.project.failoverIps.attaches).toEqual([]);
    expect(roles(made)).toEqual(["MASTER", "BACKUP"]);
  });

  it("retries a move that OVH accepted and did not make", async () => {
    const made = await settled();
    made.project.failoverIps.nextMoves("fails");
    made.edge("edge-1").powerOff();
    await made.until(() => made.answering?.name === "edge-2", "edge-2 does not answer", 120_000);
    expect(made.edge("edge-2").posts).toBe(2);
  });

  it("keeps the old master a backup when it comes back, and takes its alias off", async () => {
    const made = await settled();
    made.edge("edge-1").kernel.setUp("carp0", false);
    await made.until(() => made.answering?.name === "edge-2", "edge-2 does not answer", 120_000);
    made.edge("edge-1").kernel.setUp("carp0", true);
    await made.advance(120_000);
    expect(roles(made)).toEqual(["BACKUP", "MASTER"]);
    expect(aliases(made)).toEqual([false, true]);
  });

  it("bounds the claims of two masters, and ends with one after the partition", async () => {
    const made = await settled();
    made.partition(["edge-1"]);
    await made.advance(3_600_000);
    expect(roles(made)).toEqual(["MASTER", "MASTER"]);
    for (const { posts } of made.edges) expect(posts).toBeLessThanOrEqual(3 + 4);
    made.heal();
    await made.advance(1_200_000);
    expect(roles(made).filter((role) => role === "MASTER")).toHaveLength(1);
    expect(made.answering?.role).toBe("MASTER");
  });

  it("lets one of three edges claim after a bow-out, not both that were master for a moment", async () => {
    const made = await settled({ advskews: [1, 50, 100] });
    made.edge("edge-1").kernel.setUp("carp0", false);
    await made.until(() => made.answering?.name === "edge-2", "edge-2 does not answer", 120_000);
    expect(made.edges.map(({ posts }) => posts)).toEqual([0, 1, 0]);
  });

  it("still fails over within a minute when ifstated is dead", async () => {
    const made = await settled();
    made.edge("edge-2").stopDaemon();
    made.edge("edge-1").powerOff();
    await made.until(() => made.answering?.name === "edge-2", "edge-2 does not answer", 90_000);
  });

  it("claims nothing, removes no alias and demotes nothing on hold", async () => {
    const made = await settled();
    for (const edge of made.edges) edge.hold = { reason: "test" };
    made.edge("edge-1").kernel.setUp("carp0", false);
    made.edge("edge-2").kernel.setCable("vio1", false);
    await made.advance(300_000);
    expect(made.edges.map(({ posts }) => posts)).toEqual([0, 0]);
    expect(aliases(made)).toEqual([true, false]);
    expect(made.edges.map(({ kernel }) => kernel.groups.get("edgefault"))).toEqual([0, 0]);
  });

  it("drains a master, and lets a drained edge serve that is the only one left", async () => {
    const made = await settled();
    made.edge("edge-1").drained = true;
    await made.until(() => made.answering?.name === "edge-2", "edge-2 does not answer", 120_000);
    made.edge("edge-2").powerOff();
    await made.until(() => made.answering?.name === "edge-1", "edge-1 does not answer", 120_000);
  });

  it("lets edges of a fast profile take over within a second and a half", async () => {
    const made = await settled({ advskews: [40, 60], advbase: 0 });
    made.edge("edge-1").powerOff();
    const began = made.now;
    await made.until(() => made.project.failoverIps.attaches.length === 1, "no claim", 60_000);
    expect(made.now - began).toBeLessThan(1500);
  });

  it("asks the deployed program for every decision", async () => {
    const before = decider.asked;
    const made = await settled({ advskews: [1, 50, 100] });
    await made.advance(1_200_000);
    expect(decider.asked - before).toBeGreaterThan(3 * 120);
  });
});
