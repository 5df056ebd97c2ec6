import type { Tarball } from "./tarball.js";

/** What must not show in a tarball of the machine that made it. */
export interface Machine {
  /** Folder of the checkout. */
  readonly checkout: string;
  readonly home: string;
  readonly hostname: string;
}

const SECRETS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{20}/],
  ["a token of npm's", /\bnpm_[A-Za-z0-9]{36}\b|_authToken\s*=\s*[^\s$]/],
  ["a token of GitHub's", /\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{22,}/],
  ["an access key of S3", /\bAKIA[0-9A-Z]{16}\b/],
  [
    "a credential of OVH's",
    /(?:application_key|application_secret|consumer_key|client_secret|APPLICATION_SECRET|CONSUMER_KEY)["']?\s*[=:]\s*["']?(?:[A-Za-z0-9]{32}|[A-Za-z0-9]{16})\b/,
  ],
  ["a signed token", /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\./],
  ["a password in a URL", /\bhttps?:\/\/[^\s/"'`:@${}]+:[^\s/"'`@${}]+@/],
];

/** Hosts that the code and its documents may name. */
const HOSTS = [
  /(^|\.)ovh\.(com|net|us)$/,
  /(^|\.)ovhcloud\.com$/,
  /(^|\.)example(\.(com|net|org))?$/,
  /^(localhost|127\.0\.0\.1)$/,
  /^(registry\.terraform\.io|cdk\.tf|www\.w3\.org|json-schema\.org|keepachangelog\.com|semver\.org|nodejs\.org|openbsd\.org|man\.openbsd\.org)$/,
  /(^|\.)(hashicorp\.com|opentofu\.org)$/,
];

/** Networks whose addresses are nobody's machine, and the public services that probes ask. */
const ADDRESSES = [
  /^(0|10|127|255)\./,
  /^192\.168\./,
  /^172\.(1[6-9]|2\d|3[01])\./,
  /^(192\.0\.2|198\.51\.100|203\.0\.113)\./,
  /^(240\.0\.0\.1|1\.1\.1\.1|8\.8\.8\.8|9\.9\.9\.9)$/,
  // The metadata service of an instance.
  /^169\.254\.169\.254$/,
  // The guide's FailOver IP and its neighbours, in examples.
  /^146\.59\.143\.23\d$/,
];

/** Rules against secrets, foreign addresses and traces of the machine, in every file of a tarball. */
export function traceFindings({ files }: Tarball, machine: Machine): string[] {
  return [...files].flatMap(([path, content]) => {
    const text = content.toString("utf8");
    return [...secrets(path, text), ...addresses(path, text), ...traces(path, text, machine)];
  });
}

function secrets(path: string, text: string): string[] {
  return SECRETS.filter(([, pattern]) => pattern.test(text)).map(
    ([what]) => `${path} must hold no secret, it seems to hold ${what}; take it out, and make it void`,
  );
}

function addresses(path: string, text: string): string[] {
  const hosts = [...text.matchAll(/\bhttps?:\/\/(?:[^\s/"'`@]*@)?([A-Za-z0-9.-]*[A-Za-z0-9])/g)].map(
    ([, host]) => host as string,
  );
  const numbers = [...text.matchAll(/(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g)]
    .map(([address]) => address)
    .filter((address) => address.split(".").every((part) => Number(part) < 256));
  const strange = [
    // A name that is put together at run time is no address yet.
    ...hosts.filter((host) => host.includes(".") && !HOSTS.some((known) => known.test(host))),
    ...numbers.filter((address) => !ADDRESSES.some((known) => known.test(address))),
  ].filter((host) => !ADDRESSES.some((known) => known.test(host)));
  return [...new Set(strange)].map(
    (host) =>
      `${path} must name no address but OVH's and examples, got ${host}; take it out, or let release:check know it`,
  );
}

function traces(path: string, text: string, { checkout, home, hostname }: Machine): string[] {
  const folder = checkout.replace(/\/+$/, "");
  return [
    ...(text.includes(folder) ? [`the checkout's folder ${folder}`] : []),
    // root's home is one on the edges as well.
    ...(home.length > 5 && text.includes(`${home}/`) ? [`the home folder ${home}`] : []),
    ...(/^[\w-]{6,}/.test(hostname) && text.includes(hostname) ? [`the machine's name ${hostname}`] : []),
  ].map((what) => `${path} must tell nothing of the machine that packed it, it names ${what}; take it out`);
}
