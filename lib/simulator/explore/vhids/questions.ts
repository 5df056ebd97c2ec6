import type { Decision, Memory, Observation } from "../../world/decider.js";
import type { CoProcess } from "../co-process.js";
import type { Answer } from "../local.js";
import { isCalm, later, memoryOf, NOW, type Recall, recall, SETTINGS } from "../memory.js";

/** What a pass sees of one vhid and its FailOver IP. */
export interface SeenOfVhid {
  readonly carp: string;
  readonly alias: number;
  /** What the last check found, and whether it began before the last POST. */
  readonly check: { readonly result: Answer; readonly old: boolean } | null;
  /** What a claim of one vhid alone would show. */
  readonly claim: object | null;
}

/** What a pass sees apart from its memory, without times that are always the same. */
export type Seen = Omit<Observation, "vhids"> & { readonly vhids: readonly SeenOfVhid[] };

/** One decision, with the vhid that it is for; those for the whole edge have the first. */
export interface Action {
  readonly what: string;
  readonly vhid: number;
  readonly how: readonly (string | number)[];
}

/** What came of a question. */
interface Answered {
  readonly do: readonly Action[];
  /** Number of the memory that it leaves. */
  readonly memory: number;
}

/** Fields of a memory that concern the whole edge; edge-sync(8) keeps them once. */
const OF_NODE = new Set([
  "unanswered",
  "answered",
  "blind",
  "checked_at",
  "recheck_at",
  "healthy_since",
  "healthy",
  "unprobed",
  "hold_warned",
]);
/** Fields that concern one FailOver IP. */
const OF_IP = new Set(["known", "known_at", "void_before"]);

/** The FailOver IP of a vhid, by number from 0. */
export function addressOf(vhid: number): string {
  return `198.51.100.${vhid + 1}`;
}

/** The decisions of the deployed edge-sync for several vhids, each asked once. */
export class Questions {
  private readonly recalled: (readonly Recall[])[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly known = new Map<string, Answered>();

  constructor(private readonly program: Pick<CoProcess, "decide">) {}

  /** How many distinct questions there were. */
  get size(): number {
    return this.known.size;
  }

  /** What an edge remembers of each vhid, as if there were no other; undefined after a boot. */
  recalledBy(memory: number): readonly Recall[] | undefined {
    return this.recalled[memory];
  }

  ask(seen: Seen, memory: number): Answered {
    const key = `${memory} ${JSON.stringify(seen)}`;
    let answered = this.known.get(key);
    if (answered === undefined) {
      const old = seen.vhids.map(({ check }) => check?.old === true);
      const before = wholeMemory(this.recalledBy(memory), old);
      const decided = this.program.decide(observed(seen), before, SETTINGS);
      const recalls = seen.vhids.map((_, vhid) => recall(memoryOfVhid(decided.memory, vhid)));
      answered = {
        do: decided.do.filter(([what]) => what !== "log").map(actionOf),
        memory: this.number(recalls),
      };
      this.known.set(key, answered);
    }
    return answered;
  }

  isHealthy(memory: number): boolean {
    return this.recalledBy(memory)?.[0]?.healthy === 1;
  }

  /** Whether edge-sync remembers a claim of a vhid. */
  claims(memory: number, vhid: number): boolean {
    return this.recalledBy(memory)?.[vhid]?.claim !== undefined;
  }

  tokens(memory: number, vhid: number): number {
    return this.recalledBy(memory)?.[vhid]?.tokens ?? 3;
  }

  /** The memory one round later. */
  later(memory: number): number {
    const recalls = this.recalledBy(memory);
    return recalls === undefined ? -1 : this.number(recalls.map(later));
  }

  /** The memory after 15 minutes. */
  withTokens(memory: number): number {
    const recalls = this.recalledBy(memory);
    if (recalls === undefined) return memory;
    return this.number(recalls.map((one) => ({ ...one, tokens: Math.min(3, one.tokens + 1) })));
  }

  isCalm(memory: number): boolean {
    return this.recalledBy(memory)?.every(isCalm) ?? true;
  }

  isAtRest(memory: number, vhid: number, serves: boolean): boolean {
    const recalled = this.recalledBy(memory)?.[vhid];
    if (recalled === undefined || recalled.known !== (serves ? "here" : "elsewhere")) return false;
    return recalled.tokens === 3 && recalled.refused === 0 && recalled.healthyFor === 1;
  }

  private number(recalls: readonly Recall[]): number {
    const key = JSON.stringify(recalls);
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.recalled.push(recalls) - 1;
      this.numbers.set(key, number);
    }
    return number;
  }
}

/** The form of an observation that edge-sync takes for several vhids. */
export function observed({ vhids, ...shared }: Seen): Observation {
  return {
    ...shared,
    now: NOW,
    check: vhids.some(({ check }) => check !== null) ? { started: NOW - 0.5 } : null,
    vhids: vhids.map(({ carp, alias, check, claim }, vhid) => ({
      name: `carp${vhid}`,
      carp,
      claim: claim === null ? null : claimOf(claim, addressOf(vhid)),
      ips: [{ ip: addressOf(vhid), alias, ...(check === null ? {} : { result: check.result }) }],
    })),
  };
}

/** A claim of one IP in the form that a claim of several has. */
function claimOf(claim: object, ip: string): object {
  const { running, ...own } = claim as Record<string, unknown>;
  return { running, ips: { [ip]: own } };
}

/** @param old vhids whose last check began before their last POST */
function wholeMemory(recalls: readonly Recall[] | undefined, old: readonly boolean[]): Memory {
  if (recalls === undefined) return {};
  const node: Record<string, unknown> = {};
  const vhids: Record<string, object> = {};
  recalls.forEach((recalled, vhid) => {
    const own: Record<string, unknown> = {};
    const ofIp: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(memoryOf(recalled))) {
      if (OF_NODE.has(name)) node[name] = value;
      else if (OF_IP.has(name)) ofIp[name] = value;
      else own[name] = value;
    }
    if (old[vhid]) ofIp.void_before = NOW;
    const { started, ...ofClaim } = (own.claim ?? {}) as Record<string, unknown>;
    if (own.claim !== undefined) own.claim = { started, ips: { [addressOf(vhid)]: ofClaim } };
    vhids[`carp${vhid}`] = { ...own, ips: { [addressOf(vhid)]: ofIp } };
  });
  return { ...node, vhids };
}

/** What a memory has of one vhid and its IP, as if there were no other. */
function memoryOfVhid(memory: Memory, vhid: number): Memory {
  const { vhids, ...node } = memory as { vhids: Record<string, OfVhid> };
  const { ips, claim, ...own } = vhids[`carp${vhid}`] as OfVhid;
  const flat =
    claim === undefined ? {} : { claim: { started: claim.started, ...claim.ips[addressOf(vhid)] } };
  return { ...node, ...own, ...ips[addressOf(vhid)], ...flat };
}

interface OfVhid {
  readonly ips: Record<string, object>;
  readonly claim?: { readonly started: number; readonly ips: Record<string, object> };
}

function actionOf([what, ...how]: Decision): Action {
  if (what === "alias") {
    const [state, why, ip] = how as [string, string, string];
    return { what, vhid: vhidOf(ip), how: [state, why] };
  }
  if (what === "claim") return { what, vhid: Number(String(how[0]).slice("carp".length)), how: [] };
  return { what, vhid: 0, how };
}

function vhidOf(ip: string): number {
  return Number(ip.split(".")[3]) - 1;
}
