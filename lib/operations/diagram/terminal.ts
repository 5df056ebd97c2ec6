import type { Scene, SceneEdge } from "./scene.js";

/** Draws a scene with box characters. `width` is the terminal's, in columns. */
export function terminalDrawing(scene: Scene, width = 80): string {
  const texts = scene.edges.flatMap(({ name, lines }) => [name, ...lines]);
  // Narrower boxes have no room for two lines below them.
  const inner = Math.max(9, ...texts.map(({ length }) => length + 2));
  const box = inner + 2;
  const fit = Math.max(1, Math.floor((width - 2) / (box + 2)));
  const groups: SceneEdge[][] = [];
  for (let at = 0; at < scene.edges.length; at += fit) groups.push(scene.edges.slice(at, at + fit));
  const holder = scene.edges.find(({ holds }) => holds);
  const title = `${scene.address} in ${scene.region} → ${holder?.name ?? "none of the edges"}`;
  const legend = [`═ ${scene.internal}`, `─ ${scene.carp}`];
  return `${[title, "", ...groups.flatMap((group) => [...drawGroup(group, inner), ""]), ...legend].join("\n")}\n`;
}

/** Some edges side by side, the address above and both networks below. */
function drawGroup(edges: readonly SceneEdge[], inner: number): string[] {
  const step = inner + 4;
  const canvas = new Canvas(edges.length * step);
  const left = (index: number) => 1 + index * step;
  const middle = (index: number) => left(index) + Math.floor((inner + 2) / 2);
  edges.forEach((edge, index) => {
    canvas.put(0, middle(index), edge.holds ? "┃" : "┆");
    canvas.put(1, middle(index), edge.holds ? "▼" : "┆");
    const [x, y] = [left(index), 2];
    canvas.put(y, x, `┌${"─".repeat(inner)}┐`);
    [edge.name, ...edge.lines].forEach((line, row) => {
      canvas.put(y + 1 + row, x, `│ ${line.padEnd(inner - 1)}│`);
    });
    canvas.put(y + 2 + edge.lines.length, x, `└${"─".repeat(inner)}┘`);
  });
  const bottom = 4 + (edges[0]?.lines.length ?? 0);
  const end = edges.length * step - 1;
  canvas.put(bottom + 1, 0, "═".repeat(end));
  canvas.put(bottom + 2, 0, "─".repeat(end));
  edges.forEach((_, index) => {
    const [first, second] = [left(index) + 3, left(index) + 7];
    canvas.put(bottom, left(index), `└${"─".repeat(inner)}┘`);
    canvas.put(bottom, first, "┬");
    canvas.put(bottom, second, "┬");
    canvas.put(bottom + 1, first, "╧");
    canvas.put(bottom + 1, second, "╪");
    canvas.put(bottom + 2, second, "┴");
  });
  return canvas.lines();
}

/** Rows of characters that are overwritten in place. */
class Canvas {
  private readonly rows: string[][] = [];

  constructor(private readonly columns: number) {}

  put(row: number, column: number, text: string): void {
    while (this.rows.length <= row) this.rows.push(new Array(this.columns).fill(" "));
    const cells = this.rows[row] as string[];
    [...text].forEach((char, index) => {
      while (cells.length <= column + index) cells.push(" ");
      cells[column + index] = char;
    });
  }

  lines(): string[] {
    return this.rows.map((cells) => cells.join("").trimEnd());
  }
}
