import { type Local, RUNNING } from "../local.js";

const OF_VHID = [
  "role",
  "alias",
  "check",
  "checkOld",
  "claim",
  "looks",
  "claimAge",
  "ended",
  "seen",
  "posts",
] as const;

/** What an edge has once for each vhid: its part in the election, and what it does for that vhid's FailOver IP. */
export type OfVhid = Pick<Local, (typeof OF_VHID)[number]>;
/** What an edge has once: cables, counters, ifstated, edge-sync's memory, its probe and the age of its check. */
export type Host = Omit<Local, keyof OfVhid>;

/** One edge of several vhids. What is true of an edge of one vhid is true of each of its `localOf`. */
export interface Edge {
  readonly host: Host;
  readonly vhids: readonly OfVhid[];
}

/** An edge that runs and has just started, with so many vhids. */
export function running(vhids: number): Edge {
  return embedded(Array.from({ length: vhids }, () => RUNNING));
}

/** An edge as that of one of its vhids alone. */
export function localOf({ host, vhids }: Edge, vhid: number): Local {
  return { ...host, ...(vhids[vhid] as OfVhid) };
}

/** The edge after something happened to one of its vhids. */
export function withLocal({ vhids }: Edge, vhid: number, local: Local): Edge {
  const { host, own } = parted(local);
  return { host, vhids: vhids.map((other, number) => (number === vhid ? own : other)) };
}

/** The edge after the same happened to all of its vhids. */
export function mapped(edge: Edge, change: (local: Local, vhid: number) => Local): Edge {
  return embedded(edge.vhids.map((_, vhid) => change(localOf(edge, vhid), vhid)));
}

/** The edge with other things on its host. */
export function withHost({ host, vhids }: Edge, changes: Partial<Host>): Edge {
  return { host: { ...host, ...changes }, vhids };
}

/** A number for each distinct edge needs a text for each. */
export function keyOf({ host, vhids }: Edge): string {
  return `${Object.values(host)};${vhids.map((own) => Object.values(own)).join(";")}`;
}

function embedded(locals: readonly Local[]): Edge {
  const parts = locals.map(parted);
  return { host: (parts[0] as { host: Host }).host, vhids: parts.map(({ own }) => own) };
}

function parted(local: Local): { host: Host; own: OfVhid } {
  const { role, alias, check, checkOld, claim, looks, claimAge, ended, seen, posts, ...host } = local;
  return { host, own: { role, alias, check, checkOld, claim, looks, claimAge, ended, seen, posts } };
}
