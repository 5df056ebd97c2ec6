import { configFile, loadConfig } from "../config/load.js";
import type { EdgeConfig } from "../config/schema.js";
import { deployerCredentials, readDeployment } from "./deployment.js";
import { clientOrWhy, type OvhClient } from "./ovh-client.js";
import { RemoteEdge } from "./remote-edge.js";

/** What the commands for deployed edges work with. */
export interface Operations {
  readonly config: EdgeConfig;
  /** The edges over SSH, the preferred one first. */
  readonly edges: readonly RemoteEdge[];
  /** OVH's API with the deployer's credentials, or why there is none. */
  readonly ovh: OvhClient | string;
  /** Digest of what each edge was given last, by its name. */
  readonly bundles: Readonly<Record<string, string>>;
}

/** Where the wish and the deployed stack are. */
export interface OperationsOptions {
  /** Configuration. @default - EDGE_CONFIG, else edge.config.json */
  readonly config?: string;
  /** Folder of the deployed stack. @default - EDGE_STACK, else cdktf.out/stacks/edge */
  readonly stack?: string;
}

/**
 * Opens what is deployed. OVH's credentials may be missing: what an edge tells is worth having without.
 *
 * @throws ConfigError for a bad configuration; Error when nothing is deployed
 */
export function openOperations(
  { config: file, stack }: OperationsOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Operations {
  const wish = loadConfig(configFile(environment, file), environment);
  const { config, edges, bundles } = readDeployment(wish, stack ?? stackFolder(environment), environment);
  const ovh = clientOrWhy(() => deployerCredentials(config, environment, "OVH is not asked"));
  return { config, edges: edges.map((address) => new RemoteEdge(address)), ovh, bundles };
}

/** Folder of the deployed stack where nothing else is said. */
export function stackFolder(environment: Readonly<Record<string, string | undefined>>): string {
  return environment.EDGE_STACK ?? "cdktf.out/stacks/edge";
}
