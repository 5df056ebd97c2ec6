/** One file of an edge, at its real path. */
export interface EdgeFile {
  /** Absolute path on the edge. */
  readonly path: string;
  /** Permission bits, such as 0o640. */
  readonly mode: number;
  readonly owner: "root";
  readonly group: "wheel";
  /** The text; `@@name@@` stands for what is only known, or may only be told, later. Ends in a newline. */
  readonly content: string;
}

/** A line of ours in a file that belongs to others. */
export interface EdgeLine {
  /** Where it goes: sysctl.conf, or root's crontab. */
  readonly in: "sysctl" | "cron";
  readonly text: string;
}

/** The files that those lines are in. */
export const LINE_FILES = { sysctl: "/etc/sysctl.conf", cron: "root's crontab" } as const;

/** Everything that is put on one edge. */
export interface RenderedEdge {
  readonly name: string;
  /** The carp interfaces, one for each vhid. */
  readonly carps: readonly string[];
  readonly carpdev: string;
  readonly files: readonly EdgeFile[];
  readonly lines: readonly EdgeLine[];
  /** Interfaces with the MAC addresses that they must have on the node, in the order of attachment. */
  readonly macs: readonly { readonly interface: string; readonly mac: string }[];
}

/** A file as root's own. */
export function rootFile(path: string, mode: number, content: string): EdgeFile {
  return { path, mode, owner: "root", group: "wheel", content };
}
