import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { staticFiles, staticPath } from "../../lib/edge/static-files.js";
import { has, needing, SHELLS } from "./node.js";

function check(program: string, args: readonly string[], environment: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  return { status, output: stdout + stderr };
}

describe("edge-install", () => {
  const installer = staticPath("edge-install");

  for (const shell of SHELLS) {
    it.skipIf(!has(shell))(needing(shell, `is well formed to ${shell}`), () => {
      expect(check(shell, ["-n", installer])).toEqual({ status: 0, output: "" });
    });
  }

  it.skipIf(!has("shellcheck"))(needing("shellcheck", "is found without fault by shellcheck"), () => {
    expect(check("shellcheck", ["--norc", "--shell=sh", "--severity=style", installer])).toEqual({
      status: 0,
      output: "",
    });
  });

  it("begins as a program that sh runs", () => {
    expect(staticFiles()["/usr/local/sbin/edge-install"]).toMatch(/^#!\/bin\/sh\n/);
  });
});

describe("the Perl programs", () => {
  const programs = ["edge-sync", "ip-move", "edge-notify"] as const;
  let modules: string;

  beforeAll(() => {
    // OpenBSD::Pledge and OpenBSD::Unveil are only in OpenBSD's own Perl.
    modules = mkdtempSync(join(tmpdir(), "edge-perl-"));
    mkdirSync(join(modules, "OpenBSD"));
    for (const [name, module] of Object.entries({ pledge: "Pledge", unveil: "Unveil" })) {
      const source = new URL(`../../lib/simulator/node/${name}.pm`, import.meta.url);
      copyFileSync(fileURLToPath(source), join(modules, "OpenBSD", `${module}.pm`));
    }
  });
  afterAll(() => rmSync(modules, { recursive: true, force: true }));

  it.each(programs)("are well formed: %s", (name) => {
    expect(check("perl", ["-c", staticPath(name)], { PERL5LIB: modules })).toEqual({
      status: 0,
      output: `${staticPath(name)} syntax OK\n`,
    });
  });

  it.each(programs)("are run by the Perl of OpenBSD's base: %s", (name) => {
    expect(staticFiles()[`/usr/local/sbin/${name}`]).toMatch(/^#!\/usr\/bin\/perl\n/);
  });

  it("use no module that OpenBSD's base has not", () => {
    const base = [
      "Digest::SHA",
      "Fcntl",
      "IPC::Open2",
      "IPC::Open3",
      "JSON::PP",
      "OpenBSD::Pledge",
      "OpenBSD::Unveil",
      "POSIX",
      "Socket",
      "Sys::Syslog",
      "Time::HiRes",
      "strict",
      "warnings",
      "constant",
    ];
    for (const name of programs) {
      const used = (staticFiles()[`/usr/local/sbin/${name}`] as string).matchAll(
        /^\s*(?:use|require) ([A-Za-z][\w:]*)/gm,
      );
      expect(base).toEqual(expect.arrayContaining([...used].map(([, module]) => module)));
    }
  });
});

describe("what is shipped", () => {
  it("is four programs, each with its manual page", () => {
    expect(Object.keys(staticFiles())).toEqual([
      "/usr/local/sbin/edge-install",
      "/usr/local/sbin/edge-sync",
      "/usr/local/sbin/ip-move",
      "/usr/local/sbin/edge-notify",
      "/usr/local/man/man8/edge-install.8",
      "/usr/local/man/man8/edge-sync.8",
      "/usr/local/man/man8/ip-move.8",
      "/usr/local/man/man8/edge-notify.8",
    ]);
  });

  it.each(Object.entries(staticFiles()))("is text that ends in one newline: %s", (_, content) => {
    expect(content).toMatch(/[^\n]\n$/);
    expect(content).toMatch(/^[\t\n\x20-\x7e]*$/);
  });

  it.each(Object.entries(staticFiles()))("has no placeholder: %s", (_, content) => {
    expect(content).not.toMatch(/@@[a-z0-9_]+@@/);
  });
});
