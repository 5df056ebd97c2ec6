/** Hosts of OVH's API by the names of its endpoints. */
export const API_HOSTS = {
  "ovh-eu": "eu.api.ovh.com",
  "ovh-ca": "ca.api.ovh.com",
  "ovh-us": "api.us.ovhcloud.com",
} as const;

/** An endpoint of OVH's API by its name. */
export type Endpoint = keyof typeof API_HOSTS;
