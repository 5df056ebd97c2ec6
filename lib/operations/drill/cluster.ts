import type { RemoteEdge } from "../remote-edge.js";

/** What a drill works on: edges over SSH, OVH's answer, packets, and ways to break things. */
export interface DrillCluster {
  /** The edges, the preferred one first. */
  readonly edges: readonly RemoteEdge[];
  readonly failoverIp: string;
  /** Of several FailOver IPs, the carp interface that elects the one's edge. @default - carp0, and there is one alone */
  readonly carp?: string;
  /** Milliseconds between two probes of the FailOver IP. */
  readonly probeInterval: number;
  /** Name of the edge that OVH routes the IP to, undefined for none of them. */
  holder(): Promise<string | undefined>;
  /** Sends something to the FailOver IP and tells whether it was answered. */
  probe(): Promise<boolean>;
  readonly faults: DrillFaults;
  /** Makes the edges forget earlier drills, which have cost them tokens. @default - they do not */
  prepare?(): Promise<void>;
  /** Marks the edges, so that whatever they tell people meanwhile bears the drill's name. @default - they tell nobody */
  announce?(drill: string): Promise<Mend>;
}

/** Ways to break things, and to mend each of them. */
export interface DrillFaults {
  /** Milliseconds until a fault happens that cuts off the connection which asked for it. @default - 0 */
  readonly lead?: number;
  /** A command on an edge, and the one that undoes it. @throws Error when it fails */
  command(edge: RemoteEdge, now: string, after: string): Promise<Mend>;
  powerOff(edge: RemoteEdge): Promise<Mend>;
  /** Milliseconds until an edge finds a cut link by itself, at most. @default - 0: it is told */
  readonly cutDelay?: number;
  /** A cable of one interface is pulled. */
  cutLink(edge: RemoteEdge, which: "external" | "internal"): Promise<Mend>;
  /** The probe's targets do not answer this edge any more. */
  silenceProbes(edge: RemoteEdge): Promise<Mend>;
  /** OVH's API cannot be reached by any edge. */
  silenceApi(): Promise<Mend>;
  /** The edge does not hear the others' advertisements any more, nor they its own. */
  partition(edge: RemoteEdge): Promise<Mend>;
}

/** Undoes a fault. @throws Error when it could not */
export type Mend = () => Promise<void>;
