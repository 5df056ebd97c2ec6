import type { EdgeConfig } from "../config/schema.js";
import { deployerCredentials, readDeployment } from "./deployment.js";
import type { LiveClusterOptions } from "./drill/live-cluster.js";

/**
 * What a drill on deployed edges needs to know of them.
 *
 * @throws Error when the folder has no deployed stack, or a drill could do nothing on its edges
 */
export function deployedEdges(
  config: EdgeConfig,
  stackFolder: string,
  environment: Readonly<Record<string, string | undefined>>,
): LiveClusterOptions {
  if (config.ssh.user !== "root") {
    throw new Error(
      `ssh.user must be root for a drill, got ${config.ssh.user}; what a drill breaks and mends only root can`,
    );
  }
  const { edges } = readDeployment(config, stackFolder, environment);
  const api = deployerCredentials(config, environment, "a drill asks OVH where the FailOver IP is");
  return { config, edges, api };
}
