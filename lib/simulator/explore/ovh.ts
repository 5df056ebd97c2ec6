import { ANSWER, type Local, leadsOut } from "./local.js";
import type { OvhVariant } from "./schedule.js";

/** Rounds after which a pending move ends, and a late attach is applied, at the latest. */
const LATEST = 1;

/** OVH, the vRack and what may still go wrong; edges by number from 1, 0 for none. */
export interface Ovh {
  readonly routed: number;
  /** Where a pending move goes, how many rounds it took, and whether it will fail. */
  readonly move: number;
  readonly moveAge: number;
  readonly moveFails: number;
  readonly down: number;
  readonly slow: number;
  readonly refuses: number;
  /** The edge that is alone on its side of the vRack. */
  readonly apart: number;
  /** Who sent an attach that is not applied yet, rounds since, and whether its sender still runs. */
  readonly late: number;
  readonly lateAge: number;
  readonly lateCounts: number;
  /** Faults that may still happen. */
  readonly budget: number;
}

/** What became of an attach. */
export interface Attached {
  readonly ovh: Ovh;
  readonly outcome: "refused" | "here" | "pending";
}

export const CALM: Ovh = {
  routed: 1,
  move: 0,
  moveAge: 0,
  moveFails: 0,
  down: 0,
  slow: 0,
  refuses: 0,
  apart: 0,
  late: 0,
  lateAge: 0,
  lateCounts: 0,
  budget: 0,
};

/** Whether a request of an edge arrives and is answered. */
export function reaches(ovh: Ovh, edge: Local): boolean {
  return leadsOut(edge) && edge.api === 1 && ovh.down === 0;
}

/** What a look at OVH would find now, as bits of `ANSWER`; `edge` is number `index`, from 0. */
export function answers(ovh: Ovh, edge: Local, index: number): number {
  if (!reaches(ovh, edge)) return ANSWER.none;
  const found = ovh.move > 0 ? ANSWER.pending : ovh.routed === index + 1 ? ANSWER.here : ANSWER.elsewhere;
  // A slow answer may come too late for who waits for it.
  return ovh.slow ? found | ANSWER.none : found;
}

/** Looks under way may find what was, or what is now. */
export function withAnswers(ovh: Ovh, edge: Local, index: number): Local {
  if (edge.check === 0 && edge.looks === 0) return edge;
  const now = answers(ovh, edge, index);
  const check = edge.check === 0 ? 0 : edge.check | now;
  const looks = edge.looks === 0 ? 0 : edge.looks | now;
  return check === edge.check && looks === edge.looks ? edge : { ...edge, check, looks };
}

/** An attach for edge `index` is applied. */
export function attach(ovh: Ovh, index: number, { whilePending, toHolder }: OvhVariant): Attached {
  if (ovh.refuses || (ovh.move > 0 && whilePending === "refuse")) return { ovh, outcome: "refused" };
  if (ovh.move === 0 && ovh.routed === index + 1 && toHolder === "no-op") return { ovh, outcome: "here" };
  return { ovh: { ...ovh, move: index + 1, moveAge: 0, moveFails: 0 }, outcome: "pending" };
}

/** The pending move ends. */
export function moved(ovh: Ovh): Ovh {
  return { ...ovh, routed: ovh.moveFails ? ovh.routed : ovh.move, move: 0, moveAge: 0, moveFails: 0 };
}

/** Whether something at OVH has to happen before a round ends. */
export function isUrgent({
  move,
  moveAge,
  late,
  lateAge,
}: Pick<Ovh, "move" | "moveAge" | "late" | "lateAge">): boolean {
  return (move > 0 && moveAge >= LATEST) || (late > 0 && lateAge >= LATEST);
}

/** One round later. */
export function nextRound(ovh: Ovh): Ovh {
  const { move, moveAge, late, lateAge } = ovh;
  if (move === 0 && late === 0) return ovh;
  return { ...ovh, moveAge: move > 0 ? moveAge + 1 : 0, lateAge: late > 0 ? lateAge + 1 : 0 };
}
