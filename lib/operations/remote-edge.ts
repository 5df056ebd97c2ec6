import { createInterface } from "node:readline";
import ssh2, { type ClientChannel, type Client as SshClient } from "ssh2";
import { doasRule, INSTALLER } from "../edge/doas.js";
import { type BastionAddress, identity, isHostKey, throughBastion } from "./ssh-bastion.js";

const { Client } = ssh2;

/** How one edge is reached. */
export interface EdgeAddress {
  readonly name: string;
  /** Id of its instance at OVH. */
  readonly instanceId: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Private key in OpenSSH's form. @default - the SSH agent */
  readonly privateKey?: string;
  /** Public host key, `ssh-ed25519 AAAA…`. @default - not verified */
  readonly hostKey?: string;
  /** How a user who is not root becomes root. @default - it is root */
  readonly become?: "doas";
  /** @default - it is reached directly */
  readonly bastion?: BastionAddress;
}

/** What came of a command on an edge. */
export interface RemoteResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An edge whose deploy user may not start as root what was asked for. */
export class NotPermittedError extends Error {
  /** @param rule The line of doas.conf(5) that permits it */
  constructor(
    message: string,
    readonly rule: string,
  ) {
    super(message);
  }
}

/** An edge over SSH, where all commands are root's. One connection serves all commands; it is made anew where it was lost. */
export class RemoteEdge {
  private client: Promise<SshClient> | undefined;

  constructor(readonly address: EdgeAddress) {}

  get name(): string {
    return this.address.name;
  }

  /**
   * Runs a shell command to its end, as root.
   *
   * @throws NotPermittedError when doas.conf(5) does not permit it; Error when the edge cannot be reached
   */
  async run(command: string): Promise<RemoteResult> {
    const { become, user } = this.address;
    if (become === undefined) return this.runAsLogin(command);
    const result = await this.runAsLogin(asRoot(command));
    if (!/^doas: /m.test(result.stderr) || result.status !== 1) return result;
    const rule = `permit nopass ${user} as root cmd /bin/sh`;
    throw new NotPermittedError(
      `${this.name} lets ${user} start no shell as root: ${result.stderr.trim()}; permit it by a line in /etc/doas.conf there, ` +
        `which is as much as the rule for edge-install: ${rule}`,
      rule,
    );
  }

  /** Starts edge-install as root, which the one rule for a deploy permits. @throws Error as `run` */
  async installer(args: string): Promise<RemoteResult> {
    const { become, user } = this.address;
    const result = await this.runAsLogin(`${become === undefined ? "" : "doas -n "}${INSTALLER} ${args}`);
    if (become === undefined || result.status !== 1 || !/^doas: /m.test(result.stderr)) return result;
    throw new NotPermittedError(
      `${this.name} does not let ${user} start edge-install: ${result.stderr.trim()}; its /etc/doas.conf needs: ${doasRule(user)}`,
      doasRule(user),
    );
  }

  /** Runs a shell command to its end, as the user who logs in. @throws Error when the edge cannot be reached */
  async runAsLogin(command: string): Promise<RemoteResult> {
    const channel = await this.exec(command);
    let [stdout, stderr] = ["", ""];
    channel.on("data", (chunk: Buffer) => {
      stdout += chunk;
    });
    channel.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    return new Promise((resolve, reject) => {
      channel.once("error", reject);
      channel.once("close", (code: number | null) => resolve({ status: code ?? 255, stdout, stderr }));
    });
  }

  /**
   * Follows what a command prints, line by line, until it ends or the connection is lost.
   *
   * @returns how to end it
   */
  async follow(command: string, onLine: (line: string) => void, onEnd = () => {}): Promise<() => void> {
    const channel = await this.exec(this.address.become === undefined ? command : asRoot(command));
    channel.on("error", () => {});
    // It passes the channel's errors on, which end what is followed and nothing else.
    createInterface({ input: channel })
      .on("line", onLine)
      .on("error", () => {});
    channel.stderr.resume();
    channel.once("close", onEnd);
    return () => channel.close();
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    const client = await this.client?.catch(() => undefined);
    this.client = undefined;
    client?.end();
  }

  private async exec(command: string): Promise<ClientChannel> {
    const client = await this.connect();
    return new Promise((resolve, reject) =>
      client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel))),
    );
  }

  private connect(): Promise<SshClient> {
    this.client ??= this.open().catch((error: Error) => {
      this.client = undefined;
      const { host, port } = this.address;
      throw new Error(`${this.name} cannot be reached at ${host}:${port}: ${error.message}`);
    });
    return this.client;
  }

  private async open(): Promise<SshClient> {
    const { host, port, user, privateKey, hostKey, bastion } = this.address;
    const forwarded = bastion === undefined ? undefined : await throughBastion(bastion, host, port);
    return new Promise<SshClient>((resolve, reject) => {
      const client = new Client();
      const lost = () => {
        this.client = undefined;
        forwarded?.end();
      };
      client.on("close", lost);
      client.on("error", (error) => {
        lost();
        reject(error);
      });
      client.on("ready", () => resolve(client));
      client.connect({
        ...(forwarded === undefined ? { host, port } : { sock: forwarded.sock }),
        username: user,
        ...identity(privateKey),
        readyTimeout: 10_000,
        keepaliveInterval: 2_000,
        keepaliveCountMax: 3,
        hostVerifier: hostKey === undefined ? undefined : (key: Buffer) => isHostKey(key, hostKey),
      });
    });
  }
}

/** A shell command as root's, for a user who may start a shell by doas(1). */
function asRoot(command: string): string {
  return `doas -n /bin/sh -c ${quoted(command)}`;
}

/** A word for sh(1). */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
