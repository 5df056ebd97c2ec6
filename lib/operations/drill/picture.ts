import { xml } from "../xml.js";
import { PHASES } from "./report.js";
import type { DrillResult } from "./run.js";

const LEFT = 130;
const WIDTH = 900;
const ROW = 42;
const TOP = 56;
/** Characters of a reason that fit beside a drill's name. */
const REASON = 100;

/** Colors tell phases apart, and by the shape one sees when packets are answered again. */
const COLORS: Readonly<Record<string, string>> = {
  master: "#1c7ed6",
  alias: "#ae3ec9",
  accepted: "#e8590c",
  confirmed: "#2b8a3e",
  packet: "#e03131",
};

const STYLE =
  ".back{fill:#fff}.grid{stroke:#dee2e6}.axis{fill:#495057}.text{fill:#212529}.line{stroke:#adb5bd;stroke-width:3}" +
  ".mark{stroke:#fff}.failed{fill:#c92a2a}.quiet{fill:#6c757d}.limit{stroke:#c92a2a;stroke-width:2;stroke-dasharray:3 3}" +
  "@media(prefers-color-scheme:dark){.back{fill:#16191d}.grid{stroke:#343a40}.axis{fill:#adb5bd}.text{fill:#e9ecef}" +
  ".line{stroke:#6c757d}.mark{stroke:#16191d}.failed{fill:#ff8787}.quiet{fill:#adb5bd}.limit{stroke:#ff8787}}";

/** A timeline of drills as one SVG that needs nothing else: each row a drill, each mark a phase. */
export function timelineSvg(results: readonly DrillResult[]): string {
  const longest = Math.max(
    1000,
    ...results.flatMap(({ phases, limit }) => [...Object.values(phases), limit ?? 0].map((ms) => ms ?? 0)),
  );
  const step = niceStep(longest);
  const end = Math.ceil(longest / step) * step;
  const x = (ms: number) => LEFT + ((WIDTH - LEFT - 30) * ms) / end;
  const height = TOP + results.length * ROW + 30;
  const grid: string[] = [];
  for (let ms = 0; ms <= end; ms += step) {
    grid.push(
      `<path class="grid" d="M${x(ms).toFixed(1)} ${TOP - 8}V${height - 24}"/>`,
      `<text class="axis" x="${x(ms).toFixed(1)}" y="${height - 8}" text-anchor="middle">${ms / 1000} s</text>`,
    );
  }
  const legend = PHASES.map(
    ([phase, title], index) =>
      mark(phase, LEFT + index * 112, 22, "") +
      `<text class="text" x="${LEFT + 12 + index * 112}" y="27">${title}</text>`,
  );
  const last = LEFT + PHASES.length * 112;
  legend.push(
    `<path class="limit" d="M${last} 10v24"/><text class="text" x="${last + 12}" y="27">limit for accepted</text>`,
  );
  const rows = results.map((result, index) => row(result, TOP + index * ROW + 16, x));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">` +
    `<title>Failover drills: time after the fault</title><style>${STYLE}</style>` +
    `<rect class="back" width="${WIDTH}" height="${height}"/>` +
    `${grid.join("")}${legend.join("")}${rows.join("")}</svg>\n`
  );
}

function mark(phase: string, x: number, y: number, title: string): string {
  const [color, at] = [COLORS[phase], x.toFixed(1)];
  const inside = title === "" ? "" : `<title>${title}</title>`;
  return phase === "packet"
    ? `<path class="mark" d="M${at} ${y - 8}l8 8l-8 8l-8 -8z" fill="${color}">${inside}</path>`
    : `<circle class="mark" cx="${at}" cy="${y}" r="6" fill="${color}">${inside}</circle>`;
}

function row(result: DrillResult, y: number, x: (ms: number) => number): string {
  const { scenario, verdict, reason, limit } = result;
  const why = reason === undefined ? "" : `<title>${xml(reason)}</title>`;
  const parts = [
    `<text class="${verdict === "passed" ? "text" : "failed"}" x="${LEFT - 14}" y="${y + 5}" text-anchor="end" font-weight="600">${xml(scenario)}${why}</text>`,
  ];
  const seen = PHASES.flatMap(([phase]) => {
    const ms = result.phases[phase];
    return ms === undefined ? [] : [{ phase, ms }];
  });
  if (seen.length === 0) {
    const text = reason ?? "nothing moved, as it should";
    const short = text.length > REASON ? `${text.slice(0, REASON - 1)}…` : text;
    parts.push(`<text class="quiet" x="${x(0) + 8}" y="${y + 5}">${xml(short)}</text>`);
  } else {
    const last = Math.max(...seen.map(({ ms }) => ms));
    parts.push(`<path class="line" d="M${x(0).toFixed(1)} ${y}H${x(last).toFixed(1)}"/>`);
  }
  if (limit !== undefined && seen.length > 0) {
    parts.push(
      `<path class="limit" d="M${x(limit).toFixed(1)} ${y - 14}v28"><title>limit ${limit} ms</title></path>`,
    );
  }
  // The later ones below: where marks meet, the order in which things happened stays to be seen.
  for (const { phase, ms } of [...seen].sort((a, b) => b.ms - a.ms)) {
    parts.push(mark(phase, x(ms), y, `${phase} ${ms} ms`));
  }
  return parts.join("");
}

/** The picture with a table of all figures as one page that needs nothing else. */
export function drillPage(results: readonly DrillResult[]): string {
  const cells = results.map((result) => {
    const times = PHASES.map(([phase]) => `<td>${result.phases[phase] ?? "–"}</td>`).join("");
    const verdict = xml(result.reason === undefined ? result.verdict : `${result.verdict}: ${result.reason}`);
    return `<tr><th>${xml(result.scenario)}</th><td class="text">${xml(result.what)}</td>${times}<td>${result.limit ?? "–"}</td><td>${result.lost ?? "not measured"}</td><td>${result.requests}</td><td class="text ${result.verdict}">${verdict}</td></tr>`;
  });
  const heads = PHASES.map(([, title]) => `<th>${title}</th>`).join("");
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Failover drills</title>
<style>:root{color-scheme:light dark}body{font:15px system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#212529;background:#fff}
div{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px}td,th{padding:.35rem .5rem;border-bottom:1px solid #dee2e6;text-align:right;white-space:nowrap}
th:first-child,.text{text-align:left}td.text{white-space:normal;min-width:11rem}.passed{color:#2b8a3e}.failed{color:#c92a2a}
@media(prefers-color-scheme:dark){body{color:#e9ecef;background:#16191d}td,th{border-color:#343a40}.passed{color:#69db7c}.failed{color:#ff8787}}</style>
<h1>Failover drills</h1>
<p>Each mark is a moment after the fault: another edge is carp's master, has the alias, has its claim accepted by OVH, has seen
the route confirmed, and packets are answered again.</p>
${timelineSvg(results)}
<p>Times in milliseconds. Lost: probes of the address without an answer. Requests: what the claims asked of OVH.</p>
<div><table><tr><th>drill</th><th class="text">what happens</th>${heads}<th>limit</th><th>lost</th><th>requests</th><th class="text">verdict</th></tr>
${cells.join("\n")}</table></div></html>
`;
}

function niceStep(longest: number): number {
  const rough = longest / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) as number) * power;
}
