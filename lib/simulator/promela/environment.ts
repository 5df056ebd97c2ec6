import { FAULTS, INVARIANTS, MUTATIONS, numberOf } from "./vocabulary.js";

/** What nobody outside OVH knows. */
export interface OvhAnswers {
  /** What a POST during a move does. */
  readonly duringMove: "refused" | "overwrites";
  /** What a POST by the edge that has the route does. */
  readonly toHolder: "nothing" | "pending";
}

/** All that OVH might answer. */
export const OVH_ANSWERS: readonly OvhAnswers[] = (["refused", "overwrites"] as const).flatMap((duringMove) =>
  (["nothing", "pending"] as const).map((toHolder) => ({ duringMove, toHolder })),
);

/** Where a run of the model starts. */
export type Start = "in service" | "unrouted" | "cold";

/** What one run of the model is asked. */
export interface SpinEnvironment {
  /** How many edges, 2 to 4. */
  readonly edges: number;
  /** Kinds of faults that happen, by the model's names. */
  readonly faults: readonly string[];
  /**
   * How many faults happen, of these kinds in any order.
   * @default - one for each kind
   */
  readonly budget?: number;
  /** @default - a POST during a move overwrites it, one by the holder is pending again */
  readonly ovh?: OvhAnswers;
  /**
   * In service: the first edge is MASTER and has the route; unrouted: OVH has lost it; cold: all are off.
   * @default - in service
   */
  readonly start?: Start;
  /**
   * A rule that is left out or weakened.
   * @default - none
   */
  readonly mutation?: string;
  /**
   * Whether a claim settles for an advertisement interval.
   * @default - with three edges or more
   */
  readonly settles?: boolean;
  /**
   * net.inet.carp.preempt
   * @default - off
   */
  readonly preempt?: boolean;
  /**
   * Polls from one regular check to the next.
   * @default - 1
   */
  readonly checkEvery?: number;
  /**
   * Rounds after the last fault within which L1 and L2 must be true.
   * @default - 14
   */
  readonly rounds?: number;
  /**
   * Judge L1 and L2 after these rounds only, and not from the first good round on.
   * @default - false; it takes several times the states
   */
  readonly patient?: boolean;
}

/** The answers that an environment has. */
export function answersOf({ ovh }: SpinEnvironment): OvhAnswers {
  return ovh ?? { duringMove: "overwrites", toHolder: "pending" };
}

/**
 * The environment variables that a verifier of the model reads.
 *
 * @param stopAt invariant at whose first violation the search ends
 * @throws Error when the model has no such fault, mutation or invariant
 */
export function variablesOf(environment: SpinEnvironment, stopAt?: string): Record<string, string> {
  const { edges, faults, mutation, start = "in service" } = environment;
  const kinds = new Set(faults.map((name) => numberOf("fault", FAULTS, name)));
  const { duringMove, toHolder } = answersOf(environment);
  const numbers = {
    EDGE_FAULTS: [...kinds].reduce((mask, number) => mask + 2 ** number, 0),
    EDGE_BUDGET: environment.budget ?? faults.length,
    EDGE_MUTATION: mutation === undefined ? 0 : numberOf("mutation", MUTATIONS, mutation),
    EDGE_STOP: stopAt === undefined ? 0 : numberOf("invariant", INVARIANTS, stopAt) + 1,
    EDGE_ROUNDS: environment.rounds ?? 14,
    EDGE_CHECK: environment.checkEvery ?? 1,
    EDGE_OVERWRITES: Number(duringMove === "overwrites"),
    EDGE_MOVES_AGAIN: Number(toHolder === "pending"),
    EDGE_SETTLES: Number(environment.settles ?? edges > 2),
    EDGE_PREEMPT: Number(environment.preempt ?? false),
    EDGE_START: ["in service", "unrouted", "cold"].indexOf(start),
    EDGE_PATIENT: Number(environment.patient ?? false),
  };
  return Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, String(number)]));
}
