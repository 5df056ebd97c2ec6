import { DomainZoneRecord } from "@cdktf/provider-ovh/lib/domain-zone-record";
import { IpReverse } from "@cdktf/provider-ovh/lib/ip-reverse";
import { Fn, type ITerraformDependable, Token } from "cdktf";
import { Construct } from "constructs";

/** Props of `DnsName`. */
export interface DnsNameProps {
  /** DNS zone of yours at OVH, such as `example.org`. */
  readonly zone: string;
  /** Name within the zone, such as `edge`; empty for the zone itself. */
  readonly name: string;
  /** IPv4 address that it stands for. */
  readonly address: string;
  /** Seconds that others keep the answer for, 60 or more. @default - the zone's own */
  readonly ttl?: number;
}

/** An A record of a zone at OVH. API: /domain/zone/{z}/record */
export class DnsName extends Construct implements ITerraformDependable {
  /** The whole name, without a dot at its end. */
  readonly fullName: string;
  private readonly record: DomainZoneRecord;

  constructor(scope: Construct, id: string, { zone, name, address, ttl = 0 }: DnsNameProps) {
    super(scope, id);
    this.record = new DomainZoneRecord(this, "record", {
      zone,
      subdomain: name === "" ? undefined : name,
      fieldtype: "A",
      target: address,
      ttl,
    });
    // A name that only Terraform knows may be empty as well.
    if (Token.isUnresolved(name)) this.fullName = Fn.join(".", Fn.compact([name, zone]));
    else this.fullName = name === "" ? zone : `${name}.${zone}`;
  }

  /** Address of the record, for `dependsOn`. */
  get fqn(): string {
    return this.record.fqn;
  }
}

/** Props of `ReverseName`. */
export interface ReverseNameProps {
  /** IPv4 address of an Additional IP of the account. */
  readonly address: string;
  /** Name that the address is found under; it must be found at the address already. */
  readonly name: string;
  /** The block that OVH knows the address by. @default - the address alone, `/32` */
  readonly block?: string;
  /** What must be there before, such as the record of the name. @default - nothing */
  readonly dependsOn?: ITerraformDependable[];
}

/**
 * The reverse of an Additional IP. OVH refuses it until the name is found at the address, so it is tried
 * for five minutes. API: /ip/{ip}/reverse
 */
export class ReverseName extends Construct {
  constructor(scope: Construct, id: string, { address, name, block, dependsOn }: ReverseNameProps) {
    super(scope, id);
    new IpReverse(this, "reverse", {
      ip: block ?? `${address}/32`,
      ipReverse: address,
      // OVH answers with a dot at the end; without one each plan would replace the reverse.
      reverse: `${Token.isUnresolved(name) ? Fn.trimsuffix(name, ".") : name.replace(/\.$/, "")}.`,
      readinessTimeoutDuration: "5m",
      dependsOn,
    });
  }
}
