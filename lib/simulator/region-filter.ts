import type { EdgeConfig } from "../config/schema.js";
import type { Machine } from "./node/machine.js";
import type { OvhProject } from "./ovh-api/api.js";
import type { Traffic } from "./ovh-api/security-groups.js";
import type { Account } from "./ovh-api/seed.js";

/** What the security groups of a region's instances let in. */
export class RegionFilter {
  constructor(
    private readonly project: () => OvhProject,
    private readonly instanceId: (name: string) => string | undefined,
  ) {}

  /** Whether an advertisement that leaves an interface of one machine gets into another. */
  readonly carp = (from: Machine, name: string, to: Machine): boolean =>
    this.letsIn(to.name, { protocol: "carp", from: sourceOf(from, name) });

  /** Whether a machine can be connected to on a port. */
  tcp(name: string, port: number, from: string): boolean {
    return this.letsIn(name, { protocol: "tcp", port, from });
  }

  private letsIn(name: string, traffic: Traffic): boolean {
    const id = this.instanceId(name);
    if (id === undefined) return false;
    const { instances, securityGroups } = this.project();
    const groups = instances.instances.get(id).targetSpec.securityGroups ?? [];
    return securityGroups.letsIn(
      groups.map((group) => group.id),
      traffic,
    );
  }
}

/** Where an advertisement comes from: the interface's own address, or that of the carp interface on it. */
function sourceOf({ kernel }: Machine, name: string): string {
  const carp = [...kernel.interfaces.values()].find((one) => one.carp?.carpdev === name);
  return (kernel.find(name)?.addresses[0] ?? carp?.addresses[0])?.address ?? "0.0.0.0";
}

/** The account that a configuration needs: its zones, and its vRack without the project in it. */
export function accountFor({ failoverIps, vrack }: EdgeConfig): Partial<Account> {
  return {
    zones: failoverIps.flatMap(({ dns }) => dns?.zone ?? []),
    ...(vrack === undefined ? {} : { vrack, inVrack: false }),
  };
}
