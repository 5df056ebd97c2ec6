import { AtOnce } from "./at-once.js";
import { CarpNetwork } from "./carp-network.js";
import { outsideMoves, ovhMoves } from "./faults.js";
import type { ClusterView } from "./invariants.js";
import { S2 } from "./invariants.js";
import { type Local, POWER, RUNNING } from "./local.js";
import { BROKEN, type Follow, happeningOf, type Move, pack } from "./move.js";
import type { Ovh } from "./ovh.js";
import * as ovhs from "./ovh.js";
import { Pairs } from "./pairs.js";
import { Parts } from "./parts.js";
import type { ClusterSetting } from "./setting.js";
import { Numbers } from "./states.js";
import type { Subject } from "./subject.js";
import { clusterView, edgeView } from "./view.js";

/** Flags of a packed move, beside the bits of the invariants that it breaks. */
const BOW_OUT = 64;
const LOOK = 128;
const BROKEN_BITS = 63;

/** Edges by number, their CARP network and OVH: what follows what. A state is a row: each edge's number, then OVH's. */
export class Cluster {
  readonly width: number;
  private readonly network: CarpNetwork;
  private readonly partsOf: Parts;
  /** Rows of four, as many as the first number says: what happens, the edge, OVH, flags. */
  private readonly packed = new Numbers(1 << 12);
  private readonly own = new Pairs();
  private readonly outside = new Pairs();
  private readonly refreshed = new Pairs();
  private readonly rounds = new Pairs();
  private readonly atOnce: AtOnce<Local, Ovh>;
  private readonly next: Int32Array;

  constructor(
    readonly setting: ClusterSetting,
    private readonly subject: Subject,
  ) {
    this.width = setting.edges + 1;
    this.partsOf = new Parts(subject);
    const { partsOf } = this;
    this.atOnce = new AtOnce(setting.edges, partsOf, subject, BROKEN_BITS);
    this.network = new CarpNetwork(setting, partsOf, (number, role) =>
      partsOf.ofEdge(subject.withRole(partsOf.edge(number), role)),
    );
    this.next = new Int32Array(this.width);
  }

  /** All edges just started, the first one with the route; what follows by itself leads to rest. */
  start(): Int32Array {
    const { edges } = this.setting;
    const row = new Int32Array(this.width);
    for (let i = 0; i < edges; i++) row[i] = this.partsOf.ofEdge(this.subject.daemonStarted(RUNNING));
    row[edges] = this.partsOf.ofOvh(ovhs.CALM);
    return row;
  }

  /** The same state with all faults still to come. */
  withFaults(row: Int32Array): Int32Array {
    const armed = Int32Array.from(row);
    armed[this.setting.edges] = this.partsOf.ofOvh({ ...this.ovhOf(row), budget: this.setting.faults });
    return armed;
  }

  /** Whether the first edge serves, the others know that if `informed`, and nobody has anything to do before the next poll. */
  isSound(row: Int32Array, informed: boolean): boolean {
    return this.view(row).edges.every(({ role, alias }, index) => {
      const serves = index === 0;
      const isRight = role === (serves ? "MASTER" : "BACKUP") && alias === serves;
      return isRight && this.subject.isAtRest(this.edgeOf(row, index), serves, informed);
    });
  }

  edgeOf(row: ArrayLike<number>, index: number): Local {
    return this.partsOf.edge(row[index] as number);
  }

  ovhOf(row: ArrayLike<number>): Ovh {
    return this.partsOf.ovh(row[this.setting.edges] as number);
  }

  /** All that follows from a state; what comes from outside only where faults may happen. */
  follow(row: Int32Array, withOutside: boolean, hear: Follow): void {
    const { partsOf } = this;
    const follow = this.setting.coarse ? this.atOnce.before(hear) : hear;
    const { edges, settles } = this.setting;
    const ovhNumber = row[edges] as number;
    const ovh = partsOf.ovh(ovhNumber);
    let isUrgent = ovhs.isUrgent(ovh);
    const unsettled = this.network.elect(row, ovh, follow);
    for (let i = 0; i < edges; i++) {
      const number = row[i] as number;
      if (partsOf.isUrgent(number, ovh.slow === 1)) isUrgent = true;
      let at = this.own.get(number, ovhNumber * 8 + i);
      if (at < 0) at = this.packOwn(number, ovhNumber, i);
      this.goAll(row, at, i, unsettled && settles, unsettled && edges > 2, follow);
      if (!withOutside) continue;
      at = this.outside.get(number, ovhNumber * 8 + i);
      if (at < 0) at = this.packOutside(number, ovhNumber, i);
      this.goAll(row, at, i, false, false, follow);
    }
    this.ovhFollows(row, ovh, withOutside, follow);
    if (!isUrgent && !unsettled) this.round(row, ovh, follow);
  }

  /** Follows each of the moves at `at`. A claim looks only once the election is over, unless it does not settle. */
  private goAll(
    row: Int32Array,
    at: number,
    index: number,
    waits: boolean,
    early: boolean,
    follow: Follow,
  ): void {
    const { packed, next } = this;
    const { edges } = this.setting;
    const ovhBefore = row[edges];
    const end = at + 1 + 4 * packed.at(at);
    for (let move = at + 1; move < end; move += 4) {
      const flags = packed.at(move + 3);
      if (waits && flags & LOOK) continue;
      next.set(row);
      next[index] = packed.at(move + 1);
      const ovh = packed.at(move + 2);
      if (ovh !== ovhBefore) this.refresh(next, ovh, index);
      if (flags & BOW_OUT) this.network.bowOut(next, this.ovhOf(next), index);
      const code = packed.at(move);
      const unsettled = early && flags & LOOK && code >> 10 === 1;
      follow(next, code, (flags & BROKEN_BITS) | (unsettled ? (BROKEN.S1 as number) : 0));
    }
  }

  /** The state as somebody sees it who can look everywhere. */
  view(row: ArrayLike<number>): ClusterView {
    const edges = Array.from({ length: this.setting.edges }, (_, index) => this.edgeOf(row, index));
    return clusterView(edges, this.ovhOf(row), this.subject);
  }

  /** OVH has changed: looks under way of the other edges may find what is now. */
  private refresh(row: Int32Array, ovhNumber: number, except: number): void {
    const { edges } = this.setting;
    row[edges] = ovhNumber;
    for (let i = 0; i < edges; i++) {
      if (i === except) continue;
      const number = row[i] as number;
      const known = this.refreshed.get(number, ovhNumber * 8 + i);
      if (known >= 0) row[i] = known;
      else {
        const after = ovhs.withAnswers(this.partsOf.ovh(ovhNumber), this.partsOf.edge(number), i);
        row[i] = this.refreshed.set(number, ovhNumber * 8 + i, this.partsOf.ofEdge(after));
      }
    }
  }

  private ovhFollows(row: Int32Array, ovh: Ovh, withOutside: boolean, follow: Follow): void {
    const { kinds, variant } = this.setting;
    const change = (code: number, after: Ovh, broken = 0) => {
      this.next.set(row);
      this.refresh(this.next, this.partsOf.ofOvh(after), -1);
      follow(this.next, code, broken);
    };
    if (ovh.move > 0) change(pack("moved"), ovhs.moved(ovh));
    if (ovh.late > 0) {
      const index = ovh.late - 1;
      const { ovh: after, outcome } = ovhs.attach(
        { ...ovh, late: 0, lateAge: 0, lateCounts: 0 },
        index,
        variant,
      );
      const edge = this.edgeOf(row, index);
      this.next.set(row);
      const counts = outcome !== "refused" && ovh.lateCounts === 1;
      if (counts) {
        this.next[index] = this.partsOf.ofEdge({ ...edge, posts: Math.min(4, edge.posts + 1) });
      }
      this.refresh(this.next, this.partsOf.ofOvh(after), -1);
      follow(this.next, pack("applied", index), counts && edge.posts >= 3 ? (BROKEN.S4 as number) : 0);
    }
    if (withOutside) for (const { code, ovh: after } of ovhMoves(ovh, kinds)) change(code, after);
  }

  /** Everything quick is done: the next poll comes. Where nothing changes but tokens that come back, they do. */
  private round(row: Int32Array, ovh: Ovh, follow: Follow): void {
    const { next, partsOf } = this;
    const { edges } = this.setting;
    let [calm, dry] = [ovh.move === 0 && ovh.late === 0, false];
    for (let i = 0; i < edges; i++) {
      if (partsOf.isOutOfTokens(row[i] as number)) dry = true;
      if (!partsOf.isCalm(row[i] as number)) calm = false;
    }
    const quarter = calm && dry;
    for (let i = 0; i < edges; i++) next[i] = this.roundOf(row[i] as number, quarter);
    next[edges] = partsOf.ofOvh(ovhs.nextRound(ovh));
    follow(next, pack(quarter ? "quarter" : "round"), 0);
  }

  private roundOf(number: number, quarter: boolean): number {
    const known = this.rounds.get(number, quarter ? 1 : 0);
    if (known >= 0) return known;
    const later = this.subject.nextRound(this.partsOf.edge(number));
    const edge = quarter ? this.subject.withToken(later) : later;
    return this.rounds.set(number, quarter ? 1 : 0, this.partsOf.ofEdge(edge));
  }

  private packOwn(number: number, ovhNumber: number, index: number): number {
    const [edge, ovh] = [this.partsOf.edge(number), this.partsOf.ovh(ovhNumber)];
    const own = this.subject.moves(edge, ovh, index);
    if (edge.power === POWER.resetting) {
      own.push({ code: pack("boots", index), edge: this.subject.boot(edge), ovh, broken: 0 });
    }
    return this.own.set(number, ovhNumber * 8 + index, this.pack(own, number, ovhNumber));
  }

  private packOutside(number: number, ovhNumber: number, index: number): number {
    const [edge, ovh] = [this.partsOf.edge(number), this.partsOf.ovh(ovhNumber)];
    const moves = outsideMoves(edge, ovh, index, this.setting.kinds, this.subject);
    return this.outside.set(number, ovhNumber * 8 + index, this.pack(moves, number, ovhNumber));
  }

  /** Writes moves down, without those that change nothing. @returns where they begin */
  private pack(moves: readonly Move[], edgeBefore: number, ovhBefore: number): number {
    const rows = moves
      .map(({ code, edge, ovh, broken, bowOut }) => {
        const unweighted = S2(edgeView(edge, ovh, 0, this.subject)) ? 0 : (BROKEN.S2 as number);
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
