import type { EdgeConfig } from "../../config/schema.js";
import type { AccessRule } from "./access-rule.js";

const PAGES: Readonly<Record<EdgeConfig["ovh"]["endpoint"], string>> = {
  "ovh-eu": "https://eu.api.ovh.com/createToken/",
  "ovh-ca": "https://ca.api.ovh.com/createToken/",
  "ovh-us": "https://api.us.ovhcloud.com/createToken/",
};

/** OVH's page that makes an application key, with its rules filled in. Whoever opens it logs in there. */
export function tokenPage(endpoint: EdgeConfig["ovh"]["endpoint"], rules: readonly AccessRule[]): string {
  // A slash and a star may stand in a query as they are, and the page takes them so.
  const path = (text: string) => encodeURIComponent(text).replaceAll("%2F", "/");
  return `${PAGES[endpoint]}?${rules.map((rule) => `${rule.method}=${path(rule.path)}`).join("&")}`;
}
