import { Interner } from "./interner.js";
import { demotion, type Local } from "./local.js";
import { CALM, type Ovh } from "./ovh.js";
import { Numbers } from "./states.js";
import type { Subject } from "./subject.js";

/** The edges and OVHs that states are made of, by number, and what is asked of them most. */
export class Parts {
  private readonly locals = new Interner<Local>();
  private readonly ovhs = new Interner<Ovh>();
  /** Role in bits 0 and 1, demotion in 2 to 9, then urgent, urgent while OVH is slow, calm, out of tokens. */
  private readonly facts = new Numbers();

  constructor(private readonly subject: Subject) {}

  edge(number: number): Local {
    return this.locals.value(number);
  }

  ovh(number: number): Ovh {
    return this.ovhs.value(number);
  }

  ofEdge(edge: Local): number {
    const number = this.locals.number(edge);
    if (number === this.facts.length) this.facts.push(this.factsOf(edge));
    return number;
  }

  ofOvh(ovh: Ovh): number {
    return this.ovhs.number(ovh);
  }

  role(number: number): number {
    return this.facts.at(number) & 3;
  }

  demotion(number: number): number {
    return (this.facts.at(number) >> 2) & 255;
  }

  /** Whether the round cannot end before the edge has done something. */
  isUrgent(number: number, slow: boolean): boolean {
    return (this.facts.at(number) & (slow ? 1 << 11 : 1 << 10)) !== 0;
  }

  /** Whether nothing of the edge changes by the mere passing of time. */
  isCalm(number: number): boolean {
    return (this.facts.at(number) & (1 << 12)) !== 0;
  }

  isOutOfTokens(number: number): boolean {
    return (this.facts.at(number) & (1 << 13)) !== 0;
  }

  private factsOf(edge: Local): number {
    const bits = [
      this.subject.isUrgent(edge, CALM),
      this.subject.isUrgent(edge, { ...CALM, slow: 1 }),
      this.subject.isCalm(edge),
      this.subject.isDry(edge),
    ];
    const flags = bits.reduce((sum, bit, index) => sum | (bit ? 1 << (10 + index) : 0), 0);
    return edge.role | (demotion(edge) << 2) | flags;
  }
}
