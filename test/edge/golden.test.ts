import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { bundle } from "../../lib/edge/bundle.js";
import { renderEdge } from "../../lib/edge/render.js";
import { staticFiles } from "../../lib/edge/static-files.js";
import { example } from "../config/example.js";
import { STAND_INS, threeEdges, twoIps, twoVhids } from "./bundles.js";

const GOLDEN = fileURLToPath(new URL("../golden", import.meta.url));
/** Writes what is rendered now, to be reviewed as a diff. */
const UPDATE = process.env.UPDATE_GOLDEN === "1";

/** Where the lines go that the installer adds to files of others. */
const LINES = { sysctl: "etc/sysctl.conf", cron: "var/cron/tabs/root" };

const CONFIGURATIONS = {
  "two-edges": example(),
  "three-edges": threeEdges(),
  "two-vhids": twoVhids(),
  "two-ips": twoIps(),
};

const EDGES = Object.entries(CONFIGURATIONS).flatMap(([folder, input]) => {
  const config = parseConfig(input);
  return config.edges.map(({ name }) => ({ folder, name, config }));
});

/** Everything of an edge that is rendered, by the path of its golden file. */
function reviewed({ name, config }: (typeof EDGES)[number]): Record<string, string> {
  // The shipped programs are stood in for: a change of theirs is not one of the rendering.
  const edge = renderEdge(config, name, STAND_INS);
  const files = edge.files.filter(({ path }) => !(path in STAND_INS));
  const { text } = bundle(edge);
  return {
    ...Object.fromEntries(files.map(({ path, content }) => [path.slice(1), content])),
    ...Object.fromEntries(edge.lines.map((line) => [LINES[line.in], `${line.text}\n`])),
    "bundle-header": text.slice(0, text.indexOf("\n--\n") + 1),
  };
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

for (const edge of EDGES) {
  describe(`the files of ${edge.name} in ${edge.folder}`, () => suite(edge));
}

function suite(edge: (typeof EDGES)[number]): void {
  const folder = join(GOLDEN, edge.folder, edge.name);
  const files = reviewed(edge);

  beforeAll(() => {
    if (!UPDATE) return;
    rmSync(folder, { recursive: true, force: true });
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
  });

  it.each(Object.keys(files))("have %s as it was reviewed", (path) => {
    expect(files[path]).toBe(readFileSync(join(folder, path), "utf8"));
  });

  it("are all there, and no others", () => {
    expect(Object.keys(files).sort()).toEqual(filesBelow(folder));
  });

  it.each(Object.entries(staticFiles()))("have %s as it is shipped", (path, content) => {
    const { files } = renderEdge(edge.config, edge.name, staticFiles());
    // Programs are for all to run, manual pages for all to read.
    const mode = path.startsWith("/usr/local/sbin/") ? 0o555 : 0o444;
    expect(files.filter((file) => file.path === path)).toEqual([
      { path, mode, owner: "root", group: "wheel", content },
    ]);
  });
}

describe("the golden files", () => {
  it("are those of the configurations that are rendered here, and no others", () => {
    const edges = filesBelow(GOLDEN).map((path) => path.split("/").slice(0, 2).join("/"));
    expect([...new Set(edges)]).toEqual(EDGES.map(({ folder, name }) => `${folder}/${name}`).sort());
  });
});
