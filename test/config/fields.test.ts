import { describe, expect, it } from "vitest";
import type { z } from "zod";
import {
  contains,
  flag,
  integer,
  ipv4,
  ipv4Interface,
  ipv4Network,
  isIpv4,
  isReserved,
  networkOf,
  overlap,
  rangeOf,
  text,
} from "../../lib/config/fields.js";

function refusals(schema: z.ZodType, value: unknown): string[] {
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.map(({ message }) => message);
}

describe("kinds of settings", () => {
  it.each([
    [
      "an integer below its range",
      integer(2, 4, "pick one"),
      1,
      "must be an integer from 2 to 4, got 1; pick one",
    ],
    [
      "an integer above its range",
      integer(2, 4, "pick one"),
      5,
      "must be an integer from 2 to 4, got 5; pick one",
    ],
    ["a fraction", integer(2, 4, "pick one"), 2.5, "must be an integer from 2 to 4, got 2.5; pick one"],
    ["a text", integer(2, 4, "pick one"), "3", 'must be an integer from 2 to 4, got "3"; pick one'],
    [
      "nothing",
      integer(2, 4, "pick one"),
      undefined,
      "must be an integer from 2 to 4, got nothing; pick one",
    ],
    ["a text that does not match", text(/^a+$/, "an a", "type it"), "ab", 'must be an a, got "ab"; type it'],
    ["a number for a text", text(/^a+$/, "an a", "type it"), 1, "must be an a, got 1; type it"],
    ["a text for a flag", flag("leave it"), "yes", 'must be true or false, got "yes"; leave it'],
    [
      "a host name for an address",
      ipv4("look it up"),
      "dns",
      'must be an IPv4 address in dotted decimal form, got "dns"; look it up',
    ],
    [
      "a network with host bits",
      ipv4Network("cut it"),
      "10.25.0.1/16",
      "must be an IPv4 network in CIDR form without host bits, such as 10.25.0.0/16, " +
        'got "10.25.0.1/16"; cut it',
    ],
    [
      "an address without its prefix length",
      ipv4Interface("add it"),
      "10.25.0.10",
      'must be an IPv4 address with a prefix length, such as 10.25.0.10/16, got "10.25.0.10"; add it',
    ],
  ])("refuse %s", (_, schema, value, message) => {
    expect(refusals(schema, value)).toEqual([message]);
  });

  it.each([
    ["the lowest integer", integer(2, 4, ""), 2],
    ["the highest integer", integer(2, 4, ""), 4],
    ["a text that matches", text(/^a+$/, "", ""), "aaa"],
    ["true", flag(""), true],
    ["false", flag(""), false],
    ["an address", ipv4(""), "10.25.0.10"],
    ["a network", ipv4Network(""), "10.25.0.0/16"],
    ["an address with its prefix length", ipv4Interface(""), "10.25.0.10/16"],
  ])("accept %s", (_, schema: z.ZodType, value) => {
    expect(schema.parse(value)).toBe(value);
  });
});

describe("isIpv4", () => {
  it.each(["0.0.0.0", "9.9.9.9", "255.255.255.255"])("is true for %s", (address) => {
    expect(isIpv4(address)).toBe(true);
  });

  it.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "0x1.2.3.4",
    "1.2.3.4\n",
    "::1",
    "localhost",
  ])("is false for %j", (address) => {
    expect(isIpv4(address)).toBe(false);
  });
});

describe("networkOf", () => {
  it.each([
    ["10.25.0.10/16", "10.25.0.0/16"],
    ["10.25.0.0/16", "10.25.0.0/16"],
    ["192.168.7.201/25", "192.168.7.128/25"],
    ["192.168.7.255/31", "192.168.7.254/31"],
    ["192.168.7.7/32", "192.168.7.7/32"],
    ["200.1.2.3/1", "128.0.0.0/1"],
  ])("of %s is %s", (value, network) => {
    expect(networkOf(value)).toBe(network);
  });
});

describe("contains", () => {
  it.each([
    ["10.25.0.0/16", "10.25.0.0", true],
    ["10.25.0.0/16", "10.25.255.255", true],
    ["10.25.0.0/16", "10.24.255.255", false],
    ["10.25.0.0/16", "10.26.0.0", false],
    ["192.168.7.128/25", "192.168.7.127", false],
    ["192.168.7.128/25", "192.168.7.128", true],
    ["192.168.7.7/32", "192.168.7.7", true],
    ["192.168.7.7/32", "192.168.7.6", false],
  ])("of %s and %s is %s", (network, address, expected) => {
    expect(contains(network, address)).toBe(expected);
  });
});

describe("overlap", () => {
  it.each([
    ["10.0.0.0/8", "10.25.0.0/16", true],
    ["10.25.0.0/16", "10.25.0.0/16", true],
    ["10.25.255.0/24", "10.25.0.0/16", true],
    ["10.24.0.0/16", "10.25.0.0/16", false],
    ["192.168.7.0/25", "192.168.7.128/25", false],
  ])("of %s and %s is %s, either way round", (a, b, expected) => {
    expect(overlap(a, b)).toBe(expected);
    expect(overlap(b, a)).toBe(expected);
  });
});

describe("isReserved", () => {
  it.each([
    ["10.25.0.0/16", "10.25.0.0", true],
    ["10.25.0.0/16", "10.25.255.255", true],
    ["10.25.0.0/16", "10.25.0.1", false],
    ["10.25.0.0/16", "10.25.0.255", false],
    ["10.25.0.0/16", "10.25.255.254", false],
    ["192.168.7.4/30", "192.168.7.4", true],
    ["192.168.7.4/30", "192.168.7.7", true],
    // Networks of one or two addresses have none to spare.
    ["192.168.7.4/31", "192.168.7.4", false],
    ["192.168.7.4/31", "192.168.7.5", false],
    ["192.168.7.4/32", "192.168.7.4", false],
  ])("of %s and %s is %s", (network, address, expected) => {
    expect(isReserved(network, address)).toBe(expected);
  });
});

describe("rangeOf", () => {
  it.each([
    ["9.9.9.9", "unicast"],
    ["146.59.143.231", "unicast"],
    ["192.168.0.1", "private"],
    ["127.0.0.1", "loopback"],
    ["100.127.255.255", "carrierGradeNat"],
    ["203.0.113.1", "reserved"],
  ])("of %s is %s", (address, range) => {
    expect(rangeOf(address)).toBe(range);
  });
});
