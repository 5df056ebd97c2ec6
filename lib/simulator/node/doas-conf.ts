/** One rule of doas.conf(5). */
export interface DoasRule {
  readonly permit: boolean;
  readonly options: ReadonlySet<string>;
  /** A user, or a group as `:wheel`. */
  readonly identity: string;
  /** Whom to be. @default - anybody */
  readonly as?: string;
  /** The one command, word for word. @default - any */
  readonly cmd?: string;
  /** Its arguments, word for word. @default - any */
  readonly args?: readonly string[];
}

/** What somebody asks of doas(1). */
export interface DoasRequest {
  readonly user: string;
  readonly groups: readonly string[];
  readonly as: string;
  readonly command: readonly [string, ...string[]];
}

const OPTIONS = ["nopass", "nolog", "persist", "keepenv"];

/** Reads doas.conf(5). @throws Error with the line, for what the manual page does not have */
export function parseDoasConf(text: string): DoasRule[] {
  return text.split("\n").flatMap((line, index) => {
    const wrong = new Error(`/etc/doas.conf, line ${index + 1}: syntax error`);
    // setenv and quoted words are not simulated, and so are wrong as well.
    const words = line.replace(/#.*/, "").split(/\s+/).filter(Boolean);
    if (words.length === 0) return [];
    const action = words.shift();
    if (action !== "permit" && action !== "deny") throw wrong;
    const options = new Set<string>();
    while (OPTIONS.includes(words[0] ?? "")) options.add(words.shift() as string);
    if (action === "deny" && options.size > 0) throw wrong;
    const identity = words.shift();
    if (identity === undefined || !/^:?[a-z_][a-z0-9_-]*$/.test(identity)) throw wrong;
    const after = (keyword: string): string | undefined => {
      if (words[0] !== keyword) return undefined;
      const [, word] = words.splice(0, 2);
      if (word === undefined) throw wrong;
      return word;
    };
    const as = after("as");
    const cmd = after("cmd");
    const args = cmd !== undefined && words[0] === "args" ? words.splice(0).slice(1) : undefined;
    if (words.length > 0) throw wrong;
    return [
      {
        permit: action === "permit",
        options,
        identity,
        ...(as === undefined ? {} : { as }),
        ...(cmd === undefined ? {} : { cmd }),
        ...(args === undefined ? {} : { args }),
      },
    ];
  });
}

/** The rule that decides, which is the last one that matches; none permits nothing. */
export function ruleFor(rules: readonly DoasRule[], request: DoasRequest): DoasRule | undefined {
  const { user, groups, as, command } = request;
  const [cmd, ...args] = command;
  return rules.findLast(
    (rule) =>
      (rule.identity === user || groups.some((group) => rule.identity === `:${group}`)) &&
      (rule.as === undefined || rule.as === as) &&
      (rule.cmd === undefined || rule.cmd === cmd) &&
      (rule.args === undefined ||
        (rule.args.length === args.length && rule.args.every((one, at) => one === args[at]))),
  );
}
