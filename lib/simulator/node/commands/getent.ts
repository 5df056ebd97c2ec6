import type { Command } from "../machine.js";
import { addressesOf } from "../routes.js";

const DATABASES = ["ethers", "group", "hosts", "passwd", "protocols", "rpc", "services", "shells"];
const NOT_FOUND = 2;
const NOT_ENUMERABLE = 3;

/** getent(1), which has no flags: the addresses of hosts, one a line, as programs on the machine find them. */
export const getent: Command = async (call, machine) => {
  const [database, ...names] = call.args;
  if (database === undefined) {
    call.stderr("usage: getent database [key ...]\n");
    return 1;
  }
  if (!DATABASES.includes(database)) {
    call.stderr(`getent: unknown database: ${database}\n`);
    return 1;
  }
  if (database !== "hosts") {
    call.stderr(`getent: the simulated one plays hosts, not ${database}\n`);
    return 1;
  }
  if (names.length === 0) {
    call.stderr("getent: Enumeration not supported on hosts\n");
    return NOT_ENUMERABLE;
  }
  for (const name of names) {
    const addresses = addressesOf(machine, name);
    if (addresses.length === 0) return NOT_FOUND;
    for (const address of addresses) call.stdout(`${address.padEnd(39)} ${name}\n`);
  }
  return 0;
};
