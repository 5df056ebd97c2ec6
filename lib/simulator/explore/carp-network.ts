import { Election } from "./election.js";
import { BACKUP, MASTER, ROLES } from "./local.js";
import { type Follow, pack } from "./move.js";
import type { Ovh } from "./ovh.js";
import { Pairs } from "./pairs.js";
import type { ClusterSetting } from "./setting.js";

/** The edges of a state as those that listen and advertise, by number. */
export interface Listeners {
  role(number: number): number;
  demotion(number: number): number;
}

/** The vRack as CARP's packets find it. */
type Vrack = Pick<Ovh, "apart">;

/** The network that edges advertise on, and what they make of what they hear there. */
export class CarpNetwork {
  private readonly election: Election;
  private readonly roles = new Pairs();
  private readonly next: Int32Array;

  /**
   * @param withRole number of an edge once it has another role
   * @param ip number of the FailOver IP, from 0, that it is elected for
   */
  constructor(
    private readonly setting: Pick<ClusterSetting, "edges" | "intervals" | "preempt">,
    private readonly partsOf: Listeners,
    private readonly withRole: (number: number, role: number) => number,
    private readonly ip = 0,
  ) {
    this.election = new Election(setting.intervals, setting.preempt);
    this.next = new Int32Array(setting.edges + 1);
  }

  /**
   * carp: advertisements that change a role, and silence. All that can hear a packet hear it at once; those of several
   * masters may cross on their way. @returns whether there was any
   */
  elect(row: Int32Array, ovh: Vrack, follow: Follow): boolean {
    const { partsOf, next } = this;
    const { edges } = this.setting;
    let any = false;
    let masters = 0;
    let unheard = 0;
    for (let index = 0; index < edges; index++) {
      const role = partsOf.role(row[index] as number);
      if (role === MASTER) {
        masters++;
        if (this.advertise(row, ovh, 1 << index)) {
          any = true;
          follow(next, pack("advertises", index, 0, this.ip), 0);
        }
      } else if (role === BACKUP && this.isUnheard(row, ovh, index)) {
        any = true;
        unheard |= 1 << index;
        next.set(row);
        next[index] = this.roleOf(row[index] as number, ROLES.indexOf(this.election.unheard(index)));
        follow(next, pack("silence", index, 0, this.ip), 0);
      }
    }
    if (masters > 1 && this.advertise(row, ovh, -1)) follow(next, pack("cross", 0, 0, this.ip), 0);
    this.togetherUnheard(row, unheard, follow);
    return any;
  }

  /** Listeners with the same interval, as bits, run out of patience in the same moment. */
  private togetherUnheard(row: Int32Array, unheard: number, follow: Follow): void {
    const { intervals, edges } = this.setting;
    for (let first = 0; first < edges; first++) {
      if ((unheard & (1 << first)) === 0) continue;
      let together = 0;
      this.next.set(row);
      for (let index = first; index < edges; index++) {
        const same = intervals[index]?.advskew === intervals[first]?.advskew;
        if (!same || (unheard & (1 << index)) === 0) continue;
        this.next[index] = this.roleOf(row[index] as number, ROLES.indexOf(this.election.unheard(index)));
        together++;
      }
      if (together > 1) follow(this.next, pack("silence", first, 1, this.ip), 0);
    }
  }

  /** Lets these masters, as bits, advertise at the same time, into `next`. @returns whether a role changes */
  private advertise(row: Int32Array, ovh: Vrack, from: number): boolean {
    const { partsOf, next, election } = this;
    const { edges } = this.setting;
    next.set(row);
    let any = false;
    for (let to = 0; to < edges; to++) {
      const listener = row[to] as number;
      const before = partsOf.role(listener);
      if (before < BACKUP) continue;
      let after = before;
      for (let other = 0; other < edges; other++) {
        if (other === to || (from & (1 << other)) === 0 || isApart(ovh, other, to)) continue;
        const speaker = row[other] as number;
        if (partsOf.role(speaker) !== MASTER) continue;
        const state = after === MASTER ? "MASTER" : "BACKUP";
        const heard = election.heard(to, state, partsOf.demotion(listener), other, partsOf.demotion(speaker));
        after = heard === "MASTER" ? MASTER : BACKUP;
      }
      if (after === before) continue;
      any = true;
      next[to] = this.roleOf(listener, after);
    }
    return any;
  }

  /** Whether there is no master that this edge could hear. */
  private isUnheard(row: Int32Array, ovh: Vrack, index: number): boolean {
    for (let from = 0; from < this.setting.edges; from++) {
      if (from === index || isApart(ovh, from, index)) continue;
      if (this.partsOf.role(row[from] as number) === MASTER) return false;
    }
    return true;
  }

  /** The last advertisement of a master: every backup that hears it takes over. */
  bowOut(row: Int32Array, ovh: Vrack, from: number): void {
    for (let to = 0; to < this.setting.edges; to++) {
      if (to !== from && this.partsOf.role(row[to] as number) === BACKUP && !isApart(ovh, from, to))
        row[to] = this.roleOf(row[to] as number, MASTER);
    }
  }

  private roleOf(number: number, role: number): number {
    const known = this.roles.get(number, role);
    if (known >= 0) return known;
    return this.roles.set(number, role, this.withRole(number, role));
  }
}

function isApart({ apart }: Vrack, one: number, other: number): boolean {
  return apart > 0 && (apart === one + 1) !== (apart === other + 1);
}
