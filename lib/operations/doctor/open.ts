import { existsSync } from "node:fs";
import { ConfigError } from "../../config/errors.js";
import { configFile, loadConfig } from "../../config/load.js";
import type { EdgeConfig } from "../../config/schema.js";
import {
  deployerCredentials,
  deploymentOf,
  edgeCredentials,
  type Outputs,
  readOutputs,
} from "../deployment.js";
import { type OperationsOptions, stackFolder } from "../operations.js";
import { clientOrWhy, OvhClient } from "../ovh-client.js";
import { RemoteEdge } from "../remote-edge.js";
import type { DoctorSources } from "./doctor.js";
import { gatherMachine, type Host, type Need } from "./machine.js";
import { OvhQuestions } from "./ovh.js";

/** Opens whatever there is to look at; what is missing is part of the result. */
export function openDoctor(
  { config: named, stack }: OperationsOptions,
  host: Host,
  needs: readonly Need[],
): DoctorSources {
  const { environment } = host;
  const file = configFile(environment, named);
  let config: EdgeConfig | undefined;
  let issues: ConfigError["issues"] = [];
  try {
    config = loadConfig(file, environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    ({ issues } = error);
  }
  const deployed = outputsOf(stack ?? stackFolder(environment), environment);
  const deployment = deploymentIn(config, deployed);
  const edges = "none" in deployment ? [] : deployment.edges.map((address) => new RemoteEdge(address));
  return {
    machine: gatherMachine(host, needs, config),
    configuration: { file, issues },
    config,
    deployment,
    edges,
    ovh: questions(config, deployed, environment),
  };
}

type Deployed = Outputs | { readonly none: string; readonly expected: boolean };

function outputsOf(folder: string, environment: Host["environment"]): Deployed {
  try {
    const outputs = readOutputs(folder, environment);
    if (Object.keys(outputs.edges?.value ?? {}).length > 0) return outputs;
    return { none: `nothing is deployed from ${folder} yet`, expected: true };
  } catch (error) {
    if (!existsSync(folder))
      return { none: "nothing is deployed yet: there is no stack folder", expected: true };
    return { none: (error as Error).message, expected: false };
  }
}

/** What is deployed of the edges that the configuration names. */
function deploymentIn(config: EdgeConfig | undefined, deployed: Deployed): DoctorSources["deployment"] {
  if (config === undefined) return { none: "the configuration is not sound", expected: false };
  if ("none" in deployed) return deployed;
  const names = Object.keys(deployed.edges?.value ?? {});
  try {
    return deploymentOf(
      { ...config, edges: config.edges.filter(({ name }) => names.includes(name)) },
      deployed,
    );
  } catch (error) {
    return { none: (error as Error).message, expected: false };
  }
}

function questions(
  config: EdgeConfig | undefined,
  deployed: Deployed,
  environment: Host["environment"],
): OvhQuestions {
  const endpoint = environment.TF_VAR_ovh_endpoint ?? config?.ovh.endpoint ?? "ovh-eu";
  const nobody = { endpoint, applicationKey: "", applicationSecret: "", consumerKey: "" };
  return new OvhQuestions({
    // Nothing is asked of OVH without a configuration.
    config: config as EdgeConfig,
    endpoint,
    anybody: new OvhClient(nobody),
    deployer: clientOrWhy(() => deployerCredentials(config as EdgeConfig, environment, "OVH is not asked")),
    edges:
      (config?.credentials.serviceAccounts ?? []).length > 0
        ? "the edges have a service account, which only they can use"
        : clientOrWhy(() => edgeCredentials(config as EdgeConfig, environment)),
    outputs: "none" in deployed ? {} : (deployed.edges?.value ?? {}),
  });
}
