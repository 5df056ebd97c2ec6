import { mkdirSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { addAccount, NO_SHELL } from "./node/accounts.js";
import { Disk } from "./node/disk.js";
import { generateKeyPair, type KeyPair, type ServedSsh, serveSsh } from "./node/ssh-server.js";

/** How a bastion is made. */
export interface BastionOptions {
  /** Folder for its few files. */
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  /** User who may have connections forwarded, and nothing else. */
  readonly user: string;
  readonly authorizedKeys: readonly string[];
  /** Where a connection that it forwards leads, or undefined for nowhere. */
  dial(host: string, port: number): Socket | undefined;
}

/** A host that forwards SSH connections to others, and runs no command. */
export class SimulatedBastion {
  readonly hostKey: KeyPair = generateKeyPair();
  /** Where connections were forwarded to so far, as `host:port`. */
  readonly forwarded: string[] = [];
  readonly disk: Disk;
  private ssh!: ServedSsh;

  private constructor(private readonly options: BastionOptions) {
    this.disk = new Disk(join(options.folder, "bastion"));
    mkdirSync(this.disk.root, { recursive: true });
    addAccount(this.disk, options.user, options.authorizedKeys, NO_SHELL);
    this.disk.write("/etc/ssh/sshd_config", "PermitRootLogin no\n");
  }

  static async start(options: BastionOptions): Promise<SimulatedBastion> {
    const bastion = new SimulatedBastion(options);
    await bastion.listen();
    return bastion;
  }

  /** What a configuration says of it. */
  get settings(): { host: string; port: number; user: string; hostKey: string } {
    const { address, user } = this.options;
    return { host: address, port: this.ssh.port, user, hostKey: this.hostKey.public };
  }

  /** Connections that logged in so far. */
  sessions(): number {
    return this.ssh.sessions();
  }

  close(): Promise<void> {
    return this.ssh.close();
  }

  private async listen(): Promise<void> {
    const { address, port, dial } = this.options;
    const host = {
      reachable: true,
      running: true,
      sandbox: {
        read: (path: string) => this.disk.read(path),
        spawn: (): never => {
          throw new Error("a bastion runs no command");
        },
      },
      world: {
        dial: (to: string, at: number) => {
          this.forwarded.push(`${to}:${at}`);
          return dial(to, at);
        },
      },
    };
    this.ssh = await serveSsh(host, this.hostKey, address, port);
  }
}
