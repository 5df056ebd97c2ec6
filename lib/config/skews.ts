/** How fast the election is: whole seconds between advertisements, or parts of one. */
export type CarpProfile = "normal" | "fast";

/** Skew of the first edge, and the step to the next, with advertisements in 256ths of a second. */
const FAST = { first: 40, step: 20 } as const;

/** Fewest steps between two edges' skews in the fast profile: two that nobody uses. */
export const FAST_SPACING = 3;

/** Lowest skew in the fast profile: some twelve advertisements a second. */
export const FAST_LOWEST = 20;

/**
 * The advskew of the edge at `index` where the configuration names none: the first has 1,
 * the others the multiples of 50 for up to six edges and of 36 for seven and eight,
 * so that the last one still fits below carp(4)'s 254. With the fast profile, where the skew
 * alone makes the interval, they are 40, 60, 80 and so on.
 */
export function defaultAdvskew(index: number, edges: number, profile: CarpProfile = "normal"): number {
  if (profile === "fast") return FAST.first + index * FAST.step;
  return index === 0 ? 1 : index * (edges <= 6 ? 50 : 36);
}
