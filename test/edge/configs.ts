import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { ConfigError } from "../../lib/config/errors.js";
import { parseConfig } from "../../lib/config/load.js";
import type { EdgeConfig } from "../../lib/config/schema.js";
import { example } from "../config/example.js";

/** A sound CARP password: what netstart(8) may evaluate, and carp(4) does not cut. */
export const carpPassword = fc.stringMatching(/^[A-Za-z0-9_-]{1,19}$/);

/** An address with a prefix, and the network that it lies in. */
const carpAddress = fc
  .tuple(
    fc.constantFrom("172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
    fc.nat(),
    fc.integer({ min: 12, max: 32 }),
  )
  .map(([block, offset, length]) => {
    const [base, prefix] = ipaddr.IPv4.parseCIDR(block);
    const longer = Math.max(length, prefix);
    const number = base.toByteArray().reduce((sum, byte) => sum * 256 + byte, 0);
    const address = text(number + (offset % 2 ** (32 - prefix)));
    const network = ipaddr.IPv4.networkAddressFromCIDR(`${address}/${longer}`);
    return { address: `${address}/${longer}`, cidr: `${network}/${longer}` };
  });

const publicAddress = fc
  .tuple(fc.constantFrom(5, 46, 51, 91, 146, 178), fc.nat(255), fc.nat(255), fc.nat(255))
  .map((bytes) => bytes.join("."));

const edges = fc
  .uniqueArray(fc.stringMatching(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/), { minLength: 2, maxLength: 8 })
  .chain((names) =>
    fc
      .tuple(
        fc.boolean(),
        fc.uniqueArray(fc.integer({ min: 0, max: 254 }), {
          minLength: names.length,
          maxLength: names.length,
        }),
      )
      .map(([given, skews]) =>
        names.map((name, index) => ({
          name,
          flavor: "b3-8",
          image: "OpenBSD 7.8",
          ...(given ? { advskew: skews[index] } : {}),
        })),
      ),
  );

const interfaces = fc
  .uniqueArray(fc.nat(999), { minLength: 3, maxLength: 3 })
  .map(([external, internal, carp]) => ({
    external: `vio${external}`,
    internal: `vio${internal}`,
    carp: `vio${carp}`,
  }));

const probe = fc
  .record({
    targets: fc.uniqueArray(publicAddress, { minLength: 1, maxLength: 4 }),
    interval: fc.integer({ min: 5, max: 300 }),
    attempts: fc.integer({ min: 1, max: 10 }),
  })
  .filter(({ attempts, interval }) => attempts < interval);

const claim = fc.record({
  deadline: fc.integer({ min: 30, max: 900 }),
  checkInterval: fc.integer({ min: 10, max: 600 }),
  healthyFor: fc.integer({ min: 0, max: 300 }),
});

/** Any configuration that is accepted. */
export const acceptedConfig: fc.Arbitrary<EdgeConfig> = fc
  .record({
    edges,
    interfaces,
    probe,
    claim,
    carp: carpAddress,
    ip: publicAddress,
    vhid: fc.integer({ min: 1, max: 255 }),
    advertisementInterval: fc.integer({ min: 1, max: 60 }),
    preempt: fc.boolean(),
    endpoint: fc.constantFrom("ovh-eu", "ovh-ca", "ovh-us"),
    project: fc.stringMatching(/^[0-9a-f]{32}$/),
  })
  .map(({ edges, interfaces, probe, claim, carp, ip, endpoint, project, ...rest }) =>
    example({
      edges,
      interfaces,
      probe,
      claim,
      project,
      ovh: { endpoint },
      "failoverIp.address": ip,
      "carpNetwork.cidr": carp.cidr,
      carp: { address: carp.address, ...rest },
    }),
  )
  // Host bits that are all zeros or all ones, and a probe of the address that moves.
  .filter(isAccepted)
  .map((input) => parseConfig(input));

function isAccepted(input: unknown): boolean {
  try {
    parseConfig(input);
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

function text(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
