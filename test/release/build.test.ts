import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { build, filesReadAtRunTime, requireBindings, sourcesDigest } from "../../lib/release/build.js";
import { run } from "../e2e/process.js";
import { example, packed } from "./example.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bindings = join(root, "provider-ovh");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "build-"));
  mkdirSync(join(folder, "provider-ovh"));
  cpSync(join(bindings, "schema.json"), join(folder, "provider-ovh", "schema.json"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const refused = (lacking: string) =>
  new Error(
    `provider-ovh/lib must hold the bindings of provider-ovh/schema.json, it lacks ${lacking}, and so would the package; run npm run bindings`,
  );

describe("packing", () => {
  it("is refused without bindings, and what was built before stays", () => {
    mkdirSync(join(folder, "dist"));
    expect(() => build(folder)).toThrow(refused("schema.sha256"));
    expect(existsSync(join(folder, "dist"))).toBe(true);
  });

  it("is refused with bindings that are not whole, or of another schema", () => {
    const lib = join(folder, "provider-ovh", "lib");
    cpSync(join(bindings, "lib"), lib, { recursive: true });
    requireBindings(folder);
    rmSync(join(lib, "cloud-instance", "index.js"));
    rmSync(join(lib, "ip-service"), { recursive: true });
    expect(() => requireBindings(folder)).toThrow(refused("cloud-instance/index.js and 2 more"));
    writeFileSync(join(lib, "schema.sha256"), "0123456789abcdef\n");
    expect(() => requireBindings(folder)).toThrow(
      refused("schema.sha256 of this schema (it is of another, 0123456789ab…)"),
    );
  });
});

describe("npm's prepare step", () => {
  it("leaves bindings that are whole where they are, since others may be reading them", async () => {
    const file = join(bindings, "lib", "index.js");
    const before = statSync(file).ino;
    const { status, stderr } = await run(process.execPath, [join(root, "scripts", "prepare.mjs")], {
      env: { ...process.env, npm_lifecycle_event: "prepare" },
    });
    expect(status, stderr).toBe(0);
    expect(statSync(file).ino).toBe(before);
  });
});

describe("the sources", () => {
  it("have every file that the code reads at run time beside it", () => {
    const files = filesReadAtRunTime(root);
    for (const file of [
      "edge.config.example.json",
      "lib/edge/static/edge-sync",
      "lib/edge/static/ip-move.8",
      "lib/simulator/node/holder.pl",
      "lib/simulator/node/pledge.pm",
      "lib/simulator/node/netstart.sh",
      "lib/simulator/promela/edge.pml",
    ]) {
      expect(files).toContain(file);
    }
  });

  it("have one digest until one of them changes", () => {
    for (const name of ["main.ts", "tsconfig.json", "tsconfig.build.json", "edge.config.example.json"]) {
      writeFileSync(join(folder, name), name);
    }
    for (const name of ["scripts", "lib/edge/static", "lib/simulator/node", "lib/simulator/promela"]) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    writeFileSync(join(folder, "lib/index.ts"), "export {};");
    writeFileSync(join(folder, "lib/edge/static/edge-sync"), "one");
    const before = sourcesDigest(folder);
    expect(sourcesDigest(folder)).toBe(before);
    writeFileSync(join(folder, "lib/edge/static/edge-sync"), "other");
    const after = sourcesDigest(folder);
    writeFileSync(join(folder, "lib/index.ts"), "export { };");
    expect(new Set([before, after, sourcesDigest(folder)]).size).toBe(3);
  });
});

describe("npm run release:check", () => {
  it("says everything that it found, ends with 1, and writes no folder", async () => {
    const tarball = join(folder, "doctored.tgz");
    const { files } = example({ "dist/main.js": undefined, "README.md": "https://registry.npmjs.org/" });
    writeFileSync(tarball, packed(files));
    const out = join(folder, "out");
    const { status, stdout, stderr } = await run(process.execPath, [
      ...["scripts/run.mjs", "release-check", tarball, "--tag", "v9.9.9", "--out", out].map((part, index) =>
        index === 0 ? join(root, part) : part,
      ),
    ]);
    expect([status, stdout, existsSync(out)]).toEqual([1, "", false]);
    const findings = stderr.trim().split("\n");
    expect(findings).toContain(
      "README.md must name no address but OVH's and examples, got registry.npmjs.org; take it out, or let release:check know it",
    );
    expect(findings).toContain(
      "the tag must be v1.2.3 as package.json's version, got v9.9.9; correct one of the two",
    );
    expect(
      findings.filter((line) => line.startsWith("the tarball must hold dist/lib/edge/static/edge-install")),
    ).toHaveLength(1);
    expect(findings.filter((line) => line.startsWith("dist must be built of the sources"))).toHaveLength(1);
  });
});
