/** OVH's names, with what a machine finds them at. */
export const API_ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  "eu.api.ovh.com": ["198.51.100.11", "2001:db8:77::11"],
  "ca.api.ovh.com": ["198.51.100.12", "2001:db8:77::12"],
  "api.us.ovhcloud.com": ["198.51.100.13", "2001:db8:77::13"],
  "www.ovh.com": ["198.51.100.14", "2001:db8:77::14"],
};
