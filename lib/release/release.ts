import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { dirname, join } from "node:path";
import { filesReadAtRunTime, sourcesDigest } from "./build.js";
import { changelogFindings } from "./changelog.js";
import { contentFindings } from "./content.js";
import { type Licensed, type Lock, licenseFindings } from "./licenses.js";
import type { Manifest } from "./manifest.js";
import { readTarball, type Tarball } from "./tarball.js";
import { type Machine, traceFindings } from "./traces.js";

/** What a tarball is held against. */
export interface Expectations {
  /** Files that the code reads at run time, by their paths from the sources' root. */
  readonly readAtRunTime: readonly string[];
  /** Digest of the sources that it must be built of. */
  readonly sources: string;
  readonly machine: Machine;
  readonly lock: Lock;
  /** package.json of what lies at a path of the lock. */
  readonly installed: (path: string) => Licensed | undefined;
  /** git's tag of the release. @default - none is looked at */
  readonly tag?: string;
}

/** What a checkout expects of its own tarball. */
export function expectationsOf(root: string, tag?: string): Expectations {
  const json = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));
  return {
    readAtRunTime: filesReadAtRunTime(root),
    sources: sourcesDigest(root),
    machine: { checkout: root, home: homedir(), hostname: hostname() },
    lock: json("package-lock.json"),
    installed: (path) => {
      try {
        return json(`${path}/package.json`);
      } catch {
        return undefined;
      }
    },
    tag,
  };
}

/** All that a tarball is refused for, each as a whole message; nothing when it may be published. */
export function releaseFindings(tarball: Tarball, expected: Expectations): string[] {
  const packed = tarball.files.get("package.json");
  if (packed === undefined) return ["the tarball must hold package.json, it has none; make it by npm pack"];
  const manifest: Manifest = JSON.parse(packed.toString("utf8"));
  const changelog = tarball.files.get("CHANGELOG.md")?.toString("utf8") ?? "";
  return [
    ...contentFindings(tarball, manifest, expected.readAtRunTime, expected.sources),
    ...traceFindings(tarball, expected.machine),
    ...licenseFindings(expected.lock, expected.installed),
    ...changelogFindings(changelog, manifest.version, expected.tag),
  ];
}

/**
 * Packs a checkout as `npm pack` does.
 *
 * @returns path of the tarball
 * @throws Error with what npm printed
 */
export function pack(root: string, folder: string): string {
  const { status, stdout, stderr } = spawnSync("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
  });
  const [name] = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
  if (status !== 0 || name === undefined) throw new Error(`npm pack failed:\n${stdout}${stderr}`);
  return join(folder, name);
}

/**
 * Writes a tarball's files as the folder that `npm publish` takes. The checkout itself is private, so that nothing
 * else can be published; the folder is not, and has no scripts, which need the checkout.
 *
 * @param repository git URL that npm's provenance is held against. @default - none
 * @throws Error when the folder is not empty
 */
export function writePublishable({ files }: Tarball, folder: string, repository?: string): void {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0) {
    throw new Error(
      `--out must be a new or an empty folder, got ${folder}; choose another one, or remove it first`,
    );
  }
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(
      join(folder, path),
      path === "package.json" ? publicManifest(content, repository) : content,
    );
  }
}

function publicManifest(content: Buffer, repository?: string): string {
  const {
    private: _,
    scripts: _scripts,
    devDependencies: _development,
    workspaces: _workspaces,
    ...manifest
  } = JSON.parse(content.toString("utf8"));
  const where = repository === undefined ? {} : { repository: { type: "git", url: repository } };
  return `${JSON.stringify({ ...manifest, ...where }, null, 2)}\n`;
}

/** Reads a tarball from a file. @throws Error when it is none */
export function tarballAt(file: string): Tarball {
  return readTarball(readFileSync(file));
}
