import type { Scene } from "./scene.js";

/** A scene as a Mermaid flowchart, as GitHub and GitLab draw it in Markdown. */
export function mermaidChart(scene: Scene): string {
  const label = (lines: readonly string[]) => `"${lines.map(quoted).join("<br>")}"`;
  const edges = scene.edges.flatMap(({ name, lines, holds }, index) => [
    `  edge${index}[${label([name, ...lines])}]`,
    `  ip ${holds ? "==>" : "-.-"} edge${index}`,
    `  edge${index} --- internal`,
    `  edge${index} --- carp`,
  ]);
  return `${[
    "flowchart TB",
    `  ip([${label([`FailOver IP ${scene.address}`, scene.region])}])`,
    ...edges,
    `  internal[(${label([scene.internal])})]`,
    `  carp[(${label([scene.carp])})]`,
  ].join("\n")}\n`;
}

/** Mermaid reads `#code;` in a quoted label. */
function quoted(text: string): string {
  return text.replace(/[#"<>&`]/g, (char) => `#${char.codePointAt(0)};`);
}
