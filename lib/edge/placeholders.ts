import { ORDERED_ADDRESS } from "../config/failover-ips.js";

/** Values that are secret or that only the plan's execution tells, by what they are. */
export const PLACEHOLDERS = {
  carpPassword: "@@carp_password@@",
  applicationKey: "@@application_key@@",
  applicationSecret: "@@application_secret@@",
  consumerKey: "@@consumer_key@@",
  webhookUrl: "@@webhook_url@@",
  clientId: "@@client_id@@",
  clientSecret: "@@client_secret@@",
  instanceId: "@@instance_id@@",
  failoverIp: ORDERED_ADDRESS,
  failoverIpId: "@@failover_ip_id@@",
  macExternal: "@@mac_external@@",
  macInternal: "@@mac_internal@@",
  macCarp: "@@mac_carp@@",
} as const;

/** Name of a placeholder. */
export type Placeholder = keyof typeof PLACEHOLDERS;

/** Those whose values nobody but the edge may see. */
export const SECRETS: readonly Placeholder[] = [
  "carpPassword",
  "applicationKey",
  "applicationSecret",
  "consumerKey",
  "clientSecret",
  "webhookUrl",
];

/** The placeholders that a text holds. */
export function placeholdersIn(text: string): Placeholder[] {
  return (Object.keys(PLACEHOLDERS) as Placeholder[]).filter((name) => text.includes(PLACEHOLDERS[name]));
}

/** A text with placeholders filled in; those without a value stay. */
export function fill(text: string, values: Partial<Readonly<Record<Placeholder, string>>>): string {
  return (Object.entries(values) as [Placeholder, string][]).reduce(
    (result, [name, value]) => result.replaceAll(PLACEHOLDERS[name], () => value),
    text,
  );
}
