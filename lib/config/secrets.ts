/**
 * What a CARP password may be: netstart(8) evaluates it as shell text, and carp(4) cuts it
 * after 19 characters. A pattern for JavaScript and for Terraform alike.
 */
export const CARP_PASSWORD = "^[A-Za-z0-9_-]{1,19}$";

/**
 * What a credential of OVH's API may be: one word of printable characters. An at sign is not
 * among them, so that a value never looks like the placeholder of another one.
 */
export const CREDENTIAL = "^[!-?A-~]{1,128}$";

/** What the URL of a webhook may be; the same holds for at signs. */
export const WEBHOOK_URL = "^https://[A-Za-z0-9.-]{1,250}(:[0-9]{1,5})?/[!-?A-~]{0,900}$";
