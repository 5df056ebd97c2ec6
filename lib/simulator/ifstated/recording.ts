import type { RawLink } from "./machine.js";
import { parseIfstated } from "./parser.js";
import { Player } from "./player.js";

/** One entry of a recording's trace. */
export type TraceEntry = { readonly at?: number } & Readonly<Record<string, unknown>>;

/** What a command does: exit status, and milliseconds until then (default 0). */
export type Outcome = number | readonly [status: number, ms?: number];

/**
 * A recording of the real daemon: of what `-n` printed where there is `check`, else of what it
 * did. All times are milliseconds since its start.
 */
export interface Recording {
  readonly name?: string;
  readonly config: string;
  readonly initialLinks?: Readonly<Record<string, RawLink>> | null;
  /** By command, or its first word. */
  readonly testResults?: Readonly<Record<string, Outcome>> | null;
  readonly actions?: Readonly<Record<string, Outcome>> | null;
  /** The daemon's arguments. */
  readonly args?: readonly string[] | null;
  /**
   * What happened, each with `at`: `link` with `state`, `arrive` with `state`, `depart`, `desync`,
   * `test` or `action` with `result` and `takes`, `clock` (seconds), `reload` (true, or the new file).
   */
  readonly events?: readonly Readonly<Record<string, unknown>>[] | null;
  /** Default: one second after the last entry or event. */
  readonly end?: number;
  /** Entries that were kept of the trace. */
  readonly maxTrace?: number;
  /** Whether the ends of `run` are in the trace. */
  readonly runEnds?: boolean;
  readonly trace?: readonly TraceEntry[] | null;
  /** `n/m`: n of m recordings were identical. */
  readonly agree?: string;
  readonly check?: {
    readonly ok?: boolean;
    readonly exit?: number;
    readonly output?: readonly string[];
  } | null;
}

/** Plays a recording on the model. @returns what differs, or undefined */
export function playRecording(recording: Recording): string | undefined {
  if (typeof recording?.config !== "string") return "it is no recording: it has no config";
  if (recording.check) return playCheck(recording, recording.check);
  if (!Array.isArray(recording.trace)) return "it has neither check nor trace";
  return playTrace(recording, recording.trace);
}

/** What the daemon makes of its arguments; of definitions of the same macro the first one counts. */
function options({ args }: Recording) {
  const definitions = new Map<string, string>();
  let ignoreLinks = false;
  let malformed: string | undefined;
  const words = [...(args ?? [])];
  while (words[0]?.startsWith("-")) {
    const word = words.shift() as string;
    for (let at = 1; at < word.length; at++) {
      const flag = word[at];
      if (flag === "i") ignoreLinks = true;
      if (flag !== "D" && flag !== "f") continue;
      const value = word.slice(at + 1) || (words.shift() ?? "");
      const equals = value.lastIndexOf("=");
      if (flag === "D" && equals < 0) malformed ??= value;
      const name = value.slice(0, equals);
      if (flag === "D" && equals >= 0 && !definitions.has(name)) {
        definitions.set(name, value.slice(equals + 1));
      }
      break;
    }
  }
  return { definitions, ignoreLinks, malformed, file: "CONF" };
}

function playCheck(recording: Recording, check: NonNullable<Recording["check"]>): string | undefined {
  const { definitions, malformed } = options(recording);
  const links = recording.initialLinks ?? {};
  const { config, messages, fatal } = parseIfstated(recording.config, "CONF", (name) => name in links, {
    definitions,
  });
  const told = fatal === undefined ? [] : [`ifstated: ${fatal}`];
  const got =
    malformed === undefined
      ? [...messages, ...told, ...(config === undefined ? [] : ["configuration OK"])]
      : [`fatal in ifstated: could not parse macro definition ${malformed}`];
  const ok = malformed === undefined && config !== undefined;
  if (check.output !== undefined && JSON.stringify(got) !== JSON.stringify(check.output)) {
    return `-n printed ${JSON.stringify(got)}, recorded was ${JSON.stringify(check.output)}`;
  }
  const expected = check.exit ?? (check.ok === undefined ? undefined : check.ok ? 0 : 1);
  if (expected === undefined || expected === (ok ? 0 : 1)) return undefined;
  return `-n ended with ${ok ? 0 : 1}, recorded was ${expected}`;
}

function playTrace(recording: Recording, trace: readonly TraceEntry[]): string | undefined {
  const expected = trace.filter(isDaemons);
  let got: TraceEntry[];
  try {
    got = new Player(recording, options(recording)).play();
  } catch (error) {
    return (error as Error).message;
  }
  // A cut recording does not tell what comes after its end.
  if (recording.maxTrace !== undefined) got = got.slice(0, expected.length);
  return compare(expected, got, recording.agree);
}

/** Other entries are of what its commands wrote and started. */
function isDaemons(entry: TraceEntry): boolean {
  return !("stderr" in entry || "exec" in entry);
}

/** The first difference. Within one second the order is free where the recordings themselves did not agree. */
export function compare(
  expected: readonly TraceEntry[],
  got: readonly TraceEntry[],
  agree = "1/1",
): string | undefined {
  const [same, all] = agree.split("/");
  const order = (entries: readonly TraceEntry[]) => {
    const texts = entries.map((entry) => JSON.stringify(comparable(entry)));
    if (same === all) return texts;
    let last = 0;
    return entries
      .map((entry, index) => {
        last = entry.at ?? last;
        return { at: last, text: texts[index] as string };
      })
      .sort((a, b) => a.at - b.at || (a.text < b.text ? -1 : 1))
      .map(({ text }) => text);
  };
  const [left, right] = [order(expected), order(got)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    if (left[i] !== right[i])
      return `entry ${i}: recorded ${left[i] ?? "nothing"}, got ${right[i] ?? "nothing"}`;
  }
  return undefined;
}

/** Fields in order; of the daemon's end it counts that it is there. */
function comparable(entry: TraceEntry): unknown {
  if ("daemonExit" in entry) return { daemonExit: true };
  return Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)));
}
