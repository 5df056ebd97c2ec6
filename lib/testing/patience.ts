import { picture } from "./picture.js";
import type { Deadline, EdgeWorld, WorldView } from "./world.js";

/** How a world's time passes. */
export interface Pace {
  /** Seconds since the world began. */
  now(): number;
  /** Lets the shortest time pass after which a look is worth while. */
  pass(): Promise<void>;
}

const WITHIN = 120;

/** `error`, with a line before what it says. */
function preface(error: unknown, line: string): Error {
  const told = error instanceof Error ? error : new Error(String(error));
  // What a runner prints of an error may be its stack, which has the message in it.
  const { message, stack } = told;
  told.message = `${line}\n${message}`;
  if (stack?.includes(message)) told.stack = stack.replace(message, () => told.message);
  return told;
}

const seconds = (value: number) => `${Math.round(value * 10) / 10} s`;

/** Tries an assertion until it holds. @throws what it threw last */
export async function eventually(
  pace: Pace,
  assertion: () => void | Promise<void>,
  { within = WITHIN }: Deadline = {},
): Promise<void> {
  const end = pace.now() + within;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (pace.now() >= end) throw preface(error, `not within ${seconds(within)}:`);
    }
    await pace.pass();
  }
}

/** Waits until a condition holds. @throws Error with the world as it looks then */
export async function until(
  pace: Pace,
  world: Pick<EdgeWorld, "view">,
  condition: (view: WorldView) => boolean,
  what: string,
  { within = WITHIN }: Deadline = {},
): Promise<void> {
  const end = pace.now() + within;
  for (;;) {
    const view = world.view();
    if (condition(view)) return;
    if (pace.now() >= end) throw new Error(`${what}: not within ${seconds(within)}\n\n${picture(view)}`);
    await pace.pass();
  }
}

/** Lets time pass while an assertion holds. @throws what it threw */
export async function throughout(pace: Pace, assertion: () => void, length: number): Promise<void> {
  const start = pace.now();
  for (;;) {
    const passed = pace.now() - start;
    try {
      assertion();
    } catch (error) {
      throw preface(error, `no longer after ${seconds(passed)} of ${seconds(length)}:`);
    }
    if (passed >= length) return;
    await pace.pass();
  }
}
