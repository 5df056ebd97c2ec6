import { type Bench, IP } from "./bench.js";

export const RESULT = "/var/run/claim.json";

/** A claim as edge-sync starts it, with what it said, its times left out. */
export async function claim(bench: Bench, flags = "", environment: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = await bench.run(`ip-move claim -result ${RESULT} ${flags}`, environment);
  return { status, stdout, said: timeless(stderr) };
}

/** Lines without the times in them. */
export const timeless = (text: string) =>
  text
    .replace(/ms=\d+/g, "ms=…")
    .replace(/after \d+ s/g, "after … s")
    .split("\n")
    .slice(0, -1);

export const POSTED = "ip-move: claim phase=post ms=…";
export const ACCEPTED = "ip-move: claim phase=accepted ms=…";
export const arrived = (requests: number) => `ip-move: claim phase=here ip=${IP} requests=${requests} ms=…`;
export const unknown = (reason: string) => `ip-move: claim phase=unknown reason="${reason}" ms=…`;
export const refused = (reason: string) => `ip-move: claim refused ms=… ${reason}`;
export const elsewhere = (bench: Bench) => `ip-move: claim: ${IP} is routed to ${bench.other}`;
export const TOO_LATE = "ip-move: claim: not routed here after … s";
