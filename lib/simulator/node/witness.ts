import type { ShimCall } from "./shim.js";

/** Someone outside a machine who sees what its programs ask of its kernel, and what is logged. */
export interface Witness {
  /** A command begins. @returns the call that is carried out in its place, undefined where its caller is gone */
  begins(call: ShimCall): ShimCall | undefined;
  /** A command has ended. */
  ended(call: ShimCall, status: number): void;
  logged(tag: string, text: string): void;
}
