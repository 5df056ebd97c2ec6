import { CarpNetwork } from "../carp-network.js";
import type { Explored } from "../explorer.js";
import { type ClusterView, S2 } from "../invariants.js";
import { MASTER, POWER } from "../local.js";
import { BROKEN, type Follow, pack } from "../move.js";
import { NumberedCluster } from "../numbered-cluster.js";
import { attach, isUrgent, moved, nextRound } from "../ovh.js";
import { clusterView, edgeView } from "../view.js";
import { type Edge, localOf, running, withLocal } from "./edge.js";
import type { EdgeSync, Move } from "./edge-sync.js";
import { outsideMoves, ovhMoves } from "./faults.js";
import { calm, mappedOvh, type Ovhs, ovhOf, refreshed, withApi, withOvh } from "./ovh.js";
import { Parts } from "./parts.js";
import type { VhidSetting } from "./setting.js";

/** Edges of several vhids, their elections and OVH. */
export class VhidCluster extends NumberedCluster<Edge, Ovhs, VhidSetting> {
  private readonly networks: readonly CarpNetwork[];

  constructor(
    setting: VhidSetting,
    private readonly subject: EdgeSync,
    private readonly parts = new Parts(subject, setting.vhids),
  ) {
    super(setting, parts, subject);
    this.networks = setting.elections.map((intervals, vhid) => {
      const listeners = {
        role: (number: number) => parts.role(number, vhid),
        demotion: (number: number) =>
          setting.vhidMutations.demotesFirst && vhid > 0 ? 0 : parts.demotion(number),
      };
      const withRole = (number: number, role: number) =>
        parts.ofEdge(subject.withRole(parts.edge(number), vhid, role));
      return new CarpNetwork({ ...setting, intervals }, listeners, withRole, vhid);
    });
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
    armed[edges] = this.partsOf.ofOvh(withApi(this.ovhOf(row), { budget: faults }));
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

  /** The state of one vhid and its IP, as somebody sees it who can look everywhere. */
  view(row: ArrayLike<number>, vhid: number): ClusterView {
    const edges = Array.from({ length: this.setting.edges }, (_, index) => this.edgeOf(row, index));
    const [first] = edges;
    if (first === undefined) throw new Error("a cluster without edges");
    const locals = edges.map((edge) => localOf(edge, vhid));
    const counters = (local: (typeof locals)[number]) =>
      this.subject.counters(edges[locals.indexOf(local)] ?? first);
    return clusterView(locals, ovhOf(this.ovhOf(row), vhid), { counters });
  }

  /** The same edges, whose passes, probes and checks nothing overtakes: the shortest way to their rest. */
  get coarsely(): Explored {
    return { width: this.width, follow: (row, outside, hear) => this.follow(row, outside, hear, true) };
  }

  override follow(row: Int32Array, withOutside: boolean, hear: Follow, coarse = this.setting.coarse): void {
    super.follow(row, withOutside, this.guarded(hear), coarse);
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
    const { parts } = this;
    const { routed, move, late } = ips[vhid] as Ovhs["ips"][number];
    if (routed !== vhid + 1 || move > 0 || late > 0) return false;
    const own = 1 << vhid;
    for (let i = 0; i < this.setting.edges; i++) {
      const number = row[i] as number;
      const isRight = i === vhid ? (parts.serves(number) & own) !== 0 : parts.role(number, vhid) !== MASTER;
      if (!isRight || (parts.hasAllTokens(number) & own) === 0) return false;
    }
    return true;
  }

  protected elect(row: Int32Array, { api }: Ovhs, follow: Follow): number {
    let unsettled = 0;
    this.networks.forEach((network, vhid) => {
      if (network.elect(row, api, follow)) unsettled |= 1 << vhid;
    });
    return unsettled;
  }

  /** For each vhid whose master it was. */
  protected bowOut(before: Int32Array, next: Int32Array, index: number): void {
    const { api } = this.ovhOf(next);
    this.networks.forEach((network, vhid) => {
      if (this.parts.role(before[index] as number, vhid) === MASTER) network.bowOut(next, api, index);
    });
  }

  protected ovhFollows(row: Int32Array, ovhs: Ovhs, withOutside: boolean, follow: Follow): void {
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

  protected outsideMoves(edge: Edge, ovh: Ovhs, index: number): readonly Move[] {
    return outsideMoves(edge, ovh, index, this.setting.kinds, this.subject);
  }

  protected isResetting({ host }: Edge): boolean {
    return host.power === POWER.resetting;
  }

  protected isWeighted(edge: Edge, ovh: Ovhs): boolean {
    const counters = { counters: () => this.subject.counters(edge) };
    return S2(edgeView(localOf(edge, 0), ovhOf(ovh, 0), 0, counters));
  }

  protected informed(ovh: Ovhs, edge: Edge, index: number): Edge {
    return refreshed(ovh, edge, index);
  }

  protected withTokens(edge: Edge): Edge {
    return this.subject.withTokens(edge);
  }

  protected factsOf({ api, ips }: Ovhs) {
    return {
      slow: api.slow === 1,
      urgent: ips.some(isUrgent),
      calm: ips.every(({ move, late }) => move === 0 && late === 0),
    };
  }

  protected ovhLater(ovh: Ovhs): Ovhs {
    return mappedOvh(ovh, nextRound);
  }
}
