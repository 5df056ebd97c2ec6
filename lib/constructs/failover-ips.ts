import { type ITerraformDependable, TerraformLocal, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { type VhidSettings, vhidsOf } from "../config/failover-ips.js";
import type { EdgeConfig, FailoverIpSettings } from "../config/schema.js";
import type { IEdgeInstance } from "./edge-instance.js";
import type { VhidHolder } from "./edge-release.js";
import type { FailoverIp } from "./failover-ip.js";
import { failoverIpOf, nameFailoverIp } from "./surroundings.js";

/** The FailOver IPs of an edge, each with its vhid. */
export class FailoverIps {
  /** All of them, in the order of the configuration. */
  readonly all: readonly [FailoverIp, ...FailoverIp[]];
  private readonly vhids: readonly VhidSettings[];

  constructor(
    private readonly scope: Construct,
    private readonly config: EdgeConfig,
  ) {
    this.vhids = vhidsOf(config);
    const [first, ...others] = config.failoverIps;
    // The first keeps its name when others come.
    this.all = [this.create(first, ""), ...others.map((ip) => this.create(ip, `-${slug(ip.address)}`))];
  }

  /** Ids at OVH in the order in which edge.conf(5) lists the IPs: vhid by vhid. */
  get ids(): readonly string[] {
    return this.vhids.flatMap(({ failoverIps }) => failoverIps.map((ip) => this.of(ip).failoverIpId));
  }

  /** Routes each IP once to the edge that is preferred for it. @returns what waits for that */
  attachOnce(
    instances: ReadonlyMap<string, IEdgeInstance>,
    dependsOn: ITerraformDependable[],
  ): ITerraformDependable[] {
    return this.vhids.flatMap(({ failoverIps, preferred }) => {
      const { instanceId } = instances.get(preferred) as IEdgeInstance;
      return failoverIps.map((ip) => this.of(ip).attachOnce({ instanceId, dependsOn }));
    });
  }

  /** Who holds each vhid's first IP; where its IPs are at several edges, that one goes first. */
  get holders(): readonly [VhidHolder, ...VhidHolder[]] {
    const holders = this.vhids.map(({ interface: carp, failoverIps }) => ({
      carp,
      holder: this.of(failoverIps[0] as FailoverIpSettings).holderReference(),
    }));
    return holders as [VhidHolder, ...VhidHolder[]];
  }

  /** A plan warns when an IP is routed to none of the edges; it never fails for that. */
  warnOfLost(instances: readonly IEdgeInstance[]): void {
    const ids = new TerraformLocal(
      this.scope,
      "instances",
      instances.map(({ instanceId }) => instanceId),
    );
    const path = this.scope.node.path.split("/").slice(1).join("-");
    this.all.forEach((ip, index) => {
      const holder = ip.holderReference();
      const which =
        index === 0 ? "" : `-${slug((this.config.failoverIps[index] as FailoverIpSettings).address)}`;
      TerraformStack.of(this.scope).addOverride(
        `check.${path.replace(/[^A-Za-z0-9_-]/g, "-")}-holds-the-failover-ip${which}`,
        {
          assert: [
            {
              condition: `\${contains(local.${ids.friendlyUniqueId}, ${holder})}`,
              error_message: `None of the edges holds ${ip.address}: it is routed to "\${${holder}}". Run edge-sync status on the edges.`,
            },
          ],
        },
      );
    });
  }

  private create(settings: FailoverIpSettings, suffix: string): FailoverIp {
    const ip = failoverIpOf(this.scope, `failover-ip${suffix}`, this.config.project, settings);
    nameFailoverIp(this.scope, settings, ip, suffix);
    return ip;
  }

  private of(settings: FailoverIpSettings): FailoverIp {
    return this.all[this.config.failoverIps.indexOf(settings)] as FailoverIp;
  }
}

/** An address as a part of an id. */
function slug(address: string): string {
  return address.replace(/[./]/g, "-");
}
