import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { ifstatedConf } from "../../lib/edge/ifstated.js";
import { staticPath } from "../../lib/edge/static-files.js";
import { EdgeSyncDecider } from "../../lib/simulator/world/decider.js";
import { World, type WorldOptions } from "../../lib/simulator/world/world.js";

export const IP = "146.59.143.231";
export const TWO = [1, 50];
export const THREE = [1, 50, 100];
export const [SECOND, MINUTE, HOUR] = [1000, 60_000, 3_600_000];

const example = fileURLToPath(new URL("../../edge.config.example.json", import.meta.url));
const conf = ifstatedConf(parseConfig(JSON.parse(readFileSync(example, "utf8")))).content;
let decider: EdgeSyncDecider;

/** Starts the deployed edge-sync that decides in all worlds of a test file. */
export function useWorlds(): void {
  beforeAll(() => {
    decider = new EdgeSyncDecider(staticPath("edge-sync"));
  });
  afterAll(() => decider.close());
}

/** Edges that have been up for a minute: edge-1 is master and has the IP. */
export async function settled(options: Partial<WorldOptions> = {}): Promise<World> {
  const world = new World({ advskews: TWO, decider, ifstatedConf: conf, ...options });
  await world.advance(MINUTE);
  expect([world.answering?.name, world.project.failoverIps.attaches]).toEqual(["edge-1", []]);
  return world;
}

export const rolesOf = ({ edges }: World) => edges.map(({ role }) => role);
export const aliasesOf = ({ edges }: World) => edges.map(({ hasAlias }) => hasAlias);
export const postsOf = ({ edges }: World) => edges.map(({ posts }) => posts);

/** What an edge has logged since a time, and what happened to its carp0. */
export const story = ({ timeline }: World, name: string, since = 0) =>
  timeline.filter(({ edge, ms }) => edge === name && ms >= since).map(({ what }) => what);

/** Waits until packets for the IP are answered by an edge. */
export function untilAnswers(world: World, name: string, ms: number): Promise<void> {
  return world.until(() => world.answering?.name === name, `${name} does not answer`, ms);
}

/** One master, which the IP is routed to and which alone has the alias; nobody demoted, nothing pending; and all that stays. */
export async function expectSound(world: World, name: string): Promise<void> {
  const sound = () => ({
    roles: rolesOf(world),
    aliases: aliasesOf(world),
    answering: world.answering?.name,
    pending: world.project.failoverIps.get(world.failoverId).status,
    demotion: world.edges.map(({ kernel }) => [kernel.groups.get("edgefault"), kernel.groups.get("carp")]),
  });
  const wanted = {
    roles: world.edges.map((edge) => (edge.name === name ? "MASTER" : "BACKUP")),
    aliases: world.edges.map((edge) => edge.name === name),
    answering: name,
    pending: "ok",
    demotion: world.edges.map(() => [0, 0]),
  };
  const lines = world.timeline.length;
  expect(sound(), world.story()).toEqual(wanted);
  await world.advance(10 * MINUTE);
  expect(sound(), world.story()).toEqual(wanted);
  // Nothing flaps: what is sound has nothing left to do.
  expect(world.timeline.slice(lines)).toEqual([]);
}
