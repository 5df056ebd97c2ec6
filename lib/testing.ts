/**
 * For the tests of other stacks: a simulated OVH region to deploy on. Importing it starts nothing, and needs no test
 * runner.
 *
 * @packageDocumentation
 */
export type { FaultArguments, FaultName, InterfaceName } from "./playground/faults.js";
export { Playground, type PlaygroundOptions } from "./playground/playground.js";
export { LiveWorld, type LiveWorldOptions, startRegion } from "./testing/live-world.js";
export { picture } from "./testing/picture.js";
export type { StackMaker } from "./testing/synthesis.js";
export type { Deadline, EdgeWorld, LoggedLine, WorldView } from "./testing/world.js";
