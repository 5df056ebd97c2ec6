import { vhidsOf } from "../config/failover-ips.js";
import type { EdgeConfig } from "../config/schema.js";
import { type EdgeFile, rootFile } from "./file.js";

/**
 * ifstated.conf(5) as a trigger: one state without external tests, so that no re-entry and
 * no step of the clock blinds it. Every link change and every poll starts a pass of edge-sync,
 * which returns at once.
 */
export function ifstatedConf(config: EdgeConfig): EdgeFile {
  const { interfaces, probe } = config;
  const carps = vhidsOf(config).map((vhid) => vhid.interface);
  const links = [interfaces.external, interfaces.internal, ...carps];
  const content = `# Each link change and each poll starts a pass of edge-sync(8), which decides.
state watch {
	run "/usr/local/sbin/edge-sync pass >/dev/null 2>&1 &"
	if ${links.map((name) => `${name}.link.up`).join(" || ")}
		run ":"
}
if "/usr/local/sbin/edge-sync poll" every ${probe.interval}
	run ":"
`;
  return rootFile("/etc/ifstated.conf", 0o600, content);
}
