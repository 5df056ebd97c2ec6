import { parseConfig } from "../config/load.js";
import type { EdgeConfig, EdgeConfigInput } from "../config/schema.js";
import { ifstatedConf } from "../edge/ifstated.js";
import { staticPath } from "../edge/static-files.js";
import { EdgeSyncDecider } from "../simulator/world/decider.js";
import { World } from "../simulator/world/world.js";

/** How fast an election is. */
export type Profile = "normal" | "fast";

/** A configuration with so many edges in place of its own. */
export function withEdges(
  config: EdgeConfigInput,
  count: number,
  profile: Profile = "normal",
): EdgeConfigInput {
  const [first] = config.edges;
  const { advertisementInterval: _, ...carp } = config.carp ?? {};
  return {
    ...config,
    edges: Array.from({ length: count }, (_, index) => ({
      name: `edge-${index + 1}`,
      flavor: first?.flavor as string,
      image: first?.image as string,
    })),
    carp: profile === "fast" ? { ...carp, profile: "fast" } : carp,
  };
}

/** Milliseconds of a round trip to OVH in the worlds. */
export const ROUND_TRIP = 50;
/** Round trips until OVH has the POST of a claim that opens its connection first. */
const CLAIM_TRIPS = 2.5;

/** Worlds in virtual time whose edges have a configuration's times and the deployed program's decisions. */
export class Worlds {
  private readonly decider = new EdgeSyncDecider(staticPath("edge-sync"));

  /** A world that nothing has happened in yet. */
  make(input: EdgeConfigInput, seed: number): { world: World; config: EdgeConfig } {
    const config = parseConfig(input);
    const { carp, edges, probe, claim } = config;
    const world = new World({
      advskews: edges.map(({ advskew }) => advskew),
      advbase: carp.advertisementInterval,
      decider: this.decider,
      ifstatedConf: ifstatedConf(config).content,
      seed,
      // A request has its effect half of this after it was begun: as long as its handshakes take.
      rttMs: 2 * CLAIM_TRIPS * ROUND_TRIP,
      attempts: probe.attempts,
      settings: {
        poll: probe.interval,
        check_interval: claim.checkInterval,
        healthy_for: claim.healthyFor,
        probe_stale: 3 * probe.interval,
      },
    });
    return { world, config };
  }

  close(): void {
    this.decider.close();
  }
}
