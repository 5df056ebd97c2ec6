import type { EdgeEvent, InvariantName } from "./invariants.js";
import * as invariants from "./invariants.js";
import type { Local } from "./local.js";
import type { Ovh } from "./ovh.js";
import type { FaultKind, MendKind } from "./schedule.js";
import { FAULTS } from "./schedule.js";

/** What can happen by itself, in the order of its numbers. */
const OWN = [
  "pass",
  "poll",
  "probe",
  "check",
  "look",
  "sends",
  "arrives",
  "answer",
  "deadline",
  "boots",
  "booted",
  "advertises",
  "cross",
  "silence",
  "moved",
  "applied",
  "round",
  "quarter",
] as const;
type Own = (typeof OWN)[number];

const MENDS = Object.values(FAULTS).flatMap(({ mend }) => (mend === undefined ? [] : [mend])) as MendKind[];
/** Everything that can happen. */
export type Happening = Own | FaultKind | MendKind;
const HAPPENINGS: readonly Happening[] = [...OWN, ...(Object.keys(FAULTS) as FaultKind[]), ...MENDS];
const NUMBERS = new Map(HAPPENINGS.map((name, number) => [name, number] as const));

/** What happened, to which edge (from 0), a detail below 1024, and of which FailOver IP (from 0), packed into a number. */
export function pack(happening: Happening, edge = 0, detail = 0, ip = 0): number {
  return (ip << 20) | (detail << 10) | (edge << 7) | (NUMBERS.get(happening) as number);
}

/** The parts of a packed happening. */
export function unpack(code: number): { happening: Happening; edge: number; detail: number; ip: number } {
  const happening = HAPPENINGS[code & 127] as Happening;
  return { happening, edge: (code >> 7) & 7, detail: (code >> 10) & 1023, ip: code >> 20 };
}

/** What happened. */
export function happeningOf(code: number): Happening {
  return HAPPENINGS[code & 127] as Happening;
}

/** Whether somebody or something outside made it happen. */
export function isOutside(code: number): boolean {
  return (code & 127) >= OWN.length;
}

/** Whether it used up one of the faults that may happen. */
export function isFault(code: number): boolean {
  const number = code & 127;
  return number >= OWN.length && number < OWN.length + Object.keys(FAULTS).length;
}

/** Invariants of events as bits. */
export const BROKEN: Readonly<Record<string, number>> = {
  S1: 1,
  S2: 2,
  S3: 4,
  S4: 8,
  S5: 16,
  S6: 32,
  S7: 64,
};

/** Names of the invariants whose bits are set. */
export function brokenNames(bits: number): InvariantName[] {
  return Object.entries(BROKEN).flatMap(([name, bit]) => (bits & bit ? [name as InvariantName] : []));
}

/** Bits of the invariants that an event breaks. */
export function brokenBy(event: EdgeEvent): number {
  return Object.entries(invariants.OF_EVENTS).reduce(
    (bits, [name, holds]) => (holds(event) ? bits : bits | (BROKEN[name] as number)),
    0,
  );
}

/** One thing that may happen to one edge. */
export interface Move<E = Local, O = Ovh> {
  readonly code: number;
  readonly edge: E;
  readonly ovh: O;
  /** Invariants that it breaks, as bits. */
  readonly broken: number;
  /** It said goodbye to the others on the CARP network. */
  readonly bowOut?: boolean;
}

/** Takes in one more thing that may happen. */
export type AddMove = (code: number, edge: Local, broken?: number, ovh?: Ovh) => void;

/** Hears of each state that follows. */
export type Follow = (row: Int32Array, code: number, broken: number) => void;
