import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import type { EdgeConfig } from "../config/schema.js";
import type { LiveClusterOptions } from "./drill/live-cluster.js";

/** Where a deployed edge is, as the stack's output `edges` tells. */
interface DeployedEdgeOutput {
  readonly instance: string;
  readonly address: string;
}

/**
 * Finds the deployed edges by the outputs of their stack, and the deployer's credentials.
 *
 * @throws Error when the folder has no deployed stack, or a drill could do nothing on its edges
 */
export async function deployedEdges(
  config: EdgeConfig,
  stackFolder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<LiveClusterOptions> {
  if (config.ssh.user !== "root") {
    throw new Error(
      `ssh.user must be root for a drill, got ${config.ssh.user}; what a drill breaks and mends only root can`,
    );
  }
  if (!existsSync(stackFolder)) {
    throw new Error(`${stackFolder} does not exist; deploy first, or name the stack's folder with --stack`);
  }
  const binary = environment.TERRAFORM_BINARY_NAME ?? "terraform";
  const { status, stdout, stderr, error } = spawnSync(binary, ["output", "-json", "edges"], {
    cwd: stackFolder,
    encoding: "utf8",
  });
  if (status !== 0)
    throw new Error(
      `${binary} output failed in ${stackFolder}: ${error?.message ?? stderr.trim()}; deploy first`,
    );
  const outputs: Record<string, DeployedEdgeOutput> = JSON.parse(stdout);
  const { privateKeyPath, user, port } = config.ssh;
  const privateKey =
    privateKeyPath === undefined
      ? undefined
      : readFileSync(privateKeyPath.replace(/^~(?=\/)/, homedir()), "utf8");
  const edges = config.edges.map(({ name, sshHostKey }) => {
    const output = outputs[name];
    if (output === undefined) throw new Error(`the deployed stack has no edge ${name}; deploy first`);
    return {
      name,
      instanceId: output.instance,
      host: output.address,
      port,
      user,
      privateKey,
      hostKey: sshHostKey,
    };
  });
  const required = (name: string) => {
    const value = environment[name];
    if (value === undefined) throw new Error(`${name} is not set; a drill asks OVH where the FailOver IP is`);
    return value;
  };
  return {
    config,
    edges,
    api: {
      endpoint: environment.TF_VAR_ovh_endpoint ?? config.ovh.endpoint,
      applicationKey: required("OVH_APPLICATION_KEY"),
      applicationSecret: required("OVH_APPLICATION_SECRET"),
      consumerKey: required("OVH_CONSUMER_KEY"),
    },
  };
}
