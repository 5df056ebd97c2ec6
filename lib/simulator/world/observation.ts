import type { Memory } from "./decider.js";
import type { WorldVhid } from "./vhid.js";

/** What the last check of an edge found for each IP, and when it began, in seconds. */
interface Check {
  readonly results: readonly string[];
  readonly started: number;
}

/** The parts of an observation that each FailOver IP has for itself, in edge-sync(8)'s form for one of them or for several. */
export function observedOf(vhids: readonly WorldVhid[], memory: Memory, check: Check | undefined): object {
  const [first] = vhids;
  if (vhids.length === 1 && first !== undefined) {
    return {
      carp: first.role,
      alias: first.hasAlias ? 1 : 0,
      check: check === undefined ? null : { result: check.results[0], started: check.started },
      claim: memory.claim === undefined ? null : first.seen,
    };
  }
  const remembered = (memory.vhids ?? {}) as Readonly<Record<string, Memory>>;
  return {
    check: check === undefined ? null : { started: check.started },
    vhids: vhids.map((vhid, index) => ({
      name: vhid.ip.carp,
      carp: vhid.role,
      claim: remembered[vhid.ip.carp]?.claim === undefined ? null : claimOf(vhid),
      ips: [
        {
          ip: vhid.ip.address,
          alias: vhid.hasAlias ? 1 : 0,
          ...(check === undefined ? {} : { result: check.results[index] }),
        },
      ],
    })),
  };
}

function claimOf({ seen, ip }: WorldVhid): object | null {
  if (seen === null) return null;
  const { running, ...own } = seen;
  return { running, ips: { [ip.address]: own } };
}
