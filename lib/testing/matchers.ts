import { picture, unrest } from "./picture.js";
import { type EdgeWorld, type IpView, isWorld, type WorldView } from "./world.js";

/** What a matcher tells its runner. */
export interface Verdict {
  readonly pass: boolean;
  /** What is wrong: with the expectation where it failed, with its opposite where it held. */
  readonly message: () => string;
}

/** What was expected and found, in words: `expected WHO to BE, but FOUND`. */
interface Finding {
  readonly pass: boolean;
  /** As in `146.59.143.231`. */
  readonly who: string;
  /** As in `be routed to edge-b`. */
  readonly be: string;
  /** As in `it is routed to edge-a`. */
  readonly found: string;
}

function verdict(world: EdgeWorld, judge: (view: WorldView) => Finding): Verdict {
  const view = world.view();
  const { pass, who, be, found } = judge(view);
  const not = pass ? "not " : "";
  return { pass, message: () => `expected ${who} ${not}to ${be}, but ${found}\n\n${picture(view)}` };
}

/** The world of an assertion. @throws TypeError for anything else, and Error for edges that it does not have */
function worldOf(matcher: string, received: unknown, ...edges: readonly (string | undefined)[]): EdgeWorld {
  if (!isWorld(received)) {
    throw new TypeError(
      `${matcher} needs a world, as startRegion and startVirtualWorld make it, got ${received === null ? "null" : typeof received}`,
    );
  }
  for (const edge of edges) {
    if (edge !== undefined && !received.edgeNames.includes(edge)) {
      throw new Error(`${matcher}: there is no edge ${edge}; there are ${received.edgeNames.join(", ")}`);
    }
  }
  return received;
}

/** What there is of one FailOver IP, the first where none is named. @throws Error for one that is not there */
function ipOf(matcher: string, view: WorldView, address: string | undefined): IpView {
  const found = address === undefined ? view : view.ips.find(({ failoverIp }) => failoverIp === address);
  if (found !== undefined) return found;
  const known = view.ips.map(({ failoverIp }) => failoverIp).join(", ");
  throw new Error(`${matcher}: there is no FailOver IP ${address}; there is ${known}`);
}

const list = (names: readonly string[]) => (names.length === 0 ? "none" : names.join(", "));

const edgeOf = (view: IpView, name: string) => view.edges.find((edge) => edge.name === name);

/**
 * Matchers for vitest's and jest's `expect.extend`. They look once and wait for nothing: `world.eventually` waits.
 * Each message shows the world and what the edges logged last. Where there are several FailOver IPs, `address` says which
 * one is meant; without it, the first.
 */
export const matchers = {
  /** OVH routes the FailOver IP to this edge. */
  toRouteTo(received: unknown, edge: string, address?: string): Verdict {
    return verdict(worldOf("toRouteTo", received, edge), (view) => {
      const { failoverIp, routedTo } = ipOf("toRouteTo", view, address);
      return {
        pass: routedTo === edge,
        who: failoverIp,
        be: `be routed to ${edge}`,
        found: `it is routed to ${routedTo ?? "none of the edges"}`,
      };
    });
  },

  /** Packets for the FailOver IP are answered: by this edge, or by any. */
  toAnswer(received: unknown, edge?: string, address?: string): Verdict {
    return verdict(worldOf("toAnswer", received, edge), (view) => {
      const { failoverIp, answering } = ipOf("toAnswer", view, address);
      return {
        pass: edge === undefined ? answering !== undefined : answering === edge,
        who: failoverIp,
        be: `be answered${edge === undefined ? "" : ` by ${edge}`}`,
        found: `${answering ?? "nobody"} answers`,
      };
    });
  },

  /** Exactly one edge is carp's MASTER: this one, or any. */
  toHaveMaster(received: unknown, edge?: string, address?: string): Verdict {
    return verdict(worldOf("toHaveMaster", received, edge), (view) => {
      const { edges, failoverIp } = ipOf("toHaveMaster", view, address);
      const masters = edges.filter(({ role }) => role === "MASTER").map(({ name }) => name);
      const one = masters.length === 1;
      return {
        pass: one && (edge === undefined || masters[0] === edge),
        who: edge ?? "one edge",
        be: `be MASTER alone${view.ips.length === 1 ? "" : ` for ${failoverIp}`}`,
        found: one ? `${masters[0]} is` : `MASTER are ${list(masters)}`,
      };
    });
  },

  /** This edge has the FailOver IP as an alias. */
  toHaveAlias(received: unknown, edge: string, address?: string): Verdict {
    return verdict(worldOf("toHaveAlias", received, edge), (view) => {
      const ip = ipOf("toHaveAlias", view, address);
      return {
        pass: edgeOf(ip, edge)?.alias === true,
        who: edge,
        be: `have the alias ${ip.failoverIp}`,
        found: `these have it: ${list(ip.edges.filter(({ alias }) => alias).map(({ name }) => name))}`,
      };
    });
  },

  /** This edge is demoted: as unhealthy, or drained. */
  toBeDemoted(received: unknown, edge: string): Verdict {
    return verdict(worldOf("toBeDemoted", received, edge), (view) => {
      const { edgefault = 0, edgedrain = 0, kernelShare = 0 } = edgeOf(view, edge) ?? {};
      const own = [edgefault - kernelShare, edgedrain - kernelShare];
      return {
        pass: own.some((count) => count > 0),
        who: edge,
        be: "be demoted",
        found: `its counters are edgefault ${own[0]}, edgedrain ${own[1]}`,
      };
    });
  },

  /**
   * Nothing is under way and nothing left to wish for: a sound edge serves the FailOver IP, one edge is MASTER, nothing
   * is claimed or moved, no sound edge is demoted. Where one edge can serve it must be so sooner or later, whatever the
   * fault; it is not while none can, while an edge is on hold, or during a partition.
   */
  toBeAtRest(received: unknown): Verdict {
    return verdict(worldOf("toBeAtRest", received), (view) => {
      const reasons = unrest(view);
      return {
        pass: reasons.length === 0,
        who: "the edges",
        be: "be at rest",
        found: reasons.length === 0 ? "they are" : reasons.join("; "),
      };
    });
  },

  /** This edge has logged a line that holds a text or matches an expression. */
  toHaveLogged(received: unknown, edge: string, what: string | RegExp): Verdict {
    return verdict(worldOf("toHaveLogged", received, edge), ({ log }) => {
      const own = log.filter((line) => line.edge === edge);
      const hit = own.find(({ text }) =>
        typeof what === "string"
          ? text.includes(what)
          : new RegExp(what, what.flags.replace(/[gy]/g, "")).test(text),
      );
      const lines = own.length === 1 ? "line" : "lines";
      return {
        pass: hit !== undefined,
        who: edge,
        be: `have logged ${typeof what === "string" ? JSON.stringify(what) : what}`,
        found: hit === undefined ? `none of its ${own.length} ${lines} has it` : `it has: ${hit.text}`,
      };
    });
  },
};

/**
 * The matchers as `expect` has them once it is extended. Where there are several FailOver IPs, `address` says which is
 * meant.
 *
 * @default address - the first one
 */
export interface EdgeMatchers<R = void> {
  /** OVH routes the FailOver IP to this edge. */
  toRouteTo(edge: string, address?: string): R;
  /** Packets for the FailOver IP are answered: by this edge, or by any. */
  toAnswer(edge?: string, address?: string): R;
  /** Exactly one edge is carp's MASTER: this one, or any. */
  toHaveMaster(edge?: string, address?: string): R;
  /** This edge has the FailOver IP as an alias. */
  toHaveAlias(edge: string, address?: string): R;
  /** This edge is demoted: as unhealthy, or drained. */
  toBeDemoted(edge: string): R;
  /** Nothing is under way, and a sound edge serves the FailOver IP, as it must be some time after a fault. */
  toBeAtRest(): R;
  /** This edge has logged a line that holds a text or matches an expression. */
  toHaveLogged(edge: string, what: string | RegExp): R;
}

declare global {
  namespace jest {
    // vitest's assertions extend it, and so do those of @types/jest.
    // biome-ignore lint/complexity/noBannedTypes: all declarations of it must have the same parameters
    interface Matchers<R, T = {}> extends EdgeMatchers<R> {}
  }
}

// In a declaration file it may name what is not installed.
// biome-ignore lint/suspicious/noTsIgnore: it is an error in a build alone, where nothing imports that module
// @ts-ignore
declare module "expect" {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends EdgeMatchers<R> {}
}
