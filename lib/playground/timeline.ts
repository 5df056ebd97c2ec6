import type { Region } from "../simulator/region.js";

/** One thing that happened, in milliseconds after the fault. */
export interface Moment {
  readonly ms: number;
  readonly what: string;
}

/** What a failover looks like from outside, from the fault until packets arrive again. */
export interface Failover {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly moments: readonly Moment[];
}

/** Waits until a condition holds. @throws Error that says what was waited for */
export async function until(condition: () => boolean, what: string, deadlineMs = 60_000): Promise<void> {
  const started = Date.now();
  while (!condition()) {
    if (Date.now() - started > deadlineMs) throw new Error(`${what}: not within ${deadlineMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * Does something to the region and watches what follows, until another edge than before
 * answers for the FailOver IP.
 *
 * @throws Error with what has been seen when that does not happen
 */
export async function watchFailover(
  region: Region,
  fault: () => Promise<unknown>,
  deadlineMs = 60_000,
): Promise<Failover> {
  const from = region.holder();
  const attaches = region.project.failoverIps.attaches.length;
  const started = Date.now();
  const moments: Moment[] = [];
  const seen = new Set<string>();
  const note = (what: string) => {
    if (seen.has(what)) return;
    seen.add(what);
    moments.push({ ms: Date.now() - started, what });
  };
  const look = () => {
    for (const machine of region.machines.values()) {
      if (machine.name === from) continue;
      if (machine.kernel.carpState("carp0") === "MASTER") note(`${machine.name} is MASTER`);
      if (machine.hasAddress(region.failoverAddress)) note(`${machine.name} has the alias`);
    }
    if (region.project.failoverIps.attaches.length > attaches) note("OVH accepts the claim");
    const holder = region.holder();
    if (holder !== from && holder !== undefined) note(`OVH routes to ${holder}`);
    const answering = region.answering()?.name;
    if (answering !== undefined && answering !== from)
      note(`${answering} answers for ${region.failoverAddress}`);
    return answering !== undefined && answering !== from;
  };
  const stop = region.onChange(look);
  try {
    await fault();
    await until(
      look,
      `no other edge answers for ${region.failoverAddress}; seen: ${[...seen].join(", ") || "nothing"}`,
      deadlineMs,
    );
  } finally {
    stop();
  }
  return { from, to: region.holder(), moments };
}
