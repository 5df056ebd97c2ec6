import type { Cluster } from "./cluster.js";
import type { Explorer } from "./explorer.js";
import type { ClusterView, EdgeView } from "./invariants.js";
import type { Local } from "./local.js";
import { ROUND } from "./memory.js";
import { isFault, isOutside, unpack } from "./move.js";
import {
  FAULTS,
  type FaultKind,
  type MendKind,
  type OvhVariant,
  type Schedule,
  type ScheduledStep,
} from "./schedule.js";

/** What happens by itself, for people; `edge` is its name. */
const OWN: Readonly<Record<string, (edge: string, detail: number) => string>> = {
  pass: (edge) => `${edge} makes a pass`,
  poll: (edge) => `${edge} polls`,
  probe: (edge, detail) => `${edge}'s probe ${detail === 2 ? "is answered" : "is not answered"}`,
  check: (edge, detail) => `${edge}'s check says ${answer(detail)}`,
  look: (edge, detail) =>
    `${edge}'s claim looks at carp0 and ${["sends nothing", "is about to send its POST"][detail]}`,
  sends: (edge, detail) => `${edge}'s claim ${["sends its POST", "gets no connection"][detail]}`,
  arrives: (edge, detail) => `${edge}'s POST ${ARRIVED[detail]}`,
  answer: (edge, detail) => `${edge}'s claim is told ${answer(detail)}`,
  deadline: (edge) => `${edge}'s claim gives up`,
  boots: (edge) => `${edge} boots`,
  booted: (edge) => `${edge} has booted: rc takes back its 128`,
  advertises: (edge) => `${edge} advertises`,
  cross: () => "advertisements of several masters cross",
  silence: (edge, detail) => `${edge}${detail ? " and others in the same moment" : ""} hears no master`,
  moved: () => "OVH's move ends",
  applied: (edge) => `OVH applies ${edge}'s late POST`,
  round: () => "the next poll comes",
  quarter: () => "15 minutes pass",
};
const ARRIVED = [
  "is refused",
  "changes nothing, it is here",
  "is accepted",
  "is lost",
  "is accepted, its answer is lost",
];
const ANSWERED: Readonly<Record<number, string>> = { 1: "here", 2: "elsewhere", 4: "pending", 8: "nothing" };
/** What happens to one FailOver IP. */
const OF_AN_IP: ReadonlySet<string> = new Set([
  ...["look", "sends", "arrives", "answer", "deadline", "advertises", "cross", "silence", "moved", "applied"],
  ...["claim-killed", "reply-lost", "applies-late", "move-fails", "route-lost"],
]);
const answer = (bits: number) =>
  Object.entries(ANSWERED)
    .flatMap(([bit, name]) => (bits & Number(bit) ? [name] : []))
    .join(" or ");

const MENDED = new Map<string, FaultKind>(
  Object.entries(FAULTS).flatMap(([kind, { mend }]) =>
    mend === undefined ? [] : [[mend, kind as FaultKind]],
  ),
);

/** Tells the shortest way to a state, and one step beyond it where `code` names one. */
export class Story {
  /** @param fields what is to be told of a state, wherever it changes */
  constructor(
    private readonly explorer: Explorer,
    private readonly size: { readonly edges: number; readonly ips: number },
    private readonly fields: (row: Int32Array) => readonly string[],
  ) {}

  /** A line for each thing that happened: the poll that it was in, what it was, what it changed. */
  lines(state: number, code = -1): string[] {
    const { explorer } = this;
    let [round, before] = [0, this.fields(explorer.row(0))];
    const lines = [this.line(round, " ", "at the beginning", before)];
    for (const step of explorer.path(state)) {
      const { happening } = unpack(step.code);
      const after = this.fields(explorer.row(step.state));
      const changed = after.filter((field) => !before.includes(field));
      lines.push(this.line(round, isFault(step.code) ? "!" : " ", this.what(step.code), changed));
      before = after;
      if (happening === "round" || happening === "quarter") round++;
    }
    if (code >= 0) lines.push(this.line(round, ">", this.what(code), []));
    return lines;
  }

  /** The faults and mends on the way, as something that can be played again. */
  schedule(state: number, ovh: OvhVariant, note: string): Schedule {
    const steps: ScheduledStep[] = [];
    let [round, within] = [1, 0];
    for (const { code } of this.explorer.path(state)) {
      const { happening, edge } = unpack(code);
      if (happening === "round" || happening === "quarter") {
        round += happening === "round" ? 1 : 90;
        within = 0;
      }
      if (!isOutside(code)) continue;
      const step = happening as FaultKind | MendKind;
      const { of } = FAULTS[MENDED.get(step) ?? (step as FaultKind)];
      within = Math.min(ROUND - 1, within + 1);
      steps.push({ at: round * ROUND + within, step, ...(of === "edge" ? { edge: name(edge) } : {}) });
    }
    return { edges: this.size.edges, ovh, steps, note };
  }

  /** What happened, and to which IP where there are several. */
  private what(code: number): string {
    const { happening, ip } = unpack(code);
    return this.size.ips > 1 && OF_AN_IP.has(happening) ? `${what(code)} (IP ${ip + 1})` : what(code);
  }

  private line(round: number, mark: string, text: string, fields: readonly string[]): string {
    const changes = fields.length === 0 ? "" : `: ${fields.join(", ")}`;
    return `poll ${String(round).padStart(3)} ${mark} ${text}${changes}`;
  }
}

/** What is told of a state of edges with one FailOver IP. */
export function fieldsOf(
  cluster: Cluster,
  recollections: (edge: Local) => readonly string[],
): (row: Int32Array) => readonly string[] {
  return (row) => {
    const view = cluster.view(row);
    const ofEdges = view.edges.flatMap((edge, index) => [
      ...ofElection(edge),
      ...ofCounters(edge),
      ...(edge.claims === 0 ? [] : [`${edge.name} claims`]),
      ...recollections(cluster.edgeOf(row, index)).map((text) => `${edge.name} ${text}`),
    ]);
    return [...ofEdges, ...ofRoute(view), ofVrack(view)];
  };
}

/** An edge's part in an election, and the alias that follows from it. */
export function ofElection({ name, role, alias }: EdgeView): string[] {
  return [`${name} ${role}`, `alias ${alias ? "on" : "off"} ${name}`];
}

/** Counters of an edge that are not 0. */
export function ofCounters({ name, edgefault, edgedrain }: EdgeView): string[] {
  return [
    ...(edgefault === 0 ? [] : [`edgefault ${edgefault} on ${name}`]),
    ...(edgedrain === 0 ? [] : [`edgedrain ${edgedrain} on ${name}`]),
  ];
}

/** Where OVH routes a FailOver IP. */
export function ofRoute({ routedTo, pending }: ClusterView): string[] {
  return [`routed to ${routedTo ?? "nothing"}`, pending ? "a move is pending" : "no move is pending"];
}

/** Whether all edges hear one another. */
export function ofVrack({ partitioned }: ClusterView): string {
  return partitioned ? "the vRack is split" : "the vRack is whole";
}

function what(code: number): string {
  const { happening, edge, detail } = unpack(code);
  const own = OWN[happening];
  if (own !== undefined) return own(name(edge), detail);
  const kind = MENDED.get(happening) ?? (happening as FaultKind);
  const { of, what: words } = FAULTS[kind];
  const text = of === "edge" ? `${name(edge)} ${words}` : words;
  return MENDED.has(happening) ? `${happening}${of === "edge" ? ` ${name(edge)}` : ""}` : text;
}

/** Faults and mends on the way to a state, with the edges that they hit. */
export function faultsOf(explorer: Explorer, state: number): string[] {
  return explorer
    .path(state)
    .filter(({ code }) => isOutside(code))
    .map(({ code }) => {
      const { happening, edge } = unpack(code);
      const kind = MENDED.get(happening) ?? (happening as FaultKind);
      return FAULTS[kind].of === "edge" ? `${happening} ${name(edge)}` : happening;
    });
}

/** Kinds of the faults on the way to a state, each once. */
export function kindsOnTheWay(explorer: Explorer, state: number): FaultKind[] {
  const kinds = explorer
    .path(state)
    .flatMap(({ code }) => (isFault(code) ? [unpack(code).happening as FaultKind] : []));
  return [...new Set(kinds)].sort();
}

function name(index: number): string {
  return `edge-${index + 1}`;
}
