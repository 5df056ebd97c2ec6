import { CarpNetwork } from "./carp-network.js";
import { outsideMoves, ovhMoves } from "./faults.js";
import { type ClusterView, S2 } from "./invariants.js";
import { type Local, POWER, RUNNING } from "./local.js";
import { BROKEN, type Follow, type Move, pack } from "./move.js";
import { NumberedCluster } from "./numbered-cluster.js";
import type { Ovh } from "./ovh.js";
import * as ovhs from "./ovh.js";
import { Parts } from "./parts.js";
import type { ClusterSetting } from "./setting.js";
import type { Subject } from "./subject.js";
import { clusterView, edgeView } from "./view.js";

/** Edges, their CARP network and OVH with one FailOver IP. */
export class Cluster extends NumberedCluster<Local, Ovh, ClusterSetting> {
  private readonly network: CarpNetwork;

  constructor(
    setting: ClusterSetting,
    private readonly subject: Subject,
  ) {
    const parts = new Parts(subject);
    super(setting, parts, subject);
    this.network = new CarpNetwork(setting, parts, (number, role) =>
      parts.ofEdge(subject.withRole(parts.edge(number), role)),
    );
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

  /** The state as somebody sees it who can look everywhere. */
  view(row: ArrayLike<number>): ClusterView {
    const edges = Array.from({ length: this.setting.edges }, (_, index) => this.edgeOf(row, index));
    return clusterView(edges, this.ovhOf(row), this.subject);
  }

  protected elect(row: Int32Array, ovh: Ovh, follow: Follow): number {
    return this.network.elect(row, ovh, follow) ? 1 : 0;
  }

  protected bowOut(_: Int32Array, next: Int32Array, index: number): void {
    this.network.bowOut(next, this.ovhOf(next), index);
  }

  protected ovhFollows(row: Int32Array, ovh: Ovh, withOutside: boolean, follow: Follow): void {
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

  protected outsideMoves(edge: Local, ovh: Ovh, index: number): readonly Move[] {
    return outsideMoves(edge, ovh, index, this.setting.kinds, this.subject);
  }

  protected isResetting({ power }: Local): boolean {
    return power === POWER.resetting;
  }

  protected isWeighted(edge: Local, ovh: Ovh): boolean {
    return S2(edgeView(edge, ovh, 0, this.subject));
  }

  protected informed(ovh: Ovh, edge: Local, index: number): Local {
    return ovhs.withAnswers(ovh, edge, index);
  }

  protected withTokens(edge: Local): Local {
    return this.subject.withToken(edge);
  }

  protected factsOf(ovh: Ovh) {
    return { slow: ovh.slow === 1, urgent: ovhs.isUrgent(ovh), calm: ovh.move === 0 && ovh.late === 0 };
  }

  protected ovhLater(ovh: Ovh): Ovh {
    return ovhs.nextRound(ovh);
  }
}
