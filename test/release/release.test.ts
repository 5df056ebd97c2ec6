import { describe, expect, it } from "vitest";
import { BINDINGS, SIZE_LIMIT } from "../../lib/release/content.js";
import { type Expectations, releaseFindings } from "../../lib/release/release.js";
import { example, expectations, manifest } from "./example.js";

const found = (changes: Readonly<Record<string, unknown>>, other: Partial<Expectations> = {}) =>
  releaseFindings(example(changes), { ...expectations, ...other });
const KEY = "A".repeat(64);

describe("a tarball that may be published", () => {
  it("has no finding", () => expect(found({})).toEqual([]));

  it("may follow previews of itself", () => {
    const sections = ["1.2.3", "1.2.3-rc.10", "1.2.3-rc.9", "1.2.3-beta.1", "1.2.2"];
    const text = sections.map((version) => `## [${version}] - 2026-11-28\n`).join("\n");
    expect(found({ "CHANGELOG.md": `## [Unreleased]\n\n${text}` })).toEqual([]);
  });
});

describe("a tarball is refused", () => {
  it.each<[why: string, changes: Record<string, unknown>, findings: string[]]>([
    [
      "without its manifest",
      { "package.json": undefined },
      ["the tarball must hold package.json, it has none; make it by npm pack"],
    ],
    [
      "without what is not built",
      {
        "dist/lib/index.js": undefined,
        "dist/lib/index.d.ts": undefined,
        "dist/lib/edge/static/edge-sync": undefined,
      },
      [
        "the tarball must hold dist/lib/index.d.ts, dist/lib/index.js, dist/lib/edge/static/edge-sync; npm pack builds and packs them unless it is run with --ignore-scripts",
      ],
    ],
    [
      "without the bindings, as --ignore-scripts packs them",
      { [`${BINDINGS}lib/schema.sha256`]: undefined },
      [
        "the tarball must hold the bindings whole, node_modules/@cdktf/provider-ovh/ lacks lib/schema.sha256; run npm run bindings, and npm pack without --ignore-scripts",
      ],
    ],
    [
      "with some of the bindings",
      {
        [`${BINDINGS}lib/cloud-instance/index.js`]: undefined,
        [`${BINDINGS}lib/provider/index.d.ts`]: "",
      },
      [
        "the tarball must hold the bindings whole, node_modules/@cdktf/provider-ovh/ lacks lib/cloud-instance/index.js and 1 more; run npm run bindings, and npm pack without --ignore-scripts",
      ],
    ],
    [
      "without the bundle",
      { [`${BINDINGS}schema.json`]: undefined },
      [
        "the tarball must hold the bindings whole, node_modules/@cdktf/provider-ovh/ lacks schema.json; run npm run bindings, and npm pack without --ignore-scripts",
      ],
    ],
    [
      "with bindings of another schema",
      { [`${BINDINGS}lib/schema.sha256`]: "b".repeat(64) },
      [
        "the tarball must hold the bindings whole, node_modules/@cdktf/provider-ovh/ lacks lib/schema.sha256 of this schema (it is of another, bbbbbbbbbbbb…); run npm run bindings, and npm pack without --ignore-scripts",
      ],
    ],
    [
      "with a build of other sources",
      { "dist/sources.sha256": "a".repeat(64) },
      [
        "dist must be built of the sources as they are, it was built of others (aaaaaaaaaaaa…, not 555555555555…); run npm pack without --ignore-scripts",
      ],
    ],
    [
      "with files that are nobody's business",
      { "edge.config.json": {}, "dist/lib/index.tsbuildinfo": "{}", "lib/release/x.ts": "", ".env": "" },
      ["edge.config.json", "dist/lib/index.tsbuildinfo", "lib/release/x.ts", ".env"].map(
        (path) => `the tarball must not hold ${path}; leave it out by files in package.json`,
      ),
    ],
    [
      "with maps that lead nowhere",
      { "lib/index.ts": undefined },
      ["dist/lib/index.js.map", "dist/lib/index.d.ts.map"].map(
        (path) => `${path} must lead to a source in the tarball, lib/index.ts is none; pack it too`,
      ),
    ],
    [
      "with imports that are not installed",
      {
        "dist/lib/more.js":
          'import {\n  a,\n} from "tsx/esm/api";\nconst b = await import("@scope/name/x");\n',
      },
      ["tsx", "@scope/name"].map(
        (name) =>
          `dist/lib/more.js imports ${name}, which must be among dependencies or peerDependencies; add it there, or do without it`,
      ),
    ],
    [
      "with a private key",
      { "README.md": `-----BEGIN OPENSSH PRIVATE KEY-----\n${KEY}` },
      ["README.md must hold no secret, it seems to hold a private key; take it out, and make it void"],
    ],
    [
      "with tokens",
      { "README.md": `npm_${"a".repeat(36)} ghp_${"b".repeat(36)} AKIA${"C".repeat(16)}` },
      ["a token of npm's", "a token of GitHub's", "an access key of S3"].map(
        (what) => `README.md must hold no secret, it seems to hold ${what}; take it out, and make it void`,
      ),
    ],
    [
      "with a credential of OVH's",
      { "lib/index.ts": `OVH_APPLICATION_SECRET="${"d4".repeat(16)}"` },
      [
        "lib/index.ts must hold no secret, it seems to hold a credential of OVH's; take it out, and make it void",
      ],
    ],
    [
      "with a password in a URL",
      { "README.md": "https://somebody:secret@www.ovh.com/" },
      ["README.md must hold no secret, it seems to hold a password in a URL; take it out, and make it void"],
    ],
    [
      "with addresses of registries and machines",
      {
        "lib/index.ts":
          "// https://registry.npmjs.org/zod http://build-3.internal:8080 51.38.1.2 10.0.0.1 1.2.3.4.5",
      },
      ["registry.npmjs.org", "build-3.internal", "51.38.1.2"].map(
        (host) =>
          `lib/index.ts must name no address but OVH's and examples, got ${host}; take it out, or let release:check know it`,
      ),
    ],
    [
      "with traces of the machine that made it",
      { "dist/main.js": "// /srv/checkouts/edge/main.ts, /home/somebody/.npmrc, workstation-7.lan" },
      [
        "the checkout's folder /srv/checkouts/edge",
        "the home folder /home/somebody",
        "the machine's name workstation-7.lan",
      ].map(
        (what) =>
          `dist/main.js must tell nothing of the machine that packed it, it names ${what}; take it out`,
      ),
    ],
    [
      "whose version is another than its newest release's, and the tag's",
      { "package.json": manifest({ version: "1.3.0" }) },
      [
        "the tag must be v1.3.0 as package.json's version, got v1.2.3; correct one of the two",
        "the newest release of CHANGELOG.md must be package.json's version 1.3.0, got [1.2.3] - 2026-11-28; name what is released",
      ],
    ],
    [
      "whose version is none",
      { "package.json": manifest({ version: "1.2" }) },
      [
        "version of package.json must be a semantic version such as 1.2.3, got 1.2; correct it",
        "the tag must be v1.2 as package.json's version, got v1.2.3; correct one of the two",
        "the newest release of CHANGELOG.md must be package.json's version 1.2, got [1.2.3] - 2026-11-28; name what is released",
      ],
    ],
    [
      "whose changelog has another form",
      { "CHANGELOG.md": "# Changelog\n\n## [1.2.3] - 2026-13-28\n\n### New\n\n## 1.2.2\n" },
      [
        "the first section of CHANGELOG.md must be ## [Unreleased], got ## [1.2.3] - 2026-13-28; add it",
        "a section of CHANGELOG.md must be [version] - YYYY-MM-DD with a semantic version, got [1.2.3] - 2026-13-28; correct it",
        "a section of CHANGELOG.md must be [version] - YYYY-MM-DD with a semantic version, got 1.2.2; correct it",
        "a part of CHANGELOG.md must be one of Added, Changed, Deprecated, Removed, Fixed, Security, got New; rename it",
      ],
    ],
    [
      "whose changelog goes back in versions",
      { "CHANGELOG.md": "## [Unreleased]\n\n## [1.2.3] - 2026-11-28\n\n## [1.10.0] - 2026-10-01\n" },
      ["CHANGELOG.md must have its newest release first, got 1.2.3 before 1.10.0; reorder it"],
    ],
    [
      "whose changelog has a release twice",
      { "CHANGELOG.md": "## [Unreleased]\n\n## [1.2.3] - 2026-11-28\n\n## [1.2.3] - 2026-11-28\n" },
      ["CHANGELOG.md must have its newest release first, got 1.2.3 before 1.2.3; reorder it"],
    ],
  ])("%s", (_, changes, findings) => expect(found(changes)).toEqual(findings));

  it("when it is too large", () => {
    const tarball = { ...example(), size: SIZE_LIMIT };
    expect(releaseFindings(tarball, expectations)).toEqual([
      "the tarball must be smaller than 2000000 bytes, got 2000000; npm pack --dry-run lists what is large",
    ]);
  });

  it.each<[license: string | undefined, stated: string]>([
    ["GPL-3.0", "GPL-3.0"],
    ["MIT AND GPL-3.0", "MIT AND GPL-3.0"],
    [undefined, "none"],
  ])("when a dependency has the license %s", (license, stated) => {
    const packages = {
      ...expectations.lock.packages,
      "node_modules/a/node_modules/@b/c": { version: "1.0.0", license },
    };
    expect(found({}, { lock: { packages } })).toEqual([
      `@b/c 1.0.0 must have a license among 0BSD, Apache-2.0, BSD-2-Clause, BSD-3-Clause, BlueOak-1.0.0, ISC, MIT, MPL-2.0, Public Domain, Unlicense, got ${stated}; do without it, or allow its license in lib/release/licenses.ts`,
    ]);
  });

  it.each(["(MIT OR GPL-3.0)", "MIT AND ISC"])("but not when a dependency has the license %s", (license) => {
    const packages = { ...expectations.lock.packages, "node_modules/d": { version: "1.0.0", license } };
    expect(found({}, { lock: { packages } })).toEqual([]);
  });
});
