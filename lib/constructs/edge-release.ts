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

/** An expression without its `${}`. */
const bare = (expression: string) => expression.slice(2, -1);

/** Props of the release. */
export interface EdgeReleaseProps {
  /** All edges, the preferred one first. */
  readonly edges: readonly ReleasedEdge[];
  readonly ssh: SshAccess;
  /** What makes a release necessary when it changes: a digest of CARP's address, vhid and password. */
  readonly identity: string;
  /** Raw expression for the id of the instance that holds the FailOver IP now. */
  readonly holder: string;
  readonly dependsOn: ITerraformDependable[];
}

/**
 * Lets edges that wait go on, one after the other: first the one that holds the FailOver IP,
 * which must become MASTER, then the others. So neither a first deploy nor a new password pulls
 * a live address to the wrong edge.
 */
export class EdgeRelease extends Construct {
  constructor(scope: Construct, id: string, props: EdgeReleaseProps) {
    super(scope, id);
    const { edges, ssh, identity, holder, dependsOn } = props;
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
    const connection = (index: number): SSHProvisionerConnection => ({
      ...sshConnection({ ...ssh, host: at(index, "host") }, "./.edge-release.sh"),
      ...hostKey(at(index, "key")),
    });
    const release = (index: number) =>
      `${ssh.become === undefined ? "" : "doas -n "}${INSTALLER} release ${index === 0 ? "master" : "any"}`;
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
        ? this.throughBastion(ssh, edges.length, { at, release })
        : edges.map((_, index) => ({
            type: "remote-exec",
            inline: [release(index)],
            connection: connection(index),
          })),
    });
  }

  private throughBastion(
    ssh: BehindBastion<SshAccess>,
    count: number,
    { at, release }: { at: (index: number, field: string) => string; release: (index: number) => string },
  ): LocalExecProvisioner[] {
    const command = overBastion(this);
    return Array.from({ length: count }, (_, index) => {
      const target = { ...ssh, host: at(index, "host"), hostKey: at(index, "key") };
      return bastionStep(command, target, { command: release(index) });
    });
  }
}
