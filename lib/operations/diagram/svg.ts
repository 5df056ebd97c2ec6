import { xml } from "../xml.js";
import type { Scene, SceneEdge } from "./scene.js";

const [BOX, GAP, LEFT] = [250, 40, 40];
const [TOP, BOX_TOP, LINE] = [20, 150, 22];

const STYLE =
  ".back{fill:#fff}.text{fill:#123}.strong{font-weight:600}.cloud{fill:#eef4fb;stroke:#345}.edge{fill:#f6f6f6;stroke:#345}" +
  ".holds{fill:#e9f7ec;stroke:#2b8a3e}.route{stroke:#2b8a3e;stroke-width:3}.idle{stroke:#868e96;stroke-dasharray:6 5}" +
  ".label{paint-order:stroke;stroke:#fff;stroke-width:6}.inner{stroke:#345}.carp{stroke:#b36b00}.bus{stroke-width:3}" +
  "@media(prefers-color-scheme:dark){.back{fill:#16191d}.text{fill:#e9ecef}.label{stroke:#16191d}.cloud{fill:#1d2733;stroke:#9ab}.edge{fill:#22262b;stroke:#9ab}" +
  ".holds{fill:#16301f;stroke:#51cf66}.route{stroke:#51cf66}.inner{stroke:#9ab}.carp{stroke:#ffa94d}}";

/** A scene as one SVG that needs nothing else. */
export function sceneSvg(scene: Scene): string {
  const { edges } = scene;
  const width = 2 * LEFT + edges.length * BOX + (edges.length - 1) * GAP;
  const height = BOX_TOP + boxHeight(edges) + 130;
  const buses = BOX_TOP + boxHeight(edges) + 40;
  const parts = [
    `<rect class="back" width="${width}" height="${height}"/>`,
    `<rect class="cloud" x="${LEFT}" y="${TOP}" width="${width - 2 * LEFT}" height="60" rx="8"/>`,
    text(width / 2, TOP + 25, "OVH Public Cloud", "text strong", "middle"),
    text(
      width / 2,
      TOP + 47,
      `FailOver IP ${scene.address}, ${scene.region}, moved by the API only`,
      "text",
      "middle",
    ),
    ...edges.flatMap((edge, index) => drawEdge(edge, LEFT + index * (BOX + GAP), boxHeight(edges), buses)),
    `<path class="inner bus" d="M${LEFT} ${buses}H${width - LEFT}"/>`,
    `<path class="carp bus" d="M${LEFT} ${buses + 44}H${width - LEFT}"/>`,
    text(width / 2, buses + 20, scene.internal, "text label", "middle"),
    text(width / 2, buses + 64, scene.carp, "text label", "middle"),
  ];
  const title = `FailOver IP ${scene.address} and ${edges.length} edges`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="14">` +
    `<title>${xml(title)}</title><style>${STYLE}</style>\n${parts.join("\n")}\n</svg>\n`
  );
}

function boxHeight(edges: readonly SceneEdge[]): number {
  return 22 + LINE * (1 + Math.max(...edges.map(({ lines }) => lines.length)));
}

function drawEdge({ name, lines, holds }: SceneEdge, x: number, height: number, buses: number): string[] {
  const bottom = BOX_TOP + height;
  const middle = x + BOX / 2;
  const arrow = holds
    ? `<path class="route" d="M${middle - 6} ${BOX_TOP - 11}L${middle} ${BOX_TOP - 2}L${middle + 6} ${BOX_TOP - 11}" fill="none"/>`
    : "";
  return [
    `<path class="${holds ? "route" : "idle"}" d="M${middle} ${TOP + 60}V${BOX_TOP - 2}"/>${arrow}`,
    `<path class="inner" d="M${x + 60} ${bottom}V${buses}"/>`,
    `<path class="carp" d="M${x + BOX - 60} ${bottom}V${buses + 44}"/>`,
    `<rect class="${holds ? "holds" : "edge"}" x="${x}" y="${BOX_TOP}" width="${BOX}" height="${height}" rx="8"/>`,
    text(middle, BOX_TOP + 27, name, "text strong", "middle"),
    ...lines.map((line, row) => text(x + 16, BOX_TOP + 27 + LINE * (row + 1), line, "text", "start")),
  ];
}

function text(x: number, y: number, content: string, style: string, anchor: string): string {
  return `<text class="${style}" x="${x}" y="${y}" text-anchor="${anchor}">${xml(content)}</text>`;
}
