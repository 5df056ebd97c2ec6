import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseConfig } from "../../../lib/config/load.js";
import { ifstatedConf } from "../../../lib/edge/ifstated.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The ifstated.conf of the example. */
export const CONF = ifstatedConf(
  parseConfig(JSON.parse(readFileSync(`${root}edge.config.example.json`, "utf8"))),
).content;

/** A file of the repository. */
export function fileOf(path: string): string {
  return readFileSync(`${root}${path}`, "utf8");
}
