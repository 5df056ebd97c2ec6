import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { lackingBindings, schemaDigest } from "../bindings/bindings.js";
import { filesNamed, type Manifest } from "./manifest.js";
import type { Tarball } from "./tarball.js";

/** Bytes that the tarball must stay below. */
export const SIZE_LIMIT = 2_000_000;

/** Where the bundled bindings lie in a tarball. */
export const BINDINGS = "node_modules/@cdktf/provider-ovh/";

const ALWAYS = [
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "edge.config.example.json",
  "edge.config.schema.json",
  "package.json",
];
const MAY_BE_PACKED = [
  /^dist\/main\.js$/,
  /^dist\/edge\.config\.example\.json$/,
  /^dist\/sources\.sha256$/,
  /^dist\/scripts\/[a-z-]+\.js$/,
  /^dist\/lib\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.(?:js|d\.ts|js\.map|d\.ts\.map)$/,
  /^docs\/(?:decisions\/)?[a-zA-Z0-9-]+\.md$/,
  /^lib\/(?!bench\/|bindings\/|release\/)(?:[a-z0-9-]+\/)*[a-z0-9-]+\.ts$/,
  /^node_modules\/@cdktf\/provider-ovh\/(?:package\.json|schema\.json)$/,
  /^node_modules\/@cdktf\/provider-ovh\/lib\/(?:index|[a-z0-9-]+\/index)\.(?:js|d\.ts)$/,
  /^node_modules\/@cdktf\/provider-ovh\/lib\/schema\.sha256$/,
];

/**
 * Rules about the files of a tarball.
 *
 * @param readAtRunTime files that the code reads at run time, by their paths from the sources' root
 * @param sources digest of the sources that it must have been built of
 */
export function contentFindings(
  { files, size }: Tarball,
  manifest: Manifest,
  readAtRunTime: readonly string[],
  sources: string,
): string[] {
  return [
    ...tooLarge(size),
    ...missing(files, manifest, readAtRunTime),
    ...missingBindings(files),
    ...stale(files, sources),
    ...forbidden(files, readAtRunTime),
    ...strayMaps(files),
    ...foreignImports(files, manifest),
  ];
}

function tooLarge(size: number): string[] {
  return size < SIZE_LIMIT
    ? []
    : [
        `the tarball must be smaller than ${SIZE_LIMIT} bytes, got ${size}; npm pack --dry-run lists what is large`,
      ];
}

function missing(files: Tarball["files"], manifest: Manifest, readAtRunTime: readonly string[]): string[] {
  const required = [...ALWAYS, ...filesNamed(manifest), ...readAtRunTime.map((path) => `dist/${path}`)];
  const lacking = [...new Set(required)].filter((path) => !files.has(path));
  if (lacking.length === 0) return [];
  return [
    `the tarball must hold ${lacking.join(", ")}; npm pack builds and packs them unless it is run with --ignore-scripts`,
  ];
}

function missingBindings(files: Tarball["files"]): string[] {
  const schema = files.get(`${BINDINGS}schema.json`);
  const lacking =
    schema === undefined
      ? ["schema.json"]
      : lackingBindings(JSON.parse(schema.toString("utf8")), schemaDigest(schema), (path) =>
          files.get(`${BINDINGS}lib/${path}`)?.toString("utf8"),
        ).map((path) => `lib/${path}`);
  if (lacking.length === 0) return [];
  const more = lacking.length === 1 ? "" : ` and ${lacking.length - 1} more`;
  return [
    `the tarball must hold the bindings whole, ${BINDINGS} lacks ${lacking[0]}${more}; run npm run bindings, and npm pack without --ignore-scripts`,
  ];
}

function stale(files: Tarball["files"], sources: string): string[] {
  const stamp = files.get("dist/sources.sha256")?.toString("utf8").trim();
  if (stamp === undefined || stamp === sources) return [];
  return [
    `dist must be built of the sources as they are, it was built of others (${stamp.slice(0, 12)}…, not ${sources.slice(0, 12)}…); run npm pack without --ignore-scripts`,
  ];
}

function forbidden(files: Tarball["files"], readAtRunTime: readonly string[]): string[] {
  const allowed = new Set([...ALWAYS, ...readAtRunTime.map((path) => `dist/${path}`)]);
  return [...files.keys()]
    .filter((path) => !allowed.has(path) && !MAY_BE_PACKED.some((pattern) => pattern.test(path)))
    .map((path) => `the tarball must not hold ${path}; leave it out by files in package.json`);
}

/** Maps lead to sources that are packed, or debuggers and editors show nothing. */
function strayMaps(files: Tarball["files"]): string[] {
  return [...files]
    .filter(([path]) => path.endsWith(".map"))
    .flatMap(([path, content]) => {
      const { sources = [] } = JSON.parse(content.toString("utf8")) as { sources?: string[] };
      return sources
        .map((source) => posix.join(posix.dirname(path), source))
        .filter((source) => !files.has(source))
        .map((source) => `${path} must lead to a source in the tarball, ${source} is none; pack it too`);
    });
}

/** What the built code imports is installed with it: neither a development dependency nor anything by chance. */
function foreignImports(files: Tarball["files"], manifest: Manifest): string[] {
  const { dependencies = {}, peerDependencies = {}, name } = manifest;
  const installed = new Set([name, ...Object.keys(dependencies), ...Object.keys(peerDependencies)]);
  const found = new Map<string, string>();
  for (const [path, content] of files) {
    if (!/^dist\/.*\.(js|d\.ts)$/.test(path)) continue;
    const imports = content
      .toString("utf8")
      .matchAll(/^(?:import|export|\})[^;]*? from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm);
    for (const [, from, plain, dynamic] of imports) {
      const named = (from ?? plain ?? dynamic) as string;
      if (named.startsWith(".") || isBuiltin(named)) continue;
      const wanted = named
        .split("/")
        .slice(0, named.startsWith("@") ? 2 : 1)
        .join("/");
      if (!installed.has(wanted) && !found.has(wanted)) found.set(wanted, path);
    }
  }
  return [...found].map(
    ([wanted, path]) =>
      `${path} imports ${wanted}, which must be among dependencies or peerDependencies; add it there, or do without it`,
  );
}
