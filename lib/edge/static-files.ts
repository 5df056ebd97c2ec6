import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What the package ships byte for byte, by path on the edge. */
export type StaticFiles = Readonly<Record<string, string>>;

const PROGRAMS = ["edge-install", "edge-sync", "ip-move"] as const;

/** Reads the shipped programs from the package. */
export function staticFiles(): StaticFiles {
  return Object.fromEntries(
    PROGRAMS.map((name) => [`/usr/local/sbin/${name}`, readFileSync(staticPath(name), "utf8")]),
  );
}

/** Where the package keeps a shipped program. */
export function staticPath(name: (typeof PROGRAMS)[number]): string {
  return fileURLToPath(new URL(`static/${name}`, import.meta.url));
}
