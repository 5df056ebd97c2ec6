import { AtOnce } from "../at-once.js";
import { CarpNetwork } from "../carp-network.js";
import type { Explored } from "../explorer.js";
import { type ClusterView, S2 } from "../invariants.js";
import { MASTER, POWER } from "../local.js";
import { BROKEN, type Follow, happeningOf, pack } from "../move.js";
import { attach, isUrgent, moved, nextRound } from "../ovh.js";
import { Pairs } from "../pairs.js";
import { Numbers } from "../states.js";
import { clusterView, edgeView } from "../view.js";
import { type Edge, localOf, running, withLocal } from "./edge.js";
import type { EdgeSync, Move } from "./edge-sync.js";
import { outsideMoves, ovhMoves } from "./faults.js";
import { calm, mappedOvh, type Ovhs, ovhOf, refreshed, withApi, withOvh } from "./ovh.js";
import { Parts } from "./parts.js";
import type { VhidSetting } from "./setting.js";

/** Flags of a packed move, beside the bits of the invariants that it breaks. */
const BOW_OUT = 128;
const LOOK = 256;
const BROKEN_BITS = 127;

/** Edges of several vhids by number, their elections and OVH. A state is a row: each edge's number, then OVH's. */
export class VhidCluster {
  readonly width: number;
  private readonly networks: readonly CarpNetwork[];
  private readonly partsOf: Parts;
  /** Rows of four, as many as the first number says: what happens, the edge, OVH, flags. */
  private readonly packed = new Numbers(1 << 12);
  private readonly own = new Pairs();
  private readonly outside = new Pairs();
  private readonly known = new Pairs();
  private readonly rounds = new Pairs();
  private readonly atOnce: AtOnce<Edge, Ovhs>;
  private readonly next: Int32Array;

  constructor(
    readonly setting: VhidSetting,
    private readonly subject: EdgeSync,
  ) {
    this.width = setting.edges + 1;
    const partsOf = new Parts(subject, setting.vhids);
    this.partsOf = partsOf;
    this.atOnce = new AtOnce(setting.edges, partsOf, subject, BROKEN_BITS);
    this.networks = setting.elections.map((intervals, vhid) => {
      const listeners = {
        role: (number: number) => partsOf.role(number, vhid),
        demotion: (number: number) =>
          setting.vhidMutations.demotesFirst && vhid > 0 ? 0 : partsOf.demotion(number),
      };
      const withRole = (number: number, role: number) =>
        partsOf.ofEdge(subject.withRole(partsOf.edge(number), vhid, role));
      return new CarpNetwork({ ...setting, intervals }, listeners, withRole, vhid);
    });
    this.next = new Int32Array(this.width);
  }

  /** All edges just started, each IP at its edge; what follows by itself leads to rest. */
  start(): Int32Array {
    const { edges, vhids } = this.setting;
    const row = new Int32Array(this.width);
    row.fill(this.partsOf.ofEdge(this.subject.daemonStarted(running(vhids))), 0, edges);
    row[edges] = this.partsOf.ofOvh(calm(vhids));
    return row;
  }

  /** The same state with all faults still to come. */
  withFaults(row: Int32Array): Int32Array {
    const armed = Int32Array.from(row);
    const { edges, faults } = this.setting;
    armed[edges] = this.partsOf.ofOvh(withApi(this.ovhsOf(row), { budget: faults }));
    return armed;
  }

  /** Whether each edge serves its own vhid and nobody has anything to do before the next poll. */
  isSound(row: Int32Array): boolean {
    const each = Array.from({ length: this.setting.edges }, (_, index) => index);
    return each.every((index) => {
      const edge = this.edgeOf(row, index);
      const isRight = edge.vhids.every(
        ({ role, alias }, vhid) =>
          (role === MASTER) === (vhid === index) && (alias === 1) === (vhid === index),
      );
      return isRight && this.subject.isAtRest(edge, (vhid) => vhid === index);
    });
  }

  edgeOf(row: ArrayLike<number>, index: number): Edge {
    return this.partsOf.edge(row[index] as number);
  }

  ovhsOf(row: ArrayLike<number>): Ovhs {
    return this.partsOf.ovh(row[this.setting.edges] as number);
  }

  /** The state of one vhid and its IP, as somebody sees it who can look everywhere. */
  view(row: ArrayLike<number>, vhid: number): ClusterView {
    const edges = Array.from({ length: this.setting.edges }, (_, index) => this.edgeOf(row, index));
    const [first] = edges;
    if (first === undefined) throw new Error("a cluster without edges");
    const locals = edges.map((edge) => localOf(edge, vhid));
    const counters = (local: (typeof locals)[number]) =>
      this.subject.counters(edges[locals.indexOf(local)] ?? first);
    return clusterView(locals, ovhOf(this.ovhsOf(row), vhid), { counters });
  }

  /** The same edges, whose passes, probes and checks nothing overtakes: the shortest way to their rest. */
  get coarsely(): Explored {
    return { width: this.width, follow: (row, outside, hear) => this.follow(row, outside, hear, true) };
  }

  /** All that follows from a state; what comes from outside only where faults may happen. */
  follow(row: Int32Array, withOutside: boolean, hear: Follow, coarse = this.setting.coarse): void {
    const { partsOf } = this;
    const { edges, settles } = this.setting;
    const guarded = this.guarded(hear);
    const follow = coarse ? this.atOnce.before(guarded) : guarded;
    const ovhNumber = row[edges] as number;
    const ovh = partsOf.ovh(ovhNumber);
    let urgent = ovh.ips.some(isUrgent);
    // Vhids, as bits, whose election is not over.
    let unsettled = 0;
    this.networks.forEach((network, vhid) => {
      if (network.elect(row, ovh.api, follow)) unsettled |= 1 << vhid;
    });
    for (let i = 0; i < edges; i++) {
      const number = row[i] as number;
      if (partsOf.isUrgent(number, ovh.api.slow === 1)) urgent = true;
      let at = this.own.get(number, ovhNumber * 8 + i);
      if (at < 0) at = this.packOwn(number, ovhNumber, i);
      this.goAll(row, at, i, settles ? unsettled : 0, edges > 2 ? unsettled : 0, follow);
      if (!withOutside) continue;
      at = this.outside.get(number, ovhNumber * 8 + i);
      if (at < 0) at = this.packOutside(number, ovhNumber, i);
      this.goAll(row, at, i, 0, 0, follow);
    }
    this.ovhFollows(row, ovh, withOutside, follow);
    if (!urgent && unsettled === 0) this.round(row, ovh, follow);
  }

  /** Looks for S7 in each state that follows. */
  private guarded(hear: Follow): Follow {
    const { vhids, edges } = this.setting;
    return (row, code, broken) => {
      const ovh = this.partsOf.ovh(row[edges] as number);
      let all = broken;
      for (let vhid = 0; vhid < vhids; vhid++) {
        if ((ovh.touched & (1 << vhid)) === 0 && !this.isKept(row, ovh, vhid)) all |= BROKEN.S7 as number;
      }
      hear(row, code, all);
    };
  }

  /** Whether a vhid is as it was at the start: its edge serves it, no other wants it, and nothing was spent on it. */
  private isKept(row: Int32Array, { ips }: Ovhs, vhid: number): boolean {
    const { partsOf } = this;
    const { routed, move, late } = ips[vhid] as Ovhs["ips"][number];
    if (routed !== vhid + 1 || move > 0 || late > 0) return false;
    const own = 1 << vhid;
    for (let i = 0; i < this.setting.edges; i++) {
      const number = row[i] as number;
      const isRight =
        i === vhid ? (partsOf.serves(number) & own) !== 0 : partsOf.role(number, vhid) !== MASTER;
      if (!isRight || (partsOf.hasAllTokens(number) & own) === 0) return false;
    }
    return true;
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

  /** The last advertisements of an edge, for each vhid whose master it was. */
  private bowOut(before: Int32Array, next: Int32Array, index: number): void {
    const { api } = this.ovhsOf(next);
    this.networks.forEach((network, vhid) => {
      if (this.partsOf.role(before[index] as number, vhid) === MASTER) network.bowOut(next, api, index);
    });
  }

  /** OVH has changed: looks under way of the other edges may find what is now. */
  private refresh(row: Int32Array, ovhNumber: number, except: number): void {
    const { edges } = this.setting;
    row[edges] = ovhNumber;
    for (let i = 0; i < edges; i++) {
      if (i === except) continue;
      const number = row[i] as number;
      const known = this.known.get(number, ovhNumber * 8 + i);
      if (known >= 0) row[i] = known;
      else {
        const after = refreshed(this.partsOf.ovh(ovhNumber), this.partsOf.edge(number), i);
        row[i] = this.known.set(number, ovhNumber * 8 + i, this.partsOf.ofEdge(after));
      }
    }
  }

  private ovhFollows(row: Int32Array, ovhs: Ovhs, withOutside: boolean, follow: Follow): void {
    const { kinds, variant } = this.setting;
    const change = (code: number, after: Ovhs, broken = 0) => {
      this.next.set(row);
      this.refresh(this.next, this.partsOf.ofOvh(after), -1);
      follow(this.next, code, broken);
    };
    ovhs.ips.forEach((own, ip) => {
      if (own.move === 0 && own.late === 0) return;
      const ovh = ovhOf(ovhs, ip);
      if (ovh.move > 0) change(pack("moved", 0, 0, ip), withOvh(ovhs, ip, moved(ovh)));
      if (ovh.late === 0) return;
      const index = ovh.late - 1;
      const { ovh: after, outcome } = attach({ ...ovh, late: 0, lateAge: 0, lateCounts: 0 }, index, variant);
      const edge = this.edgeOf(row, index);
      this.next.set(row);
      const counts = outcome !== "refused" && ovh.lateCounts === 1;
      const local = localOf(edge, ip);
      if (counts) {
        const counted = withLocal(edge, ip, { ...local, posts: Math.min(4, local.posts + 1) });
        this.next[index] = this.partsOf.ofEdge(counted);
      }
      this.refresh(this.next, this.partsOf.ofOvh(withOvh(ovhs, ip, after)), -1);
      follow(
        this.next,
        pack("applied", index, 0, ip),
        counts && local.posts >= 3 ? (BROKEN.S4 as number) : 0,
      );
    });
    if (withOutside) for (const { code, ovh: after } of ovhMoves(ovhs, kinds)) change(code, after);
  }

  /** Everything quick is done: the next poll comes. Where nothing changes but tokens that come back, they do. */
  private round(row: Int32Array, ovh: Ovhs, follow: Follow): void {
    const { next, partsOf } = this;
    const { edges } = this.setting;
    let [calmly, dry] = [ovh.ips.every(({ move, late }) => move === 0 && late === 0), false];
    for (let i = 0; i < edges; i++) {
      if (partsOf.isOutOfTokens(row[i] as number)) dry = true;
      if (!partsOf.isCalm(row[i] as number)) calmly = false;
    }
    const quarter = calmly && dry;
    for (let i = 0; i < edges; i++) next[i] = this.roundOf(row[i] as number, quarter);
    next[edges] = partsOf.ofOvh(mappedOvh(ovh, nextRound));
    follow(next, pack(quarter ? "quarter" : "round"), 0);
  }

  private roundOf(number: number, quarter: boolean): number {
    const known = this.rounds.get(number, quarter ? 1 : 0);
    if (known >= 0) return known;
    const later = this.subject.nextRound(this.partsOf.edge(number));
    const edge = quarter ? this.subject.withTokens(later) : later;
    return this.rounds.set(number, quarter ? 1 : 0, this.partsOf.ofEdge(edge));
  }

  private packOwn(number: number, ovhNumber: number, index: number): number {
    const [edge, ovh] = [this.partsOf.edge(number), this.partsOf.ovh(ovhNumber)];
    const own = this.subject.moves(edge, ovh, index);
    if (edge.host.power === POWER.resetting) {
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
        const counters = { counters: () => this.subject.counters(edge) };
        const weighted = S2(edgeView(localOf(edge, 0), ovhOf(ovh, 0), 0, counters));
        const flags =
          broken |
          (weighted ? 0 : (BROKEN.S2 as number)) |
          (bowOut ? BOW_OUT : 0) |
          (happeningOf(code) === "look" ? LOOK : 0);
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
