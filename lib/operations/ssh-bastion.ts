import type { Duplex } from "node:stream";
import ssh2, { type Client as SshClient } from "ssh2";

const { Client } = ssh2;

/** A host that forwards SSH connections to the edges. */
export interface BastionAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Private key in OpenSSH's form. @default - the SSH agent */
  readonly privateKey?: string;
  /** Path of that key, for ssh(1). @default - the SSH agent */
  readonly privateKeyPath?: string;
  /** Public host key, `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
}

/** A connection through a bastion, and how to end the one to the bastion. */
export interface Forwarded {
  readonly sock: Duplex;
  readonly end: () => void;
}

/** Whether a server's key is the configured one. */
export function isHostKey(key: Buffer, hostKey: string): boolean {
  return key.toString("base64") === hostKey.split(" ")[1];
}

/** What ssh2 needs to log in by a key, or by the agent where there is none. */
export function identity(privateKey: string | undefined): { privateKey?: string; agent?: string } {
  return privateKey === undefined ? { agent: process.env.SSH_AUTH_SOCK } : { privateKey };
}

/**
 * Has a bastion connect to a host.
 *
 * @throws Error that tells whether the bastion could not be reached, is another one, or refused
 */
export function throughBastion(bastion: BastionAddress, host: string, port: number): Promise<Forwarded> {
  const where = `the bastion at ${bastion.host}:${bastion.port}`;
  return new Promise((resolve, reject) => {
    const client: SshClient = new Client();
    let known = true;
    client.on("error", ({ message }) =>
      reject(
        new Error(
          known
            ? `${where} cannot be reached: ${message}`
            : `${where} has another host key than ssh.bastion.hostKey`,
        ),
      ),
    );
    client.on("ready", () =>
      client.forwardOut("127.0.0.1", 0, host, port, (error, sock) => {
        if (error === undefined) return resolve({ sock, end: () => client.end() });
        client.end();
        reject(new Error(`${where} does not forward to ${host}:${port}: ${error.message.trim()}`));
      }),
    );
    client.connect({
      host: bastion.host,
      port: bastion.port,
      username: bastion.user,
      ...identity(bastion.privateKey),
      readyTimeout: 10_000,
      keepaliveInterval: 2_000,
      keepaliveCountMax: 3,
      hostVerifier: (key: Buffer) => {
        known = isHostKey(key, bastion.hostKey);
        return known;
      },
    });
  });
}
