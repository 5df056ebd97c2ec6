import { runnable } from "../../config/command-line.js";
import type { EdgeConfig } from "../../config/schema.js";
import { table } from "../table.js";
import { deployerRights, doctorRights, edgeRights, type Right, UNKNOWN_IP } from "./rights.js";
import { tokenPage } from "./token-page.js";

/** The rights of one key. */
export interface KeyRights {
  readonly rights: readonly Right[];
  /** OVH's page that makes such a key; undefined where the FailOver IP's id is not known. */
  readonly page?: string;
}

/** What the keys for a configuration must be able to do. */
export interface RightsStatement {
  /** Id of the FailOver IP, and those of others where there are several; or why they are not known. */
  readonly failoverIp:
    | { readonly id: string; readonly others?: readonly string[] }
    | { readonly unknown: string };
  readonly deployer: KeyRights;
  /** For the doctor, beside the deployer's. */
  readonly doctor: readonly Right[];
  /** Undefined where the deploy makes the edges' service account. */
  readonly edges?: KeyRights;
}

/** Says what the keys must be able to do. */
export function stateRights(config: EdgeConfig, failoverIp: RightsStatement["failoverIp"]): RightsStatement {
  const { endpoint } = config.ovh;
  const known = "id" in failoverIp;
  const ipIds = known ? [failoverIp.id, ...(failoverIp.others ?? [])] : [UNKNOWN_IP];
  const doctor = doctorRights(config);
  const withPage = (rights: readonly Right[], all: readonly Right[]): KeyRights => ({
    rights,
    ...(known ? { page: tokenPage(endpoint, all) } : {}),
  });
  const deployer = deployerRights(config, ...ipIds);
  const edges = edgeRights(config, ...ipIds);
  return {
    failoverIp,
    deployer: withPage(deployer, [...deployer, ...doctor]),
    doctor,
    ...(config.credentials.serviceAccounts.length > 0 ? {} : { edges: withPage(edges, edges) }),
  };
}

/** The rights for people. */
export function rightsScreen({ failoverIp, deployer, doctor, edges }: RightsStatement): string {
  const calls = (rights: readonly Right[]) =>
    table(
      ["call", "path", "what for"],
      rights.map(({ method, path, purpose }) => [method, path, purpose]),
    );
  const page = (key: KeyRights) =>
    key.page === undefined
      ? []
      : ["Make it at this page of OVH's, which has the rules filled in:", `  ${key.page}`];
  const parts = [
    `The deployer's key: ${deployer.rights.length} calls`,
    calls(deployer.rights),
    `For npm run doctor, ${doctor.length} more, which the page below asks for too`,
    calls(doctor),
    ...page(deployer),
  ];
  if (edges === undefined) {
    parts.push(
      "The edges need no key: the deploy makes them a service account (credentials.serviceAccounts).",
      "Its policy allows publicCloudProject:apiovh:ip/failover/get and …/attach on this project, from the edges' addresses.",
    );
  } else {
    parts.push(
      `The edges' key: ${edges.rights.length} calls, and it must be another one than the deployer's`,
      calls(edges.rights),
      ...page(edges),
      "Then: export TF_VAR_edge_application_key=… TF_VAR_edge_application_secret=… TF_VAR_edge_consumer_key=…",
      "and: npm run credentials -- check",
    );
  }
  if ("unknown" in failoverIp) {
    parts.push(
      `${UNKNOWN_IP} stands for the FailOver IP's id, which is not known: ${failoverIp.unknown}`,
      "Without it there is no page: a rule with a star in its place would let a key move every FailOver IP of the project.",
      "Give it with --ip-id, or set OVH_APPLICATION_KEY and its like; at OVH it is in GET /cloud/project/{project}/ip/failover.",
    );
  }
  return runnable(`${parts.join("\n")}\n`.replaceAll(/\n(?=The edges|For npm|Make it|IP_ID)/g, "\n\n"));
}
