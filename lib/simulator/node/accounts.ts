import type { Disk } from "./disk.js";

/** A user of a machine, as passwd(5) has it. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly home: string;
  readonly shell: string;
}

/** The shell of those who may not log in. */
export const NO_SHELL = "/sbin/nologin";

/** The user of a name, undefined where passwd(5) has none. */
export function accountOf(disk: Pick<Disk, "read">, name: string): Account | undefined {
  for (const line of (disk.read("/etc/passwd") ?? "").split("\n")) {
    const [found, , uid, , , home = "/", shell = "/bin/sh"] = line.split(":");
    if (found === name) return { name, uid: Number(uid), home, shell };
  }
  return undefined;
}

/** Adds a user with a folder of its own, who logs in by these keys, as useradd(8) and an operator do. */
export function addAccount(
  disk: Disk,
  name: string,
  authorizedKeys: readonly string[],
  shell = "/bin/sh",
): void {
  if (accountOf(disk, name) !== undefined) return;
  const passwd = disk.read("/etc/passwd") ?? "";
  const uid = 1000 + passwd.split("\n").filter((line) => /^[^:]+:[^:]*:1\d{3}:/.test(line)).length;
  disk.write("/etc/passwd", `${passwd}${name}:*:${uid}:${uid}::/home/${name}:${shell}\n`);
  disk.write("/etc/group", `${disk.read("/etc/group") ?? ""}${name}:*:${uid}:\n`);
  disk.write(`/home/${name}/.ssh/authorized_keys`, `${authorizedKeys.join("\n")}\n`, 0o600);
}
