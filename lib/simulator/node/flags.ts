/** Flags and operands of a command line. */
export interface ParsedFlags {
  readonly flags: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
}

/**
 * Reads a command line as getopt(3) does, by a list of flags in which `:` follows one that
 * takes an argument. Like OpenBSD's it stops at the first operand and knows no long flags.
 *
 * @returns undefined where a flag is not in the list
 */
export function getopt(args: readonly string[], allowed: string): ParsedFlags | undefined {
  const flags = new Map<string, string>();
  let index = 0;
  for (; index < args.length; index++) {
    const arg = args[index] as string;
    if (arg === "--") {
      index++;
      break;
    }
    if (!arg.startsWith("-") || arg === "-") break;
    for (let at = 1; at < arg.length; at++) {
      const flag = arg[at] as string;
      const known = allowed.indexOf(flag);
      if (known < 0 || flag === ":") return undefined;
      if (allowed[known + 1] !== ":") {
        flags.set(flag, "");
        continue;
      }
      const value = at + 1 < arg.length ? arg.slice(at + 1) : args[++index];
      if (value === undefined) return undefined;
      flags.set(flag, value);
      break;
    }
  }
  return { flags, operands: args.slice(index) };
}
