import type { EdgeConfig } from "../config/schema.js";
import { deployerCredentials, readDeployment } from "./deployment.js";
import type { LiveClusterOptions } from "./drill/live-cluster.js";

/**
 * What a drill on deployed edges needs to know of them.
 *
 * @throws Error when the folder has no deployed stack
 */
export function deployedEdges(
  config: EdgeConfig,
  stackFolder: string,
  environment: Readonly<Record<string, string | undefined>>,
): LiveClusterOptions {
  const { edges } = readDeployment(config, stackFolder, environment);
  const api = deployerCredentials(config, environment, "a drill asks OVH where the FailOver IP is");
  return { config, edges, api };
}
