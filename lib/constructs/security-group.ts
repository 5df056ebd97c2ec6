import { CloudSecurityGroup } from "@cdktf/provider-ovh/lib/cloud-security-group";
import { DataResource, Fn, Token } from "cdktf";
import { Construct } from "constructs";
import { reference } from "./reference.js";

/** A security group of a region, which filters what reaches every interface of an instance. */
export interface ISecurityGroup {
  readonly securityGroupId: string;
}

/** One thing that is let in. */
export interface SecurityGroupRule {
  /** `tcp`, `udp` or `icmp`. @default - every protocol */
  readonly protocol?: string;
  /** Port, or the first of several. @default - every port */
  readonly port?: number;
  /** Last port. @default - `port` */
  readonly lastPort?: number;
  /** Network that it may come from, in CIDR form. @default - anywhere */
  readonly from?: string;
  /** What it is for. @default - none */
  readonly description?: string;
}

/** Props of a security group that is created. */
export interface SecurityGroupProps {
  /** Id of the Public Cloud project. */
  readonly serviceName: string;
  /** Region, such as `SBG5`; a change replaces the group. */
  readonly region: string;
  /** Name at OVH. */
  readonly name: string;
  /** What is let in over IPv4; everything may leave. @default - nothing is let in */
  readonly rules?: readonly SecurityGroupRule[];
}

/** A security group. API: /v2/publicCloud/project/{p}/securityGroup */
export class SecurityGroup extends Construct implements ISecurityGroup {
  /** Uses a group that exists, such as the region's default one. */
  static fromId(securityGroupId: string): ISecurityGroup {
    return { securityGroupId };
  }

  /** Stays known while rules change, so that no instance changes with them. */
  readonly securityGroupId: string;

  constructor(scope: Construct, id: string, props: SecurityGroupProps) {
    super(scope, id);
    const { serviceName, region, name, rules = [] } = props;
    const group = new CloudSecurityGroup(this, "group", {
      serviceName,
      region,
      name,
      rule: rules.length === 0 ? undefined : rules.map(ruleOf),
    });
    // A change in place makes the id unknown, and an unknown id changes every instance that has it.
    const kept = new DataResource(this, "id", { lifecycle: { ignoreChanges: ["input"] } });
    kept.addOverride("input", group.id);
    kept.addOverride("triggers_replace", [region, serviceName]);
    this.securityGroupId = Token.asString(`\${${reference(kept, "output")}}`);
  }
}

function ruleOf({ protocol, port, lastPort, from, description }: SecurityGroupRule) {
  return {
    direction: "INGRESS",
    ethernetType: "IPV4",
    protocol: protocol === undefined ? undefined : upper(protocol),
    portRangeMin: port,
    portRangeMax: lastPort ?? port,
    remoteIpPrefix: from,
    description,
  };
}

function upper(text: string): string {
  return Token.isUnresolved(text) ? Fn.upper(text) : text.toUpperCase();
}
