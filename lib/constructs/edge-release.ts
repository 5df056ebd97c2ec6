import { Resource } from "@cdktf/provider-null/lib/resource/index.js";
import {
  Fn,
  type ITerraformDependable,
  type LocalExecProvisioner,
  type SSHProvisionerConnection,
  TerraformLocal,
} from "cdktf";
import { Construct } from "constructs";
import { INSTALLER } from "../edge/doas.js";
import { type BehindBastion, bastionStep, isBehindBastion, overBastion } from "./over-bastion.js";
import { type SshAccess, sshConnection } from "./ssh-connection.js";

/** One edge that is released. */
export interface ReleasedEdge {
  readonly instanceId: string;
  readonly host: string;
  /** Public host key. @default - not verified */
  readonly hostKey?: string;
}

/** Where the FailOver IPs of a vhid are. */
export interface VhidHolder {
  /** The vhid's carp interface on the edges. */
  readonly carp: string;
  /** Raw expression for the id of the instance that holds them now. */
  readonly holder: string;
}

/** An expression without its `${}`. */
const bare = (expression: string) => expression.slice(2, -1);

/** A command on one of the edges, by its place in the order. */
interface Step {
  readonly index: number;
  readonly command: string;
}

/** Props of the release. */
export interface EdgeReleaseProps {
  /** All edges, the preferred one first. */
  readonly edges: readonly ReleasedEdge[];
  readonly ssh: SshAccess;
  /** What makes a release necessary when it changes: a digest of CARP's address, vhid and password. */
  readonly identity: string;
  /** Who holds the FailOver IPs now, by vhid. */
  readonly holders: readonly [VhidHolder, ...VhidHolder[]];
  readonly dependsOn: ITerraformDependable[];
}

/**
 * Lets edges that wait go on, one after the other: first the one that holds the FailOver IP,
 * which must become MASTER, then the others. So neither a first deploy nor a new password pulls
 * a live address to the wrong edge.
 *
 * With several vhids each edge first becomes MASTER of those whose IPs it holds, while nobody claims yet;
 * then all of them go on.
 */
export class EdgeRelease extends Construct {
  constructor(scope: Construct, id: string, props: EdgeReleaseProps) {
    super(scope, id);
    const { edges, ssh, identity, holders, dependsOn } = props;
    const [{ holder }] = holders;
    const all = new TerraformLocal(
      this,
      "edges",
      edges.map(({ instanceId, host, hostKey }) => ({ id: instanceId, host, key: hostKey ?? "" })),
    );
    const list = `local.${all.friendlyUniqueId}`;
    const order = new TerraformLocal(
      this,
      "order",
      `\${concat([for e in ${list} : e if e.id == ${holder}], [for e in ${list} : e if e.id != ${holder}])}`,
    );
    const at = (index: number, field: string) => `\${local.${order.friendlyUniqueId}[${index}].${field}}`;
    const known = edges.filter(({ hostKey }) => hostKey !== undefined).length;
    // The key of a replaced edge is not known before it has booted; the others' are.
    const hostKey = (key: string) =>
      known === 0
        ? {}
        : { hostKey: known === edges.length ? key : `\${${bare(key)} == "" ? null : ${bare(key)}}` };
    const edgeInstall = `${ssh.become === undefined ? "" : "doas -n "}${INSTALLER}`;
    const carpsOf = (index: number) => {
      const held = holders.map(({ carp, holder }) => `{ carp = "${carp}", id = ${holder} }`).join(", ");
      return `\${join(" ", [for v in [${held}] : v.carp if v.id == ${bare(at(index, "id"))}])}`;
    };
    const steps: readonly Step[] =
      holders.length === 1
        ? edges.map((_, index) => ({
            index,
            command: `${edgeInstall} release ${index === 0 ? "master" : "any"}`,
          }))
        : [
            ...edges.map((_, index) => ({ index, command: `${edgeInstall} raise ${carpsOf(index)}` })),
            ...edges.map((_, index) => ({ index, command: `${edgeInstall} release any` })),
          ];
    const connection = (index: number): SSHProvisionerConnection => ({
      ...sshConnection({ ...ssh, host: at(index, "host") }, "./.edge-release.sh"),
      ...hostKey(at(index, "key")),
    });
    new Resource(this, "release", {
      triggers: {
        identity,
        instances: Fn.join(
          " ",
          edges.map(({ instanceId }) => instanceId),
        ),
      },
      dependsOn,
      provisioners: isBehindBastion(ssh)
        ? this.throughBastion(ssh, steps, at)
        : steps.map(({ index, command }) => ({
            type: "remote-exec",
            inline: [command],
            connection: connection(index),
          })),
    });
  }

  private throughBastion(
    ssh: BehindBastion<SshAccess>,
    steps: readonly Step[],
    at: (index: number, field: string) => string,
  ): LocalExecProvisioner[] {
    const script = overBastion(this);
    return steps.map(({ index, command }) => {
      const target = { ...ssh, host: at(index, "host"), hostKey: at(index, "key") };
      return bastionStep(script, target, { command });
    });
  }
}
