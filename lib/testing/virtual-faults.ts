import type { FaultArguments, FaultName } from "../playground/faults.js";
import type { WorldEdge } from "../simulator/world/edge.js";
import type { World } from "../simulator/world/world.js";

type Fault<Name extends FaultName> = (world: World, ...args: FaultArguments[Name]) => void;

/** The edge of this name. @throws Error with the names that there are */
export function edgeOf(world: World, name: string): WorldEdge {
  const found = world.edges.find((edge) => edge.name === name);
  if (found !== undefined) return found;
  throw new Error(`there is no node ${name}; there are ${world.edges.map((edge) => edge.name).join(", ")}`);
}

/** Sets an interface of an edge by some means. */
const onPort =
  (set: (edge: WorldEdge, name: string) => void) =>
  (world: World, edgeName: string, name: string): void => {
    const edge = edgeOf(world, edgeName);
    const names = [...edge.kernel.interfaces.keys()];
    if (!names.includes(name))
      throw new Error(`${edgeName} has no interface ${name}; it has ${names.join(", ")}`);
    set(edge, name);
  };

/** The faults of a region, in virtual time. */
const FAULTS: { readonly [Name in FaultName]: Fault<Name> } = {
  "power-off": (world, name) => {
    if (edgeOf(world, name).running) world.faults.powerOff(name);
  },
  "power-on": (world, name) => {
    if (!edgeOf(world, name).running) world.faults.powerOn(name);
  },
  reboot: (world, name) => {
    if (edgeOf(world, name).running) world.faults.reboot(name);
  },
  cut: onPort((edge, name) => edge.kernel.setCable(name, false)),
  mend: onPort((edge, name) => edge.kernel.setCable(name, true)),
  down: onPort((edge, name) => edge.kernel.setUp(name, false)),
  up: onPort((edge, name) => edge.kernel.setUp(name, true)),
  partition: (world, ...names) => {
    for (const name of names) edgeOf(world, name);
    world.partition(names);
  },
  heal: (world) => world.heal(),
  "api-down": (world) => {
    world.apiAnswers = false;
  },
  "api-up": (world) => {
    world.apiAnswers = true;
  },
  "api-fail": (world, method, path, status, times) => {
    world.project.faults.fail(method, path, { status, ...(times === undefined ? {} : { times }) });
  },
  "api-slow": (world, milliseconds) => {
    world.project.faults.fail("*", "", { delay: milliseconds });
  },
  "api-sound": (world) => world.project.faults.clear(),
  silence: (world, name) => {
    edgeOf(world, name).probesAnswer = false;
  },
  unsilence: (world, name) => {
    edgeOf(world, name).probesAnswer = true;
  },
  clock: (world, name, seconds) => {
    edgeOf(world, name);
    world.faults.stepClock(name, seconds);
  },
};

/** Makes a fault in virtual time, or mends one. @throws Error when there is no such fault, edge or interface */
export function makeFault<Name extends FaultName>(
  world: World,
  name: Name,
  args: FaultArguments[Name],
): void {
  const fault: Fault<Name> | undefined = FAULTS[name];
  if (fault === undefined)
    throw new Error(`there is no fault ${name}; there are ${Object.keys(FAULTS).join(", ")}`);
  fault(world, ...args);
}
