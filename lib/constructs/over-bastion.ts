import { AssetType, type LocalExecProvisioner, TerraformAsset, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { staticPath } from "../edge/static-files.js";
import { type Bastion, portText, type SshAccess, type SshTarget } from "./ssh-connection.js";

/** What ssh(1) is told to do on an edge. */
export interface BastionStep {
  /** Shell command on the edge; it is in the argument list of ssh, so nothing secret is in it. */
  readonly command: string;
  /** What it reads: an expression for gzip in base64. @default - nothing */
  readonly input?: string;
}

/** An edge behind a bastion, with the bastion. */
export type BehindBastion<T extends SshAccess> = T & { readonly bastion: Bastion };

/** Whether edges are reached through a bastion. */
export function isBehindBastion<T extends SshAccess>(access: T): access is BehindBastion<T> {
  return access.bastion !== undefined;
}

const PROGRAM = "edge-over-bastion";

/** The program that goes through a bastion by the local ssh(1), once in a stack, as a command for `local-exec`. */
export function overBastion(scope: Construct): string {
  const stack = TerraformStack.of(scope);
  const asset = stack.node.tryFindChild(PROGRAM) as TerraformAsset | undefined;
  const { path } =
    asset ?? new TerraformAsset(stack, PROGRAM, { path: staticPath(PROGRAM), type: AssetType.FILE });
  return `sh ${path}`;
}

/** One step on an edge behind a bastion. The environment of a provisioner is printed nowhere. */
export function bastionStep(
  command: string,
  target: BehindBastion<SshTarget>,
  { command: remote, input }: BastionStep,
): LocalExecProvisioner {
  return {
    type: "local-exec",
    command,
    environment: {
      ...bastionEnvironment(target),
      EDGE_HOST: target.host,
      EDGE_HOST_KEY: target.hostKey ?? "",
      EDGE_COMMAND: remote,
      ...(input === undefined ? {} : { EDGE_INPUT: input }),
    },
  };
}

/** How the bastion and all edges behind it are reached. */
export function bastionEnvironment(access: BehindBastion<SshAccess>): Record<string, string> {
  const { user, port, privateKeyPath = "", bastion } = access;
  return {
    EDGE_PORT: portText(port),
    EDGE_USER: user,
    EDGE_KEY: privateKeyPath,
    BASTION_HOST: bastion.host,
    BASTION_PORT: portText(bastion.port),
    BASTION_USER: bastion.user ?? user,
    BASTION_HOST_KEY: bastion.hostKey,
    BASTION_KEY: bastion.privateKeyPath ?? privateKeyPath,
  };
}
