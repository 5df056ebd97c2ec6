import type { EdgeConfig } from "../config/schema.js";
import { type EdgeFile, rootFile } from "./file.js";

/**
 * The rule that lets CARP pass, included by the edge's own pf.conf(5). It matches on the
 * carpdev, where pf sees the packets, and is quick, so that no later rule can take it back.
 */
export function pfEdge({ interfaces }: EdgeConfig): EdgeFile {
  return rootFile(
    "/etc/pf.edge.conf",
    0o600,
    `pass quick on ${interfaces.carp} proto carp keep state (no-sync) label "edge"\n`,
  );
}
