import { AtOnce } from "./at-once.js";
import { BROKEN, type Follow, happeningOf, type Move, pack } from "./move.js";
import { Pairs } from "./pairs.js";
import type { ClusterSetting } from "./setting.js";
import { Numbers } from "./states.js";

/** Flags of a packed move, beside the bits of the invariants that it breaks. */
const BOW_OUT = 128;
const LOOK = 256;
const BROKEN_BITS = 127;

/** Edges and OVHs by number, and what is asked of them most. */
export interface PartsOf<E, O> {
  edge(number: number): E;
  ovh(number: number): O;
  ofEdge(edge: E): number;
  ofOvh(ovh: O): number;
  /** Whether the round cannot end before the edge has done something. */
  isUrgent(number: number, slow: boolean): boolean;
  /** Whether nothing of the edge changes by the mere passing of time. */
  isCalm(number: number): boolean;
  isOutOfTokens(number: number): boolean;
}

/** What edges do by themselves. */
interface SubjectOf<E, O> {
  moves(edge: E, ovh: O, index: number): Move<E, O>[];
  atOnce(edge: E, ovh: O, index: number): { readonly edge: E; readonly broken: number };
  /** An edge that has power again. */
  boot(edge: E): E;
  nextRound(edge: E): E;
}

/** Edges by number, and OVH: what follows what. A state is a row: each edge's number, then OVH's. */
export abstract class NumberedCluster<E, O, S extends Pick<ClusterSetting, "edges" | "settles" | "coarse">> {
  readonly width: number;
  protected readonly next: Int32Array;
  /** Rows of four, as many as the first number says: what happens, the edge, OVH, flags. */
  private readonly packed = new Numbers(1 << 12);
  private readonly own = new Pairs();
  private readonly outside = new Pairs();
  private readonly refreshed = new Pairs();
  private readonly rounds = new Pairs();
  private readonly atOnce: AtOnce<E, O>;

  constructor(
    readonly setting: S,
    protected readonly partsOf: PartsOf<E, O>,
    private readonly subjectOf: SubjectOf<E, O>,
  ) {
    this.width = setting.edges + 1;
    this.atOnce = new AtOnce(setting.edges, partsOf, subjectOf, BROKEN_BITS);
    this.next = new Int32Array(this.width);
  }

  /** Lets CARP's packets follow. @returns vhids, as bits, whose election is not over */
  protected abstract elect(row: Int32Array, ovh: O, follow: Follow): number;
  /** The last advertisements of an edge that says goodbye. */
  protected abstract bowOut(before: Int32Array, next: Int32Array, index: number): void;
  /** What OVH does by itself, and what happens to it. */
  protected abstract ovhFollows(row: Int32Array, ovh: O, withOutside: boolean, follow: Follow): void;
  /** What may happen to an edge from outside. */
  protected abstract outsideMoves(edge: E, ovh: O, index: number): readonly Move<E, O>[];
  protected abstract isResetting(edge: E): boolean;
  /** Whether an edge's counters are none or their weight. */
  protected abstract isWeighted(edge: E, ovh: O): boolean;
  /** An edge whose looks under way may find what was, or what is now. */
  protected abstract informed(ovh: O, edge: E, index: number): E;
  protected abstract withTokens(edge: E): E;
  /** Whether OVH is slow, has something to do in this round, or at all. */
  protected abstract factsOf(ovh: O): {
    readonly slow: boolean;
    readonly urgent: boolean;
    readonly calm: boolean;
  };
  protected abstract ovhLater(ovh: O): O;

  edgeOf(row: ArrayLike<number>, index: number): E {
    return this.partsOf.edge(row[index] as number);
  }

  ovhOf(row: ArrayLike<number>): O {
    return this.partsOf.ovh(row[this.setting.edges] as number);
  }

  /** All that follows from a state; what comes from outside only where faults may happen. */
  follow(row: Int32Array, withOutside: boolean, hear: Follow, coarse = this.setting.coarse): void {
    const { partsOf } = this;
    const { edges, settles } = this.setting;
    const follow = coarse ? this.atOnce.before(hear) : hear;
    const ovhNumber = row[edges] as number;
    const ovh = partsOf.ovh(ovhNumber);
    const { slow, urgent, calm } = this.factsOf(ovh);
    let isUrgent = urgent;
    const unsettled = this.elect(row, ovh, follow);
    for (let i = 0; i < edges; i++) {
      const number = row[i] as number;
      if (partsOf.isUrgent(number, slow)) isUrgent = true;
      let at = this.own.get(number, ovhNumber * 8 + i);
      if (at < 0) at = this.packOwn(number, ovhNumber, i);
      this.goAll(row, at, i, settles ? unsettled : 0, edges > 2 ? unsettled : 0, follow);
      if (!withOutside) continue;
      at = this.outside.get(number, ovhNumber * 8 + i);
      if (at < 0) at = this.packOutside(number, ovhNumber, i);
      this.goAll(row, at, i, 0, 0, follow);
    }
    this.ovhFollows(row, ovh, withOutside, follow);
    if (!isUrgent && unsettled === 0) this.round(row, ovh, calm, follow);
  }

  /** OVH has changed: looks under way of the other edges may find what is now. */
  protected refresh(row: Int32Array, ovhNumber: number, except: number): void {
    const { edges } = this.setting;
    row[edges] = ovhNumber;
    for (let i = 0; i < edges; i++) {
      if (i === except) continue;
      const number = row[i] as number;
      const known = this.refreshed.get(number, ovhNumber * 8 + i);
      if (known >= 0) row[i] = known;
      else {
        const after = this.informed(this.partsOf.ovh(ovhNumber), this.partsOf.edge(number), i);
        row[i] = this.refreshed.set(number, ovhNumber * 8 + i, this.partsOf.ofEdge(after));
      }
    }
  }

  /** Follows each of the moves at `at`. A claim of these vhids, as bits, waits for the election, or breaks S1 as it does not. */
  private goAll(
    row: Int32Array,
    at: number,
    index: number,
    waits: number,
    early: number,
    follow: Follow,
  ): void {
    const { packed, next } = this;
    const { edges } = this.setting;
    const ovhBefore = row[edges];
    const end = at + 1 + 4 * packed.at(at);
    for (let move = at + 1; move < end; move += 4) {
      const flags = packed.at(move + 3);
      const code = packed.at(move);
      const vhid = 1 << (code >> 20);
      if (flags & LOOK && waits & vhid) continue;
      next.set(row);
      next[index] = packed.at(move + 1);
      const ovh = packed.at(move + 2);
      if (ovh !== ovhBefore) this.refresh(next, ovh, index);
      if (flags & BOW_OUT) this.bowOut(row, next, index);
      const unsettled = flags & LOOK && early & vhid && ((code >> 10) & 1023) === 1;
      follow(next, code, (flags & BROKEN_BITS) | (unsettled ? (BROKEN.S1 as number) : 0));
    }
  }

  /** Everything quick is done: the next poll comes. Where nothing changes but tokens that come back, they do. */
  private round(row: Int32Array, ovh: O, isOvhCalm: boolean, follow: Follow): void {
    const { next, partsOf } = this;
    const { edges } = this.setting;
    let [calm, dry] = [isOvhCalm, false];
    for (let i = 0; i < edges; i++) {
      if (partsOf.isOutOfTokens(row[i] as number)) dry = true;
      if (!partsOf.isCalm(row[i] as number)) calm = false;
    }
    const quarter = calm && dry;
    for (let i = 0; i < edges; i++) next[i] = this.roundOf(row[i] as number, quarter);
    next[edges] = partsOf.ofOvh(this.ovhLater(ovh));
    follow(next, pack(quarter ? "quarter" : "round"), 0);
  }

  private roundOf(number: number, quarter: boolean): number {
    const known = this.rounds.get(number, quarter ? 1 : 0);
    if (known >= 0) return known;
    const later = this.subjectOf.nextRound(this.partsOf.edge(number));
    const edge = quarter ? this.withTokens(later) : later;
    return this.rounds.set(number, quarter ? 1 : 0, this.partsOf.ofEdge(edge));
  }

  private packOwn(number: number, ovhNumber: number, index: number): number {
    const [edge, ovh] = [this.partsOf.edge(number), this.partsOf.ovh(ovhNumber)];
    const own = this.subjectOf.moves(edge, ovh, index);
    if (this.isResetting(edge)) {
      own.push({ code: pack("boots", index), edge: this.subjectOf.boot(edge), ovh, broken: 0 });
    }
    return this.own.set(number, ovhNumber * 8 + index, this.pack(own, number, ovhNumber));
  }

  private packOutside(number: number, ovhNumber: number, index: number): number {
    const moves = this.outsideMoves(this.partsOf.edge(number), this.partsOf.ovh(ovhNumber), index);
    return this.outside.set(number, ovhNumber * 8 + index, this.pack(moves, number, ovhNumber));
  }

  /** Writes moves down, without those that change nothing. @returns where they begin */
  private pack(moves: readonly Move<E, O>[], edgeBefore: number, ovhBefore: number): number {
    const rows = moves
      .map(({ code, edge, ovh, broken, bowOut }) => {
        const unweighted = this.isWeighted(edge, ovh) ? 0 : (BROKEN.S2 as number);
        const flags =
          broken | unweighted | (bowOut ? BOW_OUT : 0) | (happeningOf(code) === "look" ? LOOK : 0);
        return [code, this.partsOf.ofEdge(edge), this.partsOf.ofOvh(ovh), flags] as const;
      })
      .filter(
        ([, edge, ovh, flags]) => edge !== edgeBefore || ovh !== ovhBefore || (flags & BROKEN_BITS) > 0,
      );
    const at = this.packed.length;
    this.packed.push(rows.length);
    for (const number of rows.flat()) this.packed.push(number);
    return at;
  }
}
