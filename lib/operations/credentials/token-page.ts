import { API_HOSTS, type Endpoint } from "../api-host.js";
import type { AccessRule } from "./access-rule.js";

/** OVH's page that makes an application key, with its rules filled in. Whoever opens it logs in there. */
export function tokenPage(endpoint: Endpoint, rules: readonly AccessRule[]): string {
  // A slash and a star may stand in a query as they are, and the page takes them so.
  const path = (text: string) => encodeURIComponent(text).replaceAll("%2F", "/");
  return `https://${API_HOSTS[endpoint]}/createToken/?${rules.map((rule) => `${rule.method}=${path(rule.path)}`).join("&")}`;
}
