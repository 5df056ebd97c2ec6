import {
  type ClusterView,
  type EdgeEvent,
  type InvariantName,
  OF_EVENTS,
  OF_REST,
  S2,
} from "../../simulator/explore/invariants.js";

/** An invariant that did not hold, and what shows it. */
export interface Broken {
  readonly invariant: InvariantName;
  readonly ms: number;
  readonly evidence: EdgeEvent | ClusterView;
}

/** Holds what happens on a cluster against the invariants. */
export class Audit {
  readonly broken: Broken[] = [];
  readonly counts: Record<EdgeEvent["did"], number> = {
    post: 0,
    "alias off": 0,
    demote: 0,
    promote: 0,
    accepted: 0,
    claim: 0,
  };

  /** @param now milliseconds since the schedule began */
  constructor(
    private readonly now: () => number,
    private readonly tell: (broken: Broken) => void = () => {},
  ) {}

  /** Forgets all that was. */
  restart(): void {
    this.broken.length = 0;
    for (const did of Object.keys(this.counts)) this.counts[did as EdgeEvent["did"]] = 0;
  }

  /** Something was done. */
  event(event: EdgeEvent): void {
    this.counts[event.did]++;
    for (const [name, holds] of Object.entries(OF_EVENTS)) {
      if (!holds(event as never)) this.add(name as InvariantName, event);
    }
  }

  /** The cluster in the middle of things. */
  view(view: ClusterView): void {
    for (const edge of view.edges) {
      // Once is enough for what stays as it is.
      if (edge.running && !S2(edge) && !this.broken.some(({ invariant }) => invariant === "S2"))
        this.add("S2", view);
    }
  }

  /** The invariants of rest that do not hold. */
  atRest(view: ClusterView): InvariantName[] {
    return Object.entries(OF_REST)
      .filter(([, holds]) => !holds(view))
      .map(([name]) => name as InvariantName);
  }

  /** It did not come to rest. */
  restless(view: ClusterView, names: readonly InvariantName[]): void {
    for (const name of names) this.add(name, view);
  }

  private add(invariant: InvariantName, evidence: EdgeEvent | ClusterView): void {
    const broken = { invariant, ms: this.now(), evidence };
    this.broken.push(broken);
    this.tell(broken);
  }
}
