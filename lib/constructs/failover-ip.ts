import { CloudProjectFailoverIpAttach } from "@cdktf/provider-ovh/lib/cloud-project-failover-ip-attach";
import { DataOvhCloudProjectFailoverIpAttach } from "@cdktf/provider-ovh/lib/data-ovh-cloud-project-failover-ip-attach";
import type { ITerraformDependable, TerraformResource } from "cdktf";
import { Construct } from "constructs";

/** A FailOver IP of a Public Cloud project. */
export interface IFailoverIp {
  /** The address. */
  readonly address: string;
  /** Its id at OVH, which the edges move it by. */
  readonly failoverIpId: string;
}

/** Props of `FailoverIp.fromAddress`. */
export interface FailoverIpProps {
  /** Id of the Public Cloud project. */
  readonly serviceName: string;
  /** The FailOver IP, which the project has already. */
  readonly address: string;
}

/** Where a FailOver IP goes first. */
export interface AttachProps {
  /** Id of the instance. */
  readonly instanceId: string;
  /** What must be done before, such as the installation of the edges. @default - nothing */
  readonly dependsOn?: ITerraformDependable[];
}

/**
 * A FailOver IP that exists and is adopted: nothing here orders or releases it.
 * API: /cloud/project/{p}/ip/failover
 */
export class FailoverIp extends Construct implements IFailoverIp {
  /** Adopts a FailOver IP by its address. The plan fails where the project has no such IP. */
  static fromAddress(scope: Construct, id: string, props: FailoverIpProps): FailoverIp {
    return new FailoverIp(scope, id, props);
  }

  readonly address: string;
  readonly failoverIpId: string;
  private attachment: CloudProjectFailoverIpAttach | undefined;

  private constructor(
    scope: Construct,
    id: string,
    private readonly props: FailoverIpProps,
  ) {
    super(scope, id);
    this.address = props.address;
    this.failoverIpId = new DataOvhCloudProjectFailoverIpAttach(this, "lookup", {
      serviceName: props.serviceName,
      ip: props.address,
    }).id;
  }

  /**
   * Routes the IP to an instance once. From then on it belongs to the edges: a deploy after a
   * failover neither plans to take it back nor does it.
   */
  attachOnce({ instanceId, dependsOn }: AttachProps): CloudProjectFailoverIpAttach {
    this.attachment = new CloudProjectFailoverIpAttach(this, "attach", {
      serviceName: this.props.serviceName,
      ip: this.props.address,
      routedTo: instanceId,
      dependsOn,
      lifecycle: { ignoreChanges: ["routed_to"] },
    });
    return this.attachment;
  }

  /** Address of an attribute of the attachment, for expressions that no output may depend on. */
  holderReference(): string {
    if (this.attachment === undefined) throw new Error("holderReference needs attachOnce first");
    return reference(this.attachment, "routed_to");
  }
}

/** `type.name.attribute`, for use inside of a raw expression. */
export function reference(resource: TerraformResource, attribute: string): string {
  return `${resource.terraformResourceType}.${resource.friendlyUniqueId}.${attribute}`;
}
