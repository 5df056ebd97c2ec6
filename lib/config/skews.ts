/**
 * The advskew of the edge at `index` where the configuration names none: the first has 1,
 * the others the multiples of 50 for up to six edges and of 36 for seven and eight,
 * so that the last one still fits below carp(4)'s 254.
 */
export function defaultAdvskew(index: number, edges: number): number {
  return index === 0 ? 1 : index * (edges <= 6 ? 50 : 36);
}
