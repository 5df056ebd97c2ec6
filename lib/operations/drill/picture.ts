import { PHASES } from "./report.js";
import type { DrillResult } from "./run.js";

const LEFT = 150;
const WIDTH = 900;
const ROW = 46;
const TOP = 56;
const COLORS: Readonly<Record<string, string>> = {
  master: "#1c7ed6",
  alias: "#ae3ec9",
  accepted: "#e8590c",
  confirmed: "#2b8a3e",
  packet: "#087f5b",
};

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
      `<path d="M${x(ms).toFixed(1)} ${TOP - 8}V${height - 24}" stroke="#dee2e6"/>`,
      `<text x="${x(ms).toFixed(1)}" y="${height - 8}" text-anchor="middle" fill="#495057">${ms / 1000} s</text>`,
    );
  }
  const legend = PHASES.map(
    ([phase, title], index) =>
      `<circle cx="${LEFT + index * 140}" cy="22" r="6" fill="${COLORS[phase]}"/>` +
      `<text x="${LEFT + 12 + index * 140}" y="27">${title}</text>`,
  );
  const rows = results.map((result, index) => row(result, TOP + index * ROW + 18, x));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">` +
    `<title>Failover drills: milliseconds after the fault</title><rect width="${WIDTH}" height="${height}" fill="#fff"/>` +
    `${grid.join("")}${legend.join("")}${rows.join("")}</svg>\n`
  );
}

function row(result: DrillResult, y: number, x: (ms: number) => number): string {
  const parts = [
    `<text x="${LEFT - 14}" y="${y + 5}" text-anchor="end" font-weight="600" fill="${result.verdict === "passed" ? "#212529" : "#c92a2a"}">${escaped(result.scenario)}</text>`,
  ];
  const seen = PHASES.flatMap(([phase]) => {
    const ms = result.phases[phase];
    return ms === undefined ? [] : [{ phase, ms }];
  });
  if (seen.length === 0) {
    parts.push(
      `<text x="${x(0) + 8}" y="${y + 5}" fill="#868e96">${escaped(result.reason ?? "nothing moved, as it should")}</text>`,
    );
  } else {
    const last = Math.max(...seen.map(({ ms }) => ms));
    parts.push(
      `<path d="M${x(0).toFixed(1)} ${y}H${x(last).toFixed(1)}" stroke="#adb5bd" stroke-width="3"/>`,
    );
  }
  if (result.limit !== undefined) {
    parts.push(
      `<path d="M${x(result.limit).toFixed(1)} ${y - 14}v28" stroke="#c92a2a" stroke-width="2" stroke-dasharray="3 3"><title>limit ${result.limit} ms</title></path>`,
    );
  }
  for (const { phase, ms } of seen) {
    parts.push(
      `<circle cx="${x(ms).toFixed(1)}" cy="${y}" r="6" fill="${COLORS[phase]}"><title>${phase} ${ms} ms</title></circle>`,
    );
  }
  return parts.join("");
}

/** The picture with a table of all figures as one page that needs nothing else. */
export function drillPage(results: readonly DrillResult[]): string {
  const cells = results.map((result) => {
    const times = PHASES.map(([phase]) => `<td>${result.phases[phase] ?? "–"}</td>`).join("");
    const verdict = escaped(
      result.reason === undefined ? result.verdict : `${result.verdict}: ${result.reason}`,
    );
    return `<tr><th>${escaped(result.scenario)}</th><td class="text">${escaped(result.what)}</td>${times}<td>${result.limit ?? "–"}</td><td>${result.lost ?? "–"}</td><td>${result.requests}</td><td class="text ${result.verdict}">${verdict}</td></tr>`;
  });
  const heads = PHASES.map(([, title]) => `<th>${title}</th>`).join("");
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Failover drills</title>
<style>body{font:15px system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#212529}
table{border-collapse:collapse;width:100%;font-size:13px}td,th{padding:.35rem .5rem;border-bottom:1px solid #dee2e6;text-align:right}
th:first-child,.text{text-align:left}.passed{color:#2b8a3e}.failed{color:#c92a2a}</style>
<h1>Failover drills</h1>
<p>Milliseconds after the fault. The dashed line is the limit for an accepted claim.</p>
${timelineSvg(results)}
<table><tr><th>drill</th><th class="text">what happens</th>${heads}<th>limit</th><th>lost</th><th>requests</th><th class="text">verdict</th></tr>
${cells.join("\n")}</table></html>
`;
}

function niceStep(longest: number): number {
  const rough = longest / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) as number) * power;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
