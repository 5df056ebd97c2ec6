import { parseIfstated } from "../../ifstated/parser.js";
import { getopt } from "../flags.js";
import type { Command } from "../machine.js";

/** rcctl(8) for the one daemon that a simulated node has beside sshd. */
export const rcctl: Command = async (call, machine) => {
  const [action, service, ...rest] = call.args.filter((arg) => !["-d", "-f", "-q"].includes(arg));
  const quiet = call.args.includes("-q");
  const say = (text: string) => quiet || call.stdout(text);
  if (action === undefined || service === undefined) {
    call.stderr("usage: rcctl get|getdef|set service | daemon [variable [arguments]]\n");
    return 1;
  }
  if (service !== "ifstated") {
    call.stderr(`rcctl: service ${service} does not exist\n`);
    return 2;
  }
  const verdict = (ok: boolean) => {
    say(`ifstated(${ok ? "ok" : "failed"})\n`);
    return ok ? 0 : 1;
  };
  switch (action) {
    case "enable":
    case "disable":
      machine.setEnabled(action === "enable");
      return 0;
    case "check":
      return verdict(machine.ifstatedRuns);
    case "start":
      if (machine.ifstatedRuns) return 0;
      if (!machine.enabled && !call.args.includes("-f")) {
        call.stderr("/etc/rc.d/ifstated: need -f to force start since ifstated_flags=NO\n");
        return 1;
      }
      await machine.startIfstated();
      return verdict(true);
    case "stop":
      if (!machine.ifstatedRuns) return 0;
      machine.stopIfstated();
      return verdict(true);
    case "restart":
      if (machine.ifstatedRuns) {
        machine.stopIfstated();
        verdict(true);
      }
      await machine.startIfstated();
      return verdict(true);
    case "reload":
      // A file that the daemon refuses is still "ok": the signal was sent.
      if (machine.ifstatedRuns) machine.reloadIfstated();
      return verdict(machine.ifstatedRuns);
    case "get":
      if (rest[0] === "status") return machine.enabled ? 0 : 1;
      call.stdout(`ifstated_flags=${machine.enabled ? "" : "NO"}\n`);
      return machine.enabled ? 0 : 1;
    default:
      call.stderr(`rcctl: unknown action ${action}\n`);
      return 1;
  }
};

/** ifstated(8) -n; the daemon itself is started through rcctl. */
export const ifstated: Command = async (call, machine) => {
  const parsed = getopt(call.args, "dD:f:hniv");
  if (parsed === undefined || parsed.operands.length > 0 || parsed.flags.has("h")) {
    call.stderr("usage: ifstated [-dhinv] [-D macro=value] [-f file]\n");
    return 1;
  }
  const file = parsed.flags.get("f") ?? "/etc/ifstated.conf";
  if (!parsed.flags.has("n")) {
    if (!machine.ifstatedRuns) await machine.startIfstated(file);
    return 0;
  }
  const text = file === "/dev/stdin" ? await input(call) : machine.sandbox.read(file);
  if (text === undefined) {
    call.stderr(`ifstated: pushfile: ${file}: No such file or directory\n`);
    return 1;
  }
  const definition = parsed.flags.get("D");
  const at = definition?.lastIndexOf("=") ?? -1;
  const definitions = new Map(
    definition === undefined ? [] : [[definition.slice(0, at), definition.slice(at + 1)] as const],
  );
  const { config, messages, invalidStart } = parseIfstated(
    text,
    file,
    (name) => machine.kernel.interfaces.has(name),
    { definitions },
  );
  for (const message of messages) call.stderr(`${message}\n`);
  if (invalidStart !== undefined) call.stderr(`ifstated: invalid start state ${invalidStart}\n`);
  if (config === undefined) return 1;
  call.stderr("configuration OK\n");
  return 0;
};

async function input(call: Parameters<Command>[0]): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of call.stdin()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
