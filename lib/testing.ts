/**
 * For the tests of other stacks: a simulated OVH region to deploy on. Importing it starts nothing, and needs no test
 * runner.
 *
 * @packageDocumentation
 */

export type { DrillResult } from "./operations/drill/run.js";
export type { FaultArguments, FaultName, InterfaceName } from "./playground/faults.js";
export type { Door, EdgeService } from "./testing/door.js";
export { LiveWorld, type LiveWorldOptions, startRegion } from "./testing/live-world.js";
export { type EdgeMatchers, matchers, type Verdict } from "./testing/matchers.js";
export { picture } from "./testing/picture.js";
export type { StackMaker } from "./testing/synthesis.js";
export { startVirtualWorld, VirtualWorld, type VirtualWorldOptions } from "./testing/virtual-world.js";
export type { Deadline, EdgeWorld, IpView, LoggedLine, Operation, WorldView } from "./testing/world.js";
