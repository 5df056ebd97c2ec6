import { CloudInstanceGroup } from "@cdktf/provider-ovh/lib/cloud-instance-group";
import { Construct } from "constructs";

/** A group that keeps its instances on different hosts. */
export interface IInstanceGroup {
  readonly groupId: string;
}

/** Props of a group that is created. */
export interface InstanceGroupProps {
  /** Id of the Public Cloud project. */
  readonly serviceName: string;
  /** Region, such as `SBG5`; a change replaces the group and its instances. */
  readonly region: string;
  /** Name at OVH; kept after creation, as another one would replace the instances. */
  readonly name: string;
}

/** An anti-affinity group. API: /v2/publicCloud/project/{p}/compute/instanceGroup */
export class InstanceGroup extends Construct implements IInstanceGroup {
  /** Uses a group that exists. */
  static fromId(groupId: string): IInstanceGroup {
    return { groupId };
  }

  readonly groupId: string;

  constructor(scope: Construct, id: string, { serviceName, region, name }: InstanceGroupProps) {
    super(scope, id);
    this.groupId = new CloudInstanceGroup(this, "group", {
      serviceName,
      region,
      name,
      policy: "ANTI_AFFINITY",
      lifecycle: { ignoreChanges: ["name"] },
    }).id;
  }
}
