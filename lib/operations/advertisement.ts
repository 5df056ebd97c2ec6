import type { EdgeConfig } from "../config/schema.js";

/** Seconds between two advertisements of the slowest edge that may be master. carp(4) */
export function intervalSeconds({ carp, edges }: Pick<EdgeConfig, "carp" | "edges">): number {
  return carp.advertisementInterval + Math.max(...edges.map(({ advskew }) => advskew)) / 256;
}
