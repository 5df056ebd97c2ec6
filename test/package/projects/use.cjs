// CommonJS: require gives the package, which is ESM.
const { readFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { ConfigError, parseConfig, renderEdge, staticFiles } = require("cdktf-ovh-edge");
const { startRegion } = require("cdktf-ovh-edge/testing");
const { provider } = require("cdktf-ovh-edge/provider-ovh");

const { version } = require("cdktf-ovh-edge/package.json");
const folder = dirname(require.resolve("cdktf-ovh-edge/package.json"));
const example = JSON.parse(readFileSync(join(folder, "edge.config.example.json"), "utf8"));
const config = parseConfig(example);
let refused;
try {
  parseConfig({ ...example, region: 7 });
} catch (error) {
  refused = error instanceof ConfigError ? error.issues.map(({ path }) => path) : String(error);
}
const files = renderEdge(config, config.edges[0].name, staticFiles()).files.map(({ path }) => path);
const made = [typeof startRegion, typeof provider.OvhProvider];
console.log(JSON.stringify({ version, refused, files, made }));
