import type { FaultArguments, FaultName } from "../playground/faults.js";
import type { ClusterView, EdgeView } from "../simulator/explore/invariants.js";

/** A line that an edge logged. */
export interface LoggedLine {
  /** Seconds since the world began. */
  readonly seconds: number;
  readonly edge: string;
  /** What was said, with the program's name before it where one is known. */
  readonly text: string;
}

/** One FailOver IP at one moment. */
export interface IpView {
  readonly failoverIp: string;
  /** Name of the edge that OVH routes it to, or undefined for none of them. */
  readonly routedTo: string | undefined;
  /** Whether OVH is moving it just now. */
  readonly moving: boolean;
  /** Name of the edge at which packets for it are answered, or undefined. */
  readonly answering: string | undefined;
  /** The edges in the order of the configuration, with their role in its election and its alias. */
  readonly edges: readonly EdgeView[];
  /** The whole of it as the invariants see it. */
  readonly cluster: ClusterView;
}

/** A world at one moment; what is said of one FailOver IP is said of the first. */
export interface WorldView extends IpView {
  /** Every FailOver IP, in the order of the configuration. */
  readonly ips: readonly IpView[];
  /** What the edges logged, the oldest line first. */
  readonly log: readonly LoggedLine[];
}

/** What a person asks of an edge, as `edge-sync OPERATION` does. */
export type Operation = "drain" | "undrain" | "hold" | "release";

/** How long something may take. */
export interface Deadline {
  /** Seconds; a live world's are real ones, a virtual world's pass at once. @default - 120 */
  readonly within?: number;
}

/** Edges, their networks and OVH, on which faults are made: live or in virtual time. */
export interface EdgeWorld extends AsyncDisposable {
  /** Names of the edges, in the order of the configuration. */
  readonly edgeNames: readonly string[];
  /** What it looks like now. */
  view(): WorldView;
  /** Makes a fault, or mends one. @throws Error when the world has no such edge or interface */
  fault<Name extends FaultName>(name: Name, ...args: FaultArguments[Name]): Promise<void>;
  /** Drains an edge or puts it on hold, or ends that. @throws Error when there is no such edge */
  operate(edge: string, operation: Operation): Promise<void>;
  /** Lets time pass. */
  pass(seconds: number): Promise<void>;
  /**
   * Waits until an assertion holds, which is tried again and again.
   *
   * @throws what the assertion threw last, with how long it was waited for
   */
  eventually(assertion: () => void | Promise<void>, deadline?: Deadline): Promise<void>;
  /**
   * Waits until a condition holds.
   *
   * @param what what is waited for, as in `edge-b has taken over`
   * @throws Error with that, the world as it looks then, and what was logged
   */
  until(condition: (view: WorldView) => boolean, what: string, deadline?: Deadline): Promise<void>;
  /** Lets time pass while an assertion holds. @throws what it threw, with when that was */
  throughout(assertion: () => void, seconds: number): Promise<void>;
  /** Ends it. What is ended already stays so. */
  close(): Promise<void>;
}

/** Whether a value is a world. */
export function isWorld(value: unknown): value is EdgeWorld {
  const { view, edgeNames } = (value ?? {}) as Partial<EdgeWorld>;
  return typeof view === "function" && Array.isArray(edgeNames);
}
