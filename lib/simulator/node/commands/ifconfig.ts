import ipaddr from "ipaddr.js";
import { KernelError, type NetworkInterface } from "../kernel.js";
import type { Command, Machine } from "../machine.js";

/** ifconfig(8), as far as an edge's files and programs use it. */
export const ifconfig: Command = async (call, machine) => {
  const [first, ...rest] = call.args;
  try {
    if (first === undefined || first === "-a" || first === "-A") {
      for (const one of machine.kernel.interfaces.values())
        call.stdout(describe(machine, one, first === "-A"));
      return 0;
    }
    if (first === "-g") return group(call.stdout, machine, rest);
    if (first.startsWith("-")) throw new Usage();
    return configure(call.stdout, machine, first, rest);
  } catch (error) {
    if (error instanceof Usage) {
      call.stderr("usage: ifconfig [-AaC] [-M lladdr] [interface] [address_family]\n");
    } else if (error instanceof Failure) {
      call.stderr(`${error.message}\n`);
    } else throw error;
    return 1;
  }
};

class Usage extends Error {}
class Failure extends Error {}

function describe({ kernel }: Machine, one: NetworkInterface, all: boolean): string {
  const lines: string[] = [];
  const state = kernel.carpState(one.name);
  const running = one.up && state !== "INIT";
  const names = [one.up && "UP", "BROADCAST", running && "RUNNING", "SIMPLEX", "MULTICAST"].filter(Boolean);
  const bits = 0x8802 | (one.up ? 1 : 0) | (running ? 0x40 : 0);
  lines.push(`${one.name}: flags=${bits.toString(16)}<${names.join(",")}> mtu 1500`);
  lines.push(`\tlladdr ${one.lladdr}`);
  lines.push(
    `\tindex ${[...kernel.interfaces.keys()].indexOf(one.name) + 1} priority ${one.carp ? 15 : 0} llprio 3`,
  );
  if (one.carp?.vhid !== undefined) {
    const { carpdev, vhid, advbase, advskew, peer } = one.carp;
    const to = peer === undefined ? "" : ` carppeer ${peer}`;
    lines.push(
      `\tcarp: ${state} carpdev ${carpdev ?? "none"} vhid ${vhid} advbase ${advbase} advskew ${advskew}${to}`,
    );
  }
  if (one.groups.length > 0) lines.push(`\tgroups: ${one.groups.join(" ")}`);
  if (one.carp === undefined) lines.push("\tmedia: Ethernet autoselect");
  lines.push(`\tstatus: ${status(one, state)}`);
  for (const { address, prefix } of all ? one.addresses : one.addresses.slice(0, 1)) {
    const mask = ipaddr.IPv4.subnetMaskFromPrefixLength(prefix).toByteArray();
    const hex = mask.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const broadcast = ipaddr.IPv4.broadcastAddressFromCIDR(`${address}/${prefix}`);
    lines.push(`\tinet ${address} netmask 0x${hex}${prefix >= 31 ? "" : ` broadcast ${broadcast}`}`);
  }
  return `${lines.join("\n")}\n`;
}

function status(one: NetworkInterface, state: string | undefined): string {
  if (one.carp === undefined) return one.cable && one.up ? "active" : "no carrier";
  return state === "MASTER" ? "master" : state === "BACKUP" ? "backup" : "invalid";
}

function group(stdout: (text: string) => void, machine: Machine, args: readonly string[]): number {
  const { kernel } = machine;
  const [name, verb, count, ...rest] = args;
  if (name === undefined || rest.length > 0) throw new Usage();
  if (verb === undefined) {
    const counter = kernel.groups.get(name);
    if (counter === undefined)
      throw new Failure(`ifconfig: ${name}: SIOCGIFGATTR: No such file or directory`);
    stdout(`${name}: carp demote count ${counter}\n`);
    return 0;
  }
  if (verb !== "carpdemote" && verb !== "-carpdemote") throw new Usage();
  const by = Number(count ?? 1);
  if (!Number.isInteger(by)) throw new Failure(`ifconfig: ${name}: invalid carp demotion: invalid`);
  if (by > 128) throw new Failure(`ifconfig: ${name}: invalid carp demotion: too large`);
  if (by < 0) throw new Failure(`ifconfig: ${name}: invalid carp demotion: too small`);
  try {
    kernel.demote(name, verb === "carpdemote" ? by : -by);
    machine.log(
      "kern.notice",
      "kernel",
      `carp: ${name} demoted by ${verb === "carpdemote" ? by : -by} to ${kernel.groups.get(name)}`,
    );
  } catch (error) {
    throw new Failure(`ifconfig: ${name}: SIOCSIFGATTR: ${(error as Error).message}`);
  }
  return 0;
}

function configure(
  stdout: (text: string) => void,
  machine: Machine,
  name: string,
  args: readonly string[],
): number {
  const { kernel } = machine;
  if (args.length === 0) {
    const exact = kernel.find(name);
    const found =
      exact !== undefined
        ? [exact]
        : [...kernel.interfaces.values()].filter(
            (one) =>
              one.groups.includes(name) || (/\D$/.test(name) && new RegExp(`^${name}\\d+$`).test(one.name)),
          );
    if (found.length === 0) throw new Failure(`${name}: no such interface`);
    for (const one of found) stdout(describe(machine, one, true));
    return 0;
  }
  if (args[0] === "destroy") {
    attempt("SIOCIFDESTROY", () => kernel.destroy(name));
    machine.departed(name);
    return 0;
  }
  if (kernel.find(name) === undefined) {
    attempt("SIOCIFCREATE", () => kernel.create(name));
    machine.arrived(name);
  }
  apply(machine, name, [...args]);
  return 0;
}

/** Keywords act at once, from left to right; the address goes last. */
function apply(machine: Machine, name: string, words: string[]): void {
  const { kernel } = machine;
  let address: string | undefined;
  let mask: string | undefined;
  let remove = false;
  let alias = false;
  const argument = (keyword: string): string => {
    const value = words.shift();
    if (value === undefined) throw new Failure(`ifconfig: '${keyword}' requires argument`);
    return value;
  };
  const number = (keyword: string, min: number, max: number): number => {
    const text = argument(keyword);
    if (!/^\d+$/.test(text)) throw new Failure(`ifconfig: ${keyword} ${text}: invalid`);
    if (Number(text) > max) throw new Failure(`ifconfig: ${keyword} ${text}: too large`);
    if (Number(text) < min) throw new Failure(`ifconfig: ${keyword} ${text}: too small`);
    return Number(text);
  };
  const onCarp = (change: () => void) => {
    const isCarp = kernel.find(name)?.carp !== undefined;
    attempt(`${name}: ${isCarp ? "SIOCSVH" : "SIOCGVH"}`, change);
  };
  const carp = (changes: Parameters<typeof kernel.setCarp>[1]) => onCarp(() => kernel.setCarp(name, changes));
  const interval = (changes: Parameters<typeof kernel.setInterval>[1]) =>
    onCarp(() => kernel.setInterval(name, changes));
  while (words.length > 0) {
    const word = words.shift() as string;
    switch (word) {
      case "create":
      case "inet":
        break;
      case "alias":
        alias = true;
        break;
      case "up":
      case "down":
        kernel.setUp(name, word === "up");
        break;
      case "-alias":
      case "delete":
        remove = true;
        break;
      case "netmask":
        mask = argument(word);
        break;
      case "broadcast":
        argument(word);
        break;
      case "group": {
        const group = argument(word);
        if (/\d$/.test(group)) throw new Failure("ifconfig: setifgroup: group names may not end in a digit");
        if (group.length > 15) throw new Failure("ifconfig: setifgroup: group name too long");
        kernel.join(name, group);
        break;
      }
      case "-group": {
        const group = argument(word);
        attempt(`${group}: SIOCDIFGROUP`, () => kernel.leave(name, group));
        break;
      }
      case "vhid":
        carp({ vhid: number(word, 1, 255) });
        break;
      case "carpdev":
        carp({ carpdev: argument(word) });
        break;
      case "pass":
        // The kernel keeps 20 bytes with the NUL.
        carp({ pass: argument(word).slice(0, 19) });
        break;
      case "carppeer": {
        const peer = argument(word);
        if (ipaddr.IPv6.isValid(peer)) {
          throw new Failure("ifconfig: only IPv4 addresses supported for the carppeer");
        }
        if (!ipaddr.IPv4.isValidFourPartDecimal(peer)) {
          throw new Failure(
            "ifconfig: error in parsing address string: non-recoverable failure in name resolution",
          );
        }
        onCarp(() => kernel.setPeer(name, peer));
        break;
      }
      case "-carppeer":
        onCarp(() => kernel.setPeer(name, undefined));
        break;
      case "advbase":
        interval({ advbase: number(word, 0, 254) });
        break;
      case "advskew":
        interval({ advskew: number(word, 0, 254) });
        break;
      default:
        if (address !== undefined || !ipaddr.IPv4.isValidFourPartDecimal(word.split("/")[0] as string)) {
          throw new Failure(`ifconfig: ${word}: bad value`);
        }
        if (remove && word.includes("/")) throw new Failure(`ifconfig: ${word}: bad value`);
        address = word;
    }
  }
  if (remove) {
    attempt("SIOCDIFADDR", () => kernel.removeAddress(name, address?.split("/")[0]));
  } else if (address !== undefined) {
    const [host, length] = address.split("/") as [string, string | undefined];
    const prefix =
      mask === undefined ? Number(length ?? 32) : ipaddr.IPv4.parse(mask).prefixLengthFromSubnetMask();
    if (prefix === null) throw new Failure(`ifconfig: ${mask}: bad value`);
    attempt("SIOCAIFADDR", () => {
      // Without alias it takes the place of the first address.
      const [first] = kernel.find(name)?.addresses ?? [];
      if (!alias && first !== undefined) kernel.removeAddress(name, first.address);
      kernel.addAddress(name, { address: host, prefix });
    });
    machine.addressesChanged();
  }
  if (remove) machine.addressesChanged();
}

function attempt(call: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (error instanceof KernelError) throw new Failure(`ifconfig: ${call}: ${error.message}`);
    throw error;
  }
}
