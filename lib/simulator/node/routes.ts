import type { Machine } from "./machine.js";

/** A host route that turns packets away. */
interface RejectRoute {
  readonly host: string;
  readonly gateway: string;
}

/** Why the kernel does not take a change of its routing table: EEXIST or ESRCH. */
export type RouteProblem = "EEXIST" | "ESRCH";

/** The part of a routing table that is changed by hand: reject routes to hosts, which a boot forgets. */
export class Routes {
  private readonly routes = new Map<string, RejectRoute>();

  get size(): number {
    return this.routes.size;
  }

  /** Adds a route; there is one for each host, whatever its gateway. */
  add(host: string, gateway: string): RouteProblem | undefined {
    if (this.routes.has(host)) return "EEXIST";
    this.routes.set(host, { host, gateway });
    return undefined;
  }

  /** Deletes a route; a gateway that is named must be its own. */
  delete(host: string, gateway: string | undefined): RouteProblem | undefined {
    const found = this.routes.get(host);
    if (found === undefined || (gateway !== undefined && gateway !== found.gateway)) return "ESRCH";
    this.routes.delete(host);
    return undefined;
  }

  /** Whether packets to an address end here, with EHOSTUNREACH. */
  reject(address: string): boolean {
    return this.routes.has(address);
  }
}

/** The addresses of a host, by name or numeric. */
export function addressesOf(machine: Machine, host: string): readonly string[] {
  return /^[\d.]+$|:/.test(host) ? [host] : (machine.world.addresses?.(host) ?? []);
}

/** Whether a machine's own routes let nothing through to a host: to none of its addresses. */
export function rejects(machine: Machine, host: string): boolean {
  const addresses = addressesOf(machine, host);
  return addresses.length > 0 && addresses.every((address) => machine.kernel.routes.reject(address));
}
