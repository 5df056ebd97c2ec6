import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ConfigError, parseConfig, renderEdge, staticFiles } from "cdktf-ovh-edge";
import manifest from "cdktf-ovh-edge/package.json" with { type: "json" };
import { provider } from "cdktf-ovh-edge/provider-ovh";
import { startRegion } from "cdktf-ovh-edge/testing";

const file = new URL("edge.config.example.json", import.meta.resolve("cdktf-ovh-edge/package.json"));
const example = JSON.parse(readFileSync(fileURLToPath(file), "utf8"));
const config = parseConfig(example);
let refused;
try {
  parseConfig({ ...example, region: 7 });
} catch (error) {
  refused = error instanceof ConfigError ? error.issues.map(({ path }) => path) : String(error);
}
const files = renderEdge(config, config.edges[0].name, staticFiles()).files.map(({ path }) => path);
const made = [typeof startRegion, typeof provider.OvhProvider];
console.log(JSON.stringify({ version: manifest.version, refused, files, made }));
