import { setTimeout as sleep } from "node:timers/promises";
import type { RemoteEdge } from "../remote-edge.js";
import type { Mend } from "./cluster.js";

/** A fault that commands on an edge make. */
export interface LastingFault {
  /** Shell command that breaks something. */
  readonly now: string;
  /** Shell command that mends it; it may run twice. */
  readonly after: string;
  /** Seconds after which the edge mends it by itself, whoever has died or been cut off. */
  readonly cut: number;
  /** Seconds until it happens, for one that cuts off the connection which asks for it. @default - at once */
  readonly lead?: number;
}

/**
 * Breaks something on an edge by a command, and mends it by another; whoever asks must live on.
 *
 * @throws Error when a command fails
 */
export async function breakByCommand(edge: RemoteEdge, now: string, after: string): Promise<Mend> {
  const run = async (text: string) => {
    const { status, stderr } = await edge.run(text);
    if (status !== 0) throw failed(edge, text, status, stderr);
  };
  await run(now);
  return () => run(after);
}

function failed({ name }: RemoteEdge, command: string, status: number, stderr: string): Error {
  return new Error(`${name}: ${command} failed with status ${status}: ${stderr.trim()}`);
}

/** Where an edge keeps what it has to mend; a boot forgets it, and mends as much. */
const MARK = "/var/run/edge-drill";
const BUSY = 75;
/** Seconds beyond its end in which an edge must be seen to be mended. */
const GRACE = 60;
const AGAIN = 1000;

/**
 * Breaks something on an edge. The commands that mend it are on the edge before anything is
 * broken, and it runs them itself after a while: a drill that was killed leaves nothing broken.
 *
 * @throws Error when the command fails, or when an earlier fault is still there
 */
export async function breakForAWhile(edge: RemoteEdge, fault: LastingFault): Promise<Mend> {
  const { now, cut, lead } = fault;
  const began = Date.now();
  const { status, stdout, stderr } = await edge.run(script(fault));
  const [mark = ""] = stdout.trim().split("\n");
  if (status === BUSY) {
    throw new Error(
      `${edge.name} has still to mend what an earlier drill broke; it does so by itself, or by sh ${mark}`,
    );
  }
  if (status !== 0) throw failed(edge, now, status, stderr);
  const end = began + 1000 * (cut + (lead ?? 0) + GRACE);
  return async () => {
    for (;;) {
      const problem = await edge.run(`[ ! -e ${mark} ] || { sh ${mark} && rm -f ${mark}; }`).then(
        (ended) => (ended.status === 0 ? undefined : ended.stderr.trim()),
        (error: Error) => error.message,
      );
      if (problem === undefined) return;
      if (Date.now() > end) throw new Error(`${edge.name} is not mended: ${problem}; run sh ${mark} on it`);
      await edge.close();
      await sleep(AGAIN);
    }
  };
}

function script({ now, after, cut, lead }: LastingFault): string {
  const wait = `i=0; while [ -e $1 ] && [ $((i += 1)) -le ${cut} ]; do sleep 1; done`;
  const first = lead === undefined ? "" : `sleep ${lead}; ${now}; `;
  return [
    `set -- ${MARK}.*; [ ! -e "$1" ] || { echo "$1"; exit ${BUSY}; }`,
    `f=$(mktemp ${MARK}.XXXXXXXXXX) || exit`,
    `cat >$f <<'END'\n${after}\nEND`,
    background(`trap "" HUP; ${first}${wait}; [ ! -e $1 ] || { sh $1 && rm -f $1; }`, "$f"),
    // What fails half-way is mended at once.
    ...(lead === undefined ? [`(${now}) || { s=$?; sh $f && rm -f $f; exit $s; }`] : []),
    "echo $f",
  ].join("\n");
}

/**
 * A shell command that goes on by itself. Only a shell of its own lets go of everything: one that
 * is forked keeps copies of what was redirected, and the connection waits for it.
 */
export function background(command: string, argument = ""): string {
  return `sh -c '${command.replaceAll("'", "'\\''")}' edge-drill ${argument} >/dev/null 2>&1 </dev/null &`;
}

/** Breaks something on several edges, or on none. @throws the first error, once everything is mended */
export async function breakOnAll(faults: readonly Promise<Mend>[]): Promise<Mend> {
  const settled = await Promise.allSettled(faults);
  const mends = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const mend = async () => {
    const ended = await Promise.allSettled(mends.map((one) => one()));
    for (const one of ended) if (one.status === "rejected") throw one.reason;
  };
  const failed = settled.find((one) => one.status === "rejected");
  if (failed === undefined) return mend;
  await mend();
  throw failed.reason;
}
