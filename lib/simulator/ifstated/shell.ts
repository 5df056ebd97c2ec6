/** A scripted command within a shell's text: its words, and how and when it ended, in milliseconds from the text's start. */
export interface Ran {
  readonly words: string;
  readonly status: number;
  readonly from: number;
  readonly until: number;
}

/** What running a text comes to. */
export interface ShellRun {
  readonly ran: readonly Ran[];
  /** The shell's exit status; undefined where the text kills its shell. */
  readonly status: number | undefined;
  readonly ms: number;
}

/** How a scripted command ends; undefined where none of this name is scripted. */
export type Script = (command: string) => readonly [status: number, ms: number] | undefined;

/**
 * Runs a text of commands joined by `;`, `&&` and `||`, as far as recordings have them: builtins
 * that end at once, and scripted ones, which end well at once where nothing is said of them.
 */
export function runShell(text: string, script: Script): ShellRun {
  const ran: Ran[] = [];
  let status = 0;
  let ms = 0;
  for (const { joint, command } of split(text)) {
    if ((joint === "&&" && status !== 0) || (joint === "||" && status === 0)) continue;
    const negated = /^! /.test(command);
    const words = command.replace(/^! +/, "").replace(/ *(?:(?<= )\d)?[<>].*/, "");
    const [first = "", second = ""] = words.split(" ");
    const scripted = script(words) ?? script(first);
    if (scripted === undefined && first === "kill") return { ran, status: undefined, ms };
    if (scripted === undefined && first === "exit") return { ran, status: Number(second) & 255, ms };
    const builtin = scripted === undefined ? BUILTINS[first] : undefined;
    const [exit, takes] = scripted ?? [builtin ?? 0, 0];
    if (builtin === undefined) {
      ran.push({ words: words.replace(/["']/g, ""), status: exit, from: ms, until: ms + takes });
    }
    ms += takes;
    status = negated ? Number(exit === 0) : exit & 255;
  }
  return { ran, status, ms };
}

const BUILTINS: Readonly<Record<string, number | undefined>> = { ":": 0, true: 0, false: 1 };

/** Commands with what stands before each; quotes hide what joins. */
function split(text: string): { joint: string; command: string }[] {
  const commands: { joint: string; command: string }[] = [];
  let joint = "";
  let command = "";
  const end = (next: string) => {
    if (command.trim() !== "") commands.push({ joint, command: command.trim() });
    joint = next;
    command = "";
  };
  for (const [part] of text.matchAll(/"(?:\\.|[^"\\])*"|'[^']*'|\\.|&&|\|\||[;\n]|[\s\S]/g)) {
    if (/^(?:&&|\|\||;|\n)$/.test(part)) end(part);
    else command += part;
  }
  end("");
  return commands;
}
