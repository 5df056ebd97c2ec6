import { connect, createServer, type Server } from "node:net";
import { createInterface } from "node:readline";
import type { Machine } from "../simulator/node/machine.js";
import type { Region } from "../simulator/region.js";
import type { FaultName } from "./faults.js";

/** One fault that can be made from the command line. */
interface Fault {
  /** Its arguments, for people. */
  readonly usage: string;
  readonly what: string;
  make(region: Region, args: readonly string[]): Promise<void> | void;
}

/** The machine of this name. @throws Error with the names that there are */
export function machineNamed(region: Region, name: string): Machine {
  const found = region.machine(name);
  if (found !== undefined) return found;
  throw new Error(`there is no node ${name}; there are ${[...region.machines.keys()].sort().join(", ")}`);
}

const machine = (region: Region, name = "") => machineNamed(region, name);

/** The name of an interface that the node has. */
function port(node: Machine, name: string | undefined): string {
  const names = [...node.kernel.interfaces.keys()];
  if (name === undefined || !names.includes(name))
    throw new Error(`${node.name} has no interface ${name ?? ""}; it has ${names.join(", ")}`);
  return name;
}

/** Sets an interface of a node by some means. */
const onPort =
  (set: (node: Machine, name: string) => void) =>
  (region: Region, [name, interfaceName]: readonly string[]) => {
    const node = machine(region, name);
    set(node, port(node, interfaceName));
  };

function number(text: string | undefined, what: string): number {
  const value = Number(text);
  if (text === undefined || !Number.isInteger(value))
    throw new Error(`${what} must be a whole number, got ${text ?? "nothing"}`);
  return value;
}

/** All faults by their names. */
export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  "power-off": {
    usage: "NODE",
    what: "pull the plug",
    make: (region, [name]) => machine(region, name).powerOff(),
  },
  "power-on": {
    usage: "NODE",
    what: "boot it again",
    make: (region, [name]) => machine(region, name).boot(),
  },
  reboot: {
    usage: "NODE",
    what: "restart it in order",
    make: (region, [name]) => machine(region, name).reboot(),
  },
  cut: {
    usage: "NODE INTERFACE",
    what: "pull a cable",
    make: onPort((node, name) => node.kernel.setCable(name, false)),
  },
  mend: {
    usage: "NODE INTERFACE",
    what: "put a cable back",
    make: onPort((node, name) => node.kernel.setCable(name, true)),
  },
  down: {
    usage: "NODE INTERFACE",
    what: "ifconfig INTERFACE down, as in `down edge-a carp0`",
    make: onPort((node, name) => node.kernel.setUp(name, false)),
  },
  up: {
    usage: "NODE INTERFACE",
    what: "ifconfig INTERFACE up",
    make: onPort((node, name) => node.kernel.setUp(name, true)),
  },
  partition: {
    usage: "NODE...",
    what: "let these nodes hear only each other on the vRack",
    make: (region, names) => {
      for (const name of names) machine(region, name);
      region.vrack.partition([names]);
    },
  },
  heal: { usage: "", what: "put the vRack together again", make: (region) => region.vrack.heal() },
  "api-down": {
    usage: "",
    what: "let nobody reach OVH's API",
    make: (region) => region.setReachable("api", false),
  },
  "api-up": {
    usage: "",
    what: "let OVH's API be reached again",
    make: (region) => region.setReachable("api", true),
  },
  "api-fail": {
    usage: "METHOD PATH STATUS [TIMES]",
    what: "answer such requests with an error",
    make: (region, [method, path, status, times]) => {
      region.project.faults.fail(method ?? "*", path ?? "", {
        status: number(status, "STATUS"),
        ...(times === undefined ? {} : { times: number(times, "TIMES") }),
      });
    },
  },
  "api-slow": {
    usage: "MILLISECONDS",
    what: "answer every request that much later",
    make: (region, [ms]) => {
      region.project.faults.fail("*", "", { delay: number(ms, "MILLISECONDS") });
    },
  },
  "api-sound": {
    usage: "",
    what: "end api-fail and api-slow",
    make: (region) => region.project.faults.clear(),
  },
  silence: {
    usage: "NODE",
    what: "let no probe target answer it",
    make: (region, [name]) => region.silence(machine(region, name).name, true),
  },
  unsilence: {
    usage: "NODE",
    what: "let probe targets answer it again",
    make: (region, [name]) => region.silence(machine(region, name).name, false),
  },
  clock: {
    usage: "NODE SECONDS",
    what: "step its wall clock, forward or back",
    make: (region, [name, seconds]) => machine(region, name).stepClock(number(seconds, "SECONDS")),
  },
};

/** Takes faults for a region at a Unix socket, one line of JSON each. */
export function serveControl(region: Region, path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    const words = createInterface({ input: socket });
    // It passes the socket's errors on, and an error that nobody takes ends the region.
    words.on("error", () => {});
    words.on("line", async (line) => {
      try {
        const [name, ...args]: string[] = JSON.parse(line);
        const fault: Fault | undefined = FAULTS[name as FaultName];
        if (fault === undefined)
          throw new Error(`there is no fault ${name}; there are ${Object.keys(FAULTS).join(", ")}`);
        await fault.make(region, args);
        socket.end("{}\n");
      } catch (error) {
        socket.end(`${JSON.stringify({ error: (error as Error).message })}\n`);
      }
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => resolve(server));
  });
}

/** Asks for a fault. @throws Error with what was wrong with it */
export function askForFault(path: string, words: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("error", (error) =>
      reject(new Error(`no simulated region answers at ${path}: ${error.message}`)),
    );
    const answer = createInterface({ input: socket });
    answer.on("error", () => {});
    answer.on("line", (line) => {
      const { error } = JSON.parse(line) as { error?: string };
      if (error === undefined) resolve();
      else reject(new Error(error));
    });
    socket.write(`${JSON.stringify(words)}\n`);
  });
}
