import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { fill, placeholdersIn, SECRETS } from "../../lib/edge/placeholders.js";
import { renderEdge } from "../../lib/edge/render.js";
import { staticFiles, staticPath } from "../../lib/edge/static-files.js";
import { edgeAccess } from "../../lib/simulator/ovh-api/seed.js";
import { example } from "../config/example.js";
import { rendered, VALUES } from "../edge/bundles.js";
import { TestNode } from "../edge/node.js";

const TEXT = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");

interface Row {
  readonly path: string;
  readonly mode: string;
  readonly secret: boolean;
}

/** The rows of a table whose first cell is a path, below a line. */
function rows(after: string): Row[] {
  const part = TEXT.slice(TEXT.indexOf(after)).split(/\n\n/)[1] ?? "";
  return [...part.matchAll(/^\| `(\/[^`]*)` \| ([^|]+) \|[^|]*\| (secret )?\|$/gm)].map(
    ([, path, mode, secret]) => ({
      path: path as string,
      mode: (mode as string).trim(),
      secret: secret !== undefined,
    }),
  );
}

/** The row that speaks of a path: its own, that of its folder's files, or of a kind of files below it. */
const rowOf = (path: string) =>
  [...installed, ...kept].find((one) => one.path === path) ??
  kept.find((one) => /\/[*…]$/.test(one.path) && path.startsWith(one.path.slice(0, -1))) ??
  kept.find((one) => one.path.startsWith(`${path}/`));

const installed = rows("All of them belong to root");
const kept = rows("What the programs keep");

describe("docs/security.md", () => {
  it("names every file of an edge with its mode, and which of them hold a secret", () => {
    const config = parseConfig(example());
    const { files } = renderEdge(config, config.edges[0]?.name as string, staticFiles());
    const meant = files.map(({ path, mode, content }) => ({
      path,
      mode: mode.toString(8).padStart(4, "0"),
      secret: placeholdersIn(content).some((name) => SECRETS.includes(name)),
    }));
    const sorted = (list: readonly Row[]) => [...list].sort((a, b) => (a.path < b.path ? -1 : 1));
    expect(sorted(installed)).toEqual(sorted(meant));
    expect(new Set(files.map(({ owner, group }) => `${owner}:${group}`))).toEqual(new Set(["root:wheel"]));
  });

  it("names the calls that an edge's credential may make", () => {
    const calls = edgeAccess("PROJECT", "ID").map(({ method, path }) => `${method} ${path}`);
    expect(calls).toHaveLength(2);
    for (const call of calls) expect(TEXT).toContain(`\`${call}\``);
  });

  it("names the groups, the numbers of tokens and the confinement that the programs have", () => {
    const [sync, move] = ["edge-sync", "ip-move"].map((name) => readFileSync(staticPath(name), "utf8"));
    expect(sync).toContain("%WEIGHT = (edgefault => 64, edgedrain => 16)");
    expect(sync).toContain("TOKENS => 3, TOKEN_SECONDS => 900");
    expect(move).toMatch(/unveil.*\n?.*'\/usr\/bin\/nc', 'x'\], \['\/sbin\/ifconfig', 'x'\]/);
    expect(move).toContain("OpenBSD::Pledge::pledge(qw(rpath wpath cpath flock proc exec))");
  });
});

describe("on a node", { timeout: 120_000 }, () => {
  let node: TestNode;
  beforeAll(async () => {
    node = new TestNode();
    await node.machine.boot();
    await node.installed(rendered());
    // One more version of a file with a secret, and everything that the programs leave.
    const again = await node.deliver(rendered(), { consumerKey: "another-consumer-key" });
    expect(again).toMatchObject({ status: 0, complained: [] });
    await node.run("edge-sync hold --reason x; edge-sync drain; edge-sync poll");
    await node.settled();
  });
  afterAll(() => node.stop());

  it("what is installed has the modes that the document names", () => {
    expect(installed.map(({ path }) => [path, node.mode(path)])).toEqual(
      installed.map(({ path, mode }) => [path, mode]),
    );
  });

  it("what the programs keep is in the document, with its mode", () => {
    const found = node.files(["/var/db/edge", "/var/run/edge-sync"]);
    expect(Object.keys(found)).toEqual(
      expect.arrayContaining(["/var/db/edge/hold", "/var/db/edge/drain", "/var/run/edge-sync/memory.json"]),
    );
    for (const [path, { mode }] of Object.entries(found)) {
      const row = rowOf(path);
      expect([path, row?.path]).toEqual([path, expect.any(String)]);
      if (/^\d/.test(row?.mode ?? "")) expect([path, mode]).toEqual([path, row?.mode]);
    }
  });

  it("secrets are in files that the document says hold one, and whoever is not root reads none of them", () => {
    const found = node.files(["/etc", "/usr/local", "/var", "/root", "/tmp"]);
    const secrets = [...SECRETS.map((name) => VALUES[name]), "another-consumer-key"];
    const holding = Object.entries(found).filter(([, { content }]) =>
      secrets.some((one) => content.includes(one)),
    );
    expect(holding.map(([path]) => path).sort()).toEqual(["/etc/hostname.carp0", "/etc/ovh.conf"]);
    for (const [path, { mode }] of holding) {
      expect([path, Number.parseInt(mode, 8) & 0o007]).toEqual([path, 0]);
      expect([path, rowOf(path)?.secret]).toEqual([path, true]);
    }
    expect(found["/etc/ovh.conf"]?.content).toBe(
      fill(rendered().files.find(({ path }) => path === "/etc/ovh.conf")?.content ?? "", {
        ...VALUES,
        consumerKey: "another-consumer-key",
      }),
    );
  });
});
