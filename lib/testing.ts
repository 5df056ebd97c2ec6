/**
 * For the tests of other stacks: a simulated OVH region to deploy on.
 *
 * @packageDocumentation
 */
export { Playground, type PlaygroundOptions } from "./playground/playground.js";
