import { fileURLToPath } from "node:url";
import { build } from "../lib/release/build.js";
import { endWith } from "./end-with.js";

await endWith(async () => build(fileURLToPath(new URL("../", import.meta.url))));
