import { VrackCloudproject } from "@cdktf/provider-ovh/lib/vrack-cloudproject";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";

/** Props of `VrackAttachment`. */
export interface VrackAttachmentProps {
  /** Id of the Public Cloud project. */
  readonly serviceName: string;
  /** Name of the vRack, such as `pn-12345`. */
  readonly vrack: string;
}

/**
 * Puts a project into a vRack, without which it has no private networks. A project is in one vRack at
 * most; one that is in it already is imported or left out. API: /vrack/{v}/cloudProject
 */
export class VrackAttachment extends Construct implements ITerraformDependable {
  private readonly attachment: VrackCloudproject;

  constructor(scope: Construct, id: string, { serviceName, vrack }: VrackAttachmentProps) {
    super(scope, id);
    this.attachment = new VrackCloudproject(this, "project", { serviceName: vrack, projectId: serviceName });
  }

  /** Address of the attachment, for `dependsOn`. */
  get fqn(): string {
    return this.attachment.fqn;
  }
}
