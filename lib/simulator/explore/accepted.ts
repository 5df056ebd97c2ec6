import type { InvariantName } from "./invariants.js";
import type { Counterexample, Job, Report } from "./job.js";
import { ALL_KINDS, jobName, USUAL } from "./job.js";
import type { FaultKind } from "./schedule.js";

/** A corner in which an invariant does not hold, and that is accepted. docs/decisions tells of each. */
export interface AcceptedCorner {
  readonly name: string;
  /** Kinds of faults that make it, in any order, and no others. */
  readonly kinds: readonly FaultKind[];
  /** Each of these, beside others, makes it too, where there is more than one vhid. @default - none, and one vhid */
  readonly oneOf?: readonly FaultKind[];
  readonly invariants: readonly InvariantName[];
  /** The shortest way there: its faults, in order. */
  readonly shortest: readonly string[];
  readonly why: string;
}

/** All of them. */
export const ACCEPTED: readonly AcceptedCorner[] = [
  {
    name: "a master without a way to OVH does not learn that its route is gone",
    kinds: ["api-unreachable", "route-lost"],
    invariants: ["L1", "L2"],
    shortest: ["api-unreachable edge-1", "route-lost"],
    why:
      "The master was told that the IP is here before it lost its way to OVH, and nobody can tell it that the route " +
      "has gone since. To give up as soon as OVH is silent would make every outage of the API a failover that cannot " +
      "be finished. It ends when OVH answers again, or with edge-sync drain on the master.",
  },
  {
    name: "a master that OVH does not answer gives up all its vhids for the one whose IP is not there",
    kinds: ["api-down", "power-off"],
    oneOf: ["api-down", "api-unreachable", "api-slow"],
    invariants: ["S7"],
    shortest: ["power-off edge-1", "power-on edge-1", "api-down"],
    why:
      "An edge that became master of a second vhid and is not answered cannot bring its IP, and another edge might. " +
      "Demotion is the whole edge's, so its other vhid goes as well. Its IP is served all the while where it was, as " +
      "the alias stays, and follows once OVH answers: one move more, and no outage longer than a move.",
  },
];

/** A counterexample with the job that found it. */
export interface Found {
  readonly job: Job;
  readonly counterexample: Counterexample;
  /** The corner that it is, undefined where it is none that is accepted. */
  readonly corner?: AcceptedCorner;
}

/** What is to be said of explorations. */
export interface Judgement {
  readonly failures: readonly Found[];
  readonly accepted: readonly Found[];
  /** Corners that a job looked for and did not find. */
  readonly gone: readonly AcceptedCorner[];
  /** Explorations that did not see every state. */
  readonly unfinished: readonly Report[];
  readonly text: string;
}

/** Tells what is accepted from what is not; a corner that no longer occurs has to go from the list. */
export function judge(reports: readonly Report[]): Judgement {
  const found: Found[] = reports.flatMap(({ job, counterexamples }) =>
    counterexamples.map((counterexample) => ({
      job,
      counterexample,
      corner: ACCEPTED.find((corner) => isCorner(corner, counterexample)),
    })),
  );
  const gone = ACCEPTED.filter(
    (corner) =>
      reports.some(({ job, complete }) => complete && covers(job, corner)) &&
      !found.some((one) => one.corner === corner),
  );
  const failures = found.filter(({ corner }) => corner === undefined);
  const accepted = found.filter(({ corner }) => corner !== undefined);
  const unfinished = reports.filter(({ complete }) => !complete);
  return { failures, accepted, gone, unfinished, text: text(failures, accepted, gone, unfinished) };
}

function kindsOf({ faults }: Counterexample): FaultKind[] {
  const names = faults.map((fault) => fault.split(" ")[0] as FaultKind);
  return [...new Set(names.filter((name) => ALL_KINDS.includes(name)))].sort();
}

function isCorner({ kinds, oneOf, invariants }: AcceptedCorner, counterexample: Counterexample): boolean {
  if (!invariants.includes(counterexample.invariant)) return false;
  const found = kindsOf(counterexample);
  // A single fault has no such excuse.
  if (oneOf !== undefined) return found.length > 1 && found.some((kind) => oneOf.includes(kind));
  return found.join() === [...kinds].sort().join();
}

function covers(
  { edges, faults, vhids = 1, kinds = ALL_KINDS, ovh = USUAL, order, at }: Job,
  corner: AcceptedCorner,
): boolean {
  if (vhids > 1 !== (corner.oneOf !== undefined)) return false;
  const usual = ovh.whilePending === USUAL.whilePending && ovh.toHolder === USUAL.toHolder;
  const enough = edges === 2 && faults >= corner.kinds.length && order === undefined && at === undefined;
  return usual && enough && corner.kinds.every((kind) => kinds.includes(kind));
}

function text(
  failures: readonly Found[],
  accepted: readonly Found[],
  gone: readonly AcceptedCorner[],
  unfinished: readonly Report[],
): string {
  const one = ({ job, counterexample: { invariant, faults, story } }: Found) =>
    `${invariant} does not hold: ${faults.join("; ")}\n  ${jobName(job)}\n${story.map((line) => `    ${line}`).join("\n")}\n`;
  const corners = [...new Set(accepted.map(({ corner }) => corner as AcceptedCorner))];
  return [
    ...failures.map(one),
    ...corners.map(({ name, shortest }) => `accepted: ${name} (${shortest.join("; ")})\n`),
    ...gone.map(({ name }) => `no longer found, take it from the accepted corners: ${name}\n`),
    ...unfinished.map(
      ({ job, states, megabytes }) =>
        `not seen to its end, after ${states} states and ${megabytes.toFixed(0)} MB: ${jobName(job)}\n`,
    ),
    failures.length + gone.length + unfinished.length === 0
      ? "Every other state keeps every invariant.\n"
      : "",
  ].join("");
}
