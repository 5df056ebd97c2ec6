import { Interner } from "../interner.js";
import { demotion, MASTER } from "../local.js";
import { Numbers } from "../states.js";
import { type Edge, keyOf as keyOfEdge } from "./edge.js";
import type { EdgeSync } from "./edge-sync.js";
import { calm, keyOf as keyOfOvh, type Ovhs, withApi } from "./ovh.js";

/** The edges and OVHs that states of several vhids are made of, by number, and what is asked of them most. */
export class Parts {
  private readonly edges = new Interner<Edge>(keyOfEdge);
  private readonly ovhs = new Interner<Ovhs>(keyOfOvh);
  /** Demotion in bits 0 to 7, then urgent, urgent while OVH is slow, calm, out of tokens, then two for each role. */
  private readonly facts = new Numbers();
  /** Vhids, as bits, of which the edge is master, has the alias and claims nothing; from bit 4 on, those with all tokens. */
  private readonly quiet = new Numbers();
  private readonly slow: Ovhs;
  private readonly quick: Ovhs;

  constructor(
    private readonly subject: EdgeSync,
    vhids: number,
  ) {
    this.quick = calm(vhids);
    this.slow = withApi(this.quick, { slow: 1 });
  }

  edge(number: number): Edge {
    return this.edges.value(number);
  }

  ovh(number: number): Ovhs {
    return this.ovhs.value(number);
  }

  ofEdge(edge: Edge): number {
    const number = this.edges.number(edge);
    if (number === this.facts.length) {
      this.facts.push(this.factsOf(edge));
      this.quiet.push(this.quietOf(edge));
    }
    return number;
  }

  ofOvh(ovh: Ovhs): number {
    return this.ovhs.number(ovh);
  }

  role(number: number, vhid: number): number {
    return (this.facts.at(number) >> (12 + 2 * vhid)) & 3;
  }

  demotion(number: number): number {
    return this.facts.at(number) & 255;
  }

  /** Vhids, as bits, that the edge serves as its master, as far as it can tell. */
  serves(number: number): number {
    return this.quiet.at(number) & 15;
  }

  /** Vhids, as bits, for which the edge has spent nothing. */
  hasAllTokens(number: number): number {
    return this.quiet.at(number) >> 4;
  }

  /** Whether the round cannot end before the edge has done something. */
  isUrgent(number: number, slow: boolean): boolean {
    return (this.facts.at(number) & (slow ? 1 << 9 : 1 << 8)) !== 0;
  }

  /** Whether nothing of the edge changes by the mere passing of time. */
  isCalm(number: number): boolean {
    return (this.facts.at(number) & (1 << 10)) !== 0;
  }

  isOutOfTokens(number: number): boolean {
    return (this.facts.at(number) & (1 << 11)) !== 0;
  }

  private quietOf(edge: Edge): number {
    return edge.vhids.reduce((bits, { role, alias, claim }, vhid) => {
      const serves = role === MASTER && alias === 1 && claim === 0;
      const spent = this.subject.hasSpent(edge, vhid);
      return bits | (serves ? 1 << vhid : 0) | (spent ? 0 : 16 << vhid);
    }, 0);
  }

  private factsOf(edge: Edge): number {
    const { subject, quick, slow } = this;
    const bits = [
      subject.isUrgent(edge, quick),
      subject.isUrgent(edge, slow),
      subject.isCalm(edge),
      subject.isDry(edge),
    ];
    const flags = bits.reduce((sum, bit, index) => sum | (bit ? 1 << (8 + index) : 0), 0);
    const roles = edge.vhids.reduce((sum, { role }, vhid) => sum | (role << (12 + 2 * vhid)), 0);
    return demotion(edge.host) | flags | roles;
  }
}
