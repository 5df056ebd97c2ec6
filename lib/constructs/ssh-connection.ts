import type { SSHProvisionerConnection } from "cdktf";

/** How edges are reached over SSH. */
export interface SshAccess {
  /** User; root, unless something else has the rights. */
  readonly user: string;
  /** TCP port. */
  readonly port: number;
  /** Private key file; `~` is the deployer's home. @default - the SSH agent */
  readonly privateKeyPath?: string;
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
