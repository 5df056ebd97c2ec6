import type { Follow } from "./move.js";
import { Pairs } from "./pairs.js";

/** Edges and OVH by number, in a row of each edge's number, then OVH's. */
interface Numbered<E, O> {
  edge(number: number): E;
  ovh(number: number): O;
  ofEdge(edge: E): number;
}

/** Who knows what comes of an edge whose passes, probes and checks nothing overtakes. */
interface Hasty<E, O> {
  atOnce(edge: E, ovh: O, index: number): { readonly edge: E; readonly broken: number };
}

/** Lets passes, probes and checks come to their end before a state is looked at, and remembers what came of them. */
export class AtOnce<E, O> {
  private readonly settled = new Pairs();

  /** @param bits all bits of the invariants that a move may break, as a number */
  constructor(
    private readonly edges: number,
    private readonly parts: Numbered<E, O>,
    private readonly subject: Hasty<E, O>,
    private readonly bits: number,
  ) {}

  before(hear: Follow): Follow {
    const { edges, bits, settled } = this;
    return (row, code, broken) => {
      let all = broken;
      const ovh = row[edges] as number;
      for (let i = 0; i < edges; i++) {
        const number = row[i] as number;
        const right = ovh * 8 + i;
        let found = settled.get(number, right);
        if (found < 0) found = settled.set(number, right, this.settle(number, ovh, i));
        row[i] = Math.floor(found / (bits + 1));
        all |= found & bits;
      }
      hear(row, code, all);
    };
  }

  /** The number of the edge at rest, with what was broken on the way in its last bits. */
  private settle(number: number, ovh: number, index: number): number {
    const { parts } = this;
    const { edge, broken } = this.subject.atOnce(parts.edge(number), parts.ovh(ovh), index);
    return parts.ofEdge(edge) * (this.bits + 1) + broken;
  }
}
