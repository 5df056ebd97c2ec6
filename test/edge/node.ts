import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../../lib/edge/bundle.js";
import type { RenderedEdge } from "../../lib/edge/file.js";
import { Machine, type Surroundings } from "../../lib/simulator/node/machine.js";
import type { CommandResult } from "../../lib/simulator/node/sandbox.js";
import { filled, VALUES } from "./bundles.js";

/** The shells that edge-install must run in alike: the one nearest to OpenBSD's, and a strict one. */
export const SHELLS = ["mksh", "dash"] as const;
export type Shell = (typeof SHELLS)[number];

/** Where everything is that an installation changes and keeps. */
export const OURS = ["/etc", "/usr/local", "/var/cron", "/var/db/edge"];

/** Whether a program is on this machine. */
export function has(program: string): boolean {
  return ["/usr/bin", "/bin", "/usr/local/bin"].some((folder) => existsSync(join(folder, program)));
}

/** A test's name, with how to get the program that it needs where that is missing. */
export function needing(program: string, name: string): string {
  return has(program) ? name : `${name} (skipped: apt-get install ${program})`;
}

export interface NodeOptions {
  /** @default - mksh where there is one */
  readonly shell?: Shell;
  /** A disk to begin with, from `TestNode.disk`. @default - one as an image has it */
  readonly disk?: string;
  /** Where names lead. @default - nowhere */
  readonly resolve?: Surroundings["resolve"];
}

/** What came of a delivery. */
export interface Delivery {
  readonly status: number;
  /** Lines on standard output. */
  readonly said: readonly string[];
  /** Lines on standard error. */
  readonly complained: readonly string[];
}

/** A file as it is on a node. */
export interface FoundFile {
  readonly mode: string;
  readonly content: string;
}

const INBOX = "/root/.edge-deliver";

/** Runs a test on a simulated node of its own, which is gone afterwards. */
export async function onNode(
  test: (node: TestNode) => Promise<void>,
  options: NodeOptions = {},
): Promise<void> {
  const node = new TestNode(options);
  try {
    await node.machine.boot();
    await test(node);
  } finally {
    node.stop();
  }
}

/** A simulated node, with what a deploy does to it and what a test wants to see of it. */
export class TestNode {
  readonly machine: Machine;
  private readonly folder = mkdtempSync(join(tmpdir(), "edge-node-"));
  private readonly peers: NodeJS.Timeout[] = [];

  constructor({ shell, disk, resolve }: NodeOptions = {}) {
    this.machine = new Machine(
      "edge",
      join(this.folder, "n"),
      [
        { name: "vio0", mac: VALUES.macExternal, address: "203.0.113.11" },
        { name: "vio1", mac: VALUES.macInternal, address: "10.10.0.11" },
        { name: "vio2", mac: VALUES.macCarp },
      ],
      {
        // Boots quickly; what carp does keeps its real time.
        speed: 5,
        answersPing: (machine) => machine.reachable,
        resolve: resolve ?? (() => "no such name"),
        advertise: () => {},
        changed: () => {},
      },
    );
    if (disk === undefined) this.machine.provision([], "");
    else execFileSync("cp", ["-a", disk, this.machine.sandbox.root]);
    if (shell !== undefined) this.relink("/bin/sh", `/simulator/host/${shell}`);
    // The disks of the machine that tests are not to be waited for.
    this.relink("/bin/sync", "/simulator/host/true");
  }

  /** A copy of its disk, without what a restart clears. */
  disk(): string {
    const copy = mkdtempSync(join(this.folder, "disk-"));
    execFileSync("cp", ["-a", `${this.machine.sandbox.root}/.`, copy]);
    return copy;
  }

  /** Pulls the plug and switches it on again. */
  async restart(): Promise<void> {
    this.machine.powerOff();
    // What is killed may write for a moment yet.
    rmSync(this.machine.sandbox.path("/var/run"), {
      recursive: true,
      force: true,
      maxRetries: 20,
      retryDelay: 50,
    });
    mkdirSync(this.machine.sandbox.path("/var/run"));
    await this.machine.boot();
  }

  /** Delivers a rendered edge in the way that the deploy does. */
  async deliver(
    edge: RenderedEdge,
    values: Parameters<typeof filled>[1] = {},
    environment = "",
  ): Promise<Delivery> {
    return this.deliverText(filled(edge, values), bundle(edge).installer, environment);
  }

  /** Delivers a text whose installer is on these lines. */
  async deliverText(
    text: string,
    [first, last]: readonly [number, number],
    environment = "",
  ): Promise<Delivery> {
    this.machine.sandbox.write(`${INBOX}/bundle`, text, 0o600);
    return this.say(
      `cd ${INBOX} && sed -n '${first},${last}p' bundle >edge-install && ${environment} sh edge-install install bundle; ` +
        `status=$?; cd && rm -rf ${INBOX}; exit $status`,
    );
  }

  /** Runs a command and returns its lines. */
  async say(command: string, input = ""): Promise<Delivery> {
    const { status, stdout, stderr } = await this.run(command, input);
    return { status, said: lines(stdout), complained: lines(stderr) };
  }

  run(command: string, input = ""): Promise<CommandResult> {
    return this.machine.sandbox.run(command, input);
  }

  /** Installs the example's first edge, or another one, and releases it in whatever role it gets. */
  async installed(edge: RenderedEdge, role: "master" | "any" = "any"): Promise<void> {
    for (const done of [await this.deliver(edge), await this.say(`edge-install release ${role}`)]) {
      if (done.status !== 0) throw new Error(done.complained.join("\n"));
    }
  }

  /** Waits until nothing of edge-sync is under way: what is has a lock. */
  async settled(): Promise<void> {
    const locks = ["check", "probe", "poll", "claim", "run", "wait"].map(
      (name) => `/var/run/edge-sync/${name}.lock`,
    );
    const wait = `perl -MFcntl=:flock -e 'for (@ARGV) { open(F, "<", $_) && flock(F, LOCK_EX) }' ${locks.join(" ")}`;
    // The end of a check starts a pass.
    await this.run(`${wait}; sleep 0.2; ${wait}`);
  }

  /** Lets another edge advertise on the CARP network, so that this one is its backup. @returns how to end that */
  peer({ advskew = 0, pass = VALUES.carpPassword, vhid = 1 } = {}): () => void {
    const advertise = () => this.machine.receive("vio2", { vhid, advbase: 1, advskew, demotion: 0, pass });
    const timer = setInterval(advertise, 200);
    this.peers.push(timer);
    advertise();
    return () => clearInterval(timer);
  }

  /** Text of a file on the node. @throws Error where there is none */
  read(path: string): string {
    const text = this.machine.sandbox.read(path);
    if (text === undefined) throw new Error(`there is no ${path}`);
    return text;
  }

  exists(path: string): boolean {
    return existsSync(this.machine.sandbox.path(path));
  }

  /** Why the edge is on hold. @throws Error where it is not */
  holdReason(): string {
    return JSON.parse(this.read("/var/db/edge/hold")).reason;
  }

  /** Mode of a file on the node, in octal digits. */
  mode(path: string): string {
    return modeOf(this.machine.sandbox.path(path));
  }

  write(path: string, content: string, mode?: number): void {
    this.machine.sandbox.write(path, content, mode);
  }

  /** Replaces something on the node by a link. */
  relink(path: string, target: string): void {
    rmSync(this.machine.sandbox.path(path), { force: true });
    symlinkSync(target, this.machine.sandbox.path(path));
  }

  /** Every file and folder below some paths; `except` leaves out what it matches. */
  files(roots: readonly string[], except = /^$/): Record<string, FoundFile> {
    return Object.fromEntries(
      roots
        .flatMap((root) => this.walk(root))
        .filter((path) => !except.test(path))
        .map((path) => {
          const real = this.machine.sandbox.path(path);
          const content = lstatSync(real).isFile() ? readFileSync(real, "utf8") : "";
          return [path, { mode: modeOf(real), content }];
        }),
    );
  }

  /** When each file below some paths was written, and which one it is on the disk. */
  stamps(roots: readonly string[], except = /^$/): Record<string, string> {
    return Object.fromEntries(
      roots
        .flatMap((root) => this.walk(root))
        .filter((path) => !except.test(path))
        .map((path) => [path, lstatSync(this.machine.sandbox.path(path), { bigint: true })] as const)
        .filter(([, found]) => !found.isDirectory())
        .map(([path, found]) => [path, `${found.ino} ${found.mtimeNs} ${found.ctimeNs}`]),
    );
  }

  /** What carp's kernel said of changes of state. */
  transitions(): string[] {
    return this.machine.syslog
      .filter(({ tag }) => tag === "kernel")
      .map(({ text }) => text)
      .filter((text) => text.includes("state transition"));
  }

  get role(): string | undefined {
    return this.machine.kernel.carpState("carp0");
  }

  stop(): void {
    for (const timer of this.peers) clearInterval(timer);
    this.machine.powerOff();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private walk(path: string): string[] {
    const real = this.machine.sandbox.path(path);
    const found = lstatSync(real, { throwIfNoEntry: false });
    if (found === undefined) return [];
    if (!found.isDirectory()) return [path];
    return [
      path,
      ...readdirSync(real)
        .sort()
        .flatMap((name) => this.walk(`${path === "/" ? "" : path}/${name}`)),
    ];
  }
}

function modeOf(path: string): string {
  return (lstatSync(path).mode & 0o7777).toString(8).padStart(4, "0");
}

function lines(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
