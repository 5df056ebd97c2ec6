import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SignedAdvertisement } from "../../../lib/simulator/node/kernel.js";
import { Machine, type Surroundings } from "../../../lib/simulator/node/machine.js";
import type { CommandResult } from "../../../lib/simulator/node/sandbox.js";

/** Whether this machine has the namespaces that simulated nodes need. */
export const nodesRun =
  spawnSync("unshare", ["--user", "--map-root-user", "--mount", "--pid", "--fork", "true"]).status === 0;

export interface NodeOptions {
  /** @default - 100 */
  readonly speed?: number;
  readonly authorizedKeys?: readonly string[];
  readonly ca?: string;
  readonly resolve?: Surroundings["resolve"];
  readonly dial?: Surroundings["dial"];
  /** Addresses of names. */
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  /** Does something to the disk before the node boots. */
  readonly prepare?: (machine: Machine) => void;
}

/** A simulated node with all that it told the world around it. */
export class TestNode {
  readonly folder = mkdtempSync(join(tmpdir(), "node-"));
  readonly machine: Machine;
  readonly advertised: { readonly carpdev: string; readonly advertisement: SignedAdvertisement }[] = [];
  /** Addresses that answer a ping. */
  readonly answering = new Set(["9.9.9.9"]);
  changes = 0;

  constructor({
    speed = 100,
    authorizedKeys = [],
    ca = "",
    resolve,
    dial,
    addresses = {},
    prepare,
  }: NodeOptions = {}) {
    this.machine = new Machine(
      "edge-a",
      join(this.folder, "a"),
      [
        { name: "vio0", mac: "fa:16:3e:00:00:01", address: "127.77.0.11" },
        { name: "vio1", mac: "fa:16:3e:00:00:02", address: "10.10.0.11" },
        { name: "vio2", mac: "fa:16:3e:00:00:03" },
      ],
      {
        speed,
        answersPing: (_, host) => this.answering.has(host),
        addresses: (host) => addresses[host] ?? [],
        resolve: resolve ?? (() => "no such name"),
        ...(dial === undefined ? {} : { dial }),
        advertise: (_, carpdev, advertisement) => this.advertised.push({ carpdev, advertisement }),
        changed: () => {
          this.changes++;
        },
      },
    );
    this.machine.provision(authorizedKeys, ca);
    prepare?.(this.machine);
  }

  static async boot(options?: NodeOptions): Promise<TestNode> {
    const node = new TestNode(options);
    await node.machine.boot();
    return node;
  }

  /** Runs a shell command on the node. */
  sh(command: string, input?: string): Promise<CommandResult> {
    return this.machine.sandbox.run(command, input);
  }

  /** What a command prints on standard output; it must succeed. */
  async out(command: string): Promise<string> {
    const { status, stdout, stderr } = await this.sh(command);
    if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
    return stdout;
  }

  /** Lines of the syslog, as `tag: text`. */
  logged(): string[] {
    return this.machine.syslog.map(({ tag, text }) => `${tag}: ${text.trimEnd()}`);
  }

  /** Switches it off and throws its disk away. */
  end(): void {
    this.machine.powerOff();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A command's result: nothing on standard error and status 0, unless something else is given. */
export const result = (changes: Partial<CommandResult> = {}): CommandResult => ({
  status: 0,
  stdout: "",
  stderr: "",
  ...changes,
});

/** A command that fails, with this on standard error. */
export const failure = (stderr: string, status = 1): CommandResult => result({ status, stderr });

/** Waits until a condition holds; says what did not come about when the deadline passes. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadline = 10_000,
): Promise<void> {
  const end = Date.now() + deadline;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${deadline} ms in vain: ${what}`);
    await sleep(10);
  }
}
