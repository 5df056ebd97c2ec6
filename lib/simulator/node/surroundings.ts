import type { Socket } from "node:net";
import type { SignedAdvertisement } from "./kernel.js";
import type { Machine } from "./machine.js";

/** What a machine's network leads to. */
export interface Surroundings {
  /** How much faster than real time delays pass; 1 is real time. */
  readonly speed: number;
  /** Milliseconds until a connection to what cannot be reached is given up. @default - 75 s, scaled */
  readonly connectTimeout?: number;
  /** Milliseconds that rc(8) goes on after it has started ifstated. @default - 500, scaled */
  readonly bootRest?: number;
  answersPing(machine: Machine, host: string): boolean;
  /** What a name resolves to, IPv4 and IPv6. @default - nothing */
  addresses?(host: string): readonly string[];
  /** Where a name and port lead: a loopback address, or why nowhere. */
  resolve(
    machine: Machine,
    host: string,
    port: number,
  ): { address: string; port: number } | "no such name" | "unreachable";
  /** Where a connection from it leads, or undefined for nowhere. @default - nowhere */
  dial?(host: string, port: number): Socket | undefined;
  /** Hands an advertisement to the network that an interface is on. */
  advertise(machine: Machine, carpdev: string, advertisement: SignedAdvertisement): void;
  /** Told when something that others can see has changed. */
  changed(machine: Machine): void;
}
