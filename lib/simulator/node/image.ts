import type { Disk } from "./disk.js";

/** What an image is told by its instance's metadata. */
export interface Metadata {
  readonly name: string;
  readonly authorizedKeys: readonly string[];
  /** Certificate of the authority that the node trusts. */
  readonly ca: string;
}

/** Fills an empty disk as a fresh OpenBSD of a cloud does. */
export function fillImage(disk: Disk, { name, authorizedKeys, ca }: Metadata): void {
  disk.prepare();
  disk.write("/root/.ssh/authorized_keys", `${authorizedKeys.join("\n")}\n`, 0o600);
  disk.write("/etc/ssl/cert.pem", ca);
  disk.write("/etc/myname", `${name}\n`);
  disk.write(
    "/etc/pf.conf",
    "#\t$OpenBSD: pf.conf $\n\nset skip on lo\n\nblock return\t# block stateless traffic\npass\t\t# establish keep-state\n\n" +
      "# By default, do not permit remote connections to X11\nblock return in on ! lo0 proto tcp to port 6000:6010\n",
    0o600,
  );
  disk.write("/etc/hostname.vio0", "inet autoconf\n", 0o640);
  disk.write("/etc/hostname.vio1", "inet autoconf\n", 0o640);
  disk.write("/var/cron/tabs/root", "#\n0 * * * * /usr/bin/newsyslog\n", 0o600);
}
