import { connect, type Socket } from "node:net";
import type { EdgeConfig } from "../config/schema.js";
import { SimulatedBastion } from "./bastion.js";
import { addAccount } from "./node/accounts.js";
import type { Machine } from "./node/machine.js";
import { type KeyPair, type ServedSsh, serveSsh } from "./node/ssh-server.js";

/** Address of the bastion, which alone may connect to the edges behind it. */
const BASTION = "127.77.9.1";

interface ServedMachine {
  readonly machine: Machine;
  readonly ssh: ServedSsh;
}

/** How the machines of a region are reached over SSH: as whom, and through what. */
export class RegionAccess {
  /** Port on which every machine serves SSH. */
  port = 0;
  /** Undefined where machines are reached directly. */
  bastion: SimulatedBastion | undefined;
  /** What machines had taken that are gone. */
  private readonly before = { sessions: 0, received: 0 };
  private readonly served = new Map<string, ServedMachine>();

  constructor(private readonly config: Pick<EdgeConfig, "ssh">) {}

  /** @param folder for the bastion's files @param key the deployer's public key */
  async open(folder: string, key: string, freePort: () => Promise<number>): Promise<void> {
    this.port = await freePort();
    const { bastion, user } = this.config.ssh;
    if (bastion === undefined) return;
    this.bastion = await SimulatedBastion.start({
      folder,
      address: BASTION,
      port: await freePort(),
      user: bastion.user ?? user,
      authorizedKeys: [key],
      dial: (host, port) => this.dial(host, port),
    });
  }

  /** Gives a machine the user that deploys, as whoever made its image did. */
  prepare(machine: Machine, keys: readonly string[]): void {
    const { user } = this.config.ssh;
    if (user === "root") return;
    addAccount(machine.sandbox, user, keys);
    machine.sandbox.write("/etc/ssh/sshd_config", "PermitRootLogin no\n");
  }

  /** Serves SSH for an instance's machine at its public address. */
  async serve(
    id: string,
    machine: Machine,
    hostKey: KeyPair,
    address: string,
    letsIn: (from: string) => boolean,
  ): Promise<void> {
    const only = this.bastion === undefined ? undefined : BASTION;
    this.served.set(id, { machine, ssh: await serveSsh(machine, hostKey, address, this.port, only, letsIn) });
  }

  /** Whether the machine of an instance serves SSH. */
  serves(id: string): boolean {
    return this.served.has(id);
  }

  /** Ends the SSH server of an instance. */
  end(id: string): void {
    const server = this.served.get(id)?.ssh;
    this.before.sessions += server?.sessions() ?? 0;
    this.before.received += server?.received() ?? 0;
    void server?.close();
    this.served.delete(id);
  }

  /** Connections that all machines have taken so far, or the bytes that came with them. */
  total(what: "sessions" | "received"): number {
    return [...this.served.values()].reduce((sum, { ssh }) => sum + ssh[what](), this.before[what]);
  }

  async close(): Promise<void> {
    await this.bastion?.close();
    await Promise.all([...this.served.values()].map(({ ssh }) => ssh.close()));
  }

  /** A connection within the project's networks, whichever of a machine's addresses is meant. */
  private dial(host: string, port: number): Socket | undefined {
    const found = [...this.served.values()].find(({ machine }) => machine.hasAddress(host));
    if (found === undefined || port !== this.port) return undefined;
    return connect({ host: found.ssh.address, port: found.ssh.port, localAddress: BASTION });
  }
}
