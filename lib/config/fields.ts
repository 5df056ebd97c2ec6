import ipaddr from "ipaddr.js";
import { z } from "zod";
import { show } from "./errors.js";

/** The rule that a value must keep, and what to do about one that does not. */
interface Rule {
  readonly must: string;
  readonly next: string;
}

function failing({ must, next }: Rule) {
  return (issue: { input?: unknown }) => `must be ${must}, got ${show(issue.input)}; ${next}`;
}

/** An integer in a closed range. */
export function integer(min: number, max: number, next: string) {
  const error = failing({ must: `an integer from ${min} to ${max}`, next });
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A string that one regular expression matches whole. */
export function text(pattern: RegExp, must: string, next: string) {
  const error = failing({ must, next });
  return z.string({ error }).regex(pattern, { error });
}

/** `true` or `false`. */
export function flag(next: string) {
  return z.boolean({ error: failing({ must: "true or false", next }) });
}

const checked = (test: (value: string) => boolean, must: string, next: string) => {
  const error = failing({ must, next });
  return z.string({ error }).refine(test, { error });
};

/** An IPv4 address in dotted decimal form. */
export function ipv4(next: string) {
  return checked(isIpv4, "an IPv4 address in dotted decimal form", next);
}

/** An IPv4 address, or a block of 2 to 32 addresses in CIDR form whose host bits are zero. */
export function ipv4Block(next: string) {
  const isBlock = (value: string) =>
    isIpv4Prefix(value) && networkOf(value) === value && /\/(2[789]|3[01])$/.test(value);
  return checked(
    (value) => isIpv4(value) || isBlock(value),
    "an IPv4 address in dotted decimal form, or a block of /27 to /31 without host bits, such as 198.51.100.8/29",
    next,
  );
}

/** An IPv4 network in CIDR form whose host bits are zero. */
export function ipv4Network(next: string) {
  return checked(
    (value) => isIpv4Prefix(value) && networkOf(value) === value,
    "an IPv4 network in CIDR form without host bits, such as 10.25.0.0/16",
    next,
  );
}

/** An IPv4 address with its prefix length, such as `10.25.0.10/16`. */
export function ipv4Interface(next: string) {
  return checked(isIpv4Prefix, "an IPv4 address with a prefix length, such as 10.25.0.10/16", next);
}

/** Whether `value` is one IPv4 address in dotted decimal form. */
export function isIpv4(value: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(value);
}

function isIpv4Prefix(value: string): boolean {
  const [address, prefix, ...rest] = value.split("/");
  if (address === undefined || prefix === undefined || rest.length > 0) return false;
  return isIpv4(address) && /^([1-9]|[12]\d|3[0-2])$/.test(prefix);
}

/** The network that an address with a prefix lies in: `10.25.0.10/16` in `10.25.0.0/16`. */
export function networkOf(value: string): string {
  const prefix = value.split("/")[1];
  return `${ipaddr.IPv4.networkAddressFromCIDR(value)}/${prefix}`;
}

/** Whether `address` lies in `network`. */
export function contains(network: string, address: string): boolean {
  return ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parseCIDR(network));
}

/** Whether two networks share an address. */
export function overlap(a: string, b: string): boolean {
  return (
    contains(a, ipaddr.IPv4.networkAddressFromCIDR(b).toString()) ||
    contains(b, ipaddr.IPv4.networkAddressFromCIDR(a).toString())
  );
}

/** Whether `address` is the network's first or last one, which no host may have. */
export function isReserved(network: string, address: string): boolean {
  if (Number(network.split("/")[1]) >= 31) return false;
  return (
    address === ipaddr.IPv4.networkAddressFromCIDR(network).toString() ||
    address === ipaddr.IPv4.broadcastAddressFromCIDR(network).toString()
  );
}

/** What kind of IPv4 range an address belongs to: `unicast` where it can be reached from the internet. */
export function rangeOf(address: string): string {
  return ipaddr.IPv4.parse(address).range();
}

/** A kind of range in words, such as `a private one`. */
export function article(range: string): string {
  const named: Record<string, string> = {
    private: "a private one",
    loopback: "a loopback one",
    linkLocal: "a link-local one",
    multicast: "a multicast one",
    broadcast: "the broadcast one",
    carrierGradeNat: "a carrier's NAT one",
  };
  return named[range] ?? "a reserved one";
}
