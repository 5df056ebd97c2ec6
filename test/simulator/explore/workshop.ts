import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ifstatedConfsOf } from "../../../lib/simulator/explore/confs.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The ifstated.conf of the example, and of the example with another FailOver IP on a vhid of its own. */
export const CONF = ifstatedConfsOf(JSON.parse(readFileSync(`${root}edge.config.example.json`, "utf8")));

/** A file of the repository. */
export function fileOf(path: string): string {
  return readFileSync(`${root}${path}`, "utf8");
}
