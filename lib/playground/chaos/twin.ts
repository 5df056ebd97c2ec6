import { parseConfig } from "../../config/load.js";
import type { EdgeConfigInput } from "../../config/schema.js";
import type { Schedule } from "../../simulator/explore/schedule.js";
import { configured } from "../../simulator/world/configured.js";
import type { Decider } from "../../simulator/world/decider.js";
import { type PlayedStory, playOnWorld } from "../../simulator/world/play.js";
import { World } from "../../simulator/world/world.js";
import { arenaConfig, MOVE } from "./arena.js";
import { LATE, REBOOT, SLOW } from "./region-faults.js";

/** Milliseconds until the edges of a world have forgotten their boot. */
const WARM = 60_000;
/** Milliseconds from a schedule's last step until its story is over. */
const REST = 90_000;

/** Plays a schedule in virtual time, on edges with an arena's settings. */
export async function playOnTwin(
  schedule: Schedule,
  input: EdgeConfigInput,
  decider: Decider,
): Promise<PlayedStory> {
  const config = parseConfig(arenaConfig({ edges: schedule.edges, config: input }));
  const world = new World({
    ...configured(config),
    decider,
    failover: { ...schedule.ovh, moveDuration: MOVE },
  });
  await world.advance(WARM);
  return playOnWorld(world, schedule, { rest: REST, slow: SLOW, late: LATE, reboot: REBOOT });
}
