import { Command } from "commander";
import { runnable } from "../lib/config/command-line.js";
import { configFile, loadConfig } from "../lib/config/load.js";
import type { EdgeConfig } from "../lib/config/schema.js";
import { checkKey, checkScreen, checkStatus, type KeyHolder } from "../lib/operations/credentials/check.js";
import { type RightsStatement, rightsScreen, stateRights } from "../lib/operations/credentials/statement.js";
import { deployerCredentials, edgeCredentials } from "../lib/operations/deployment.js";
import { routesOf } from "../lib/operations/failover-route.js";
import { clientOrWhy } from "../lib/operations/ovh-client.js";
import { endWith } from "./end-with.js";
import { working } from "./operate.js";

interface Options {
  readonly config?: string;
  readonly ipId?: string;
  readonly json: boolean;
}

const program = new Command("credentials")
  .description("says what the deployer's and the edges' keys must be able to do, and where they are made")
  .option("--config <file>", "configuration (default: EDGE_CONFIG, else edge.config.json)")
  .option(
    "--ip-id <id>",
    "id of the FailOver IP, of several all with commas (default: OVH is asked with OVH_APPLICATION_KEY and its like)",
  )
  .option("--json", "print the result as JSON", false)
  .addHelpText(
    "after",
    "\nExit status of check: 0 the keys can do what they must, and the edges' no more; 1 they cannot, or more;\n" +
      "2 that could not be found out. docs/credentials.md tells how it is proven, and how keys are exchanged.",
  );

function load(): EdgeConfig {
  return loadConfig(configFile(process.env, program.opts<Options>().config), process.env);
}

const deployerOf = (config: EdgeConfig) =>
  clientOrWhy(() => deployerCredentials(config, process.env, "OVH is not asked"));

/** The id that was given, else what OVH says. */
async function ipIdOf(config: EdgeConfig): Promise<RightsStatement["failoverIp"]> {
  const { ipId } = program.opts<Options>();
  if (ipId !== undefined) {
    const [id = "", ...others] = ipId.split(",");
    return { id, ...(others.length === 0 ? {} : { others }) };
  }
  const ovh = deployerOf(config);
  if (typeof ovh === "string") return { unknown: ovh };
  return routesOf(config, ovh).then(
    ([first, ...others]) => ({
      id: first?.id ?? "",
      ...(others.length === 0 ? {} : { others: others.map(({ id }) => id) }),
    }),
    (error: Error) => ({ unknown: error.message }),
  );
}

const print = (value: unknown, screen: string) =>
  process.stdout.write(program.opts<Options>().json ? `${JSON.stringify(value, null, 2)}\n` : screen);

program.action(() =>
  endWith(async () => {
    const config = load();
    const done = working("asking OVH for the FailOver IP's id", program.opts<Options>().json);
    const statement = stateRights(config, await ipIdOf(config));
    done();
    print(statement, rightsScreen(statement));
  }),
);

program
  .command("check")
  .description("proves what the keys can do and what not; changes nothing")
  .option("--only <holder>", "deployer or edges (default: both)")
  .action(({ only }: { only?: string }) =>
    endWith(async () => {
      if (only !== undefined && !["deployer", "edges"].includes(only)) {
        throw new Error(`--only must be deployer or edges, got ${only}`);
      }
      const config = load();
      const done = working("asking OVH what the keys may do", program.opts<Options>().json);
      const known = await ipIdOf(config);
      const [id, ...others] = "id" in known ? [known.id, ...(known.others ?? [])] : [];
      const edges =
        config.credentials.serviceAccounts.length > 0
          ? runnable(
              "the deploy makes a service account, which only the edges can use; npm run status tells whether OVH answers them",
            )
          : clientOrWhy(() => edgeCredentials(config, process.env));
      const clients = { deployer: deployerOf(config), edges };
      const holders = (Object.keys(clients) as KeyHolder[]).filter(
        (holder) => only === undefined || only === holder,
      );
      const checks = await Promise.all(
        holders.map((holder) => checkKey(holder, clients[holder], config, id, others)),
      );
      done();
      print({ checks }, checkScreen(checks));
      return checkStatus(checks);
    }, 2),
  );

await program.parseAsync();
process.exit();
