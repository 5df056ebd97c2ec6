import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { exists } from "../config/edge.js";
import type { EdgeConfig } from "../config/schema.js";
import type { ClientOptions } from "./ovh-client.js";
import type { EdgeAddress } from "./remote-edge.js";
import type { BastionAddress } from "./ssh-bastion.js";
import { findTerraform } from "./terraform-binary.js";

/** What is deployed, as the outputs of its stack tell. */
export interface Deployment {
  /** The configuration, with the address that an order has brought. */
  readonly config: EdgeConfig;
  /** How to reach the edges, the preferred one first. */
  readonly edges: readonly EdgeAddress[];
  /** Digest of what each edge was given last, by its name. */
  readonly bundles: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** One edge in the outputs. */
export interface DeployedOutput {
  readonly instance: string;
  readonly address: string;
  /** MAC addresses as OVH reported them at the last deploy. */
  readonly macs?: Readonly<Record<"external" | "internal" | "carp", string>>;
}

/** What the stack tells of itself. */
export interface Outputs {
  readonly edges?: { readonly value: Readonly<Record<string, DeployedOutput>> };
  readonly bundles?: { readonly value: Readonly<Record<string, string>> };
  readonly failover_ip?: { readonly value: string };
}

/**
 * Reads the outputs of a deployed stack by Terraform or OpenTofu, whatever its state is kept in.
 *
 * @throws Error when the folder has no deployed stack, or one of other edges
 */
export function readDeployment(
  config: EdgeConfig,
  stackFolder: string,
  environment: Environment,
): Deployment {
  return deploymentOf(config, readOutputs(stackFolder, environment));
}

/** The outputs of a deployed stack, by Terraform or OpenTofu. @throws Error when the folder has none */
export function readOutputs(stackFolder: string, environment: Environment): Outputs {
  if (!existsSync(stackFolder)) {
    throw new Error(`${stackFolder} does not exist; deploy first, or name the stack's folder with --stack`);
  }
  const binary = findTerraform(environment);
  const { status, stdout, stderr, error } = spawnSync(binary, ["output", "-json"], {
    cwd: stackFolder,
    env: environment,
    encoding: "utf8",
  });
  if (status !== 0)
    throw new Error(
      `${binary} output failed in ${stackFolder}: ${error?.message ?? stderr.trim()}; deploy first`,
    );
  return JSON.parse(stdout);
}

/** What the outputs of a stack say of the edges of a configuration. @throws Error for an edge that they do not name */
export function deploymentOf(config: EdgeConfig, outputs: Outputs): Deployment {
  const { privateKeyPath, user, port, become } = config.ssh;
  const privateKey = privateKeyPath === undefined ? undefined : readKey(privateKeyPath, "ssh.privateKeyPath");
  const bastion = bastionOf(config);
  const edges = config.edges.map((edge) => {
    const { name, sshHostKey } = edge;
    const output = outputs.edges?.value[name];
    if (output === undefined) throw new Error(`the deployed stack has no edge ${name}; deploy first`);
    return {
      name,
      instanceId: output.instance,
      host: exists(edge) ? edge.existing.host : output.address,
      port,
      user,
      privateKey,
      hostKey: sshHostKey,
      ...(become === undefined ? {} : { become }),
      ...(bastion === undefined ? {} : { bastion }),
    };
  });
  return { config: delivered(config, outputs), edges, bundles: outputs.bundles?.value ?? {} };
}

/** The address of a FailOver IP that was ordered is told by the stack alone. */
function delivered(config: EdgeConfig, { failover_ip }: Outputs): EdgeConfig {
  const [first, ...others] = config.failoverIps;
  if (first.order === undefined || failover_ip === undefined) return config;
  return { ...config, failoverIps: [{ ...first, address: failover_ip.value }, ...others] };
}

/** The bastion of a configuration, with its key read. @throws Error when that cannot be read */
function bastionOf({ ssh }: EdgeConfig): BastionAddress | undefined {
  if (ssh.bastion === undefined) return undefined;
  const { host, port, hostKey, user = ssh.user } = ssh.bastion;
  const own = ssh.bastion.privateKeyPath;
  const path = own ?? ssh.privateKeyPath;
  if (path === undefined) return { host, port, user, hostKey };
  const setting = own === undefined ? "ssh.privateKeyPath" : "ssh.bastion.privateKeyPath";
  return { host, port, user, hostKey, privateKey: readKey(path, setting), privateKeyPath: fromHome(path) };
}

/** A path whose `~/` is the home of whoever runs this. */
export function fromHome(path: string): string {
  return path.replace(/^~(?=\/)/, homedir());
}

function readKey(path: string, setting: string): string {
  try {
    return readFileSync(fromHome(path), "utf8");
  } catch (error) {
    throw new Error(`${setting} cannot be read: ${(error as Error).message}`);
  }
}

const DEPLOYER = ["OVH_APPLICATION_KEY", "OVH_APPLICATION_SECRET", "OVH_CONSUMER_KEY"] as const;
const EDGES = [
  "TF_VAR_edge_application_key",
  "TF_VAR_edge_application_secret",
  "TF_VAR_edge_consumer_key",
] as const;

/**
 * The deployer's own credentials.
 *
 * @param what What they are for, as a sentence that goes on after "is not set;"
 * @throws Error with all variables that are not set
 */
export function deployerCredentials(
  config: EdgeConfig,
  environment: Environment,
  what: string,
): ClientOptions {
  return credentials(DEPLOYER, config, environment, what);
}

/** The edges' own key, from the variables of a deploy. @throws Error with all variables that are not set */
export function edgeCredentials(config: EdgeConfig, environment: Environment): ClientOptions {
  return credentials(EDGES, config, environment, "the edges' key is not tried");
}

function credentials(
  names: readonly string[],
  config: EdgeConfig,
  environment: Environment,
  what: string,
): ClientOptions {
  const missing = names.filter((name) => environment[name] === undefined);
  if (missing.length > 0) {
    throw new Error(`${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not set; ${what}`);
  }
  const [applicationKey, applicationSecret, consumerKey] = names.map(
    (name) => environment[name] as string,
  ) as [string, string, string];
  return {
    endpoint: environment.TF_VAR_ovh_endpoint ?? config.ovh.endpoint,
    applicationKey,
    applicationSecret,
    consumerKey,
  };
}
