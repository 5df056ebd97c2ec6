import { CARP_INTERFACE } from "../../edge/hostname-if.js";
import { duration } from "../duration.js";
import {
  type EdgeReport,
  type IpReport,
  NO_INTERFACE,
  type VhidReport,
  vhidReports,
} from "../edge-report.js";
import { table } from "../table.js";
import { type EdgeStatus, type IpStatus, ipsOf, reported, type Status } from "./status.js";
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
];

const LAST_ROWS: readonly (readonly [title: string, cell: Cell])[] = [
  [
    "marks",
    ({ sync }) => [sync?.hold ? "hold" : "", sync?.drain ? "drain" : ""].filter(Boolean).join(", ") || "none",
  ],
  ["ifstated", ({ ifstated }) => (ifstated ? "runs" : "does not run")],
  ["bundle", bundle],
  ["up", ({ uptime }) => (uptime === undefined ? "?" : duration(uptime))],
];

/** Rows of the FailOver IPs: of one as they are, of several with the address of each, and the role of their vhid. */
function rowsOfIps(ips: readonly IpStatus[]): (readonly [title: string, cell: Cell])[] {
  const vhidOf = ({ sync }: EdgeReport, name: string): VhidReport | undefined =>
    sync === undefined ? undefined : vhidReports(sync).find((vhid) => vhid.name === name);
  const tell =
    (name: string, text: (vhid: VhidReport) => string): Cell =>
    (report) => {
      const vhid = vhidOf(report, name);
      return vhid === undefined ? "?" : text(vhid);
    };
  const tellIp = (address: string, name: string, text: (ip: IpReport) => string): Cell =>
    tell(name, (vhid) => {
      const ip = ips.length === 1 ? vhid.ips[0] : vhid.ips.find((one) => one.ip === address);
      return ip === undefined ? "?" : text(ip);
    });
  const of = (address: string) => (ips.length === 1 ? "" : ` ${address}`);
  const vhids = [...new Set(ips.map(({ carp }) => carp))];
  return [
    ...vhids
      .filter((name) => name !== CARP_INTERFACE)
      .map((name) => [name, tell(name, ({ carp }) => (carp === NO_INTERFACE ? "none" : carp))] as const),
    ...ips.flatMap(({ address, carp }) => [
      [
        `alias${of(address)}`,
        tellIp(address, carp, ({ alias }) => (alias === "some" ? "in part" : alias ? "on" : "off")),
      ] as const,
      [
        ips.length === 1 ? "knows the IP" : `knows${of(address)}`,
        tellIp(
          address,
          carp,
          ({ known, known_age }) => `${known}${known_age === null ? "" : `, ${duration(known_age)} ago`}`,
        ),
      ] as const,
    ]),
    ...vhids.map(
      (name) =>
        [
          vhids.length === 1 ? "tokens" : `tokens ${name}`,
          tell(name, ({ tokens }) => String(tokens)),
        ] as const,
    ),
  ];
}

/** One screen: what each edge tells, who holds the IP, and what to look at. */
export function statusScreen(status: Status, verdict: Verdict): string {
  const { edges } = status;
  const rows = [
    ["reached", ...edges.map((edge) => (reported(edge) === undefined ? "NO" : "yes"))],
    ...[...ROWS, ...rowsOfIps(ipsOf(status)), ...LAST_ROWS].map(([title, cell]) => [
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
