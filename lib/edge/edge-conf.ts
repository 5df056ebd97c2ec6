import { type VhidSettings, vhidsOf } from "../config/failover-ips.js";
import type { EdgeConfig, EdgeSettings } from "../config/schema.js";
import { type EdgeFile, rootFile } from "./file.js";
import { PLACEHOLDERS } from "./placeholders.js";

/**
 * Seconds that a claim waits for the election to settle. With two edges there is nobody else
 * to settle with; with more, every backup that hears a bow-out is master for a moment.
 *
 * @param vhid the election; carp0's where it is left out
 */
export function settleTime(
  config: EdgeConfig,
  edge: Pick<EdgeSettings, "name">,
  vhid: VhidSettings = vhidsOf(config)[0],
): number {
  if (config.edges.length === 2) return 0;
  const advskew = vhid.advskews[edge.name] as number;
  return Math.round((config.carp.advertisementInterval + advskew / 256) * 1000) / 1000;
}

type Setting = readonly [key: string, value: string | number];

/**
 * The FailOver IP and its carp interface; of several IPs those of each interface, and then the ids of
 * all of them, in the same order.
 */
function failoverSettings(config: EdgeConfig, edge: EdgeSettings): { ips: Setting[]; carps: Setting[] } {
  const vhids = vhidsOf(config);
  const ids: Setting = ["ip_id", PLACEHOLDERS.failoverIpId];
  const names: Setting = ["carp", vhids.map((vhid) => vhid.interface).join(" ")];
  if (config.failoverIps.length === 1) {
    return {
      ips: [["ip", config.failoverIps[0].address], ids],
      carps: [names, ["settle", settleTime(config, edge)]],
    };
  }
  return {
    ips: [
      ...vhids.map(
        (vhid): Setting => [`${vhid.interface}_ip`, vhid.failoverIps.map(({ address }) => address).join(" ")],
      ),
      ids,
    ],
    carps: [
      names,
      ...vhids.map((vhid): Setting => [`${vhid.interface}_settle`, settleTime(config, edge, vhid)]),
    ],
  };
}

/** What edge-sync(8) and ip-move(8) know of this edge, as key=value. */
export function edgeConf(config: EdgeConfig, edge: EdgeSettings): EdgeFile {
  const { claim, interfaces, metrics, notify, probe, project } = config;
  const { ips, carps } = failoverSettings(config, edge);
  const settings: readonly Setting[] = [
    ["name", edge.name],
    ["project", project],
    ...ips,
    ["instance", PLACEHOLDERS.instanceId],
    ["external", interfaces.external],
    ["internal", interfaces.internal],
    ["carpdev", interfaces.carp],
    ...carps,
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
