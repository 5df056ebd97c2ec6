import type { EdgeConfig } from "../config/schema.js";
import { deployerCredentials, readDeployment } from "./deployment.js";
import type { LiveClusterOptions } from "./drill/live-cluster.js";

/**
 * What a drill on deployed edges needs to know of them.
 *
 * @throws Error when the folder has no deployed stack
 */
export function deployedEdges(
  wish: EdgeConfig,
  stackFolder: string,
  environment: Readonly<Record<string, string | undefined>>,
): LiveClusterOptions {
  const { config, edges } = readDeployment(wish, stackFolder, environment);
  const api = deployerCredentials(config, environment, "a drill asks OVH where the FailOver IP is");
  return { config, edges, api };
}
