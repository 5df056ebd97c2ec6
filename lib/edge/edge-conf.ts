import type { EdgeConfig, EdgeSettings } from "../config/schema.js";
import { type EdgeFile, rootFile } from "./file.js";
import { CARP_INTERFACE } from "./hostname-if.js";
import { PLACEHOLDERS } from "./placeholders.js";

/**
 * Seconds that a claim waits for the election to settle. With two edges there is nobody else
 * to settle with; with more, every backup that hears a bow-out is master for a moment.
 */
export function settleTime({ edges, carp }: EdgeConfig, edge: EdgeSettings): number {
  if (edges.length === 2) return 0;
  return Math.round((carp.advertisementInterval + edge.advskew / 256) * 1000) / 1000;
}

/** What edge-sync(8) and ip-move(8) know of this edge, as key=value. */
export function edgeConf(config: EdgeConfig, edge: EdgeSettings): EdgeFile {
  const { claim, failoverIps, interfaces, metrics, notify, probe, project } = config;
  const settings: readonly (readonly [string, string | number])[] = [
    ["name", edge.name],
    ["project", project],
    ["ip", failoverIps[0].address],
    ["ip_id", PLACEHOLDERS.failoverIpId],
    ["instance", PLACEHOLDERS.instanceId],
    ["external", interfaces.external],
    ["internal", interfaces.internal],
    ["carpdev", interfaces.carp],
    ["carp", CARP_INTERFACE],
    ["settle", settleTime(config, edge)],
    ["deadline", claim.deadline],
    ["check_interval", claim.checkInterval],
    ["healthy_for", claim.healthyFor],
    ["poll", probe.interval],
    ["probe", probe.targets.join(" ")],
    ["probe_attempts", probe.attempts],
    ...(notify === undefined ? [] : notifySettings(notify)),
    ...(metrics === undefined ? [] : [["metrics", metrics.file] as const]),
  ];
  const content = settings.map(([key, value]) => `${key}=${value}\n`).join("");
  return rootFile("/etc/edge.conf", 0o600, `# A deploy writes this file; see edge-sync(8).\n${content}`);
}

function notifySettings({ events, mail, webhook }: NonNullable<EdgeConfig["notify"]>) {
  return [
    ["notify_events", events.join(" ")],
    ...(mail === undefined ? [] : [["notify_mail", mail] as const]),
    ...(webhook ? [["notify_webhook", PLACEHOLDERS.webhookUrl] as const] : []),
  ] as const;
}

/** ip-move(8)'s endpoint and credentials, in the form that OVH's own clients read. */
export function ovhConf({ ovh, credentials }: Pick<EdgeConfig, "ovh" | "credentials">): EdgeFile {
  const { applicationKey, applicationSecret, consumerKey, clientId, clientSecret } = PLACEHOLDERS;
  const account = credentials.serviceAccounts.length > 0;
  const settings: readonly (readonly [string, string])[] = account
    ? [
        ["client_id", clientId],
        ["client_secret", clientSecret],
      ]
    : [
        ["application_key", applicationKey],
        ["application_secret", applicationSecret],
        ["consumer_key", consumerKey],
      ];
  const lines = settings.map(([key, value]) => `${key}=${value}\n`).join("");
  return rootFile(
    "/etc/ovh.conf",
    0o600,
    `[default]\nendpoint=${ovh.endpoint}\n\n[${ovh.endpoint}]\n${lines}`,
  );
}
