import { getopt } from "../flags.js";
import type { Command, Machine } from "../machine.js";

/** What a pf.conf(5) says, as far as CARP is concerned. */
export interface Ruleset {
  readonly rules: readonly string[];
}

const STATEMENT = /^(pass|block|match|set|anchor|antispoof|table|queue|load)\b/;
const LIMIT = 100;

/** pfctl(8): -n, -f, -s rules|labels|info, -e, -d. */
export const pfctl: Command = async (call, machine) => {
  const parsed = getopt(call.args, "a:dD:eqf:F:ghi:k:K:L:Nno:Pp:R:rS:s:t:T:vV:x:z");
  if (parsed === undefined || call.args.length === 0 || parsed.operands.length > 0) {
    call.stderr("usage: pfctl [-deghNnPqrvz] [-a anchor] [-D macro=value] [-F modifier] [-f file] ...\n");
    return 1;
  }
  const { flags } = parsed;
  const file = flags.get("f");
  if (file !== undefined) {
    const errors: string[] = [];
    const ruleset = file === "-" ? await loadInput(machine, call, errors) : loadPf(machine, file, errors);
    if (errors.length > 0) {
      call.stderr(errors.map((line) => `${line}\n`).join(""));
      if (!flags.has("n")) call.stderr("pfctl: Syntax error in config file: pf rules not loaded\n");
      return 1;
    }
    if (!flags.has("n")) machine.pf = ruleset;
  }
  const show = flags.get("s");
  if (show !== undefined) {
    if ("rules".startsWith(show)) for (const rule of machine.pf.rules) call.stdout(`${rule}\n`);
    else if ("labels".startsWith(show)) {
      for (const rule of machine.pf.rules) {
        const label = /label "([^"]*)"/.exec(rule)?.[1];
        if (label !== undefined) call.stdout(`${label} 0 0 0 0 0 0 0 0\n`);
      }
    } else if ("info".startsWith(show)) call.stdout("Status: Enabled for 0 days 00:00:01\n");
    else {
      call.stderr(`pfctl: Unknown show modifier '${show}'\n`);
      return 1;
    }
  }
  return 0;
};

async function loadInput(machine: Machine, call: Parameters<Command>[0], errors: string[]): Promise<Ruleset> {
  const chunks: Buffer[] = [];
  for await (const chunk of call.stdin()) chunks.push(chunk);
  const rules: string[] = [];
  parse(machine, "stdin", Buffer.concat(chunks).toString(), rules, errors, new Set());
  return { rules };
}

/** Reads a pf.conf and what it includes. Its grammar is checked by statement, not to the last word. */
export function loadPf(machine: Pick<Machine, "sandbox">, file: string, errors: string[]): Ruleset {
  const rules: string[] = [];
  const text = machine.sandbox.read(file);
  if (text === undefined) {
    errors.push(`pfctl: pushfile: ${file}: No such file or directory`);
    errors.push("pfctl: cannot open the main config file!: No such file or directory");
    return { rules };
  }
  parse(machine, file, text, rules, errors, new Set());
  return { rules };
}

function parse(
  machine: Pick<Machine, "sandbox">,
  file: string,
  text: string,
  rules: string[],
  errors: string[],
  macros: Set<string>,
): void {
  const lines = text.replace(/\\\n/g, "  ").split("\n");
  lines.forEach((raw, index) => {
    if (rules.length > LIMIT) return;
    const at = `${file}:${index + 1}`;
    const line = withoutComment(raw).trim();
    if (line === "") return;
    const macro = /^([A-Za-z_]\w*)\s*=\s*\S/.exec(line);
    const include = /^include\s+"([^"]+)"$/.exec(line);
    for (const [, name] of line.matchAll(/\$(\w+)/g)) {
      if (!macros.has(name as string)) errors.push(`${at}: macro '${name}' not defined`);
    }
    if ((line.split('"').length - 1) % 2 === 1) errors.push(`${at}: syntax error`);
    else if (macro !== null) macros.add(macro[1] as string);
    else if (include !== null) {
      const path = include[1] as string;
      const inner = machine.sandbox.read(path);
      if (inner === undefined) {
        errors.push(
          `pfctl: pushfile: ${path}: No such file or directory`,
          `${at}: failed to include file ${path}`,
        );
      } else parse(machine, path, inner, rules, errors, macros);
    } else if (!STATEMENT.test(line) || !wellFormed(line)) errors.push(`${at}: syntax error`);
    else if (/^(pass|block|match)\b/.test(line)) rules.push(line);
  });
}

function withoutComment(line: string): string {
  return line.replace(/"[^"]*"|#.*/g, (part) => (part.startsWith("#") ? "" : part));
}

const WORDS = new Set(
  (
    "pass block match in out log quick on proto from to port any all keep state no modulate synproxy label tag tagged " +
    "flags inet inet6 route-to reply-to dup-to nat-to rdr-to rdomain rtable received-on os user group icmp-type " +
    "icmp6-type tos allow-opts once probability queue set prio max-mss scrub binat-to af-to divert-to divert-packet " +
    "drop return return-rst return-icmp return-icmp6 self egress urpf-failed no-route static-port sticky-address " +
    "round-robin random source-hash least-states max-src-states max-src-conn overload flush global " +
    "carp tcp udp icmp icmp6 esp ah gre pfsync ospf igmp ipv6-icmp"
  ).split(" "),
);

/** Whether a filter rule is made of words that pf has, interfaces, addresses, numbers, macros and strings. */
function wellFormed(line: string): boolean {
  if (!/^(pass|block|match)\b/.test(line)) return true;
  const open = [...line].filter((c) => "({".includes(c)).length;
  const close = [...line].filter((c) => ")}".includes(c)).length;
  if (open !== close) return false;
  const words = line
    .replace(/"[^"]*"/g, " ")
    .split(/[\s{}(),!]+/)
    .filter(Boolean);
  return (
    words.every(
      (word) =>
        WORDS.has(word) ||
        /^(\$\w+|<\w+>|[a-z]+\d*(:\w+)?|[\d.:/]+|[a-z-]+|[<>=!]=?|\d+|[A-Z]+(\/[A-Z]+)?|no-sync)$/.test(word),
    ) &&
    !/^(pass|block|match)\s+(pass|block|match)\b/.test(line) &&
    (!/\bproto\b/.test(line) || /\bproto\s+\S/.test(line))
  );
}

/** Whether a ruleset lets CARP through on an interface: the last rule that matches wins, or the first quick one. */
export function passesCarp({ rules }: Ruleset, carpdev: string): boolean {
  let verdict = true;
  for (const rule of rules) {
    if (rule.startsWith("match")) continue;
    if (!isOn(rule, carpdev)) continue;
    const proto = /\bproto\s+(\{[^}]*\}|\S+)/.exec(rule)?.[1];
    if (proto !== undefined && !/\bcarp\b/.test(proto)) continue;
    if (/\b(from|to)\s+(?!any\b)\S/.test(rule)) continue;
    verdict = rule.startsWith("pass");
    if (/\bquick\b/.test(rule)) break;
  }
  return verdict;
}

/** Whether a rule is about an interface: `on vio2`, `on { vio1 vio2 }`, `on ! vio0`, or any. */
function isOn(rule: string, name: string): boolean {
  const on = /\bon\s+(!\s*)?(\{[^}]*\}|\S+)/.exec(rule);
  if (on === null) return true;
  const names = (on[2] as string).split(/[\s{},]+/).filter(Boolean);
  const named = names.includes(name) || names.includes("any");
  return on[1] === undefined ? named : !named;
}
