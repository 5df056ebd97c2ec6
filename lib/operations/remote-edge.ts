import { createInterface } from "node:readline";
import ssh2, { type ClientChannel, type Client as SshClient } from "ssh2";

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
}

/** What came of a command on an edge. */
export interface RemoteResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An edge over SSH. One connection serves all commands; it is made anew where it was lost. */
export class RemoteEdge {
  private client: Promise<SshClient> | undefined;

  constructor(readonly address: EdgeAddress) {}

  get name(): string {
    return this.address.name;
  }

  /** Runs a command to its end. @throws Error when the edge cannot be reached */
  async run(command: string): Promise<RemoteResult> {
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
    const channel = await this.exec(command);
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
    this.client ??= new Promise<SshClient>((resolve, reject) => {
      const { host, port, user, privateKey, hostKey, name } = this.address;
      const client = new Client();
      const lost = () => {
        this.client = undefined;
      };
      client.on("close", lost);
      client.on("error", (error) => {
        lost();
        reject(new Error(`${name} cannot be reached at ${host}:${port}: ${error.message}`));
      });
      client.on("ready", () => resolve(client));
      client.connect({
        host,
        port,
        username: user,
        privateKey,
        agent: privateKey === undefined ? process.env.SSH_AUTH_SOCK : undefined,
        readyTimeout: 10_000,
        keepaliveInterval: 2_000,
        keepaliveCountMax: 3,
        hostVerifier:
          hostKey === undefined
            ? undefined
            : (key: Buffer) => key.toString("base64") === hostKey.split(" ")[1],
      });
    });
    return this.client;
  }
}
