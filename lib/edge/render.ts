import { vhidsOf } from "../config/failover-ips.js";
import type { EdgeConfig, EdgeSettings } from "../config/schema.js";
import { edgeConf, ovhConf } from "./edge-conf.js";
import { type EdgeFile, type RenderedEdge, rootFile } from "./file.js";
import { hostnameCarp, hostnameCarpdev } from "./hostname-if.js";
import { ifstatedConf } from "./ifstated.js";
import { pfEdge } from "./pf.js";
import { PLACEHOLDERS } from "./placeholders.js";
import type { StaticFiles } from "./static-files.js";

/**
 * Everything that is put on one edge: a pure function of the configuration and of what the
 * package ships byte for byte.
 *
 * @throws Error when the configuration has no edge of that name
 */
export function renderEdge(config: EdgeConfig, name: string, shipped: StaticFiles): RenderedEdge {
  const edge = edgeNamed(config, name);
  const { interfaces, carp } = config;
  const vhids = vhidsOf(config);
  return {
    name,
    carps: vhids.map((vhid) => vhid.interface),
    carpdev: interfaces.carp,
    files: [
      // The installer replaces itself first, so that a next run is the new one.
      ...programs(shipped),
      pfEdge(config),
      hostnameCarpdev(config, edge),
      ...vhids.map((vhid) => hostnameCarp(config, edge, vhid)),
      ovhConf(config),
      edgeConf(config, edge),
      ifstatedConf(config),
    ],
    lines: [
      { in: "sysctl", text: `net.inet.carp.preempt=${carp.preempt ? 1 : 0}` },
      { in: "cron", text: "* * * * * /usr/local/sbin/edge-sync cron >/dev/null 2>&1" },
    ],
    macs: [
      { interface: interfaces.external, mac: PLACEHOLDERS.macExternal },
      { interface: interfaces.internal, mac: PLACEHOLDERS.macInternal },
      { interface: interfaces.carp, mac: PLACEHOLDERS.macCarp },
    ],
  };
}

function edgeNamed({ edges }: EdgeConfig, name: string): EdgeSettings {
  const edge = edges.find((candidate) => candidate.name === name);
  if (edge === undefined) {
    throw new Error(`there is no edge ${name}; the configuration has ${edges.map((e) => e.name).join(", ")}`);
  }
  return edge;
}

function programs(shipped: StaticFiles): EdgeFile[] {
  return Object.entries(shipped).map(([path, content]) =>
    rootFile(path, path.startsWith("/usr/local/sbin/") ? 0o555 : 0o444, content),
  );
}
