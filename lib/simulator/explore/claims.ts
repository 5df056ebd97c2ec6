import type { EdgeEvent } from "./invariants.js";
import { ANSWER, CLAIM, END, type Local, MASTER, ROLES } from "./local.js";
import { type AddMove, brokenBy, pack } from "./move.js";
import { answers, attach, type Ovh, reaches } from "./ovh.js";
import type { EdgeSetting } from "./setting.js";

/** Rounds of a claim's deadline: the shortest that a configuration may name. */
export const DEADLINE = 3;

/** An edge whose claim has just ended, before a pass has taken that in. */
export type AddEnded = (code: number, over: Local, broken: number, ovh: Ovh) => void;

/** A claim ends. */
type End = (code: number, ended: number, seen?: number, state?: Ovh, posts?: number, broken?: number) => void;

/** Claims of ip-move: the last look, the POST, what OVH makes of it, and looks until it is done. */
export class Claims {
  /** @param isHealthy whether the last pass of an edge found it healthy */
  constructor(
    private readonly isHealthy: (edge: Local) => boolean,
    private readonly setting: EdgeSetting,
  ) {}

  /** Adds everything that its claim may do. */
  moves(edge: Local, ovh: Ovh, index: number, add: AddMove, addEnded: AddEnded): void {
    const end = (
      code: number,
      ended: number,
      seen = edge.seen,
      state = ovh,
      posts = edge.posts,
      broken = 0,
    ) => {
      addEnded(code, { ...edge, claim: 0, looks: 0, claimAge: 0, ended, seen, posts }, broken, state);
    };
    if (edge.claim === CLAIM.settling) this.look(edge, index, add, end);
    if (edge.claim === CLAIM.looked) this.sends(edge, ovh, index, add, end);
    if (edge.claim === CLAIM.sent) this.arrives(edge, ovh, index, add, end);
    if (edge.claim !== CLAIM.verifying) return;
    if (edge.looks & ANSWER.here) end(pack("answer", index, ANSWER.here), END.here, ANSWER.here);
    if (edge.looks & ANSWER.elsewhere) {
      end(pack("answer", index, ANSWER.elsewhere), END.elsewhere, ANSWER.elsewhere);
    }
    const again = { ...edge, looks: answers(ovh, edge, index) };
    const idle = edge.looks & (ANSWER.pending | ANSWER.none);
    if (idle && again.looks !== edge.looks) add(pack("answer", index, idle), again);
    if (edge.claimAge >= DEADLINE) end(pack("deadline", index), END.unknown);
  }

  /** ip-move's last look: what happens between it and the POST goes unseen. */
  private look(edge: Local, index: number, add: AddMove, end: End): void {
    const { mutations } = this.setting;
    const healthy = this.isHealthy(edge);
    const master = edge.role === MASTER || mutations.noLook === true;
    if (!master || !(healthy || mutations.healthIgnored) || (edge.hold && !mutations.holdIgnored)) {
      end(pack("look", index, 0), END.notMaster);
      return;
    }
    const event: EdgeEvent = {
      did: "post",
      edge: "",
      looked: mutations.noLook ? null : (ROLES[edge.role] as "MASTER"),
      settled: true,
      healthy,
      held: edge.hold === 1,
      ofClaim: 1,
    };
    add(pack("look", index, 1), { ...edge, claim: CLAIM.looked }, brokenBy(event));
  }

  /** The POST leaves, or finds no connection. */
  private sends(edge: Local, ovh: Ovh, index: number, add: AddMove, end: End): void {
    const sent = { ...edge, claim: CLAIM.sent, claimAge: 0, seen: 0, checkOld: edge.check > 0 ? 1 : 0 };
    if (!reaches(ovh, edge)) end(pack("sends", index, 1), END.noConnection, 0);
    if (reaches(ovh, edge) || ovh.down) add(pack("sends", index, 0), sent);
  }

  /** The POST arrives at OVH, or is lost. */
  private arrives(edge: Local, ovh: Ovh, index: number, add: AddMove, end: End): void {
    const { variant } = this.setting;
    const kinds = this.setting.kinds(ovh.budget, index);
    const verify = (code: number, state: Ovh, posts = edge.posts, broken = 0) => {
      const looks = answers(state, edge, index);
      add(code, { ...edge, claim: CLAIM.verifying, looks, posts }, broken, state);
    };
    const code = (detail: number) => pack("arrives", index, detail);
    const { ovh: after, outcome } = attach(ovh, index, variant);
    const posts = outcome === "refused" ? edge.posts : Math.min(4, edge.posts + 1);
    const broken = outcome === "refused" ? 0 : brokenBy(accepted(posts));
    if (!reaches(ovh, edge)) {
      verify(code(3), ovh);
      // It was applied before the way was lost; the answer was not.
      if (!ovh.down && outcome !== "refused") verify(code(4), after, posts, broken);
      return;
    }
    if (outcome === "refused") end(code(0), END.refused, 0);
    else if (outcome === "here") end(code(1), END.here, ANSWER.here, after, posts, broken);
    else verify(code(2), after, posts, broken);
    if (ovh.slow && outcome !== "pending") verify(code(4), after, posts, broken);
    if (ovh.budget === 0) return;
    const spend = (state: Ovh) => ({ ...state, budget: state.budget - 1 });
    if (kinds.has("reply-lost") && outcome !== "pending") {
      verify(pack("reply-lost", index), spend(after), posts, broken);
    }
    if (kinds.has("move-fails") && outcome === "pending") {
      verify(pack("move-fails", index), spend({ ...after, moveFails: 1 }), posts, broken);
    }
    if (kinds.has("applies-late") && ovh.late === 0) {
      verify(pack("applies-late", index), spend({ ...ovh, late: index + 1, lateAge: 0, lateCounts: 1 }));
    }
  }
}

function accepted(posts: number): EdgeEvent {
  return { did: "accepted", edge: "", times: Array<number>(posts).fill(0) };
}
