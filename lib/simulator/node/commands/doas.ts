import { statSync } from "node:fs";
import { parseDoasConf, ruleFor } from "../doas-conf.js";
import { getopt } from "../flags.js";
import type { Command } from "../machine.js";

const CONFIG = "/etc/doas.conf";
const USAGE = "usage: doas [-Lns] [-a style] [-C config] [-u user] command [arg ...]\n";

/** doas(1): runs a command as root where doas.conf(5) permits it; nobody types a password here. */
export const doas: Command = async (call, machine) => {
  const [folder = "/", ...args] = call.args;
  const parsed = getopt(args, "a:C:Lnsu:");
  const [command, ...rest] = parsed?.operands ?? [];
  if (parsed === undefined || command === undefined || parsed.flags.has("s") || parsed.flags.has("C")) {
    call.stderr(USAGE);
    return 1;
  }
  const fail = (text: string) => {
    call.stderr(`doas: ${text}\n`);
    return 1;
  };
  const { sandbox } = machine;
  const text = sandbox.read(CONFIG);
  if (text === undefined) return fail(`doas is not enabled, ${CONFIG}: No such file or directory`);
  if ((statSync(sandbox.path(CONFIG)).mode & 0o022) !== 0)
    return fail(`${CONFIG} is writable by group or other`);
  const user = userOf(sandbox.read("/etc/passwd") ?? "", call.user);
  const as = parsed.flags.get("u") ?? "root";
  let rules: ReturnType<typeof parseDoasConf>;
  try {
    rules = parseDoasConf(text);
  } catch (error) {
    return fail((error as Error).message);
  }
  const request = {
    user,
    groups: groupsOf(sandbox.read("/etc/group") ?? "", user),
    as,
    command: [command, ...rest],
  } as const;
  const words = [command, ...rest].join(" ");
  const rule = ruleFor(rules, request);
  if (rule?.permit !== true) {
    machine.log("auth.notice", "doas", `command not permitted for ${user}: ${words}`);
    return fail("Operation not permitted");
  }
  if (!rule.options.has("nopass") && call.user !== 0)
    return fail(parsed.flags.has("n") ? "Authentication required" : "a tty is required");
  // Only root's own environment is made here.
  if (as !== "root" || rule.options.has("keepenv")) return fail("not on this machine");
  machine.log("auth.info", "doas", `${user} ran command ${words} as root from ${folder}`);
  const child = sandbox.spawn(`cd ${quote(folder)} && exec ${[command, ...rest].map(quote).join(" ")}`, {
    DOAS_USER: user,
  });
  child.stdout?.on("data", (chunk: Buffer) => call.stdout(chunk));
  child.stderr?.on("data", (chunk: Buffer) => call.stderr(chunk.toString()));
  call.onGone(() => child.stdin?.end());
  void feed(call.stdin(), child.stdin);
  return new Promise((resolve) => {
    child.once("error", () => resolve(1));
    child.once("close", (code) => resolve(code ?? 137));
  });
};

async function feed(input: AsyncIterable<Buffer>, to: NodeJS.WritableStream | null): Promise<void> {
  for await (const chunk of input) to?.write(chunk);
  to?.end();
}

function userOf(passwd: string, uid: number): string {
  const line = passwd.split("\n").find((one) => one.split(":")[2] === String(uid));
  return line?.split(":")[0] ?? String(uid);
}

function groupsOf(group: string, user: string): string[] {
  return group.split("\n").flatMap((line) => {
    const [name = "", , , members = ""] = line.split(":");
    return name === user || members.split(",").includes(user) ? [name] : [];
  });
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
