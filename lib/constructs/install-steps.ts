import {
  type FileProvisioner,
  Fn,
  type LocalExecProvisioner,
  type RemoteExecProvisioner,
  Token,
} from "cdktf";
import type { Construct } from "constructs";
import { runnable } from "../config/command-line.js";
import { doasCheck, INSTALLER } from "../edge/doas.js";
import { bastionStep, isBehindBastion, overBastion } from "./over-bastion.js";
import { type SshTarget, sshConnection } from "./ssh-connection.js";

/** Folder in the deploy user's home that takes a delivery; 0700, and gone afterwards. */
const INBOX = ".edge-deliver";

/** One bundle that is installed. */
export interface Installation {
  /** Name of the edge. */
  readonly edge: string;
  /** Expression for the bundle. */
  readonly content: string;
  /** Name of the bundle for edge-install, hexadecimal. */
  readonly digest: string;
  /** First and last line of edge-install in the bundle. */
  readonly installer: readonly [first: number, last: number];
  /** sha256 of that edge-install. */
  readonly installerDigest: string;
}

/** The command that writes an edge's files, for who has no edge-install there yet. */
const RENDER = runnable("npm run render --");

type Provisioner = FileProvisioner | LocalExecProvisioner | RemoteExecProvisioner;

/** The provisioners that install a bundle on an edge. */
export function installSteps(scope: Construct, target: SshTarget, bundle: Installation): Provisioner[] {
  if (isBehindBastion(target)) {
    return [
      bastionStep(overBastion(scope), target, {
        command: target.become === undefined ? asRoot(bundle) : byDoas(target, bundle),
        // What is sensitive would hide all that edge-install says; no environment is ever printed.
        input: Token.asString(Fn.nonsensitive(Fn.base64gzip(bundle.content))),
      }),
    ];
  }
  const prepare = `umask 077 && rm -rf ${INBOX} && mkdir ${INBOX}`;
  const { user, become } = target;
  return [
    {
      type: "remote-exec",
      inline:
        become === undefined
          ? [prepare]
          : [doasCheck(bundle.edge, user, bundle.installerDigest, RENDER), prepare],
      connection: sshConnection(target, "./.edge-prepare.sh"),
    },
    {
      type: "file",
      content: bundle.content,
      destination: `${INBOX}/bundle`,
      connection: sshConnection(target, `./${INBOX}/script.sh`),
    },
    {
      type: "remote-exec",
      inline: [
        become === undefined
          ? `cd ${INBOX} && ${fromBundle(bundle)}`
          : `cd ${INBOX} && doas -n ${INSTALLER} install -d ${bundle.digest} <bundle`,
        // The folder stays, as Terraform empties its own script there afterwards.
        "status=$?; rm -f bundle edge-install; exit $status",
      ],
      connection: sshConnection(target, `./${INBOX}/script.sh`),
    },
  ];
}

/** The installer comes with the bundle, as the first time there is none. */
function fromBundle({ installer, digest }: Installation): string {
  return `sed -n '${installer.join(",")}p' bundle >edge-install && sh edge-install install -d ${digest} bundle`;
}

function asRoot(bundle: Installation): string {
  return (
    `umask 077 && rm -rf ${INBOX} && mkdir ${INBOX} && cd ${INBOX} && cat >bundle && ${fromBundle(bundle)}; ` +
    `status=$?; cd && rm -rf ${INBOX}; exit $status`
  );
}

/** The user's own folder holds nothing that root runs: the bundle goes straight to the installer. */
function byDoas({ user }: SshTarget, { edge, digest, installerDigest }: Installation): string {
  return `${doasCheck(edge, user, installerDigest, RENDER)}\nexec doas -n ${INSTALLER} install -d ${digest}`;
}
