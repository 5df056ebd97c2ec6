import { vhidsOf } from "../../config/failover-ips.js";
import type { EdgeConfig } from "../../config/schema.js";
import { ifstatedConf } from "../../edge/ifstated.js";
import type { WorldOptions } from "./world.js";

/** The interfaces that edges of a world have, whatever those of a configuration are called. */
const INTERFACES = { external: "vio0", internal: "vio1", carp: "vio2" };

/** What a world needs to have edges as a configuration wants them. */
export function configured(config: EdgeConfig): Omit<WorldOptions, "decider"> {
  const { carp, claim, edges, probe } = config;
  const names = edges.map(({ name }) => name);
  const ips = vhidsOf(config).flatMap(({ failoverIps, advskews }) =>
    failoverIps.map(({ address }) => ({ address, advskews: names.map((name) => advskews[name] as number) })),
  );
  const [first, ...more] = ips as [(typeof ips)[number], ...typeof ips];
  return {
    names,
    advskews: first.advskews,
    advbase: carp.advertisementInterval,
    preempt: carp.preempt,
    failoverIp: first.address,
    more,
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
