import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { bundle } from "../../lib/edge/bundle.js";
import type { EdgeFile, RenderedEdge } from "../../lib/edge/file.js";
import { fill, PLACEHOLDERS, type Placeholder } from "../../lib/edge/placeholders.js";
import { renderEdge } from "../../lib/edge/render.js";
import { staticFiles } from "../../lib/edge/static-files.js";
import { filled, rendered, sha256, threeEdges, VALUES } from "./bundles.js";

const NAMES = Object.keys(PLACEHOLDERS) as Placeholder[];

/** One file as a bundle's header describes it. */
interface Described {
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  readonly digest: string;
  readonly content: string;
}

/** Reads a bundle as edge-install does: by the line numbers in its header. */
function read(text: string): { count: number; header: string[]; files: Record<string, Described> } {
  const lines = text.split("\n");
  const count = Number(/^edge-bundle 1 (\d+)$/.exec(lines[0] as string)?.[1]);
  const header = lines.slice(1, lines.indexOf("--"));
  const files = header
    .filter((line) => line.startsWith("file "))
    .map((line) => {
      const [, mode, owner, group, digest, first, last, path] = line.split(" ") as string[];
      const content = lines.slice(Number(first) - 1, Number(last)).map((one) => `${one}\n`);
      return [path, { mode, owner, group, digest, content: content.join("") }] as [string, Described];
    });
  return { count, header, files: Object.fromEntries(files) };
}

/** Text that stays in one line, and makes no placeholder of its own. */
const line = fc.string({ unit: "binary" }).filter((text) => !/[\n@]/.test(text));

const contentLine = fc.oneof(
  line,
  fc.constantFrom(
    "--",
    "file 0600 root wheel x 1 2 /etc/other",
    "edge-bundle 1 1",
    "",
    ...Object.values(PLACEHOLDERS),
  ),
  fc.tuple(line, fc.constantFrom(...Object.values(PLACEHOLDERS)), line).map((parts) => parts.join("")),
);

const file: fc.Arbitrary<EdgeFile> = fc.record({
  path: fc.stringMatching(/^\/etc\/[a-z]{1,8}\.conf$/),
  mode: fc.constantFrom(0o400, 0o555, 0o600, 0o640, 0o1777),
  owner: fc.constant("root" as const),
  group: fc.constant("wheel" as const),
  content: fc.array(contentLine, { minLength: 1, maxLength: 12 }).map((lines) => `${lines.join("\n")}\n`),
});

const edge: fc.Arbitrary<RenderedEdge> = fc.record({
  name: fc.constant("edge-a"),
  carps: fc.constant(["carp0"]),
  carpdev: fc.constant("vio2"),
  files: fc.uniqueArray(file, { minLength: 1, maxLength: 12, selector: ({ path }) => path }),
  lines: fc.constant([{ in: "cron" as const, text: "* * * * * true" }]),
  macs: fc.constant([{ interface: "vio0", mac: PLACEHOLDERS.macExternal }]),
});

const values = fc.record(Object.fromEntries(NAMES.map((name) => [name, line]))) as fc.Arbitrary<
  Record<Placeholder, string>
>;

describe("a bundle", () => {
  it("says first what it is, and of which edge", () => {
    expect(filled(rendered()).split("\n").slice(1, 10)).toEqual([
      "edge bi-edge-sbg-1",
      "carp carp0",
      "carpdev vio2",
      "mac vio0 fa:16:3e:00:00:01",
      "mac vio1 fa:16:3e:00:00:02",
      "mac vio2 fa:16:3e:00:00:03",
      "sysctl net.inet.carp.preempt=0",
      "cron * * * * * /usr/local/sbin/edge-sync cron >/dev/null 2>&1",
      expect.stringMatching(/^file 0555 root wheel [0-9a-f]{64} \d+ \d+ \/usr\/local\/sbin\/edge-install$/),
    ]);
  });

  it("has every file of the edge, byte for byte, with its mode and owner", () => {
    const whole = rendered();
    const { files } = read(filled(whole));
    expect(files).toEqual(
      Object.fromEntries(
        whole.files.map(({ path, mode, owner, group, content }) => [
          path,
          {
            mode: mode.toString(8).padStart(4, "0"),
            owner,
            group,
            digest: sha256(fill(content, VALUES)),
            content: fill(content, VALUES),
          },
        ]),
      ),
    );
  });

  it("tells the digest of a file at once where nothing in it comes late", () => {
    const whole = rendered();
    const { text, lateDigests } = bundle(whole);
    const late = ["/etc/hostname.carp0", "/etc/ovh.conf", "/etc/edge.conf"];
    const placeholderOf = (path: string) => `@@sha256_${whole.files.findIndex((one) => one.path === path)}@@`;
    const digests = Object.entries(read(text).files).map(([path, { digest }]) => [path, digest]);
    expect(digests).toEqual(
      whole.files.map(({ path, content }) => [
        path,
        late.includes(path) ? placeholderOf(path) : sha256(content),
      ]),
    );
    expect(lateDigests).toEqual(
      whole.files
        .filter(({ path }) => late.includes(path))
        .map(({ path, content }) => ({ placeholder: placeholderOf(path), content })),
    );
  });

  it.each([
    ["the example", rendered()],
    ["three edges", renderEdge(parseConfig(threeEdges()), "edge-b", staticFiles())],
  ])("names the lines on which edge-install is: %s", (_, whole) => {
    const { installer } = bundle(whole);
    const [first, last] = installer;
    const lines = filled(whole)
      .split("\n")
      .slice(first - 1, last);
    expect(`${lines.join("\n")}\n`).toBe(staticFiles()["/usr/local/sbin/edge-install"]);
  });

  it("is one that edge-install takes apart into the same files, whatever the values are", () => {
    fc.assert(
      fc.property(edge, values, (one, given) => {
        const { files } = read(filled(one, given));
        expect(Object.entries(files).map(([path, { content }]) => [path, content])).toEqual(
          one.files.map(({ path, content }) => [path, fill(content, given)]),
        );
        for (const { content, digest } of Object.values(files)) expect(digest).toBe(sha256(content));
      }),
      { numRuns: 200 },
    );
  });

  it("has the number of lines that it says, whatever the values are", () => {
    fc.assert(
      fc.property(edge, values, (one, given) => {
        const text = filled(one, given);
        expect(text.endsWith("\n")).toBe(true);
        expect(text.split("\n").length - 1).toBe(read(text).count);
      }),
      { numRuns: 200 },
    );
  });

  it("that is cut anywhere has another number of lines than it says", () => {
    fc.assert(
      fc.property(
        edge,
        values,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (one, given, share) => {
          const text = filled(one, given);
          const cut = text.slice(0, Math.floor(text.length * share));
          expect(cut.split("\n").length - 1).not.toBe(read(cut).count);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("has no placeholder left once it is filled", () => {
    expect(filled(rendered())).not.toMatch(/@@[a-z0-9_]+@@/);
  });

  it("is the same text for the same edge", () => {
    expect(bundle(rendered())).toEqual(bundle(rendered()));
  });
});
