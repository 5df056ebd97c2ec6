import { type SSHProvisionerConnection, Token } from "cdktf";

/** A host between the deployer and the edges that forwards SSH connections to them. */
export interface Bastion {
  readonly host: string;
  /** TCP port. */
  readonly port: number;
  /** @default - the user on the edges */
  readonly user?: string;
  /** Private key file; `~` is the deployer's home. @default - the edges' one */
  readonly privateKeyPath?: string;
  /** Public host key, `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
}

/** How edges are reached over SSH. */
export interface SshAccess {
  /** User; root, unless `become` says how it becomes root. */
  readonly user: string;
  /** How a user who is not root becomes root. @default - it is root */
  readonly become?: "doas";
  /** TCP port. */
  readonly port: number;
  /** Private key file; `~` is the deployer's home. @default - the SSH agent */
  readonly privateKeyPath?: string;
  /** @default - edges are reached directly */
  readonly bastion?: Bastion;
}

/** One edge as SSH sees it. */
export interface SshTarget extends SshAccess {
  readonly host: string;
  /** Public host key. @default - not verified */
  readonly hostKey?: string;
}

/** A provisioner's connection. Terraform's own script lies at `scriptPath`, outside of /tmp. */
export function sshConnection(target: SshTarget, scriptPath: string): SSHProvisionerConnection {
  const { host, user, port, privateKeyPath, hostKey } = target;
  return {
    type: "ssh",
    host,
    user,
    port,
    timeout: "10m",
    scriptPath,
    ...(hostKey === undefined ? {} : { hostKey }),
    ...(privateKeyPath === undefined
      ? { agent: "true" }
      : { privateKey: `\${file(pathexpand(${JSON.stringify(privateKeyPath)}))}`, agent: "false" }),
  };
}

/** A port as text; one that another resource gives is only known to Terraform. */
export function portText(port: number): string {
  return Token.isUnresolved(port) ? Token.asString(port) : String(port);
}
