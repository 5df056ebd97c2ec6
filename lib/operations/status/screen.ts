import { duration } from "../duration.js";
import type { EdgeReport } from "../edge-report.js";
import { table } from "../table.js";
import { type EdgeStatus, reported, type Status } from "./status.js";
import { inputs, type Verdict } from "./verdict.js";

type Cell = (report: EdgeReport, edge: EdgeStatus) => string;

const ROWS: readonly (readonly [title: string, cell: Cell])[] = [
  ["carp0", ({ carp }) => (carp === undefined ? "none" : `${carp.state}, skew ${carp.advskew}`)],
  ["demotion", demotion],
  [
    "health",
    ({ sync }) =>
      sync === undefined ? "?" : `${sync.healthy ? "healthy" : "not healthy"}${sync.blind ? ", blind" : ""}`,
  ],
  ["inputs", ({ sync }) => (sync === undefined ? "?" : sync.healthy ? "all that it needs" : inputs(sync))],
  ["alias", ({ sync }) => (sync === undefined ? "?" : sync.alias ? "on" : "off")],
  [
    "knows the IP",
    ({ sync }) =>
      sync === undefined
        ? "?"
        : `${sync.known}${sync.known_age === null ? "" : `, ${duration(sync.known_age)} ago`}`,
  ],
  ["tokens", ({ sync }) => (sync === undefined ? "?" : String(sync.tokens))],
  [
    "marks",
    ({ sync }) => [sync?.hold ? "hold" : "", sync?.drain ? "drain" : ""].filter(Boolean).join(", ") || "none",
  ],
  ["ifstated", ({ ifstated }) => (ifstated ? "runs" : "does not run")],
  ["bundle", bundle],
  ["up", ({ uptime }) => (uptime === undefined ? "?" : duration(uptime))],
];

/** One screen: what each edge tells, who holds the IP, and what to look at. */
export function statusScreen(status: Status, verdict: Verdict): string {
  const { edges } = status;
  const rows = [
    ["reached", ...edges.map((edge) => (reported(edge) === undefined ? "NO" : "yes"))],
    ...ROWS.map(([title, cell]) => [
      title,
      ...edges.map((edge) => {
        const report = reported(edge);
        return report === undefined ? "–" : cell(report, edge);
      }),
    ]),
  ];
  const { lastFailover, attention, sentence } = verdict;
  const last =
    lastFailover === undefined
      ? "No failover since the edges' boot."
      : `Last failover: ${duration(lastFailover.age)} ago, to ${lastFailover.edge}.`;
  const look =
    attention.length === 0 ? "" : `\nLook at this:\n${attention.map((line) => `  ${line}\n`).join("")}`;
  return `${table(["", ...edges.map(({ name }) => name)], rows)}\n\n${sentence}\n${last}\n${look}`;
}

/** The sum that carp advertises, and what it is made of. */
function demotion({ sync }: EdgeReport): string {
  if (sync === undefined) return "?";
  const parts = Object.entries(sync.demotion).flatMap(([group, counter]) =>
    counter === null ? [`${group} missing`] : counter.count === 0 ? [] : [`${group} ${counter.count}`],
  );
  if (sync.carp_demotion) parts.push(`carp ${sync.carp_demotion}`);
  const sum = Object.values(sync.demotion).reduce(
    (all, counter) => all + (counter?.count ?? 0),
    sync.carp_demotion ?? 0,
  );
  return parts.length === 0 ? "0" : `${sum}: ${parts.join(", ")}`;
}

function bundle({ bundle: installed, changed }: EdgeReport, { wanted }: EdgeStatus): string {
  if (changed.length > 0) return `changed: ${changed.join(", ")}`;
  if (installed === undefined) return "not told";
  if (wanted === undefined) return installed.slice(0, 12);
  return installed === wanted
    ? `as deployed, ${installed.slice(0, 8)}`
    : `${installed.slice(0, 8)}, deployed was ${wanted.slice(0, 8)}`;
}
