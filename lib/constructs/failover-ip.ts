import { CloudProjectFailoverIpAttach } from "@cdktf/provider-ovh/lib/cloud-project-failover-ip-attach";
import { DataOvhCloudProjectFailoverIpAttach } from "@cdktf/provider-ovh/lib/data-ovh-cloud-project-failover-ip-attach";
import { Fn, type ITerraformDependable, Token } from "cdktf";
import { Construct } from "constructs";
import { IpOrder, type IpOrderProps } from "./ip-order.js";
import { reference } from "./reference.js";

export { reference } from "./reference.js";

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
  /** The FailOver IP, or a block of them in CIDR form, which the project has already. */
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
 * A FailOver IP of a project: one that exists is adopted, and neither ordered nor released; one that is
 * ordered costs money. API: /cloud/project/{p}/ip/failover
 */
export class FailoverIp extends Construct implements IFailoverIp {
  /** Adopts a FailOver IP by its address. The plan fails where the project has no such IP. */
  static fromAddress(scope: Construct, id: string, props: FailoverIpProps): FailoverIp {
    return new FailoverIp(scope, id, props);
  }

  /** Uses a FailOver IP whose id is known. */
  static fromAttributes({ address, failoverIpId }: IFailoverIp): IFailoverIp {
    return { address, failoverIpId };
  }

  /**
   * Orders a FailOver IP, which costs money from the first deploy on.
   *
   * @throws Error when the cost is not accepted
   */
  static order(scope: Construct, id: string, props: IpOrderProps): FailoverIp {
    const ordered = new IpOrder(scope, `${id}-order`, props);
    return new FailoverIp(scope, id, { serviceName: props.serviceName, address: ordered.address }, [ordered]);
  }

  readonly address: string;
  readonly failoverIpId: string;
  /** The block that OVH knows it by, in CIDR form. */
  readonly block: string;
  private attachment: CloudProjectFailoverIpAttach | undefined;

  private constructor(
    scope: Construct,
    id: string,
    private readonly props: FailoverIpProps,
    /** What must be there before the project has the address. */
    dependsOn?: ITerraformDependable[],
  ) {
    super(scope, id);
    this.address = props.address;
    const found = new DataOvhCloudProjectFailoverIpAttach(this, "lookup", {
      serviceName: props.serviceName,
      ip: this.first,
      dependsOn,
    });
    this.failoverIpId = found.id;
    this.block = found.block;
  }

  /**
   * Routes the IP to an instance once. From then on it belongs to the edges: a deploy after a
   * failover neither plans to take it back nor does it.
   */
  attachOnce({ instanceId, dependsOn }: AttachProps): CloudProjectFailoverIpAttach {
    this.attachment = new CloudProjectFailoverIpAttach(this, "attach", {
      serviceName: this.props.serviceName,
      ip: this.first,
      routedTo: instanceId,
      dependsOn,
      lifecycle: { ignoreChanges: ["routed_to"] },
    });
    return this.attachment;
  }

  /** OVH knows a block by its first address. */
  private get first(): string {
    const { address } = this;
    return Token.isUnresolved(address)
      ? Token.asString(Fn.element(Fn.split("/", address), 0))
      : (address.split("/")[0] as string);
  }

  /** Address of an attribute of the attachment, for expressions that no output may depend on. */
  holderReference(): string {
    if (this.attachment === undefined) throw new Error("holderReference needs attachOnce first");
    return reference(this.attachment, "routed_to");
  }
}
