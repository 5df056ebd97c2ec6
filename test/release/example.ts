import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { PROVIDER } from "../../lib/bindings/bindings.js";
import { BINDINGS } from "../../lib/release/content.js";
import type { Expectations } from "../../lib/release/release.js";
import type { Tarball } from "../../lib/release/tarball.js";

const SOURCES = "5".repeat(64);
const SCHEMA = JSON.stringify({
  provider_schemas: {
    [PROVIDER]: {
      resource_schemas: { ovh_cloud_instance: {} },
      data_source_schemas: { ovh_me: {} },
    },
  },
});
const MAP = { version: 3, sources: ["../../lib/index.ts"] };
const FILES: Readonly<Record<string, unknown>> = {
  "package.json": {
    name: "cdktf-ovh-edge",
    version: "1.2.3",
    main: "./dist/lib/index.js",
    exports: {
      ".": { types: "./dist/lib/index.d.ts", default: "./dist/lib/index.js" },
      "./package.json": "./package.json",
    },
    bin: { "cdktf-ovh-edge": "dist/scripts/bin.js" },
    dependencies: { "@cdktf/provider-ovh": "2.19.0", zod: "4.6.7" },
    peerDependencies: { cdktf: "^0.21.0" },
  },
  "CHANGELOG.md":
    "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-28\n\n### Added\n\n- More.\n\n## [1.2.2] - 2026-10-01\n",
  LICENSE: "MIT",
  "README.md": "See https://www.ovhcloud.com and 198.51.100.1.",
  "edge.config.example.json": {},
  "edge.config.schema.json": {},
  "dist/sources.sha256": `${SOURCES}\n`,
  "dist/edge.config.example.json": {},
  "dist/main.js": 'import { App } from "cdktf";\n',
  "dist/scripts/bin.js": 'import { readFileSync } from "node:fs";\n',
  "dist/lib/index.js":
    'import { z } from "zod";\nimport { x } from "@cdktf/provider-ovh/lib/provider";\n//# sourceMappingURL=index.js.map\n',
  "dist/lib/index.d.ts": 'import type { z } from "zod";\n',
  "dist/lib/index.js.map": MAP,
  "dist/lib/index.d.ts.map": MAP,
  "dist/lib/edge/static/edge-sync": "#!/usr/bin/perl\n",
  "lib/index.ts": 'export const a = "10.25.0.10";\n',
  [`${BINDINGS}package.json`]: { name: "@cdktf/provider-ovh" },
  [`${BINDINGS}schema.json`]: SCHEMA,
  [`${BINDINGS}lib/schema.sha256`]: `${createHash("sha256").update(SCHEMA).digest("hex")}\n`,
  ...Object.fromEntries(
    ["", "cloud-instance/", "data-ovh-me/", "provider/"].flatMap((folder) => [
      [`${BINDINGS}lib/${folder}index.js`, "exports.a = 1;\n"],
      [`${BINDINGS}lib/${folder}index.d.ts`, "export declare const a: 1;\n"],
    ]),
  ),
};

/** What the example's tarball is held against. */
export const expectations: Expectations = {
  readAtRunTime: ["edge.config.example.json", "lib/edge/static/edge-sync"],
  sources: SOURCES,
  machine: { checkout: "/srv/checkouts/edge/", home: "/home/somebody", hostname: "workstation-7.lan" },
  lock: {
    packages: {
      "": {},
      "node_modules/zod": { version: "4.6.7", license: "MIT" },
      "node_modules/ssh2": { version: "1.17.0" },
      "node_modules/vitest": { version: "4.1.12", license: "GPL-3.0", dev: true },
      "provider-ovh": { version: "2.19.0" },
      "node_modules/@cdktf/provider-ovh": { link: true },
    },
  },
  installed: (path) => (path === "node_modules/ssh2" ? { licenses: [{ type: "MIT" }] } : undefined),
  tag: "v1.2.3",
};

/** A tarball that may be published, but for what a test changes; `undefined` leaves a file out. */
export function example(changes: Readonly<Record<string, unknown>> = {}): Tarball {
  const files = Object.entries({ ...FILES, ...changes })
    .filter(([, content]) => content !== undefined)
    .map(([path, content]): [string, Buffer] => [
      path,
      Buffer.from(typeof content === "string" ? content : JSON.stringify(content)),
    ]);
  return { size: 1000, files: new Map(files) };
}

/** The manifest of the example, with what a test changes. */
export function manifest(changes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...(FILES["package.json"] as object), ...changes };
}

/** Packs files as npm does: long names in pax headers. */
export function packed(files: ReadonlyMap<string, Buffer>, type = "0"): Buffer {
  const blocks = [...files].flatMap(([path, content]) => {
    const name = `package/${path}`;
    if (name.length <= 100) return entry(name, content, type);
    const record = ` path=${name}\n`;
    let length = record.length + 2;
    while (`${length}${record}`.length !== length) length++;
    return [...entry("PaxHeader", Buffer.from(`${length}${record}`), "x"), ...entry("short", content, type)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

function entry(name: string, content: Buffer, type: string): Buffer[] {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write(type, 156);
  header.write("ustar\0", 257);
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}
