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
import { basename, dirname, join } from "node:path";
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
  doas: "/usr/bin",
  getent: "/usr/bin",
  nc: "/usr/bin",
  uname: "/usr/bin",
  hostname: "/bin",
};

const here = dirname(fileURLToPath(import.meta.url));

/** A folder that is laid out as an OpenBSD machine's disk. */
export class Disk {
  constructor(readonly root: string) {}

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
      "simulator/hidden",
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
}

/** The host's shell that comes nearest to OpenBSD's ksh. */
function shell(): string {
  return (
    ["/usr/bin/mksh", "/bin/mksh", "/usr/bin/dash", "/bin/dash"].find((path) => existsSync(path)) ?? "/bin/sh"
  );
}
