import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Account } from "./accounts.js";
import { Disk } from "./disk.js";
import { type ShimHandler, serveShim } from "./shim.js";

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
};
/** What perl loads before a program; other accounts get it once their disk is theirs. */
const PERL = { PERL5LIB: "/simulator/perl", PERL5OPT: "-MSimulatedClock" };

const ROOT: Account = { name: "root", uid: 0, home: "/root", shell: "/bin/sh" };

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
export class Sandbox extends Disk {
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
    root: string,
    private readonly handler: ShimHandler,
    private readonly onLog: (line: string) => void,
  ) {
    super(root);
  }

  /** Starts the machine's first process. @throws NoNamespacesError */
  async start(): Promise<void> {
    const { stops } = this;
    await this.ended();
    if (stops !== this.stops) throw new PowerLostError();
    const socket = join(this.root, "simulator/socket");
    rmSync(socket, { force: true });
    // A command may close its input long before it has its output.
    const server = createServer({ allowHalfOpen: true }, (connection) => {
      this.sockets.add(connection);
      connection.on("close", () => this.sockets.delete(connection));
      serveShim(connection, this.handler);
    });
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

  /** Starts a shell command in the sandbox, as root where no other account is given. */
  spawn(
    command: string,
    environment: Readonly<Record<string, string>> = {},
    account: Account = ROOT,
  ): ChildProcess {
    if (this.pid === undefined) throw new Error("the machine is off");
    const { name, uid, home } = account;
    const child = spawn(
      "nsenter",
      [
        "--preserve-credentials",
        "--user",
        "--mount",
        "--pid",
        ...(uid === 0 ? ["--root", "--wd"] : []),
        "--target",
        String(this.pid),
        "--",
        ...(uid === 0
          ? ["/bin/sh", "-c", command]
          : ["unshare", "--mount", "perl", join(here, "account.pl"), this.root, String(uid), home, command]),
      ],
      // A process group of its own, so that a kill reaches the shell as well.
      {
        env: {
          ...ENVIRONMENT,
          ...(uid === 0 ? PERL : {}),
          HOME: home,
          USER: name,
          LOGNAME: name,
          ...environment,
        },
        stdio: ["pipe", "pipe", "pipe"],
        detached: true,
      },
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
