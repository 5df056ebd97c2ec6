import { readFileSync } from "node:fs";
import { Command } from "commander";
import { configFile, loadConfig } from "../lib/config/load.js";
import type { Endpoint } from "../lib/operations/api-host.js";
import { catalogUrl, fetchCatalog, parseCatalog } from "../lib/operations/estimate/catalog.js";
import { estimateOf } from "../lib/operations/estimate/estimate.js";
import { estimateReport } from "../lib/operations/estimate/report.js";
import { endWith } from "./end-with.js";

const program = new Command("estimate")
  .description("tells what the edges cost, by OVH's public catalogue")
  .option("--catalog <file>", "the catalogue (default: fetched from OVH)")
  .option(
    "--subsidiary <code>",
    "subsidiary of OVH whose prices are fetched (default: FR, CA or US, by the endpoint)",
  )
  .option("--variant <name>", "last part of the flavors' plan codes, such as 3AZ (default: by the region)")
  .option("--ip-catalog <file>", "a catalogue that has the FailOver IP (default: the same)")
  .option("--ip-plan <code>", "plan of the FailOver IP (default: ip-failover-ripe or ip-failover-arin)")
  .option("--config <file>", "configuration (default: EDGE_CONFIG, else edge.config.json)")
  .option("--json", "print the result as JSON, prices in 10^-8 of the currency", false)
  .parse();

await endWith(async () => {
  const { catalog, subsidiary, variant, ipCatalog, ipPlan, config: path, json } = program.opts();
  const config = loadConfig(configFile(process.env, path), process.env);
  const fromFile = (file: string) => parseCatalog(readFileSync(file, "utf8"), file);
  const prices =
    catalog === undefined
      ? await fetchCatalog(catalogUrl(config.ovh.endpoint as Endpoint, subsidiary))
      : fromFile(catalog);
  const estimate = estimateOf(config, prices, {
    variant,
    ipPlan,
    ipCatalog: ipCatalog === undefined ? undefined : fromFile(ipCatalog),
  });
  process.stdout.write(
    json ? `${JSON.stringify(estimate, null, 2)}\n` : estimateReport(estimate, config.failoverIps[0].address),
  );
});
