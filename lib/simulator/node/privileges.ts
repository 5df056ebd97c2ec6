import type { ShimCall } from "./shim.js";

const FOR_ALL = ["doas", "getent", "hostname", "logger", "nc", "netstat", "ping", "uname"];

/** Whether a command is one that everybody may give, and not root alone. */
export function openToAll({ name, args }: Pick<ShimCall, "name" | "args">): boolean {
  if (FOR_ALL.includes(name)) return true;
  const words = args.filter((one) => !one.startsWith("-"));
  // What only looks; words after an interface's name change it.
  return (name === "ifconfig" && words.length < 2) || (name === "sysctl" && !words.join().includes("="));
}
