import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { writePublishable } from "../../lib/release/release.js";
import { readTarball } from "../../lib/release/tarball.js";
import { example, manifest, packed } from "./example.js";

const folder = mkdtempSync(join(tmpdir(), "tarball-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("reading a tarball", () => {
  it("gives every file's content by its path, long ones too", () => {
    const files = new Map([
      ["package.json", Buffer.from("{}")],
      [`dist/${"long/".repeat(30)}name.js`, Buffer.alloc(1500, "x")],
      ["empty", Buffer.alloc(0)],
      ["last", Buffer.alloc(512, "y")],
    ]);
    const tarball = packed(files);
    expect(readTarball(tarball)).toEqual({ size: tarball.length, files });
  });

  it.each<[what: string, content: Buffer, message: string]>([
    [
      "plain text",
      Buffer.from("no tarball"),
      "the tarball must be compressed by gzip, as npm pack does: incorrect header check; pack it anew",
    ],
    [
      "compressed text",
      gzipSync(Buffer.alloc(2000, "x")),
      "the tarball must be a ustar archive, as npm pack makes it; pack it anew",
    ],
    [
      "a symbolic link",
      packed(new Map([["link", Buffer.alloc(0)]]), "2"),
      "the tarball must hold plain files alone, package/link is none; leave it out",
    ],
  ])("refuses %s", (_, content, message) => expect(() => readTarball(content)).toThrow(new Error(message)));
});

describe("the folder that npm publish takes", () => {
  const tarball = example({
    "package.json": manifest({
      private: true,
      scripts: { prepare: "node scripts/prepare.mjs" },
      devDependencies: { tsx: "1" },
      workspaces: ["provider-ovh"],
    }),
  });

  it("has every file of the tarball, and a manifest that is no checkout's", () => {
    const out = join(folder, "publishable");
    writePublishable(tarball, out, "git+https://git.example/edge.git");
    const written = readdirSync(out, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    expect(written.length).toBe(tarball.files.size);
    expect(JSON.parse(readFileSync(join(out, "package.json"), "utf8"))).toEqual(
      manifest({ repository: { type: "git", url: "git+https://git.example/edge.git" } }),
    );
    expect(readFileSync(join(out, "dist/main.js"))).toEqual(tarball.files.get("dist/main.js"));
  });

  it("is written nowhere where something lies", () => {
    writeFileSync(join(folder, "something"), "");
    expect(() => writePublishable(tarball, folder)).toThrow(
      new Error(
        `--out must be a new or an empty folder, got ${folder}; choose another one, or remove it first`,
      ),
    );
    expect(readdirSync(folder)).not.toContain("package.json");
  });
});
