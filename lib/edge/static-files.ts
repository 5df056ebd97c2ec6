import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What the package ships byte for byte, by path on the edge. */
export type StaticFiles = Readonly<Record<string, string>>;

const PROGRAMS = ["edge-install", "edge-sync", "ip-move", "edge-notify"] as const;

/** Reads the shipped programs and their manual pages from the package. */
export function staticFiles(): StaticFiles {
  const read = (name: string) => readFileSync(staticPath(name), "utf8");
  return Object.fromEntries([
    ...PROGRAMS.map((name) => [`/usr/local/sbin/${name}`, read(name)]),
    ...PROGRAMS.map((name) => [`/usr/local/man/man8/${name}.8`, read(`${name}.8`)]),
  ]);
}

/** Where the package keeps a shipped file. */
export function staticPath(name: string): string {
  return fileURLToPath(new URL(`static/${name}`, import.meta.url));
}
