import { isIPv4, isIPv6 } from "node:net";
import { getopt } from "../flags.js";
import type { Command } from "../machine.js";
import type { ShimCall } from "../shim.js";

const USAGE = "usage: route [-dnqtv] [-T rtable] command [[modifier ...] arg ...]\n";
const COMMANDS = /^(add|change|delete|exec|flush|get|monitor|nameserver|show|sourceaddr)$/;
/** Modifiers of newroute in route(8); those of other commands are not among them. */
const MODIFIERS =
  /^-(bfd|blackhole|cloning|dst|expire|gateway|hopcount|host|iface|ifa|ifp|in|inet|inet6|interface|label|link|llinfo|lock|lockrest|mpath|mpls|mplslabel|mtu|net|netmask|nobfd|nostatic|out|pop|prefixlen|priority|proto1|proto2|push|recvpipe|reject|rtt|rttvar|sa|sendpipe|ssthresh|static|swap)$/;
const PLAYED = new Set(["-host", "-inet", "-inet6", "-reject"]);
const PROBLEMS = { EEXIST: "File exists", ESRCH: "not in table" } as const;

/** route(8): adds and deletes host routes that reject. What it says of a change goes to standard output, errors too. */
export const route: Command = async (call, machine) => {
  const parsed = getopt(call.args, "dnqtT:v");
  const [command, ...words] = parsed?.operands ?? [];
  if (parsed === undefined || command === undefined) return usage(call);
  if (!COMMANDS.test(command)) return usage(call, command);
  const unknown = words.find((word) => word.startsWith("-") && !MODIFIERS.test(word));
  if (unknown !== undefined) return usage(call, unknown.slice(1));
  const modifiers = words.filter((word) => word.startsWith("-"));
  const [host, gateway, ...rest] = words.filter((word) => !word.startsWith("-"));
  if (rest.length > 0) return usage(call);
  const adds = command === "add";
  const played =
    (adds || command === "delete") &&
    [...parsed.flags.keys()].every((flag) => "nq".includes(flag)) &&
    modifiers.every((word) => PLAYED.has(word)) &&
    modifiers.includes("-host") &&
    host !== undefined &&
    (!adds || (gateway !== undefined && modifiers.includes("-reject")));
  if (!played) {
    call.stderr("route: the simulated one plays -nq add -host ... -reject and -nq delete -host ...\n");
    return 1;
  }
  const six = modifiers.includes("-inet6") || (!modifiers.includes("-inet") && host.includes(":"));
  const bad = [host, gateway ?? host].find((address) => !(six ? isIPv6 : isIPv4)(address));
  if (bad !== undefined) {
    call.stderr(`route: ${bad}: ${six ? "no address associated with name" : "bad address"}\n`);
    return 1;
  }
  const { routes } = machine.kernel;
  const problem = adds ? routes.add(host, gateway as string) : routes.delete(host, gateway);
  if (!parsed.flags.has("q")) {
    const through = gateway === undefined ? "" : `: gateway ${gateway}`;
    call.stdout(
      `${command} host ${host}${through}${problem === undefined ? "" : `: ${PROBLEMS[problem]}`}\n`,
    );
  }
  return problem === undefined ? 0 : 1;
};

function usage(call: ShimCall, keyword?: string): number {
  if (keyword !== undefined) call.stderr(`route: botched keyword: ${keyword}\n`);
  call.stderr(USAGE);
  return 1;
}
