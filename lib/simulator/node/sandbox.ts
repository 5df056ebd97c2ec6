import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Host programs that OpenBSD's base has as well; nothing else can be run on a node. */
const BASE_PROGRAMS = [
  "[",
  "awk",
  "basename",
  "cat",
  "chgrp",
  "chmod",
  "chown",
  "cmp",
  "cp",
  "cut",
  "date",
  "dd",
  "diff",
  "dirname",
  "echo",
  "env",
  "expr",
  "false",
  "find",
  "grep",
  "head",
  "id",
  "install",
  "kill",
  "ln",
  "ls",
  "mkdir",
  "mktemp",
  "mv",
  "perl",
  "printf",
  "pwd",
  "readlink",
  "rm",
  "rmdir",
  "scp",
  "sed",
  "sleep",
  "sort",
  "sync",
  "tail",
  "tee",
  "test",
  "touch",
  "tr",
  "true",
  "uniq",
  "wc",
  "xargs",
];

/** Where OpenBSD keeps the commands that a simulated kernel answers. */
const SHIMS: Readonly<Record<string, string>> = {
  ifconfig: "/sbin",
  ping: "/sbin",
  pfctl: "/sbin",
  sysctl: "/sbin",
  reboot: "/sbin",
  route: "/sbin",
  rcctl: "/usr/sbin",
  ifstated: "/usr/sbin",
  netstat: "/usr/bin",
  logger: "/usr/bin",
  crontab: "/usr/bin",
  getent: "/usr/bin",
  nc: "/usr/bin",
  uname: "/usr/bin",
  hostname: "/bin",
};

/** One call of a command that the simulated kernel answers. */
export interface ShimCall {
  /** Id of the process that called it, as the machine counts; 0 where that is none of its own. */
  readonly caller: number;
  readonly name: string;
  readonly args: readonly string[];
  readonly stdout: (text: string | Uint8Array) => void;
  readonly stderr: (text: string) => void;
  /** What the command is given on standard input, as it comes. */
  readonly stdin: () => AsyncIterable<Buffer>;
  /** Called when the command is gone, ended or killed. */
  readonly onGone: (listener: () => void) => void;
}

/** Answers a shim; resolves to its exit status. */
export type ShimHandler = (call: ShimCall) => Promise<number>;

/** What came of a command in the sandbox. */
export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const here = dirname(fileURLToPath(import.meta.url));
const ENVIRONMENT = {
  PATH: "/sbin:/usr/sbin:/bin:/usr/bin:/usr/X11R6/bin:/usr/local/sbin:/usr/local/bin",
  HOME: "/root",
  USER: "root",
  LOGNAME: "root",
  SHELL: "/bin/sh",
  TERM: "dumb",
  PERL5LIB: "/simulator/perl",
  PERL5OPT: "-MSimulatedClock",
};

/** The machine was switched off while it was starting. */
export class PowerLostError extends Error {}

/** Ends a command that `Sandbox.spawn` has started, and its shell. */
export function killTree(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

/** Ends the shell of a command that `Sandbox.spawn` has started; what the shell started goes on. */
export function killShell(child: ChildProcess): void {
  try {
    const shells = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
    for (const pid of shells.split(" ").filter(Boolean)) process.kill(Number(pid), "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Namespaces are not to be had on this machine. */
export class NoNamespacesError extends Error {
  constructor(detail: string) {
    super(
      `simulated nodes need user and mount namespaces, which this machine refuses: ${detail.trim()}; allow them with ` +
        "sysctl kernel.unprivileged_userns_clone=1 or kernel.apparmor_restrict_unprivileged_userns=0, or run as root",
    );
  }
}

/**
 * A folder that looks like an OpenBSD machine to what runs in it: its own /etc, /var, /tmp
 * and /usr/local, the host's libraries read-only, and commands that a simulated kernel answers.
 */
export class Sandbox {
  private holder: ChildProcess | undefined;
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();
  private readonly children = new Set<ChildProcess>();
  private pid: number | undefined;
  private abort: () => void = () => {};
  private closed: Promise<void> = Promise.resolve();
  /** How often it was stopped. */
  private stops = 0;

  constructor(
    readonly root: string,
    private readonly handler: ShimHandler,
    private readonly onLog: (line: string) => void,
  ) {}

  /** Lays the folder out; what is there of an earlier boot stays. */
  prepare(): void {
    const { root } = this;
    for (const folder of [
      "bin",
      "sbin",
      "dev",
      "etc",
      "root",
      "home",
      "tmp",
      "simulator/host",
      "simulator/perl/OpenBSD",
      "usr/bin",
      "usr/sbin",
      "usr/lib",
      "usr/share",
      "usr/local/sbin",
      "usr/local/bin",
      "usr/local/man/man8",
      "var/db",
      "var/run",
      "var/log",
      "var/cron/tabs",
      ...["lib64"].filter((name) => existsSync(`/usr/${name}`)).map((name) => `usr/${name}`),
    ]) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    chmodSync(join(root, "root"), 0o700);
    chmodSync(join(root, "tmp"), 0o1777);
    for (const name of ["lib", "lib64"]) {
      if (existsSync(`/usr/${name}`)) this.link(`usr/${name}`, name);
    }
    for (const device of ["null", "zero", "urandom", "random"]) writeFileSync(join(root, "dev", device), "");
    this.link(`/simulator/host/${basename(realpathSync(shell()))}`, "bin/sh");
    this.link(`/simulator/host/${basename(realpathSync(shell()))}`, "bin/ksh");
    for (const name of BASE_PROGRAMS) {
      const found = ["/usr/bin", "/bin"].map((folder) => join(folder, name)).find((path) => existsSync(path));
      if (found === undefined) continue;
      const target = `/simulator/host/${basename(realpathSync(found))}`;
      this.link(target, `bin/${name}`);
      this.link(target, `usr/bin/${name}`);
    }
    for (const [name, folder] of Object.entries(SHIMS)) this.install("shim.pl", `${folder}/${name}`, 0o555);
    this.install("sha256.pl", "/bin/sha256", 0o555);
    this.install("netstart.sh", "/etc/netstart", 0o644);
    this.install("pledge.pm", "/simulator/perl/OpenBSD/Pledge.pm", 0o444);
    this.install("clock.pm", "/simulator/perl/SimulatedClock.pm", 0o444);
    this.install("unveil.pm", "/simulator/perl/OpenBSD/Unveil.pm", 0o444);
    this.write(
      "/etc/passwd",
      "root:*:0:0:Charlie &:/root:/bin/sh\nnobody:*:32767:32767::/nonexistent:/sbin/nologin\n",
    );
    this.write("/etc/group", "wheel:*:0:root\nnobody:*:32767:\n");
  }

  /** Starts the machine's first process. @throws NoNamespacesError */
  async start(): Promise<void> {
    const { stops } = this;
    await this.ended();
    if (stops !== this.stops) throw new PowerLostError();
    const socket = join(this.root, "simulator/socket");
    rmSync(socket, { force: true });
    // A command may close its input long before it has its output.
    const server = createServer({ allowHalfOpen: true }, (connection) => this.serve(connection));
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      this.abort = () => reject(new PowerLostError());
      server.once("error", reject);
      server.listen(socket, resolve);
    });
    if (stops !== this.stops) throw new PowerLostError();
    const binds = [
      "ro:/usr/bin:/simulator/host",
      "ro:/usr/lib:/usr/lib",
      "ro:/usr/share:/usr/share",
      ...(existsSync("/usr/lib64") ? ["ro:/usr/lib64:/usr/lib64"] : []),
      ...["null", "zero", "urandom", "random"].map((name) => `rw:/dev/${name}:/dev/${name}`),
    ];
    const holder = spawn(
      "unshare",
      [
        "--user",
        "--map-root-user",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child=SIGKILL",
        "perl",
        join(here, "holder.pl"),
        this.root,
        ...binds,
      ],
      { stdio: ["pipe", "pipe", "pipe"] },
    );
    this.holder = holder;
    let errors = "";
    holder.stderr.on("data", (chunk: Buffer) => {
      errors += chunk;
    });
    await new Promise<void>((resolve, reject) => {
      this.abort = () => reject(new PowerLostError());
      holder.once("error", (error) => reject(new NoNamespacesError(error.message)));
      holder.once("exit", () => reject(new NoNamespacesError(errors || "unshare failed")));
      createInterface({ input: holder.stdout }).on("line", (line) => {
        if (line.startsWith("R")) resolve();
        else if (line.startsWith("L")) this.onLog(line.slice(1));
        else if (line.startsWith("E"))
          reject(new Error(`the node's sandbox cannot be set up: ${line.slice(1)}`));
      });
    }).catch((error) => {
      this.stop();
      throw error;
    });
    this.pid = Number(
      readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8").trim().split(" ")[0],
    );
  }

  get running(): boolean {
    return this.pid !== undefined;
  }

  /** Waits until nothing of an earlier start is left: its socket is unlinked, its processes write no more. */
  async ended(): Promise<void> {
    await this.closed;
  }

  /** The host's id of its first process, undefined while it is off. */
  get firstProcess(): number | undefined {
    return this.pid;
  }

  /** Starts a shell command in the sandbox. */
  spawn(command: string, environment: Readonly<Record<string, string>> = {}): ChildProcess {
    if (this.pid === undefined) throw new Error("the machine is off");
    const child = spawn(
      "nsenter",
      [
        "--preserve-credentials",
        "--user",
        "--mount",
        "--pid",
        "--root",
        "--wd",
        "--target",
        String(this.pid),
        "--",
        "/bin/sh",
        "-c",
        command,
      ],
      // A process group of its own, so that a kill reaches the shell as well.
      { env: { ...ENVIRONMENT, ...environment }, stdio: ["pipe", "pipe", "pipe"], detached: true },
    );
    this.children.add(child);
    child.once("close", () => this.children.delete(child));
    child.stdin?.on("error", () => {});
    return child;
  }

  /** Runs a shell command to its end. */
  async run(command: string, input = ""): Promise<CommandResult> {
    const child = this.spawn(`cd /root; ${command}`);
    let [stdout, stderr] = ["", ""];
    child.stdout?.on("data", (chunk: Buffer) => {
      stdout += chunk;
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    child.stdin?.end(input);
    return new Promise((resolve) => {
      child.once("error", (error) => resolve({ status: 127, stdout, stderr: stderr + error.message }));
      child.once("close", (code) => resolve({ status: code ?? 137, stdout, stderr }));
    });
  }

  /** Pulls the plug: every process ends at once. */
  stop(): void {
    this.stops++;
    const { pid, server, closed } = this;
    this.pid = undefined;
    this.abort();
    this.holder?.removeAllListeners("exit");
    this.holder?.kill("SIGKILL");
    this.holder = undefined;
    for (const child of this.children) killTree(child);
    for (const socket of this.sockets) socket.destroy();
    const serverClosed = new Promise<void>((resolve) => {
      if (server === undefined) resolve();
      else server.close(() => resolve());
    });
    this.closed = Promise.all([closed, serverClosed, pid === undefined ? undefined : gone(pid)]).then(
      () => {},
    );
    this.server = undefined;
  }

  /** Path on the host of a path on the node. */
  path(path: string): string {
    return join(this.root, path);
  }

  /** Text of a file on the node, or undefined. */
  read(path: string): string | undefined {
    try {
      return readFileSync(this.path(path), "utf8");
    } catch {
      return undefined;
    }
  }

  /** Writes a file on the node. */
  write(path: string, content: string, mode = 0o644): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), content, { mode });
    chmodSync(this.path(path), mode);
  }

  private link(target: string, path: string): void {
    rmSync(join(this.root, path), { force: true });
    symlinkSync(target, join(this.root, path));
  }

  private install(source: string, path: string, mode: number): void {
    rmSync(this.path(path), { force: true });
    copyFileSync(join(here, source), this.path(path));
    chmodSync(this.path(path), mode);
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    const input = new ShimInput(socket);
    const gone: (() => void)[] = [];
    let reads = false;
    // The end of what it sends is the end of its input, or of itself where it reads none.
    socket.on("end", () => {
      if (!reads) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.sockets.delete(socket);
      for (const listener of gone) listener();
    });
    const send = (kind: string, payload: Uint8Array) => {
      const head = Buffer.alloc(5);
      head.write(kind, 0, "latin1");
      head.writeUInt32BE(payload.length, 1);
      if (!socket.destroyed) socket.write(Buffer.concat([head, payload]));
    };
    void input.words().then(async ([caller = "", name = "", ...args]) => {
      const status = await this.handler({
        caller: Number(caller),
        name,
        args,
        stdout: (text) => send("1", Buffer.from(text as string)),
        stderr: (text) => send("2", Buffer.from(text)),
        stdin: () => {
          reads = true;
          send("i", Buffer.alloc(0));
          return input.rest();
        },
        onGone: (listener) => gone.push(listener),
      }).catch((error) => {
        send("2", Buffer.from(`${name}: ${(error as Error).message}\n`));
        return 1;
      });
      send("x", Buffer.from([status]));
      socket.end();
    });
  }
}

/** What a shim sends: its words, then what it is given to read. */
class ShimInput {
  private readonly chunks: Buffer[] = [];
  private ended = false;
  private wake: () => void = () => {};

  constructor(socket: Socket) {
    socket.on("data", (chunk) => {
      this.chunks.push(chunk);
      this.wake();
    });
    const end = () => {
      this.ended = true;
      this.wake();
    };
    socket.on("end", end);
    socket.on("close", end);
  }

  async words(): Promise<string[]> {
    const words: string[] = [];
    const count = (await this.take(4)).readUInt32BE(0);
    for (let i = 0; i < count; i++) {
      const length = (await this.take(4)).readUInt32BE(0);
      words.push((await this.take(length)).toString());
    }
    return words;
  }

  async *rest(): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.chunks.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.ended) return;
      else await this.more();
    }
  }

  private more(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private async take(length: number): Promise<Buffer> {
    for (;;) {
      const all = Buffer.concat(this.chunks);
      if (all.length >= length) {
        this.chunks.splice(0, this.chunks.length, all.subarray(length));
        return all.subarray(0, length);
      }
      if (this.ended) return Buffer.alloc(Math.max(4, length));
      await this.more();
    }
  }
}

/** Waits until a process has ended; the first one of a namespace does so after all others. */
async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    try {
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) return;
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The host's shell that comes nearest to OpenBSD's ksh. */
function shell(): string {
  return (
    ["/usr/bin/mksh", "/bin/mksh", "/usr/bin/dash", "/bin/dash"].find((path) => existsSync(path)) ?? "/bin/sh"
  );
}
