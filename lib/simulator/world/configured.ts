import type { EdgeConfig } from "../../config/schema.js";
import { ifstatedConf } from "../../edge/ifstated.js";
import type { WorldOptions } from "./world.js";

/** The interfaces that edges of a world have, whatever those of a configuration are called. */
const INTERFACES = { external: "vio0", internal: "vio1", carp: "vio2" };

/** What a world needs to have edges as a configuration wants them. */
export function configured(config: EdgeConfig): Omit<WorldOptions, "decider"> {
  const { carp, claim, edges, failoverIps, probe } = config;
  return {
    names: edges.map(({ name }) => name),
    advskews: edges.map(({ advskew }) => advskew),
    advbase: carp.advertisementInterval,
    preempt: carp.preempt,
    failoverIp: failoverIps[0].address,
    ifstatedConf: ifstatedConf({ ...config, interfaces: INTERFACES }).content,
    settings: {
      poll: probe.interval,
      check_interval: claim.checkInterval,
      healthy_for: claim.healthyFor,
      probe_stale: 3 * probe.interval,
    },
    attempts: probe.attempts,
    deadlineMs: claim.deadline * 1000,
  };
}
