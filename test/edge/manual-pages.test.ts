import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { staticPath } from "../../lib/edge/static-files.js";
import { has, needing } from "./node.js";

const PROGRAMS = ["edge-install", "edge-sync", "ip-move", "edge-notify"] as const;

describe.each(PROGRAMS)("the manual page of %s", (program) => {
  const page = staticPath(`${program}.8`);
  const text = readFileSync(page, "utf8");

  it.skipIf(!has("mandoc"))(needing("mandoc", "is found without fault by mandoc, style included"), () => {
    const { stdout, stderr, error } = spawnSync("mandoc", ["-T", "lint", "-W", "style", page], {
      encoding: "utf8",
    });
    expect(error).toBeUndefined();
    // Which of OpenBSD's pages another system has is none of the page's faults.
    const lines = (stdout + stderr).split("\n").filter((line) => line.startsWith(`mandoc: ${page}:`));
    expect(lines.filter((line) => !line.includes("referenced manual not found"))).toEqual([]);
  });

  it.skipIf(!has("mandoc"))(needing("mandoc", "is rendered under its own name and section"), () => {
    const { status, stdout } = spawnSync("mandoc", ["-T", "ascii", page], { encoding: "utf8" });
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${program.toUpperCase()}\\(8\\) `));
  });

  it("refers to the others of this package only by names that there are", () => {
    const ours = [...text.matchAll(/^\.Xr (\S+) 8/gm)].map(([, name]) => name as string);
    const known = new Set<string>([
      ...PROGRAMS,
      "ifstated",
      "ifconfig",
      "cron",
      "netstart",
      "rc",
      "sendmail",
      "syslogd",
    ]);
    expect(ours.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe("the manual page of ip-move", () => {
  it("lists each exit status of the program", () => {
    const source = readFileSync(staticPath("ip-move"), "utf8");
    const [, constants] = /use constant \{\n\tHERE((?:.|\n)*?)\};/.exec(source) ?? [];
    const statuses = [...`HERE${constants}`.matchAll(/=> (\d+)/g)].map(([, status]) => status);
    const page = readFileSync(staticPath("ip-move.8"), "utf8");
    const listed = [...page.matchAll(/^\.It (?:Li )?(\d+)$/gm)].map(([, status]) => status);
    expect(listed).toEqual(statuses);
  });
});
