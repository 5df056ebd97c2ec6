import { setTimeout as sleep } from "node:timers/promises";

/** Waits for a condition. @throws Error that names it when it is not met in a minute */
export async function eventually(what: string, met: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!met()) {
    if (Date.now() > deadline) throw new Error(`not within a minute: ${what}`);
    await sleep(20);
  }
}
