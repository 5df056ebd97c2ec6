import type { Advertisement, Carp } from "../carp.js";

/** Link state as the routing socket tells it. */
export type LinkState = "up" | "down" | "invalid";

/** An address with its netmask as a number of bits. */
export interface InterfaceAddress {
  readonly address: string;
  readonly prefix: number;
}

/** A network interface. */
export interface NetworkInterface {
  readonly name: string;
  lladdr: string;
  up: boolean;
  /** Whether the cable is in; a carp interface has its carpdev's. */
  cable: boolean;
  readonly addresses: InterfaceAddress[];
  readonly groups: string[];
  carp?: CarpSettings;
}

/** What has been set on a carp interface. */
export interface CarpSettings {
  carpdev?: string;
  vhid?: number;
  pass: string;
  /** Address that advertisements go to. @default - the multicast group */
  peer?: string;
  advbase: number;
  advskew: number;
  /** Whether its carpdev cannot be used. */
  suppressed: boolean;
  /** What the kernel itself has added to the counter of each of its groups. */
  demotion: number;
  /** Advertisements that could not be sent, until as many in a row could. */
  failedSends: number;
  /** Advertisements sent in a row after too many failed. */
  goodSends: number;
  engine?: Carp;
}

/** An advertisement on its way, with what its HMAC covers. */
export interface SignedAdvertisement extends Advertisement {
  readonly pass: string;
  /** Address that it goes to. @default - the multicast group */
  readonly to?: string;
}
