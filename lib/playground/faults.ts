/** Names of the interfaces of an edge, as the configuration has them. */
export type InterfaceName = "vio0" | "vio1" | "vio2" | "carp0" | (string & {});

/**
 * What can go wrong in a world and what mends it, with what each needs: the names of `npm run fault`.
 * Nodes are edges by their names.
 */
export interface FaultArguments {
  /** The plug is pulled. */
  "power-off": [edge: string];
  /** It boots again. */
  "power-on": [edge: string];
  /** It is restarted in order. */
  reboot: [edge: string];
  /** A cable is pulled. */
  cut: [edge: string, name: InterfaceName];
  /** A cable is put back. */
  mend: [edge: string, name: InterfaceName];
  /** `ifconfig NAME down`, as in `fault("down", "edge-a", "carp0")`. */
  down: [edge: string, name: InterfaceName];
  /** `ifconfig NAME up`. */
  up: [edge: string, name: InterfaceName];
  /** These edges hear only each other on the vRack. */
  partition: [first: string, ...others: string[]];
  /** The vRack is put together again. */
  heal: [];
  /** Nobody reaches OVH's API. */
  "api-down": [];
  /** OVH's API is reached again. */
  "api-up": [];
  /** Such requests are answered with an error, for good or so often. `*` is any method. */
  "api-fail": [method: string, path: string, status: number, times?: number];
  /** Every request is answered that many milliseconds later. */
  "api-slow": [milliseconds: number];
  /** `api-fail` and `api-slow` end. */
  "api-sound": [];
  /** No probe target answers the edge. */
  silence: [edge: string];
  /** Probe targets answer it again. */
  unsilence: [edge: string];
  /** Its wall clock is stepped, forward or back. */
  clock: [edge: string, seconds: number];
}

/** Name of a fault, or of what mends one. */
export type FaultName = keyof FaultArguments;
